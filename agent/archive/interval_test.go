package archive_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
)

func drawIntervals(t *rapid.T, name string) []camera.Interval {
	var out []camera.Interval
	for _, n := range rapid.SliceOfN(rapid.IntRange(0, 4000), 0, 12).Draw(t, name) {
		out = append(out, camera.Interval{From: night.Add(time.Duration(n/40) * time.Second), To: night.Add(time.Duration(n/40+n%40/2) * time.Second)})
	}
	return out
}

func inside(list []camera.Interval, at time.Time) bool {
	for _, i := range list {
		if !at.Before(i.From) && at.Before(i.To) {
			return true
		}
	}
	return false
}

func TestIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawIntervals(t, "a"), drawIntervals(t, "b")
		ma, mb := archive.Merged(a, 0), archive.Merged(b, 0)
		for name, list := range map[string][]camera.Interval{"merged": ma, "common": archive.Common(ma, mb), "without": archive.Without(ma, mb)} {
			for i, x := range list {
				if !x.To.After(x.From) || i > 0 && x.From.Before(list[i-1].To) {
					t.Fatalf("%s is out of order: %v", name, list)
				}
			}
			for s := range 130 {
				at := night.Add(time.Duration(s) * time.Second)
				want := map[string]bool{"merged": inside(a, at), "common": inside(a, at) && inside(b, at), "without": inside(a, at) && !inside(b, at)}[name]
				if inside(list, at) != want {
					t.Fatalf("%s of %v and %v at %d s: %v", name, a, b, s, list)
				}
			}
		}
	})
}

// TestTold: a recorder that records by motion has thousands of pieces; what is told is
// well-formed, and reaches to the newest.
func TestTold(t *testing.T) {
	for _, c := range []struct {
		pieces       int
		length, hole time.Duration
		least, most  int
		from         time.Duration // of the first that is told
	}{
		{300, time.Minute, 3 * time.Second, 300, 300, 0},
		{301, time.Minute, 3 * time.Second, 1, 1, 0},
		{2000, time.Minute, 30 * time.Second, 1, 1, 0},
		{2000, time.Minute, 20 * time.Minute, camera.PastSpansMost, camera.PastSpansMost, 1700 * 21 * time.Minute},
	} {
		var spans []camera.Interval
		for i := range c.pieces {
			at := night.Add(time.Duration(i) * (c.length + c.hole))
			spans = append(spans, camera.Interval{From: at, To: at.Add(c.length)})
		}
		got := archive.Told(spans)
		p := camera.CameraPast{Camera: yard, Spans: got}
		if n := len(got); n < c.least || n > c.most || p.Check() != nil {
			t.Fatalf("%+v: %d spans, %v", c, n, p.Check())
		}
		if !got[0].From.Equal(night.Add(c.from)) || !got[len(got)-1].To.Equal(spans[len(spans)-1].To) {
			t.Errorf("%+v: from %v to %v", c, got[0].From, got[len(got)-1].To)
		}
	}
}

func TestMeasurementsTogether(t *testing.T) {
	s := time.Second
	half := []time.Duration{s / 2, s / 2}
	for _, c := range []struct {
		ahead               []time.Duration
		apart               time.Duration
		want, bound, within time.Duration
	}{
		{[]time.Duration{-420 * s, -420*s + 800*time.Millisecond}, time.Minute, -420*s + 400*time.Millisecond, 104 * time.Millisecond, 4 * time.Millisecond},
		{[]time.Duration{-420 * s, -300 * s}, time.Minute, -300 * s, s / 2, 0},                                             // it was set
		{[]time.Duration{-420 * s, -420*s + 800*time.Millisecond}, 2 * time.Hour, -420*s + 800*time.Millisecond, s / 2, 0}, // too long ago
	} {
		ahead, bound := archive.Combine(c.ahead, half, c.apart)
		if (ahead-c.want).Abs() > c.within || bound > c.bound {
			t.Errorf("%v: %s ± %s", c.ahead, ahead, bound)
		}
	}
}
