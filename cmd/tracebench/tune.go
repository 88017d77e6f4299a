package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"xulang.vn/camera/cmd/tracebench/knob"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/score"
	"xulang.vn/camera/hub/trace"
)

// tuning are the flags of the search.
type tuning struct {
	out     string    // file for what was found
	rounds  int       // through all knobs
	factors []float64 // that each is multiplied by
	knobs   []string  // names; none: all
	gain    float64   // an objective must fall by so much to count
	halves  bool      // search on even tasks, tell of odd ones too
	by      string    // foresight or footage
}

func (t *tuning) flags(flags *flag.FlagSet) {
	t.factors = []float64{0.7, 1.4}
	flags.StringVar(&t.out, "out", "", "`file` that gets the found parameters as JSON, after each step that helped")
	flags.StringVar(&t.by, "by", "foresight", "what is lowered: foresight, how little is believed of what then comes (a minute or two for each trial), or footage, what a search costs (an hour)")
	flags.IntVar(&t.rounds, "rounds", 2, "through all parameters, at most; one that changes nothing is the last")
	flags.Float64Var(&t.gain, "gain", 0.005, "by which the objective must fall")
	flags.BoolVar(&t.halves, "halves", false, "search on even tasks and tell how odd ones did")
	flags.Func("knobs", "only these parameters", func(list string) error {
		t.knobs = append(t.knobs, words(list)...)
		return nil
	})
	flags.Func("factors", "that a parameter is multiplied by (0.7,1.4)", func(list string) error {
		t.factors = nil
		for _, word := range words(list) {
			f, err := strconv.ParseFloat(word, 64)
			if err != nil || !(f > 0) {
				return fmt.Errorf("factor %q", word)
			}
			t.factors = append(t.factors, f)
		}
		return nil
	})
}

// giveUp is how many floors a task may cost in a search that does not say: one that is
// lost is lost, and its whole budget would take an hour.
const giveUp = 400

// search is a coordinate search: each parameter in turn is multiplied by each factor, and
// what lowers the objective is kept and tried further. With the same scenarios, seed and
// flags it takes the same steps.
func (b *bench) search(ctx context.Context) error {
	if b.tune.by != "foresight" && b.tune.by != "footage" {
		return fmt.Errorf("by %q: want foresight or footage", b.tune.by)
	}
	if b.most == 0 {
		b.most = giveUp
	}
	if b.tune.halves {
		b.half = "even"
	}
	params, err := readParams(b.params)
	if err != nil {
		return err
	}
	courses, err := b.courses(ctx)
	if err != nil {
		return err
	}
	s := &searching{bench: b, courses: courses, params: params}
	if s.best, err = s.objective(ctx); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "start: objective %.4f\n", s.best)
	if err := s.odd(ctx); err != nil {
		return err
	}
	if err := s.rounds(ctx); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "end: objective %.4f after %d trials\n", s.best, s.trials)
	return errors.Join(s.odd(ctx), s.save())
}

func (b *bench) courses(ctx context.Context) (all []*course, err error) {
	for _, folder := range b.folders {
		s, network, err := load(ctx, folder)
		if err != nil {
			return nil, err
		}
		for _, v := range b.variants {
			c, err := newCourse(s, network, v)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// searching is a search under way.
type searching struct {
	*bench
	courses []*course
	params  trace.Params // the best so far
	best    float64      // their objective
	trials  int
}

func (s *searching) rounds(ctx context.Context) error {
	knobs := knob.Of(&s.params)
	for _, name := range s.tune.knobs {
		if !slices.ContainsFunc(knobs, func(k knob.Knob) bool { return k.Name == name }) {
			return fmt.Errorf("no parameter %q", name)
		}
	}
	for round := range s.tune.rounds {
		before := s.best
		for _, k := range knobs {
			if len(s.tune.knobs) > 0 && !slices.Contains(s.tune.knobs, k.Name) {
				continue
			}
			if err := s.turn(ctx, k); err != nil {
				return err
			}
		}
		fmt.Fprintf(s.out, "round %d: objective %.4f\n", round+1, s.best)
		if s.best == before {
			break
		}
	}
	return nil
}

// turn tries a knob both ways, further where it helps.
func (s *searching) turn(ctx context.Context, k knob.Knob) error {
	for _, factor := range s.tune.factors {
		for helped := false; ; helped = true {
			old := k.Get()
			k.Set(old * factor)
			tried := k.Get()
			if tried == old { // nothing, or a whole number too small to change
				break
			}
			now, err := s.objective(ctx)
			if err != nil {
				k.Set(old)
				return err
			}
			s.trials++
			better := now < s.best-s.tune.gain
			fmt.Fprintf(s.out, "%-12s %10.4g -> %-10.4g objective %.4f%s\n", k.Name, old, tried, now, map[bool]string{true: "  kept"}[better])
			if !better {
				k.Set(old)
				if helped {
					return nil // the other way leads back
				}
				break
			}
			if s.best = now; s.tune.out != "" {
				if err := s.save(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// objective is what a search lowers, the mean over all courses.
func (s *searching) objective(ctx context.Context) (float64, error) {
	sum, began := 0.0, time.Now()
	for _, c := range s.courses {
		of := s.footage
		if s.tune.by == "foresight" {
			of = s.surprise
		}
		one, err := of(ctx, c)
		if err != nil {
			return 0, fmt.Errorf("%s, %s: %w", c.name, c.Variant, err)
		}
		sum += one
	}
	fmt.Fprintf(s.progress, "  %.0f s\n", time.Since(began).Seconds())
	return sum / float64(len(s.courses)), nil
}

// surprise is how little is foreseen.
func (s *searching) surprise(ctx context.Context, c *course) (float64, error) {
	one, err := s.foresight(ctx, c, s.params)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(s.progress, "  %s %s: foresight %.4f\n", c.name, c.Variant, one)
	return -one, nil
}

// footage is what a search costs, see score.Objective.
func (s *searching) footage(ctx context.Context, c *course) (float64, error) {
	results, err := s.tasksOf(ctx, c, "engine", s.params, func(observer.Result) error { return nil })
	if err != nil {
		return 0, err
	}
	if len(results) == 0 {
		return 0, errors.New("no task is left to search on")
	}
	one := score.Objective(results, s.most)
	line := score.Of(c.name, string(c.Variant), "engine", results)
	fmt.Fprintf(s.progress, "  %s %s: x floor %.2f, %.1f at p90, finished %.2f, found %.2f / %.2f, objective %.4f\n",
		c.name, c.Variant, line.FloorP50, line.FloorP90, line.Finished, line.Found10, line.Found30, one)
	return one, nil
}

// odd tells how the other half does.
func (s *searching) odd(ctx context.Context) error {
	if !s.tune.halves {
		return nil
	}
	s.half = "odd"
	defer func() { s.half = "even" }()
	now, err := s.objective(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "odd tasks: objective %.4f\n", now)
	return nil
}

func (s *searching) save() error {
	if s.tune.out == "" {
		return nil
	}
	text, err := json.MarshalIndent(s.params, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.tune.out, append(text, '\n'), 0o600)
}
