package archive_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest/replaytest"
)

// TestDialects: two minutes around local midnight are fetched at half past two in the
// night, from a recorder whose clock is seven minutes slow and whose digits are of
// one zone or the other (lesson 4).
func TestDialects(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dialect, []camera.Interval{kept(-30*time.Hour, time.Hour)}, nil)
			r.SetWants([]camera.Want{want(-151*time.Minute-300*time.Millisecond, -149*time.Minute, false)})
			stop := r.run()
			r.until("the footage", func() bool { return r.covers(-151*time.Minute, -149*time.Minute) })
			stop()
			r.check(2100 * time.Millisecond)
			if dialect == onvif {
				r.check(1100 * time.Millisecond) // the clock was asked for whole seconds
			}
			if segs := r.segments(); segs[0].Start.Before(at(-151*time.Minute-4*time.Second)) || segs[len(segs)-1].End.After(at(-149*time.Minute+2*time.Second)) {
				t.Errorf("fetched from %v to %v", segs[0].Start, segs[len(segs)-1].End)
			}
			past := r.Past()
			if len(past) != 1 || past[0].Check() != nil || len(past[0].Spans) != 1 || (time.Duration(past[0].Offset)-behind).Abs() > 1100*time.Millisecond {
				t.Fatalf("past %+v", past)
			}
			if s := past[0].Spans[0]; s.From.Sub(at(-30*time.Hour)).Abs() > 2*time.Second || s.To.Sub(r.now()).Abs() > 30*time.Second {
				t.Errorf("past %v", s)
			}
			if ahead, bound, ok := r.Ahead(); !ok || (ahead-behind).Abs() > 1100*time.Millisecond || bound > 5*time.Second {
				t.Errorf("clock %s ± %s", ahead, bound)
			}
			if r.nvr.open != 0 || r.nvr.Peak != 1 {
				t.Errorf("%d finders left open, %d sessions at a time", r.nvr.open, r.nvr.Peak)
			}
			select {
			case <-r.Changed():
			default:
				t.Error("nobody was told")
			}
		})
	}
}

// TestOnlyWhatIsMissing: what the spool has, and what the household does not let go,
// is not fetched; a hole of the recorder's ends a run.
func TestOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t, hikvisionLocal, []camera.Interval{kept(-3*time.Hour, -2*time.Hour), kept(-110*time.Minute, 0)}, nil)
	r.SetWants([]camera.Want{want(-125*time.Minute, -124*time.Minute, false)})
	stop := r.run()
	r.until("a minute", func() bool { return r.covers(-125*time.Minute, -124*time.Minute) })
	before := len(r.segments())
	r.mu.Lock()
	r.forbid = func(from, to time.Time) error { // nothing of [-122, -121) minutes
		if from.Before(at(-121*time.Minute)) && to.After(at(-122*time.Minute)) {
			return camera.Errorf(camera.CodeNoConsent, "not that")
		}
		return nil
	}
	r.mu.Unlock()
	r.SetWants([]camera.Want{want(-126*time.Minute, -109*time.Minute, true)})
	r.until("the rest", func() bool {
		return r.covers(-126*time.Minute, -122*time.Minute) && r.covers(-121*time.Minute+3*time.Second, -120*time.Minute) && r.covers(-110*time.Minute+3*time.Second, -109*time.Minute)
	})
	stop()
	r.check(2100 * time.Millisecond)
	segs := r.segments()
	for i, s := range segs {
		if s.Start.Before(at(-121*time.Minute-3*time.Second)) && s.End.After(at(-122*time.Minute+3*time.Second)) {
			t.Errorf("fetched %v to %v, which is not shared", s.Start, s.End)
		}
		if s.Start.Before(at(-110*time.Minute-2*time.Second)) && s.End.After(at(-120*time.Minute+2*time.Second)) {
			t.Errorf("footage %v to %v out of a hole", s.Start, s.End)
		}
		for _, o := range segs[i+1:] {
			if from, to := later(s.Start, o.Start), earlier(s.End, o.End); to.Sub(from) > replaytest.GOP+1100*time.Millisecond {
				t.Errorf("%v to %v is there twice (%d of the first fetch)", from, to, before)
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// TestFullRecorder: the only session is taken, by 453 or by 401; the archive waits,
// and gets it when it is free.
func TestFullRecorder(t *testing.T) {
	for _, dialect := range []string{hikvisionLocal, dahua} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dialect, []camera.Interval{kept(-3*time.Hour, 0)}, func(n *replaytest.Recorder) {
				n.Most, n.Sessions, n.FullIs401, n.Password = 1, 1, dialect == dahua, "p@ss"
			})
			r.SetWants([]camera.Want{want(-90*time.Minute, -89*time.Minute, true)})
			stop := r.run()
			r.until("a try", func() bool { return len(r.nvr.Asked("SETUP")) > 0 })
			r.nvr.Mu.Lock()
			r.nvr.Sessions-- // somebody has left
			r.nvr.Mu.Unlock()
			r.until("the footage", func() bool { return r.covers(-90*time.Minute, -89*time.Minute) })
			stop()
			if r.nvr.Peak > 1 {
				t.Errorf("%d sessions at a time", r.nvr.Peak)
			}
			r.check(2100 * time.Millisecond)
		})
	}
}

// TestKilledInTheMiddle: what was written of a segment is salvaged as the recorder's,
// and the rest is fetched from there on.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	r := newRig(t, onvif, []camera.Interval{kept(-3*time.Hour, 0)}, nil)
	reached := make(chan struct{}, 1)
	r.nvr.Sent = func(taken time.Time) error {
		// In the middle of a segment.
		if when := taken.Add(-behind); when.After(at(-89*time.Minute+3500*time.Millisecond)) && when.Before(at(-88*time.Minute)) {
			select {
			case reached <- struct{}{}:
			default:
			}
			<-stuck
			return errors.New("cut off")
		}
		return nil
	}
	r.SetWants([]camera.Want{want(-90*time.Minute, -87*time.Minute, true)})
	stop := r.run()
	<-reached
	r.until("some parts on the disk", func() bool {
		open, _ := filepath.Glob(filepath.Join(r.dir, "segments", "*", "*.part"))
		info, err := os.Stat(slices.Max(append(open, "")))
		return len(r.segments()) == 10 && err == nil && info.Size() > 0
	})
	r.mu.Lock()
	r.killed = true // nothing is closed any more
	r.mu.Unlock()
	close(stuck)
	r.until("the end of the session", func() bool { r.nvr.Mu.Lock(); defer r.nvr.Mu.Unlock(); return r.nvr.Sessions == 0 })
	stop()
	if err := r.spool.Close(); err != nil {
		t.Fatal(err)
	}
	closed := len(r.segments())
	r.openSpool()
	if n := len(r.segments()); n != closed+1 {
		t.Errorf("%d segments after the restart, %d before", n, closed)
	}
	r.check(1100 * time.Millisecond)

	r.nvr.Sent = nil
	r.killed = false
	r.Archive = newArchive(r)
	r.SetWants([]camera.Want{want(-90*time.Minute, -87*time.Minute, true)})
	r.run()
	r.until("the rest", func() bool { return r.covers(-90*time.Minute, -87*time.Minute) })
	segs := r.segments()
	if runs := len(slices.CompactFunc(segs, func(a, b camera.Segment) bool { return a.Run == b.Run })); runs != 2 {
		t.Errorf("%d runs", runs)
	}
	r.check(1100 * time.Millisecond)
}
