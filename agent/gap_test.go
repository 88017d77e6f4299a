package agent

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
)

// TestCauseStaysWithItsGap: a session that stores nothing does not rename the gap
// that was announced before it.
func TestCauseStaysWithItsGap(t *testing.T) {
	b := newBench(t)
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(50 * time.Second)
	b.extendGap()
	b.start()
	b.broken = true
	if b.film(20*time.Second) == nil {
		t.Fatal("a broken disk is not told")
	}
	b.Stop(camera.CauseDisk, "keep footage")
	b.advance(49 * time.Second)
	b.now = b.now.Truncate(time.Second)
	b.extendGap()
	b.want(gap{0, 50, camera.CauseCameraOff}, gap{50, int(b.now.Sub(noon).Seconds()), camera.CauseDisk})
}

// TestGapIsNotLaidOverFootage: the hub takes footage under a gap of the cause disk
// for lost.
func TestGapIsNotLaidOverFootage(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(100 * time.Second))
	b.now = b.now.Add(-50 * time.Second)
	b.must(b.film(20 * time.Second))
	b.Stop(camera.CauseDisk, "keep footage")
	b.extendGap()
	b.want()
	b.advance(20 * time.Second) // to 90 s, by the new clock
	b.extendGap()
	b.want()
	b.advance(40 * time.Second)
	b.extendGap()
	b.advance(10 * time.Second)
	b.extendGap()
	b.want(gap{100, 140, camera.CauseDisk})
}

// TestClockWasFarAhead: what was said of a time that has not come does not hide
// the hours until then.
func TestClockWasFarAhead(t *testing.T) {
	b := newBench(t)
	b.crash()
	b.now = noon.AddDate(0, 0, 3)
	b.boot()
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(time.Minute)
	b.extendGap()
	b.now = noon
	b.extendGap()
	b.advance(time.Minute)
	b.extendGap()
	day := 3 * 24 * 60 * 60
	b.want(gap{day, day + 60, camera.CauseCameraOff}, gap{0, 60, camera.CauseCameraOff})
}

// TestBoxWithoutBattery starts in 1970 after a power cut, until the network tells
// it the time.
func TestBoxWithoutBattery(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(20 * time.Second)) // segments closed at 6, 12 and 18 s, one open with the second after that
	b.crash()
	b.now = time.Unix(10, 0)
	b.boot()
	b.extendGap()
	b.start()
	b.must(b.film(10 * time.Second))
	b.now = noon.Add(500 * time.Second)
	b.must(b.film(10 * time.Second))
	_, gaps := b.agent.spool.Unannounced(camera.AnnounceMost)
	last := gaps[len(gaps)-1]
	if from, to := last.Start.Sub(noon), last.End.Sub(noon); last.Cause != camera.CauseClockStep || from.Round(time.Second) != 19*time.Second || to < 499*time.Second || to > 501*time.Second {
		t.Errorf("gap %+v: from %s to %s", last, from, to)
	}
}

// TestBoxWithoutBatteryBeforeItsCamera: a power cut ends, and the network tells the
// time before the camera is back, or after the agent has begun once more.
func TestBoxWithoutBatteryBeforeItsCamera(t *testing.T) {
	for _, c := range []struct {
		name            string
		recorded, again bool
	}{{"one start", false, false}, {"two starts", false, true}, {"recorded", true, false}, {"recorded and two starts", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.start()
			b.must(b.film(20 * time.Second))
			b.crash()
			b.now = time.Unix(10, 0)
			b.boot()
			b.extendGap()
			if c.recorded {
				b.start()
				b.must(b.film(10 * time.Second))
			}
			b.Stop(camera.CauseCameraOff, "no answer")
			b.advance(10 * time.Second)
			b.extendGap()
			if c.again {
				b.crash()
				b.now = time.Unix(10, 0)
				b.boot()
				b.Stop(camera.CauseCameraOff, "no answer")
			}
			b.now = noon.Add(500 * time.Second)
			b.extendGap()
			b.advance(100 * time.Second)
			b.start()
			b.must(b.film(10 * time.Second))
			b.want(gap{19, 600, camera.CauseCameraOff})
		})
	}
}

