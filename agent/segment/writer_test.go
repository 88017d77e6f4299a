package segment_test

import (
	"errors"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

func TestSegmentsHoldWhatWasSent(t *testing.T) {
	for _, c := range []struct {
		track media.Track
		codec string
	}{{small264, "avc1.64000d"}, {small265, "hev1.1.6.L60.90"}} {
		t.Run(string(c.track.Codec), func(t *testing.T) {
			r := newRig(t, c.track)
			if err := r.w.Unit(r.unit(false)); err != nil {
				t.Fatal(err) // before the first key frame: dropped
			}
			r.seconds(14)
			files := r.stop()
			if len(files) != 3 {
				t.Fatalf("%d segments of 14 s, want 3", len(files))
			}
			var got [][]byte
			next := uint64(0)
			for i, f := range files {
				s := f.seg
				if s.Camera != cameraID || s.Run != "0000000000000001" || s.Seq != uint32(i) || s.Codec != c.codec || s.Width != 320 || s.Height != 240 {
					t.Errorf("segment %d says %+v", i, s)
				}
				if i > 0 && (s.Prev != files[i-1].seg.SHA256 || !s.Start.Equal(files[i-1].seg.End)) {
					t.Errorf("segment %d does not follow the one before", i)
				}
				read := read(t, f)
				got = append(got, read.nalus(t)...)
				if at := read.parts[0].Tracks[0].BaseTime; at != next {
					t.Errorf("segment %d begins at tick %d, want %d", i, at, next)
				}
				if parts := len(read.parts); i == 0 && parts != 7 { // the key frame alone, then one a second
					t.Errorf("%d parts in 6 s", parts)
				}
				for _, one := range read.samples(1) {
					next += uint64(one.Duration)
				}
			}
			sameNALUs(t, got, r.sent)
			if next != 14*90000 {
				t.Errorf("media of %d ticks", next)
			}
			if first := files[0].seg; first.Media != camera.Millis(6*time.Second) || first.End.Sub(first.Start) != 6*time.Second {
				t.Errorf("first segment: media %s, wall %s", time.Duration(first.Media), first.End.Sub(first.Start))
			}
		})
	}
}

func TestParameterChangeBeginsARun(t *testing.T) {
	r := newRig(t, small264)
	r.seconds(3)
	r.track = large264
	r.seconds(3)
	files := r.stop()
	if len(files) != 2 {
		t.Fatalf("%d segments, want 2", len(files))
	}
	a, b := files[0].seg, files[1].seg
	if a.Run == b.Run || b.Seq != 0 || !b.Prev.IsZero() || b.Width != 640 || a.Width != 320 {
		t.Errorf("after the change: %+v", b)
	}
	if !b.Start.Equal(a.End) {
		t.Errorf("a gap of %s where the camera made none", b.Start.Sub(a.End))
	}
	sameNALUs(t, append(read(t, files[0]).nalus(t), read(t, files[1]).nalus(t)...), r.sent)
}

func TestClockStepEndsTheRun(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour, -365 * 24 * time.Hour, 1100 * time.Millisecond} {
		t.Run(step.String(), func(t *testing.T) {
			r := newRig(t, small264)
			r.seconds(2)
			r.moved, r.wall = step, r.wall.Add(step)
			old := r.wall.Add(-step)
			err := r.send(true)
			var ended *segment.RunEnded
			if !errors.As(err, &ended) || !errors.Is(err, segment.ErrClockStep) || ended.Cause != camera.CauseClockStep {
				t.Fatalf("a step gave %v", err)
			}
			if !ended.Old.Equal(old) || !ended.New.Equal(old.Add(step)) {
				t.Errorf("old clock %s, new %s", ended.Old, ended.New)
			}
			for range 10 {
				if err := r.send(false); err != nil {
					t.Fatal(err)
				}
			}
			files := r.stop()
			if len(files) != 2 || files[0].seg.Run == files[1].seg.Run {
				t.Fatalf("%d segments, want two runs", len(files))
			}
			if !files[0].seg.End.Equal(old) || !ended.At.Equal(old) {
				t.Errorf("old run ends %s, want %s", files[0].seg.End, old)
			}
			if !files[1].seg.Start.Equal(old.Add(step)) {
				t.Errorf("new run starts %s, want %s", files[1].seg.Start, old.Add(step))
			}
		})
	}
	t.Run("no step", func(t *testing.T) {
		r := newRig(t, small264)
		r.seconds(2)
		r.moved, r.wall = 900*time.Millisecond, r.wall.Add(900*time.Millisecond)
		r.seconds(2)
		if files := r.stop(); len(files) != 1 {
			t.Errorf("%d segments for a clock that was set by less than a second", len(files))
		}
	})
}

