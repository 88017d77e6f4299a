package observer_test

import (
	"math"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// knowing is an arm that knows the truth: it asks for every pass, again when it was
// missed.
type knowing struct {
	left []observer.Pass
}

func (k *knowing) Propose() (observer.Proposal, error) {
	p := k.left[0]
	long := 10 * math.Ceil((p.Leave-p.Enter)/10)
	return observer.Proposal{Clip: observer.Clip{Camera: p.Camera, Span: scenario.Span{From: p.Enter, To: p.Enter + long}}}, nil
}

func (k *knowing) Answer(a observer.Answer) {
	if len(a.Seen) > 0 {
		k.left = k.left[1:]
	}
}

func (k *knowing) Withdraw(string) {}

// TestWhoKnowsPaysTheOracle: one that is told where the passes are pays the oracle, and
// more only for what was missed. Of t006's three passes the second is missed once (its
// draw is 0.91), of t004's none.
func TestWhoKnowsPaysTheOracle(t *testing.T) {
	passes := []scenario.Pass{pass("c001", 300, 312), pass("c002", 400, 402), pass("c003", 500, 501.3)}
	for id, missed := range map[string]float64{"t004": 0, "t006": 10} {
		c := &cases(t, observer.Clean, task(id, passes...)).Cases[0]
		if c.Oracle != 40 || c.Floor != 100 {
			t.Fatalf("oracle %v, floor %v", c.Oracle, c.Floor)
		}
		r, err := observer.Follow(t.Context(), c, &knowing{c.Passes}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Finished || r.Cost != c.Oracle+missed || r.Again != missed || r.Found[2] != r.Cost {
			t.Errorf("%s: finished %v for %v s, oracle %v", id, r.Finished, r.Cost, c.Oracle)
		}
	}
}

// staring is an arm that looks at one camera only.
type staring struct {
	camera camera.CameraID
	long   float64
}

func (s staring) Propose() (observer.Proposal, error) {
	return observer.Proposal{Clip: clip(s.camera, 100, 100+s.long), Reason: "stare"}, nil
}
func (staring) Answer(observer.Answer) {}
func (staring) Withdraw(string)        {}

// TestGivenUp: a task that is not finished costs its budget, and nothing is shown beyond
// that.
func TestGivenUp(t *testing.T) {
	c := &cases(t, observer.Clean, task("t004", pass("c001", 130, 132), pass("c002", 400, 402))).Cases[0]
	budget := 3.0 * 3 * 2700
	for _, one := range []struct{ long, most, shown float64 }{
		{2700, 0, budget}, {2000, 0, 24000}, {2700, 2 * budget, budget}, {100, 1000, 1000}, {300, 1000, 900},
	} {
		r, err := observer.Follow(t.Context(), c, staring{"c001", one.long}, one.most, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Finished || r.Cost != budget || r.Shown != one.shown || r.Found[0] != one.long || r.Found[1] >= 0 {
			t.Errorf("%+v: finished %v, cost %v, shown %v, found %v", one, r.Finished, r.Cost, r.Shown, r.Found)
		}
		if s := r.Spent["stare"]; s.Seconds != r.Shown || s.Clips != r.Clips || s.Found != 1 || r.Again != r.Shown-one.long {
			t.Errorf("spent %+v of %v s, %v again", s, r.Shown, r.Again)
		}
		if len(r.Took) != r.Clips+1 { // the last proposal was not shown
			t.Errorf("%d times for %d clips", len(r.Took), r.Clips)
		}
	}
}
