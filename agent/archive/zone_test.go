package archive_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
)

// listed are the spans of a day, in truth.
func listed(t *testing.T, r *rig) []camera.Interval {
	t.Helper()
	src := r.cfg.Source
	ahead, _, err := src.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := r.now().Add(ahead)
	spans, err := src.Spans(t.Context(), r.cfg.Channels[0], there.Add(-24*time.Hour), there.Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var out []camera.Interval
	for _, i := range archive.Merged(spans, 2*time.Second) {
		out = append(out, camera.Interval{From: i.From.Add(-ahead), To: i.To.Add(-ahead)})
	}
	return out
}

func near(got []camera.Interval, from, to time.Duration) bool {
	const most = 2 * time.Second
	return len(got) == 1 && got[0].From.Sub(at(from)).Abs() <= most && got[0].To.Sub(at(to)).Abs() <= most
}

// TestZoneIsFoundOut: Hikvision's Z is of local time or of UTC, and the newest footage
// tells which.
func TestZoneIsFoundOut(t *testing.T) {
	for _, dialect := range []string{hikvisionLocal, hikvisionUTC} {
		t.Run(dialect+", recording", func(t *testing.T) {
			if r := newRig(t, dialect, []camera.Interval{kept(-90*time.Minute, 0)}, nil); !near(listed(t, r), -90*time.Minute, 0) {
				t.Errorf("%v", listed(t, r))
			}
		})
	}
	t.Run("local, nothing for three hours", func(t *testing.T) {
		if r := newRig(t, hikvisionLocal, []camera.Interval{kept(-4*time.Hour, -3*time.Hour)}, nil); !near(listed(t, r), -4*time.Hour, -3*time.Hour) {
			t.Errorf("%v", listed(t, r))
		}
	})
}

// TestZoneIsNotBelievedForEver: local digits of what ended seven hours ago look like
// UTC of what ended just now. The next minute of footage shows that they are not.
func TestZoneIsNotBelievedForEver(t *testing.T) {
	r := newRig(t, hikvisionLocal, []camera.Interval{kept(-8*time.Hour, -7*time.Hour-5*time.Minute)}, nil)
	if got := listed(t, r); !near(got, -time.Hour, -5*time.Minute) {
		t.Fatalf("the trap has gone: %v", got)
	}
	r.nvr.Mu.Lock()
	r.nvr.Has = append(r.nvr.Has, kept(-10*time.Minute, 0))
	r.nvr.Mu.Unlock()
	r.SetWants([]camera.Want{want(-8*time.Hour, -8*time.Hour+30*time.Second, true), want(-9*time.Minute, -8*time.Minute, false)})
	stop := r.run()
	r.until("both times", func() bool {
		return r.covers(-8*time.Hour, -8*time.Hour+30*time.Second) && r.covers(-9*time.Minute, -8*time.Minute)
	})
	stop()
	r.check(2100 * time.Millisecond)
}