// TestNewBoxWithoutBattery: before its first hour there was nothing that could be
// missing, least of all since 1970.
func TestNewBoxWithoutBattery(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir(), now: time.Unix(10, 0)}
	b.boot()
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(10 * time.Second)
	b.extendGap()
	b.now = noon
	b.extendGap()
	b.advance(100 * time.Second)
	b.extendGap()
	b.want(gap{0, 100, camera.CauseCameraOff})
}

// TestGapsWaitForTheDisk: a gap that cannot be written is written later.
func TestGapsWaitForTheDisk(t *testing.T) {
	b := newBench(t)
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(20 * time.Second)
	b.must(b.agent.spool.Close())
	b.Stop(camera.CauseWrongPassword, "401")
	b.advance(10 * time.Second)
	b.extendGap()
	b.advance(10 * time.Second)
	b.extendGap()
	if n := len(b.late.gaps); n != 2 {
		t.Errorf("%d gaps wait, want the ended one and the growing one", n)
	}
	var err error
	b.agent.spool, err = spool.Open(filepath.Join(b.dir, "spool"), spool.Limits{Bytes: 1 << 30}, segment.Salvage, b.agent.now, slog.New(slog.DiscardHandler))
	b.must(err)
	defer b.agent.spool.Close()
	b.extendGap()
	b.want(gap{0, 20, camera.CauseCameraOff}, gap{20, 40, camera.CauseWrongPassword})
}

// TestDiskFailsWithTheClockStep: the one does not hide the other.
func TestDiskFailsWithTheClockStep(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(3 * time.Second))
	b.must(b.agent.spool.Close())
	b.now = b.now.Add(time.Hour)
	if b.film(100*time.Millisecond) == nil {
		t.Error("the segment before the step is lost, and nobody is told")
	}
}

// TestParametersThatNoFileCanHold are the camera's fault, not the disk's.
func TestParametersThatNoFileCanHold(t *testing.T) {
	b := newBench(t)
	b.start()
	if b.Unit(media.Unit{NALUs: [][]byte{{0x67, 0x42}, pps, {0x65, 1, 2}}, Received: b.now, Key: true}) == nil {
		t.Fatal("taken")
	}
	b.Stop(camera.CauseDisk, "keep footage: parameter sets cannot be used")
	if s := b.status(); s.State != camera.RecordState(camera.CauseBadCodec) {
		t.Errorf("status %+v", s)
	}
	b.start()
	b.must(b.film(time.Second))
	b.Stop(camera.CauseReconnect, "connection broken")
	if s := b.status(); s.State != camera.RecordState(camera.CauseReconnect) {
		t.Errorf("status after the next session %+v", s)
	}
}

// TestKilledWhileAGapGrows: what was announced of it stays, the rest is agent-off.
func TestKilledWhileAGapGrows(t *testing.T) {
	b := newBench(t)
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(50 * time.Second)
	b.extendGap()
	b.advance(7 * time.Second)
	b.crash()
	b.advance(43 * time.Second)
	b.boot()
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(10 * time.Second)
	b.extendGap()
	b.crash() // the camera had come back, and no segment was closed
	b.advance(10 * time.Second)
	b.boot()
	b.extendGap()
	b.want(gap{0, 50, camera.CauseCameraOff}, gap{50, 100, camera.CauseAgentOff}, gap{100, 110, camera.CauseCameraOff}, gap{110, 120, camera.CauseAgentOff})
}

// limit gives the recorder's spool another size.
func (b *bench) limit(bytes int64) {
	b.t.Helper()
	b.must(b.agent.spool.Close())
	s, err := spool.Open(filepath.Join(b.dir, "spool"), spool.Limits{Bytes: bytes}, segment.Salvage, b.agent.now, slog.New(slog.DiscardHandler))
	b.must(err)
	b.t.Cleanup(func() { s.Close() })
	b.agent.spool = s
}

