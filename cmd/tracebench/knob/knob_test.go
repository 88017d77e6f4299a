package knob_test

import (
	"testing"
	"time"

	"xulang.vn/camera/cmd/tracebench/knob"
)

type box struct {
	Pace   float64
	Trees  int
	name   string
	Name   string
	On     bool
	Inner  struct{ Speeds []float64 }
	Stops  [2]time.Duration
	hidden float64
}

func TestKnobs(t *testing.T) {
	b := box{Pace: 1, Trees: 3, name: "b", hidden: 2}
	b.Inner.Speeds = []float64{50, 60}
	b.Stops[1] = time.Second
	var names []string
	for _, k := range knob.Of(&b) {
		names = append(names, k.Name)
		k.Set(k.Get() * 1.4)
	}
	want := []string{"Pace", "Trees", "Inner.Speeds[0]", "Inner.Speeds[1]", "Stops[0]", "Stops[1]"}
	if len(names) != len(want) {
		t.Fatalf("knobs %v, want %v", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Errorf("knob %d is %s, want %s", i, names[i], want[i])
		}
	}
	if b.Pace != 1.4 || b.Trees != 4 || b.Inner.Speeds[1] != 84 || b.Stops[1] != 1400*time.Millisecond || b.hidden != 2 || b.name != "b" {
		t.Errorf("turned: %+v", b)
	}
	k := knob.Of(&b)[1] // Trees
	if k.Set(-2.6); b.Trees != -3 || k.Get() != -3 {
		t.Errorf("a whole number is %d", b.Trees)
	}
}
