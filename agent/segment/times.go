package segment

import "time"

// Rules of time, after the written rules of Moonfire NVR:
//
//   - network jitter only ever delays, so the earliest of (receive − media) time
//     is nearest to the truth;
//   - media time is a claim of the camera. One that claims 25 frames a second and
//     sends 21 is off by 16 %, so it may smooth the wall clock, by at most
//     mostDrift, and the earliest is looked for in a short window only.
//
// What the rules give is written into the file with each part (prft), and start
// and end of the file follow from that alone: who reads the file finds the same.
const (
	window      = time.Second             // of media and of receive time, before the newest frame
	startWithin = 1200 * time.Millisecond // parts that begin so long after the first one tell of the start: 2 s of frames, and a burst of stored ones
	mostDrift   = 2000                    // wall time is corrected by at most 1/2000: 500 ppm
	mostMarks   = 1000                    // frames in the window; a camera may send nonsense
)

// timeline maps the media time of a run to the wall clock.
type timeline struct {
	recent []mark // the frames of the last window, oldest first
}

type mark struct {
	media time.Duration // since the start of the run
	wall  time.Time
}

func (t *timeline) add(media time.Duration, wall time.Time) {
	old := max(0, len(t.recent)-mostMarks)
	for old < len(t.recent) && (media-t.recent[old].media > window || wall.Sub(t.recent[old].wall) > window) {
		old++
	}
	t.recent = append(t.recent[:copy(t.recent, t.recent[old:])], mark{media, wall})
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

// place is where a file stands on the wall clock, as its prft boxes tell. Ticks
// are those of the video, wall clocks are nanoseconds since 1970.
type place struct {
	from  int64 // ticks of the first picture
	first int64 // wall clock of the first part
	zero  int64 // wall clock at from
	at    int64 // ticks of the newest part
	wall  int64 // wall clock there
}

// add takes the prft of the next part; first tells that it is the first one.
func (p *place) add(wall ntpTime, at int64, first bool) {
	p.at, p.wall = at, wall.unix()
	if first {
		p.from, p.first, p.zero = at, p.wall, p.wall
	}
	if p.wall-p.first <= int64(startWithin) {
		p.zero = min(p.zero, p.wall-int64(fromTicks(at-p.from)))
	}
}

// start is the wall clock at the first sample.
func (p *place) start() time.Time {
	return time.Unix(0, p.zero).UTC().Truncate(time.Millisecond)
}

// end is the wall clock after the last sample: start is the segment's start,
// length its length in ticks.
func (p *place) end(start time.Time, length int64) time.Time {
	end := time.Unix(0, p.wall).Add(fromTicks(p.from + length - p.at))
	wall := end.Sub(start)
	most := max(wall, 0) / mostDrift
	end = end.Add(min(max(fromTicks(length)-wall, -most), most)).UTC().Truncate(time.Millisecond)
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

// fromTicks is the inverse for video, to the nearest nanosecond.
func fromTicks(n int64) time.Duration {
	whole, rest := n/videoRate, n%videoRate
	return time.Duration(whole)*time.Second + time.Duration((rest*int64(time.Second)+videoRate/2)/videoRate)
}
