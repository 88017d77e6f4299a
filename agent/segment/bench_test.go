package segment_test

import (
	"crypto/sha256"
	"runtime"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// nowhere is a disk that takes everything.
type nowhere struct{}

func (nowhere) Create(camera.CameraID) (segment.File, error) { return nowhere{}, nil }
func (nowhere) Write(b []byte) (int, error)                  { return len(b), nil }
func (nowhere) Commit(camera.Segment) error                  { return nil }
func (nowhere) Discard()                                     {}

// source sends 4 Mbit/s: a second has a key frame of 100 kB and 24 pictures that
// share the rest.
type source struct {
	w     *segment.Writer
	n     int
	began time.Time
	key   [][]byte
	other [][]byte
}

func newSource(tb testing.TB) *source {
	s := &source{began: time.Date(2026, 11, 22, 7, 5, 9, 0, time.UTC)}
	s.key = [][]byte{small264.SPS, small264.PPS, append([]byte{0x65}, make([]byte, 100_000)...)}
	s.other = [][]byte{append([]byte{0x41}, make([]byte, 400_000/24)...)}
	s.w = segment.New(segment.Config{
		Camera: cameraID, Clock: func() camera.Clock { return camera.Clock{} },
		Elapsed: func(t time.Time) time.Duration { return t.Sub(s.began) },
	}, nowhere{}, func() time.Time { return s.began })
	if err := s.w.Start(media.Session{Tracks: []media.Track{small264}, Video: media.H264}); err != nil {
		tb.Fatal(err)
	}
	return s
}

// second sends the next second.
func (s *source) second(tb testing.TB) {
	for range 25 {
		at := time.Duration(s.n) * 40 * time.Millisecond
		u := media.Unit{NALUs: s.other, PTS: at, DTS: at, Received: s.began.Add(at)}
		if s.n%25 == 0 {
			u.NALUs, u.Key = s.key, true
		}
		s.n++
		if err := s.w.Unit(u); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkSecond writes a second of 4 Mbit/s. "x-floor" is its time over that of
// the floor, measured in between: the same bytes copied once and hashed.
func BenchmarkSecond(b *testing.B) {
	s := newSource(b)
	for range 12 {
		s.second(b)
	}
	b.ReportAllocs()
	b.SetBytes(500_000)
	var writing, floor time.Duration
	copied := make([]byte, 0, 600_000)
	for b.Loop() {
		began := time.Now()
		s.second(b)
		between := time.Now()
		copied = copied[:0]
		for i := range 25 {
			if i == 0 {
				copied = append(copied, s.key[2]...)
			} else {
				copied = append(copied, s.other[0]...)
			}
		}
		sha256.Sum256(copied)
		writing, floor = writing+between.Sub(began), floor+time.Since(between)
	}
	b.ReportMetric(float64(writing)/float64(floor), "x-floor")
	b.ReportMetric(float64(writing)/float64(b.N), "ns-writing/op")
}

// BenchmarkHeld prints what a camera holds between two units.
func BenchmarkHeld(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(held(b, 32)), "B/camera")
	}
}

func held(tb testing.TB, cameras int) int {
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	all := make([]*source, cameras)
	for i := range all {
		all[i] = newSource(tb)
	}
	before := heap()
	for range 8 {
		for _, s := range all {
			s.second(tb)
		}
	}
	after := heap()
	runtime.KeepAlive(all)
	return (after - before) / cameras
}

// TestMemory: at 32 cameras what a camera holds, and what it leaves to the garbage
// collector each second, is what the box needs.
func TestMemory(t *testing.T) {
	if n := held(t, 8); n > 700<<10 {
		t.Errorf("a camera of 4 Mbit/s holds %d bytes", n)
	}
	s := newSource(t)
	for range 7 {
		s.second(t)
	}
	perSecond := testing.AllocsPerRun(12, func() { s.second(t) })
	t.Logf("%.1f allocations a second", perSecond)
	if perSecond > 20 {
		t.Errorf("%.1f allocations a second", perSecond)
	}
}
