package segment_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// replay is a writer of what a recorder plays: at eight times the pace of what
// happened, by times without a monotonic reading.
func replay(t *testing.T, s *sink, clock func() (camera.Millis, camera.Millis)) (w *segment.Writer, send func(seconds int)) {
	t.Helper()
	w = segment.New(segment.Config{
		Camera: cameraID, Clock: func() camera.Clock { return camera.Clock{} },
		Origin: camera.OriginRecorder, Recorder: clock,
	}, s, time.Now)
	if err := w.Start(media.Session{Tracks: []media.Track{small264}, Video: media.H264}); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, sink: s, w: w, track: small264, frame: 40 * time.Millisecond, pace: 40 * time.Millisecond}
	r.wall = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	return w, r.seconds
}

func TestOriginStandsInTheFile(t *testing.T) {
	s := &sink{}
	offset := camera.Millis(-7*time.Minute + 1300*time.Microsecond)
	w, send := replay(t, s, func() (camera.Millis, camera.Millis) { return offset, camera.Millis(1200 * time.Millisecond) })
	send(7)
	offset = camera.Millis(-7*time.Minute - 2*time.Second) // measured again
	send(7)
	if err := w.Stop(); err != nil {
		t.Fatal(err)
	}
	if len(s.files) != 3 {
		t.Fatalf("%d files", len(s.files))
	}
	want := []time.Duration{-7*time.Minute + 2*time.Millisecond, -7*time.Minute + 2*time.Millisecond, -7*time.Minute - 2*time.Second}
	for i, m := range s.files {
		read(t, m)
		g := m.seg
		if g.Origin != camera.OriginRecorder || time.Duration(g.RecorderBound) != 1200*time.Millisecond || g.Run != s.files[0].seg.Run {
			t.Errorf("segment %+v", g)
		}
		if off := time.Duration(g.RecorderOffset); off != want[i] { // as it was when the segment began
			t.Errorf("segment %d: recorder %s off", i, off)
		}
		again, err := segment.Salvage(cameraID, bytes.NewReader(m.Bytes()), m.seg.Size)
		if err != nil || again != g {
			t.Errorf("salvaged %+v, %v", again, err)
		}
		torn, err := segment.Salvage(cameraID, bytes.NewReader(m.Bytes()), int64(m.ends[1]+5))
		if err != nil || torn.Origin != camera.OriginRecorder || torn.RecorderOffset != g.RecorderOffset || torn.RecorderBound != g.RecorderBound {
			t.Errorf("salvaged from a torn file %+v, %v", torn, err)
		}
	}
}

// TestOldFile: version1.mp4 was written before there were copies from recorders.
func TestOldFile(t *testing.T) {
	b, err := os.ReadFile("testdata/version1.mp4")
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Salvage(cameraID, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 22, 7, 5, 9, 0, time.UTC)
	if s.Size != int64(len(b)) || !s.Start.Equal(start) || !s.End.Equal(start.Add(2*time.Second)) ||
		s.Origin != camera.OriginCamera || s.RecorderOffset != 0 || s.RecorderBound != 0 || !s.Clock.Synchronised || s.Run != "0000000000000001" {
		t.Errorf("%+v", s)
	}
	at := bytes.Index(b, []byte("uuid")) + 4 + 16
	for version, known := range map[byte]bool{0: false, 1: true, 2: false, 3: false} { // as 2 it is too short
		b[at] = version
		if _, err := segment.Salvage(cameraID, bytes.NewReader(b), int64(len(b))); (err == nil) != known {
			t.Errorf("version %d: %v", version, err)
		}
	}
}
