package trace_test

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestSeenIsLooked: a clip in which somebody was seen was watched as a whole, so that
// another pass in it is less likely; withdrawn, it is as if nobody had looked.
func TestSeenIsLooked(t *testing.T) {
	short, long := evening(t), evening(t)
	before := all(long)
	m := seen("1", "m3250", 70)
	mark(t, short, m)
	m.To = after(170)
	mark(t, long, m)
	little, much := chance(long.Belief(10*time.Second), "m3250", 90, 160), chance(short.Belief(10*time.Second), "m3250", 90, 160)
	if much == 0 || little > much/2 {
		t.Errorf("somebody comes by again with %.4f where it was watched, %.4f where not", little, much)
	}
	long.Undo("1")
	if got := all(long); !reflect.DeepEqual(got, before) {
		t.Errorf("withdrawn: %+v, before %+v", got, before)
	}
}

// TestOnePassSeenTwice: what comes next does not depend on how often somebody pressed, but
// for the seconds around the second press.
func TestOnePassSeenTwice(t *testing.T) {
	once, twice := evening(t), evening(t)
	m := seen("1", "m3250", 70)
	mark(t, once, m)
	mark(t, twice, m)
	m.ID, m.At = "2", after(72)
	mark(t, twice, m)
	a, b := once.Branches(), twice.Branches()
	if len(a) == 0 || !slices.EqualFunc(a, b, func(a, b camera.Branch) bool {
		return a.Place == b.Place && a.From.Equal(b.From) && a.To.Equal(b.To) && math.Abs(a.Probability-b.Probability) < 0.001
	}) {
		t.Errorf("branches %+v, seen twice %+v", a, b)
	}
	for _, p := range twice.Proposals(20) {
		if p.Reason.Code == camera.ReasonBetween {
			t.Errorf("between a pass and itself: %+v", p)
		}
	}
}
