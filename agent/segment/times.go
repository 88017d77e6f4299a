package segment

import "time"

// Rules of time, after the written rules of Moonfire NVR:
//
//   - network jitter only ever delays, so the earliest of (receive − media) time
//     is nearest to the truth;
//   - media time is a claim of the camera. One that claims 25 frames a second and
//     sends 21 is off by 16 %, so it may smooth the wall clock, by at most
//     mostDrift, and the earliest is looked for in a short window only.
const (
	startWindow = 2 * time.Second // of receive time: also takes in a burst of stored frames at the start
	endWindow   = time.Second     // of media and of receive time, before the end
	mostDrift   = 2000            // wall time is corrected by at most 1/2000: 500 ppm
)

// timeline maps the media time of a run to the wall clock.
type timeline struct {
	opened time.Time // receive time of the first frame
	base   time.Time // wall clock at media time 0
	recent []mark    // the frames of the last endWindow, oldest first
}

type mark struct {
	media time.Duration // since the start of the run
	wall  time.Time
}

func (t *timeline) add(media time.Duration, wall time.Time) {
	zero := wall.Add(-media)
	if t.opened.IsZero() {
		t.opened, t.base = wall, zero
	}
	if zero.Before(t.base) && wall.Sub(t.opened) <= startWindow {
		t.base = zero
	}
	old := 0
	for old < len(t.recent) && (media-t.recent[old].media > endWindow || wall.Sub(t.recent[old].wall) > endWindow) {
		old++
	}
	t.recent = append(t.recent[old:], mark{media, wall})
}

// at is the wall clock at a media time near the newest frame.
func (t *timeline) at(media time.Duration) time.Time {
	var earliest time.Time
	for _, m := range t.recent {
		if w := m.wall.Add(media - m.media); earliest.IsZero() || w.Before(earliest) {
			earliest = w
		}
	}
	return earliest
}

// end is the wall clock after the last sample of a segment: start is its start,
// media the end in media time, length its length in media time.
func (t *timeline) end(start time.Time, media, length time.Duration) time.Time {
	end := t.at(media)
	wall := end.Sub(start)
	most := max(wall, 0) / mostDrift
	end = end.Add(min(max(length-wall, -most), most)).UTC().Truncate(time.Millisecond)
	if !end.After(start) {
		return start.Add(time.Millisecond) // the clock was slewed back; order comes first
	}
	return end
}

// stepLeast is the jump between wall and monotonic time that counts as a step.
const stepLeast = time.Second

// stepper watches for steps of the wall clock.
type stepper struct {
	seen    bool
	wall    time.Time
	elapsed time.Duration
}

// step takes the next reading. When the clock was moved it returns what the old
// clock would show now. A machine that slept looks the same, and is meant to.
func (s *stepper) step(wall time.Time, elapsed time.Duration) (old time.Time, stepped bool) {
	old = s.wall.Add(elapsed - s.elapsed)
	off := wall.Sub(old)
	stepped = s.seen && (off > stepLeast || off < -stepLeast)
	s.seen, s.wall, s.elapsed = true, wall, elapsed
	return old, stepped
}

// ticks converts a duration to a time scale, to the nearest tick.
func ticks(d time.Duration, scale int64) int64 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second / 2)
	if rest < 0 {
		half = -half
	}
	return whole*scale + (rest*scale+half)/int64(time.Second)
}

// fromTicks is the inverse of ticks, to the nearest nanosecond.
func fromTicks(n, scale int64) time.Duration {
	whole, rest := n/scale, n%scale
	return time.Duration(whole)*time.Second + time.Duration((rest*int64(time.Second)+scale/2)/scale)
}
