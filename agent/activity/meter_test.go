package activity_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/activity"
)

// sender sends pictures of a made-up camera: 25 a second, a key frame every 2 s.
type sender struct {
	m   *activity.Meter
	at  time.Duration
	n   int
	rnd *rand.Rand
}

func newSender() *sender {
	return &sender{m: activity.New(), rnd: rand.New(rand.NewPCG(1, 2))}
}

func (s *sender) seconds(n, size int) {
	for range n * 25 {
		key := s.n%50 == 0
		bytes := size + s.rnd.IntN(size/10)
		if key {
			bytes = 50000
		}
		s.m.Picture(bytes, key, s.at)
		s.at += 40 * time.Millisecond
		s.n++
	}
}

// again begins a run.
func (s *sender) again() { s.at, s.n = 0, 0 }

func still(a camera.Activity) bool {
	for _, b := range []byte(a) {
		if b > 40 {
			return false
		}
	}
	return true
}

func TestMovementShows(t *testing.T) {
	s := newSender()
	s.seconds(60, 500)
	s.m.Take(0, s.at)
	from := s.at
	s.seconds(10, 500)
	s.seconds(6, 4000)
	s.seconds(10, 500)
	got := s.m.Take(from, s.at)
	if len(got) != 26 {
		t.Fatalf("%d seconds of 26", len(got))
	}
	if !still(got[:10]) || !still(got[18:]) {
		t.Errorf("still seconds: %v", []byte(got))
	}
	for i := 11; i < 16; i++ { // the first second has the still one before it in its window
		if got[i] < 200 {
			t.Errorf("moving second %d: %d", i, got[i])
		}
	}
}

func TestFirstSecondsAreStill(t *testing.T) {
	s := newSender()
	s.seconds(5, 4000)
	if got := s.m.Take(0, s.at); len(got) != 5 || !still(got) {
		t.Errorf("without knowing the scene: %v", []byte(got))
	}
}

// TestSteadyRate has pictures of a size that never changes, as a constant rate
// makes them: only the key frames, and the cheap pictures after them, tell.
func TestSteadyRate(t *testing.T) {
	m := activity.New()
	at := time.Duration(0)
	var from time.Duration
	send := func(seconds, key, cheap int) {
		from = at
		for i := range seconds * 25 {
			size, isKey := 5000, i%50 == 0
			switch {
			case isKey:
				size = key
			case i%50 < 4:
				size = cheap
			}
			m.Picture(size, isKey, at)
			at += 40 * time.Millisecond
		}
	}
	for _, c := range []struct {
		name       string
		key, cheap int
	}{
		{"a coarse quantiser", 25000, 5000},
		{"no cheap pictures", 50000, 5000},
	} {
		quiet := [2]int{50000, 200}
		if c.key != quiet[0] {
			quiet[1] = c.cheap
		}
		m, at = activity.New(), 0
		send(120, quiet[0], quiet[1])
		send(10, c.key, c.cheap)
		if got := m.Take(from+2*time.Second, at); still(got) {
			t.Errorf("%s: %v", c.name, []byte(got))
		}
		send(10, quiet[0], quiet[1])
		if got := m.Take(from+2*time.Second, at); !still(got) {
			t.Errorf("still after %s: %v", c.name, []byte(got))
		}
	}
}

func TestTake(t *testing.T) {
	s := newSender()
	s.seconds(30, 500)
	sec := func(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }
	for _, c := range []struct {
		from, to float64
		n        int
	}{
		{0, 6.04, 7}, {6.04, 12, 6}, {12, 12, 0}, {13, 12, 0}, {-3, -1, 2}, {29, 40, 11}, {1e6, 1e6 + 2, 2}, {0, 1e9, 121},
	} {
		if got := s.m.Take(sec(c.from), sec(c.to)); len(got) != c.n {
			t.Errorf("[%v, %v): %d bytes, want %d", c.from, c.to, len(got), c.n)
		}
	}
}

func TestTakeForgets(t *testing.T) {
	s := newSender()
	s.seconds(60, 500)
	s.seconds(6, 4000)
	if still(s.m.Take(60*time.Second, 66*time.Second)) {
		t.Fatal("movement does not show")
	}
	if got := s.m.Take(58*time.Second, 66*time.Second); !still(got[:7]) {
		t.Errorf("taken again: %v", []byte(got))
	}
}

// TestRuns: the times of a new run have nothing to do with those before, but the
// scene is the same.
func TestRuns(t *testing.T) {
	s := newSender()
	s.seconds(60, 500)
	s.seconds(8, 4000)
	s.again()
	s.seconds(6, 500)
	if got := s.m.Take(0, s.at); len(got) != 6 || !still(got) {
		t.Errorf("the run before shows: %v", []byte(got))
	}
	s.seconds(6, 4000)
	if got := s.m.Take(6*time.Second, s.at); got[3] < 200 {
		t.Errorf("the scene was forgotten: %v", []byte(got))
	}
}

// TestReordered: decoding order may put presentation times a little out of order.
func TestReordered(t *testing.T) {
	s := newSender()
	s.seconds(60, 500)
	s.m.Picture(500, false, s.at+100*time.Millisecond)
	s.m.Picture(500, false, s.at)
	s.at += 200 * time.Millisecond
	s.seconds(6, 4000)
	if got := s.m.Take(61*time.Second, s.at); got[3] < 200 {
		t.Errorf("taken for a new run: %v", []byte(got))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := newSender()
	s.seconds(700, 500)
	if n := testing.AllocsPerRun(5, func() { s.seconds(10, 500) }); n > 0 {
		t.Errorf("%v allocations in ten seconds", n)
	}
}

func FuzzMeter(f *testing.F) {
	f.Add(100, 0, int64(0), int64(40), int64(6000))
	f.Add(-1, math.MaxInt, int64(math.MaxInt64), int64(math.MinInt64), int64(1))
	f.Add(0, 1, int64(-1), int64(1<<62), int64(-(1 << 62)))
	f.Fuzz(func(t *testing.T, a, b int, at, step, take int64) {
		m := activity.New()
		for i := range 40 {
			m.Picture(a, i%7 == 0, time.Duration(at))
			m.Picture(b, false, time.Duration(at+step))
			at += step
			if i%10 == 9 {
				if n := len(m.Take(time.Duration(at-take), time.Duration(at))); n > 121 {
					t.Fatalf("%d seconds", n)
				}
				m.Take(time.Duration(take), time.Duration(take))
			}
		}
	})
}

func BenchmarkPicture(b *testing.B) {
	s := newSender()
	s.seconds(700, 500)
	b.ReportAllocs()
	for b.Loop() {
		s.seconds(1, 500)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/stream-second")
}
