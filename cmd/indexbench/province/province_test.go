package province_test

import (
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/province"
	"xulang.vn/camera/hub/index/pack"
)

// TestHoursAreRealistic: what the hub would refuse, or what no camera announces, measures
// nothing.
func TestHoursAreRealistic(t *testing.T) {
	p := province.New(40, 60_000, 3)
	if p.Hours != 2 || p.HoursOf(1) != 1 || p.HoursOf(1<<40) != 2 {
		t.Fatalf("%d hours, %d, %d", p.Hours, p.HoursOf(1), p.HoursOf(1<<40))
	}
	all, covered, runs := 0, time.Duration(0), 0
	for n := range p.Cameras {
		var end time.Time
		for i := range p.Hours {
			m := p.Announced(n, p.Hour(i))
			if _, _, err := m.Encode(); err != nil {
				t.Fatal(err)
			}
			for _, f := range m.Facts {
				if err := f.Check(); err != nil {
					t.Fatal(err)
				}
				if f.Stream != camera.StreamMain {
					continue
				}
				if !end.IsZero() && f.Start.Before(end.Add(-3*time.Millisecond)) {
					t.Fatalf("camera %d: segment at %s starts before the one before it ends, at %s", n, f.Start, end)
				}
				end, covered = f.End, covered+f.End.Sub(f.Start)
				if f.Seq == 0 {
					runs++
				}
			}
			for _, g := range m.Gaps {
				if err := g.Check(); err != nil {
					t.Fatal(err)
				}
			}
			all += len(m.Facts)
		}
	}
	if all < 58_000 || all > 62_000 || covered < 98*p.End().Sub(p.Begin())/100*40 || runs < 80 || runs > 200 {
		t.Errorf("%d segments that cover %s in %d runs", all, covered, runs)
	}
}

func TestTheSameSeedIsTheSameProvince(t *testing.T) {
	a, b, c := province.New(10, 20_000, 1), province.New(10, 20_000, 1), province.New(10, 20_000, 2)
	hour := a.Hour(1)
	if !reflect.DeepEqual(a.Announced(3, hour), b.Announced(3, hour)) || reflect.DeepEqual(a.Announced(3, hour).Facts, c.Announced(3, hour).Facts) {
		t.Error("seeds do not tell provinces apart")
	}
	if !reflect.DeepEqual(a.Questions(5, 4), b.Questions(5, 4)) {
		t.Error("questions differ")
	}
}

// TestAnAnswerIsOfItsWindow compares the sum with that of a naive reading, and with one
// that misses a segment.
func TestAnAnswerIsOfItsWindow(t *testing.T) {
	p := province.New(6, 20_000, 4)
	for _, q := range p.Questions(5, 3) {
		if q.From.Before(p.Begin()) || q.To.After(p.End()) || len(q.Cameras) != 3 {
			t.Fatalf("question %+v", q)
		}
		whole, less := province.NewSum(), province.NewSum()
		for _, n := range q.Cameras {
			for i := range p.Hours {
				m := p.Announced(n, p.Hour(i))
				for _, f := range m.Facts {
					if !f.End.After(q.From) || !f.Start.Before(q.To) {
						continue
					}
					whole.Add(m.Camera, pack.ShapeOf(f.Segment), pack.HotOf(f.Segment, 0, pack.Home))
					if whole.Segments != 7 {
						less.Add(m.Camera, pack.ShapeOf(f.Segment), pack.HotOf(f.Segment, 0, pack.Home))
					}
				}
			}
		}
		got := p.Answer(q)
		if got.Segments != whole.Segments || got.Hash() != whole.Hash() || got.Hash() == less.Hash() {
			t.Errorf("%d segments, want %d", got.Segments, whole.Segments)
		}
	}
}
