package spool_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

func TestLastFollowsAClockThatWasSetBack(t *testing.T) {
	s := mustOpen(t, t.TempDir(), roomy)
	mustPut(t, s, gateCam, 20_000, 100) // 33 h ahead
	mustPut(t, s, gateCam, 0, 100)
	if end, _ := s.Last(gateCam); !end.Equal(t0.Add(6 * time.Second)) {
		t.Errorf("last %v", end)
	}
	segs, _ := s.Unannounced(10)
	if len(segs) != 2 || segs[0].Seq != 20_000 {
		t.Errorf("order of recording lost: %v", segs)
	}
}

// TestLastOfABoxWithoutBattery: what was recorded before the clock was set does not
// hide how far the past reaches.
func TestLastOfABoxWithoutBattery(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, roomy)
	early := camera.Gap{Camera: yardCam, Start: time.Unix(10, 0), End: time.Unix(20, 0), Cause: camera.CauseCameraOff}
	for _, c := range []camera.CameraID{gateCam, yardCam} {
		if c == gateCam {
			mustPut(t, s, c, 0, 100)
		}
		early.Camera = c
		if err := s.AddGap(early); err != nil {
			t.Fatal(err)
		}
	}
	for _, open := range []*spool.Spool{s, reopen(t, s, dir, roomy)} {
		if end, _ := open.Last(gateCam); !end.Equal(t0.Add(6 * time.Second)) {
			t.Errorf("last %v", end)
		}
		if end, ok := open.Last(yardCam); !ok || !end.Equal(early.End) {
			t.Errorf("last of a new camera %v", end)
		}
	}
}
