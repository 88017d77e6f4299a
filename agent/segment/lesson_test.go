package segment_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// TestDriftDoesNotAddUp lets a camera's clock be 500 ppm off for an hour: 1.8 s.
func TestDriftDoesNotAddUp(t *testing.T) {
	for _, pace := range []time.Duration{200_100 * time.Microsecond, 199_900 * time.Microsecond} {
		r := newRig(t, small264)
		r.frame, r.pace = 200*time.Millisecond, pace
		began := r.wall
		for n := range 5 * 3600 {
			if err := r.send(n%5 == 0); err != nil {
				t.Fatal(err)
			}
		}
		files, at := r.stop(), began
		for i, f := range files {
			at = at.Add(time.Duration(math.Round(float64(f.seg.Media)/float64(r.frame))) * pace)
			if off := f.seg.End.Sub(at).Abs(); off > 10*time.Millisecond {
				t.Fatalf("pace %s: segment %d ends %s off", pace, i, off)
			}
			if i > 0 && !f.seg.Start.Equal(files[i-1].seg.End) {
				t.Fatalf("pace %s: a phantom gap before segment %d", pace, i)
			}
		}
		if at.Sub(began) < 59*time.Minute {
			t.Errorf("only %s were recorded", at.Sub(began))
		}
	}
}

// TestSenderReportsMoveNothing: what a camera says of its clock, old or none, is
// noted and believed by nobody.
func TestSenderReportsMoveNothing(t *testing.T) {
	hourOff := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	record := func(report func(u media.Unit) time.Time) []*memory {
		r := newRig(t, small264)
		for n := range 14 * 25 {
			u := r.unit(n%25 == 0)
			u.NTP = report(u)
			if err := r.w.Unit(u); err != nil {
				t.Fatal(err)
			}
		}
		return r.stop()
	}
	none := record(func(media.Unit) time.Time { return time.Time{} })
	for name, files := range map[string][]*memory{
		"an hour off":      record(func(u media.Unit) time.Time { return hourOff.Add(u.PTS) }),
		"stands still":     record(func(media.Unit) time.Time { return hourOff }),
		"jumps on its way": record(func(u media.Unit) time.Time { return hourOff.Add(u.PTS * 3) }),
	} {
		for i, f := range files {
			if want := none[i].seg; !f.seg.Start.Equal(want.Start) || !f.seg.End.Equal(want.End) || f.seg.Media != want.Media {
				t.Errorf("%s: segment %d is %s to %s, want %s to %s", name, i, f.seg.Start, f.seg.End, want.Start, want.End)
			}
			if f.seg.SenderReport.IsZero() || !none[i].seg.SenderReport.IsZero() {
				t.Errorf("%s: sender report %s", name, f.seg.SenderReport)
			}
		}
	}
}

// TestStalledCamera: no file grows while nothing comes, and the segment ends where
// the pictures did.
func TestStalledCamera(t *testing.T) {
	r := newRig(t, small264, aacSound)
	r.seconds(4)
	quiet := r.wall
	writes := func() (n int) {
		for _, m := range r.sink.open {
			n += m.Len()
		}
		return n
	}
	before := writes()
	for n := range 50 * 60 { // the sound goes on for a minute
		at := r.media + time.Duration(n)*20*time.Millisecond
		u := media.Unit{Track: 1, NALUs: [][]byte{make([]byte, 300)}, PTS: at, DTS: at, Received: quiet.Add(time.Duration(n) * 20 * time.Millisecond)}
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
	}
	if grown := writes() - before; grown != 0 {
		t.Errorf("the file of a stalled camera grew by %d bytes", grown)
	}
	for range 5000 { // and then floods
		u := media.Unit{Track: 1, NALUs: [][]byte{{1}}, PTS: r.media, DTS: r.media, Received: quiet}
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
	}
	files := r.stop()
	if end := files[0].seg.End; len(files) != 1 || end.Sub(quiet).Abs() > time.Millisecond {
		t.Errorf("%d files, the first ends %s after the last picture", len(files), end.Sub(quiet))
	}
	read(t, files[0])
}

