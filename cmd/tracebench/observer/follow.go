package observer

import (
	"context"
	"fmt"
	"time"

	"xulang.vn/camera/cmd/tracebench/footage"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Result is how an arm did at a task.
type Result struct {
	Case       *Case
	Finished   bool
	Cost       float64   // seconds of footage until all passes were seen; the budget when it was given up
	Found      []float64 // seconds of footage after which each pass was first seen; negative: never
	Shown      float64   // seconds of footage
	Again      float64   // of these: seconds that had been shown before
	Clips      int
	FalseMarks int
	Took       []time.Duration  // for each proposal, with what the arm did about the answer before it
	Spent      map[string]Spent // by the reason of the proposal
}

// Spent is what a kind of proposal cost and brought.
type Spent struct {
	Seconds float64 `json:"s"`
	Clips   int     `json:"clips"`
	Found   int     `json:"found"` // passes that it was the first to show
}

// Step is a clip that was watched.
type Step struct {
	Proposal
	Watched Clip      // as it was charged
	Cost    float64   // seconds of footage, this clip included
	Seen    []int     // numbers of passes
	Missed  []int     // those that were there and not seen
	Brushed []int     // those that overlap too little
	False   *Sighting // made up
	Undone  []string  // false sightings withdrawn after it
}

// Follow lets an arm search until the task is finished or given up, and tells of each
// step, if that is asked for. most ends it earlier, after so many seconds of footage;
// then it is as if the budget were spent. 0: the budget.
func Follow(ctx context.Context, c *Case, arm Arm, most float64, tell func(Step)) (Result, error) {
	w := &watching{Case: c, arm: arm, shown: footage.Shown{}, times: make([]int, len(c.Passes))}
	w.Result = Result{Case: c, Found: make([]float64, len(c.Passes)), Spent: map[string]Spent{}}
	for i := range w.Found {
		w.Found[i] = -1
	}
	if most <= 0 || most > c.Budget {
		most = c.Budget
	}
	var busy time.Duration // of the arm since its last proposal
	for w.left = len(c.Passes); w.left > 0; {
		if err := ctx.Err(); err != nil {
			return w.Result, err
		}
		began := time.Now()
		proposal, err := arm.Propose()
		w.Took = append(w.Took, busy+time.Since(began))
		if err != nil {
			return w.Result, fmt.Errorf("task %s, clip %d: %w", c.Task, w.Clips, err)
		}
		clip, err := c.clip(proposal.Clip)
		if err != nil {
			return w.Result, fmt.Errorf("task %s, clip %d: %w", c.Task, w.Clips, err)
		}
		if w.Shown+clip.Length() > most {
			w.Cost = c.Budget
			return w.Result, nil
		}
		step, answer := w.watch(proposal, clip)
		began = time.Now()
		arm.Answer(answer)
		step.Undone = w.withdraw()
		busy = time.Since(began)
		if tell != nil {
			tell(step)
		}
	}
	w.Finished, w.Cost = true, w.Shown
	return w.Result, nil
}

// watching is a task under way.
type watching struct {
	*Case
	Result
	arm    Arm
	shown  footage.Shown
	times  []int // how often each pass was watched
	left   int   // passes that were never seen
	untrue []untrue
}

// untrue is a false sighting with the footage after which it is withdrawn.
type untrue struct {
	id    string
	until float64
}

// clip is what is shown of what an arm asks for.
func (c *Case) clip(asked Clip) (Clip, error) {
	if _, ok := c.heading[asked.Camera]; !ok {
		return asked, fmt.Errorf("camera %q: none that has footage", asked.Camera)
	}
	from, to := max(asked.From, c.Window.From), min(asked.To, c.Window.To)
	if !(from < to) {
		return asked, fmt.Errorf("camera %s, %.2f to %.2f s: no clip inside the window", asked.Camera, asked.From, asked.To)
	}
	if to-from < leastClip {
		to = min(from+leastClip, c.Window.To)
		from = to - leastClip
		if from < c.Window.From {
			from = c.Window.From // a window is never shorter
		}
	}
	return Clip{asked.Camera, scenario.Span{From: from, To: to}}, nil
}

// watch charges a clip and draws what is seen in it.
func (w *watching) watch(p Proposal, clip Clip) (Step, Answer) {
	w.Shown += clip.Length()
	w.Again += w.shown.Add(clip.Camera, clip.Span)
	step, answer := Step{Proposal: p, Watched: clip, Cost: w.Shown}, Answer{Clip: clip}
	probability := sharp
	if w.variant == Detect07 {
		probability = dull
	}
	spent := w.Spent[p.Reason]
	for i, pass := range w.Passes {
		from, to := max(pass.Enter, clip.From), min(pass.Leave, clip.To)
		switch {
		case pass.Camera != clip.Camera || to <= from:
			continue
		case to-from < leastOverlap-1e-9: // sums of decimals are not exact
			step.Brushed = append(step.Brushed, pass.Number)
			continue
		}
		w.times[i]++
		if !detected(w.Task, pass.Camera, pass.Number, w.times[i]-1, probability) {
			step.Missed = append(step.Missed, pass.Number)
			continue
		}
		step.Seen = append(step.Seen, pass.Number)
		answer.Seen = append(answer.Seen, Sighting{fmt.Sprintf("m%d-%d", w.Clips, pass.Number), (from + to) / 2, pass.Heading})
		if w.Found[i] < 0 {
			w.Found[i] = w.Shown
			w.left--
			spent.Found++
		}
	}
	if w.variant == FalseMarks && len(answer.Seen) == 0 {
		if way, yes := mistaken(w.Task, clip.Camera, w.Clips, w.heading[clip.Camera]); yes {
			made := Sighting{fmt.Sprintf("m%d-false", w.Clips), (clip.From + clip.To) / 2, way}
			answer.Seen, step.False = append(answer.Seen, made), &made
			w.untrue = append(w.untrue, untrue{made.ID, w.Shown + falseFor})
			w.FalseMarks++
		}
	}
	w.Clips++
	spent.Seconds, spent.Clips = spent.Seconds+clip.Length(), spent.Clips+1
	w.Spent[p.Reason] = spent
	return step, answer
}

// withdraw takes back false sightings whose time has come.
func (w *watching) withdraw() (ids []string) {
	for len(w.untrue) > 0 && w.untrue[0].until <= w.Shown {
		ids = append(ids, w.untrue[0].id)
		w.arm.Withdraw(w.untrue[0].id)
		w.untrue = w.untrue[1:]
	}
	return ids
}
