package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/hub/trace"
)

// Foresight is a logarithmic score (I. J. Good, Rational Decisions, 1952) of what the
// engine believes without any search: told all passes of a task so far, how much does it
// expect of the next one's camera around its time?
const (
	foresightNear  = 10    // seconds before and behind the middle of the pass
	foresightLeast = 0.001 // what is not foreseen at all counts as so much
)

// foresight is the mean logarithm over all passes of all chosen tasks; 0 at most.
func (b *bench) foresight(ctx context.Context, c *course, params trace.Params) (float64, error) {
	cases := b.chosen(c)
	sums := make([]float64, len(cases))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.workers)
	passes := 0
	for i, one := range cases {
		passes += len(one.Passes)
		group.Go(func() (err error) {
			sums[i], err = b.foreseen(ctx, c, one, params)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	sum := 0.0
	for _, s := range sums {
		sum += s
	}
	return sum / float64(max(passes, 1)), nil
}

// foreseen is the sum of the logarithms of a task.
func (b *bench) foreseen(ctx context.Context, c *course, one *observer.Case, params trace.Params) (sum float64, err error) {
	e, err := newEngine(ctx, c.network, one.Question, c.Cameras, params, b.seed)
	if err != nil {
		return 0, fmt.Errorf("task %s: %w", one.Task, err)
	}
	for i, p := range one.Passes {
		mid := (p.Enter + p.Leave) / 2
		sum += math.Log(min(e.expects(p.Pass, mid), 1) + foresightLeast)
		e.Answer(observer.Answer{
			Clip: observer.Clip{Camera: p.Camera, Span: scenario.Span{From: mid - 1, To: mid + 1}},
			Seen: []observer.Sighting{{ID: fmt.Sprint("s", i), At: mid, Heading: p.Heading}},
		})
	}
	return sum, nil
}

// expects is how many passes are expected of a camera around a time.
func (e *engine) expects(p scenario.Pass, mid float64) (sum float64) {
	for _, b := range e.trace.Belief(2 * time.Second) {
		if b.Camera != p.Camera {
			continue
		}
		for k, chance := range b.Passing {
			at := scenario.Seconds(b.From) + (float64(k)+0.5)*b.Step.Seconds()
			if math.Abs(at-mid) < foresightNear && chance < 1 { // 1: an earlier pass that was told
				sum -= math.Log1p(-chance)
			}
		}
	}
	return sum
}