// TestTwelveHoursWithoutAKeyFrame: one bounded segment, one clear word, and then
// nothing until a key frame comes.
func TestTwelveHoursWithoutAKeyFrame(t *testing.T) {
	r := newRig(t, small264)
	r.frame, r.pace = time.Second, time.Second
	ended := 0
	for n := range 12 * 3600 {
		var why *segment.RunEnded
		switch err := r.send(n == 0); {
		case err == nil:
		case errors.As(err, &why) && why.Cause == camera.CauseNoKeyFrame:
			ended++
		default:
			t.Fatal(err)
		}
	}
	if ended != 1 || r.sink.created != 1 || len(r.sink.files) != 1 {
		t.Fatalf("%d runs ended, %d files begun, %d kept", ended, r.sink.created, len(r.sink.files))
	}
	if length := time.Duration(r.sink.files[0].seg.Media); length > camera.SegmentLongest+time.Second {
		t.Errorf("a segment of %s", length)
	}
	r.seconds(1)
	if files := r.stop(); len(files) != 2 || files[1].seg.Run == files[0].seg.Run {
		t.Errorf("%d files after a key frame came", len(files))
	}
}

func TestActivity(t *testing.T) {
	m := &meter{}
	r := newMeteredRig(t, m, small264)
	r.seconds(13)
	files := r.stop()
	want := [][2]time.Duration{{0, 6 * time.Second}, {6 * time.Second, 12 * time.Second}, {12 * time.Second, 13 * time.Second}}
	if len(files) != 3 || len(m.taken) != 3 || m.taken[0] != want[0] || m.taken[1] != want[1] || m.taken[2] != want[2] {
		t.Errorf("asked for %v, want %v", m.taken, want)
	}
	for _, f := range files {
		if got := time.Duration(len(f.seg.Activity)) * time.Second; got != time.Duration(f.seg.Media) {
			t.Errorf("%d seconds of activity in %s", len(f.seg.Activity), time.Duration(f.seg.Media))
		}
	}
	payload := 0
	for _, n := range r.sent {
		payload += 4 + len(n)
	}
	if len(m.pictures) != 13*25 || m.pictures[26] != 26*40*time.Millisecond || m.bytes != payload {
		t.Errorf("heard of %d pictures and %d bytes, want %d", len(m.pictures), m.bytes, payload)
	}
	r = newMeteredRig(t, m, small264)
	r.seconds(1)
	r.w.Abort()
	if last := m.taken[len(m.taken)-1]; last[0] != last[1] || last[0] <= m.pictures[len(m.pictures)-1] {
		t.Errorf("after a discarded segment asked for %v", last)
	}
}

// TestReaderMustAgree: what cannot be read back is never called durable.
func TestReaderMustAgree(t *testing.T) {
	s := &sink{}
	w := segment.New(segment.Config{
		Camera: camera.CameraID(strings.Repeat("c", 300)), // does not fit into the run header
		Clock:  func() camera.Clock { return camera.Clock{} },
	}, s, time.Now)
	if err := w.Start(media.Session{Tracks: []media.Track{small264}, Video: media.H264}); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, small264)
	var err error
	for n := range 3 {
		err = errors.Join(err, w.Unit(r.unit(n == 0)))
	}
	if err == nil || s.discarded != 1 || len(s.files) != 0 {
		t.Errorf("error %v, %d discarded, %d kept", err, s.discarded, len(s.files))
	}
}

// TestOddSizes: a picture that is too large to be a still, parts that are full
// before their second is over, and a flood of pictures that are nearly nothing.
func TestOddSizes(t *testing.T) {
	for _, c := range []struct {
		name       string
		key, other int // bytes
		units      int
		frame      time.Duration
		still      bool
		parts      int // at least
	}{
		{"large key frame", camera.KeyLargest, 1000, 50, 40 * time.Millisecond, false, 2},
		{"20 Mbit/s", 500_000, 100_000, 50, 40 * time.Millisecond, true, 7},
		{"flood", 100, 0, 5000, 10 * time.Microsecond, true, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, small264)
			r.frame, r.pace = c.frame, c.frame
			for i := range c.units {
				u, size := r.unit(i == 0), c.other
				if i == 0 {
					size = c.key
				}
				last := len(u.NALUs) - 1
				u.NALUs[last] = append(u.NALUs[last], make([]byte, size)...)
				r.sent = append(r.sent, u.NALUs...)
				if err := r.w.Unit(u); err != nil {
					t.Fatal(err)
				}
			}
			m := r.stop()[0]
			if (m.seg.KeySize > 0) != c.still || len(m.ends) < c.parts {
				t.Errorf("key frame of %d bytes, %d parts", m.seg.KeySize, len(m.ends))
			}
			for i, end := range m.ends[1:] {
				if n := end - m.ends[i]; n > 1<<20 {
					t.Errorf("a part of %d bytes", n)
				}
			}
			sameNALUs(t, read(t, m).nalus(t), r.sent)
			got, err := segment.Salvage(cameraID, bytes.NewReader(m.Bytes()), int64(m.Len()))
			if err != nil || got != m.seg {
				t.Errorf("salvaged %+v (%v), announced %+v", got, err, m.seg)
			}
		})
	}
}
