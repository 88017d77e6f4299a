package segment_test

import (
	"math"
	"testing"
	"time"

	"xulang.vn/camera/agent/media"
)

// wallErrors sends 60 s at a pace and returns the largest distance between the
// boundaries of the segments and the truth.
func wallError(r *rig, late func(n int) time.Duration) time.Duration {
	began := r.wall
	var truth []time.Time // wall clock of each key frame
	for n := range 60 * 25 {
		u := r.unit(n%25 == 0)
		if u.Key {
			truth = append(truth, u.Received)
		}
		u.Received = u.Received.Add(late(n))
		if err := r.w.Unit(u); err != nil {
			r.t.Fatal(err)
		}
	}
	truth = append(truth, r.wall)
	worst := time.Duration(0)
	for i, f := range r.stop() {
		if i == 0 {
			worst = max(worst, f.seg.Start.Sub(began).Abs())
		}
		nearest := time.Duration(math.MaxInt64)
		for _, at := range truth {
			nearest = min(nearest, f.seg.End.Sub(at).Abs())
		}
		worst = max(worst, nearest)
	}
	return worst
}

func TestBoundariesFollowTheWallClock(t *testing.T) {
	none := func(int) time.Duration { return 0 }
	jitter := func(n int) time.Duration { // every key frame late, and the very first one most
		switch {
		case n == 0:
			return 800 * time.Millisecond
		case n%25 == 0:
			return 300 * time.Millisecond
		}
		return 0
	}
	for _, c := range []struct {
		name string
		pace time.Duration // of 40 ms frames
		late func(int) time.Duration
		most time.Duration
	}{
		{"exact", 40 * time.Millisecond, none, time.Millisecond},
		{"jitter only delays", 40 * time.Millisecond, jitter, 5 * time.Millisecond},
		{"500 ppm slow", 40020 * time.Microsecond, none, 5 * time.Millisecond},
		{"500 ppm fast", 39980 * time.Microsecond, none, 5 * time.Millisecond},
		{"claims 25, sends 21", 47619 * time.Microsecond, none, 500 * time.Millisecond},
		{"claims 25, sends 30", 33333 * time.Microsecond, none, 500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, small264)
			r.pace = c.pace
			if got := wallError(r, c.late); got > c.most {
				t.Errorf("boundaries are off by %s, at most %s", got, c.most)
			}
			for i, f := range r.sink.files[1:] {
				if !f.seg.Start.Equal(r.sink.files[i].seg.End) {
					t.Errorf("a phantom gap before segment %d", f.seg.Seq)
				}
			}
		})
	}
}

func TestStoredFramesAtTheStart(t *testing.T) {
	r := newRig(t, small264)
	began := r.wall
	r.pace = time.Microsecond // a recorder sends its last 4 s at once
	r.seconds(4)
	r.pace = r.frame
	r.seconds(4)
	if first := r.stop()[0].seg; first.Start.Sub(began.Add(-4*time.Second)).Abs() > 50*time.Millisecond {
		t.Errorf("starts %s after the stream did, want -4s", first.Start.Sub(began))
	}
}

func TestTimeStampsThatStandStill(t *testing.T) {
	r := newRig(t, small264)
	r.frame = 0
	r.seconds(14)
	files := r.stop()
	if len(files) != 3 {
		t.Errorf("%d segments of 14 s, want 3", len(files))
	}
	for _, f := range files {
		read(t, f)
	}
}

func TestSenderReport(t *testing.T) {
	r := newRig(t, small264)
	cameraClock := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for n := range 50 {
		u := r.unit(n%25 == 0)
		if n >= 30 {
			u.NTP = cameraClock.Add(u.PTS)
		}
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.stop()[0].seg.SenderReport; !got.Equal(cameraClock) {
		t.Errorf("sender report mapped to %s, want %s", got, cameraClock)
	}
	quiet := newRig(t, small264)
	quiet.seconds(1)
	if got := quiet.stop()[0].seg.SenderReport; !got.IsZero() {
		t.Errorf("a sender report out of nothing: %s", got)
	}
}

func TestReorderedPictures(t *testing.T) {
	r := newRig(t, small264)
	for n := range 10 {
		u := r.unit(n == 0)
		u.PTS += 2 * r.frame // decoded two frames before it is shown
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range read(t, r.stop()[0]).samples(1) {
		if s.PTSOffset != 7200 || s.Duration != 3600 {
			t.Errorf("sample %d: offset %d, duration %d", i, s.PTSOffset, s.Duration)
		}
	}
}

func TestSound(t *testing.T) {
	aac := media.Track{Codec: media.AAC, ClockRate: 48000, AudioConfig: []byte{0x11, 0x90}, Channels: 2}
	opus := media.Track{Codec: media.Opus, ClockRate: 48000, Channels: 1}
	broken := media.Track{Codec: media.AAC, ClockRate: 48000, AudioConfig: []byte{0xff}}
	for _, c := range []struct {
		name, codec string
		track       media.Track
		kept        bool
	}{
		{"aac", "avc1.64000d,mp4a.40.2", aac, true},
		{"opus", "avc1.64000d,opus", opus, true},
		{"broken", "avc1.64000d", broken, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, small264, c.track)
			frame := func(at time.Duration) {
				u := media.Unit{Track: 1, NALUs: [][]byte{{1, 2, 3, 4}}, PTS: at, DTS: at, Received: r.wall, Key: true}
				if err := r.w.Unit(u); err != nil {
					t.Fatal(err)
				}
			}
			frame(0) // before the picture: dropped
			for range 2 {
				r.seconds(1)
				frame(r.media - 20*time.Millisecond)
				frame(r.media)
				frame(-time.Hour) // nonsense: dropped
				frame(time.Hour)
			}
			f := r.stop()[0]
			if f.seg.Codec != c.codec {
				t.Errorf("codec %q, want %q", f.seg.Codec, c.codec)
			}
			got := read(t, f)
			sameNALUs(t, got.nalus(t), r.sent)
			if n := len(got.samples(2)); n != map[bool]int{true: 4, false: 0}[c.kept] {
				t.Errorf("%d frames of sound", n)
			}
		})
	}
}

func FuzzUnits(f *testing.F) {
	f.Add([]byte{0x65, 1, 2}, int64(40), int64(40), true)
	f.Add([]byte{0x67, 0x64, 0, 0x0d, 0xac}, int64(-400000), int64(70000), true)
	f.Fuzz(func(t *testing.T, nalu []byte, media1, wall int64, key bool) {
		r := newRig(t, small264)
		if err := r.send(true); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			u := r.unit(key && i != 1)
			u.NALUs = append(u.NALUs, nalu)
			u.DTS += time.Duration(media1) * time.Millisecond
			u.Received = u.Received.Add(time.Duration(wall%1e9) * time.Millisecond)
			r.w.Unit(u) // an error is an answer: what is kept must be sound
		}
		r.w.Stop()
		for _, m := range r.sink.files {
			if err := m.seg.Check(); err != nil {
				t.Error(err)
			}
		}
	})
}
