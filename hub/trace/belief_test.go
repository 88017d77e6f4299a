package trace_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// TestNextIsNext: who was seen on the highway is looked for at the next house on it,
// when he gets there, and the reason says so.
func TestNextIsNext(t *testing.T) {
	tr := evening(t)
	mark(t, tr, seen("1", "m3250", 70))
	p := tr.Proposals(1)[0]
	r := p.Reason
	// 1 km at 40 to 110 km/h.
	if p.Camera != "m4250" || p.From.After(after(70+90)) || p.To.Before(after(70+33)) || p.Probability < 0.3 {
		t.Fatalf("%+v", p)
	}
	if r.Code != camera.ReasonNext || r.After != "m3250" || r.Until != "" || r.Road != "ql4a" || camera.Turn(r.Heading, 90) > 1 {
		t.Errorf("reason %+v", r)
	}
	if r.Metres < 950 || r.Metres > 1050 || r.Soonest < 20*time.Second || r.Latest > 150*time.Second || r.Soonest > r.Latest {
		t.Errorf("%.0f m in %s to %s", r.Metres, r.Soonest, r.Latest)
	}
}

// reasons are the first of each kind.
func reasons(tr *trace.Trace) map[camera.ReasonCode]camera.Reason {
	all := map[camera.ReasonCode]camera.Reason{}
	for _, p := range tr.Proposals(20) {
		if _, ok := all[p.Reason.Code]; !ok {
			all[p.Reason.Code] = p.Reason
		}
	}
	return all
}

func TestReasons(t *testing.T) {
	tr := evening(t)
	if r := tr.Proposals(1)[0].Reason; r.Code != camera.ReasonFirst || r.After != "" || r.Until != "" || r.Metres < 400 || r.Metres > 600 {
		t.Errorf("at first %+v", r)
	}
	mark(t, tr, seen("1", "m5250", 200))
	codes := reasons(tr)
	if r, ok := codes[camera.ReasonBefore]; !ok || r.After != "" || r.Until != "m5250" || r.Metres < 400 {
		t.Errorf("before a sighting %+v", codes)
	}
	mark(t, tr, seen("2", "m3250", 70))
	codes = reasons(tr)
	r, ok := codes[camera.ReasonBetween]
	if !ok || r.After != "m3250" || r.Until != "m5250" || r.Metres < 900 || r.Metres > 1100 {
		t.Fatalf("between sightings %+v", codes)
	}
	for i := range 3 {
		mark(t, tr, looked(string(rune('a'+i)), camera.MarkNotSeen, "m4250", 70, 200))
	}
	for _, p := range tr.Proposals(20) {
		if p.Camera == "m4250" && p.Reason.Code != camera.ReasonAgain && p.From.Before(after(190)) && p.To.After(after(80)) {
			t.Errorf("looked at three times, but %+v", p)
		}
	}
}

func TestBelief(t *testing.T) {
	tr := evening(t)
	mark(t, tr, seen("1", "m3250", 70))
	for _, step := range []time.Duration{0, 2 * time.Second, 10 * time.Second, 7*time.Second + 3*time.Millisecond, time.Minute, time.Hour} {
		all := tr.Belief(step)
		if len(all) == 0 || !slices.IsSortedFunc(all, func(a, b camera.CameraBelief) int { return strings.Compare(string(a.Camera), string(b.Camera)) }) {
			t.Fatalf("steps of %s: %v", step, all)
		}
		want := max(step, 2*time.Second)
		for _, b := range all {
			if b.Step != want || !b.From.Equal(noon) || len(b.Passing) != int((30*time.Minute+want-1)/want) {
				t.Errorf("steps of %s: %d of %s from %s", step, len(b.Passing), b.Step, b.From)
			}
			for _, p := range b.Passing {
				if !(p >= 0 && p <= 1) {
					t.Errorf("steps of %s: probability %g", step, p)
				}
			}
		}
		if got := chance(all, "m3250", 70-want.Seconds()+0.001, 70.001); got != 1 {
			t.Errorf("steps of %s: a sighting is %g", step, got)
		}
	}
	all := tr.Belief(10 * time.Second)
	if there := chance(all, "m4250", 90, 160); there < 0.1 {
		t.Errorf("ahead on the road: %.3f", there)
	}
	mark(t, tr, looked("2", camera.MarkNotSeen, "m4250", 70, 400))
	if was, is := chance(all, "m4250", 90, 160), chance(tr.Belief(10*time.Second), "m4250", 90, 160); is > was/2 {
		t.Errorf("%.3f after a look in vain, %.3f before it", is, was)
	}
}

// TestTurnedAway: a camera counts only while it looks at the road.
func TestTurnedAway(t *testing.T) {
	q := asked(2750, 0, along(3250, 4250)...)
	turned := q.Cameras[1].Views[0]
	q.Cameras[1].Views[0].To = after(100)
	turned.Heading, turned.From = 180, after(100)
	q.Cameras[1].Views = append(q.Cameras[1].Views, turned)
	tr := begun(t, highway(t), q)
	mark(t, tr, seen("1", "m3250", 130))
	for _, p := range tr.Proposals(10) {
		if p.Camera == "m4250" && p.To.After(after(102)) && p.Reason.Code == camera.ReasonNext {
			t.Errorf("looks at a field then: %+v", p)
		}
	}
	if got := chance(tr.Belief(10*time.Second), "m4250", 110, 1800); got > 0.02 {
		t.Errorf("a pass nobody can see: %.3f", got)
	}
	tr.Undo("1")
	mark(t, tr, seen("1", "m3250", 40))
	if got := chance(tr.Belief(10*time.Second), "m4250", 50, 100); got < 0.1 {
		t.Errorf("before it was turned: %.3f", got)
	}
}

// TestClock: where a clock may be wrong by a minute, the pass may be a minute off.
func TestClock(t *testing.T) {
	wide := func(bound time.Duration) float64 {
		q := asked(2750, 0, along(3250, 4250)...)
		q.Cameras[1].Clock = camera.Millis(bound)
		tr := begun(t, highway(t), q)
		mark(t, tr, seen("1", "m3250", 300))
		sum, square := 0.0, 0.0
		for _, b := range tr.Belief(2 * time.Second) {
			for i, p := range b.Passing {
				if at := float64(2 * i); b.Camera == "m4250" && at > 300 {
					sum, square = sum+p, square+p*(at-345)*(at-345)
				}
			}
		}
		return math.Sqrt(square / sum)
	}
	if sure, unsure := wide(0), wide(2*time.Minute); unsure < sure+10 {
		t.Errorf("spread of %.0f s by a good clock, %.0f s by one that is two minutes off", sure, unsure)
	}
}