func TestNoKeyFrameEndsTheRun(t *testing.T) {
	r := newRig(t, small264)
	if err := r.send(true); err != nil {
		t.Fatal(err)
	}
	var err error
	for n := 0; err == nil && n < 25*70; n++ {
		err = r.send(false)
	}
	var ended *segment.RunEnded
	if !errors.As(err, &ended) || ended.Cause != camera.CauseNoKeyFrame {
		t.Fatalf("70 s without a key frame gave %v", err)
	}
	if err := r.send(false); err != nil {
		t.Errorf("while waiting for a key frame: %v", err)
	}
	r.seconds(1)
	files := r.stop()
	if len(files) != 2 || files[0].seg.Run == files[1].seg.Run {
		t.Fatalf("%d segments", len(files))
	}
	if d := files[0].seg.End.Sub(files[0].seg.Start); d > camera.SegmentLongest+time.Second {
		t.Errorf("a segment of %s", d)
	}
}

func TestLargestSize(t *testing.T) {
	r := newRig(t, small264)
	big := make([]byte, 4<<20)
	big[0] = 0x41
	if err := r.send(true); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 20 {
		u := r.unit(false)
		u.NALUs = [][]byte{big}
		if err = errors.Join(err, r.w.Unit(u)); err != nil {
			break
		}
	}
	if !errors.Is(err, segment.ErrRunEnded) {
		t.Fatalf("80 MB without a key frame gave %v", err)
	}
	for _, f := range r.stop() {
		read(t, f) // checks the size
	}
}

func TestFailureDiscards(t *testing.T) {
	for _, fail := range []error{errCreate, errWrite, errCommit} {
		t.Run(fail.Error(), func(t *testing.T) {
			r := newRig(t, small264)
			r.seconds(7)
			r.sink.fail = fail
			var err error
			for n := 0; err == nil && n < 25*20; n++ {
				err = r.send(n%25 == 0)
			}
			if !errors.Is(err, fail) {
				t.Fatalf("failure of the sink gave %v", err)
			}
			if want := map[error]int{errCreate: 0, errWrite: 1, errCommit: 1}[fail]; r.sink.discarded != want {
				t.Errorf("%d files discarded, want %d", r.sink.discarded, want)
			}
			r.sink.fail = nil
			r.seconds(7)
			files := r.stop()
			last := files[len(files)-1].seg
			if last.Run == files[0].seg.Run {
				t.Error("the run went on over a lost segment")
			}
			for i, f := range files {
				read(t, f)
				if f.seg.Seq > 0 && f.seg.Prev != files[i-1].seg.SHA256 {
					t.Errorf("segment %s: chain broken", f.seg.SegmentID)
				}
			}
		})
	}
}

func TestAbort(t *testing.T) {
	r := newRig(t, small264)
	r.seconds(1)
	r.w.Abort()
	if r.sink.discarded != 1 || len(r.stop()) != 0 {
		t.Errorf("%d discarded, %d kept", r.sink.discarded, len(r.sink.files))
	}
	if err := r.send(true); err == nil {
		t.Error("a unit without a session was taken")
	}
}

func TestBadSession(t *testing.T) {
	r := newRig(t, small264)
	if err := r.w.Start(media.Session{Tracks: []media.Track{{Codec: media.AAC}}}); err == nil {
		t.Error("a session without video was taken")
	}
	bad := small264
	bad.SPS = []byte{0x67, 1}
	r = newRig(t, bad)
	if err := r.send(true); err == nil {
		t.Error("a broken SPS was taken")
	}
	if len(r.stop()) != 0 {
		t.Error("a segment without a head")
	}
}