func TestSpoolIsTooSmallForOneSegment(t *testing.T) {
	b := newBench(t)
	b.limit(100)
	b.start()
	if err := b.film(8 * time.Second); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("%v, want %v", err, spool.ErrFull)
	}
	b.Stop(camera.CauseDisk, "keep footage: spool is full")
	b.now = noon.Add(20 * time.Second)
	b.extendGap()
	b.want(gap{0, 20, camera.CauseDisk})
	if s := b.status(); s.State != camera.RecordState(camera.CauseDisk) {
		t.Errorf("status %+v", s)
	}
}

// TestSpoolIsFull: each second is in a segment that is there or in a gap.
func TestSpoolIsFull(t *testing.T) {
	b := newBench(t)
	b.limit(10_000) // some segments of 6 s
	b.start()
	b.must(b.film(100 * time.Second))
	segments, gaps := b.agent.spool.Unannounced(camera.AnnounceMost)
	if len(gaps) != 1 || gaps[0].Cause != camera.CauseDisk || !gaps[0].Start.Equal(noon) || len(segments) == 0 {
		t.Fatalf("gaps %+v, %d segments", gaps, len(segments))
	}
	covered := gaps[0].End
	for _, s := range segments {
		if !s.Start.Equal(covered) {
			t.Errorf("segment of %s after what ends at %s", s.Start, covered)
		}
		covered = s.End
	}
	if s := b.status(); s.State != camera.StateRecording {
		t.Errorf("status %+v", s)
	}
}

// TestSpoolIsFullOfHeldFootage says so, and goes on when the hold has ended. What is
// held is all there until then.
func TestSpoolIsFullOfHeldFootage(t *testing.T) {
	b := newBench(t)
	b.limit(10_000)
	hold := []camera.Want{{Camera: b.id, From: noon.Add(-time.Hour), To: noon.Add(time.Hour)}}
	b.must(b.agent.spool.SetWants(hold))
	b.start()
	if err := b.film(100 * time.Second); !errors.Is(err, spool.ErrHeld) {
		t.Fatalf("%v, want %v", err, spool.ErrHeld)
	}
	b.Stop(camera.CauseDisk, "keep footage: spool is full of footage that is held")
	if s := b.status(); s.State != camera.RecordState(camera.CauseHeldFull) {
		t.Errorf("status %+v", s)
	}
	held, _ := b.agent.spool.Unannounced(camera.AnnounceMost)
	b.advance(30 * time.Second)
	b.start()
	b.media = b.media.Truncate(time.Second)
	if err := b.film(time.Second); !errors.Is(err, spool.ErrHeld) {
		t.Errorf("the hold lasts: %v", err)
	}
	b.Stop(camera.CauseDisk, "keep footage: spool is full of footage that is held")
	b.extendGap()
	segments, gaps := b.agent.spool.Unannounced(camera.AnnounceMost)
	if len(held) == 0 || len(segments) != len(held) || len(gaps) != 1 || gaps[0].Cause != camera.CauseHeldFull || !gaps[0].Start.Equal(segments[len(segments)-1].End) {
		t.Errorf("%d of %d segments, gaps %+v", len(segments), len(held), gaps)
	}
	b.must(b.agent.spool.SetWants(nil))
	b.advance(10 * time.Second)
	b.start()
	b.media = b.media.Truncate(time.Second)
	b.must(b.film(10 * time.Second))
	if s := b.status(); s.State != camera.StateRecording {
		t.Errorf("status %+v", s)
	}
	segments, gaps = b.agent.spool.Unannounced(camera.AnnounceMost)
	if last := segments[len(segments)-1]; len(gaps) != 2 || !gaps[0].End.Equal(last.Start) {
		t.Errorf("gaps %+v, and the newest footage %+v", gaps, last)
	}
}
