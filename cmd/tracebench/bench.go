package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/cmd/tracebench/score"
	"xulang.vn/camera/hub/trace"
)

// bench runs arms.
type bench struct {
	options
	out, progress io.Writer
}

// measure runs all arms under all variants on all scenarios.
func (b *bench) measure(ctx context.Context) error {
	params, err := readParams(b.params)
	if err != nil {
		return err
	}
	var lines []score.Line
	for _, folder := range b.folders {
		s, network, err := load(ctx, folder)
		if err != nil {
			return err
		}
		for _, v := range b.variants {
			c, err := newCourse(s, network, v)
			if err != nil {
				return err
			}
			if b.show != "" {
				if err := b.story(ctx, c, params); err != nil {
					return err
				}
				continue
			}
			if lines, err = b.measureArms(ctx, c, params, lines); err != nil {
				return fmt.Errorf("%s, %s: %w", s.Name, v, err)
			}
		}
	}
	switch {
	case b.json || b.show != "":
		return nil
	case b.each:
		return score.Table(b.progress, lines)
	}
	return score.Table(b.out, lines)
}

func load(ctx context.Context, folder string) (*scenario.Scenario, *trace.Network, error) {
	s, err := scenario.Load(ctx, folder)
	if err != nil {
		return nil, nil, fmt.Errorf("scenario %s: %w", folder, err)
	}
	return s, trace.NewNetwork(s.Graph), nil
}

func (b *bench) measureArms(ctx context.Context, c *course, params trace.Params, lines []score.Line) ([]score.Line, error) {
	print := json.NewEncoder(b.out)
	for _, arm := range b.arms {
		began := time.Now()
		results, err := b.tasksOf(ctx, c, arm, params, func(r observer.Result) error {
			if !b.each {
				return nil
			}
			return print.Encode(score.TaskOf(c.name, string(c.Variant), arm, r))
		})
		if err != nil {
			return lines, fmt.Errorf("arm %s: %w", arm, err)
		}
		if len(results) == 0 {
			return lines, fmt.Errorf("no such task")
		}
		line := score.Of(c.name, string(c.Variant), arm, results)
		if lines = append(lines, line); b.json {
			if err := print.Encode(line); err != nil {
				return lines, err
			}
		}
		fmt.Fprintf(b.progress, "%s %s %s: %d tasks in %.0f s; footage: %s\n", c.name, c.Variant, arm, line.Tasks, time.Since(began).Seconds(), score.Spent(results))
	}
	return lines, nil
}

// chosen are the cases that the flags leave.
func (b *bench) chosen(c *course) (cases []*observer.Case) {
	for i := range c.Cases {
		switch {
		case b.half == "even" && i%2 == 1, b.half == "odd" && i%2 == 0:
		case len(b.only) > 0 && !slices.Contains(b.only, c.Cases[i].Task):
		case b.tasks > 0 && len(cases) == b.tasks:
		default:
			cases = append(cases, &c.Cases[i])
		}
	}
	return cases
}

// tasksOf runs an arm at all chosen tasks and tells of each in their order, as soon as
// those before it are done too.
func (b *bench) tasksOf(ctx context.Context, c *course, arm string, params trace.Params, tell func(observer.Result) error) ([]observer.Result, error) {
	cases := b.chosen(c)
	results, done, told := make([]observer.Result, len(cases)), make([]bool, len(cases)), 0
	var mu sync.Mutex // of done and told, and around tell
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.workers)
	for i, one := range cases {
		group.Go(func() error {
			r, err := b.follow(ctx, c, arm, one, params, nil)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for results[i], done[i] = r, true; told < len(cases) && done[told]; told++ {
				if err := tell(results[told]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return results, group.Wait()
}

// follow runs an arm at a task.
func (b *bench) follow(ctx context.Context, c *course, arm string, one *observer.Case, params trace.Params, tell func(observer.Step)) (observer.Result, error) {
	a, err := b.arm(ctx, c, arm, one.Question, params)
	if err != nil {
		return observer.Result{}, fmt.Errorf("task %s: %w", one.Task, err)
	}
	return observer.Follow(ctx, one, a, b.most*one.Floor, tell)
}
