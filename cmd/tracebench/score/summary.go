package score

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"xulang.vn/camera/cmd/tracebench/observer"
)

// Read reads lines as tracebench -json prints them.
func Read(in io.Reader) (lines []Line, err error) {
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		var line Line
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
		}
		lines = append(lines, line)
	}
	if err := scanner.Err(); err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errors.New("no line")
	}
	return lines, nil
}

// target is a number to reach. It is at most that or, with least, at least.
type target struct {
	head        string
	first, goal float64
	least       bool
	print       func(float64) string
	of          func(set, Line) (v float64, ok bool)
}

// set finds an arm's line.
type set map[[3]string]Line

func (s set) find(scenario string, v observer.Variant, arm string) (Line, bool) {
	l, ok := s[[3]string{scenario, string(v), arm}]
	return l, ok
}

func plain(v float64) string  { return fmt.Sprintf("%.3g", v) }
func shared(v float64) string { return fmt.Sprintf("%.2f", v) }
func times(v float64) string {
	if v > 0 && v < 0.95 {
		return fmt.Sprintf("1/%.3g", 1/v)
	}
	return fmt.Sprintf("%.2f", v)
}

func own(value func(Line) float64) func(set, Line) (float64, bool) {
	return func(_ set, l Line) (float64, bool) { return value(l), true }
}

// against is the median footage beside that of a peer, which runs on the clean variant.
func against(peer string) func(set, Line) (float64, bool) {
	return func(s set, l Line) (float64, bool) {
		other, ok := s.find(l.Scenario, observer.Variant(l.Variant), peer)
		return l.FootageP50 / other.FootageP50, ok && other.FootageP50 > 0
	}
}

// beside is a figure beside that of the same arm on the clean variant.
func beside(value func(Line) float64) func(set, Line) (float64, bool) {
	return func(s set, l Line) (float64, bool) {
		clean, ok := s.find(l.Scenario, observer.Clean, l.Arm)
		return value(l) / value(clean), ok && value(clean) > 0 && l.Variant != string(observer.Clean)
	}
}

// targets are those of design/trace.md; all but proposals is about footage.
var targets = []target{
	{"x floor p50", 10, 4, false, plain, own(func(l Line) float64 { return l.FloorP50 })},
	{"x floor p90", 150, 40, false, plain, own(func(l Line) float64 { return l.FloorP90 })},
	{"finished", 1, 1, true, shared, own(func(l Line) float64 { return l.Finished })},
	{"10 min", 0.45, 0.65, true, shared, own(func(l Line) float64 { return l.Found10 })},
	{"30 min", 0.65, 0.85, true, shared, own(func(l Line) float64 { return l.Found30 })},
	{"/ prism", 1. / 6, 1. / 15, false, times, against("prism")},
	{"/ nearest", 1. / 40, 1. / 100, false, times, against("nearest")},
	{"/ clean p50", 3, 2, false, shared, beside(func(l Line) float64 { return l.FloorP50 })},
	{"/ clean p90", 3, 2, false, shared, beside(func(l Line) float64 { return l.FloorP90 })},
	{"proposal ms p95", 300, 100, false, plain, own(func(l Line) float64 { return l.ProposalMS })},
}

// Summary writes how the engine stands to the numbers to reach: "*" reaches the goal,
// "!" not even the first number.
func Summary(out io.Writer, lines []Line) error {
	all := set{}
	for _, l := range lines {
		all[[3]string{l.Scenario, l.Variant, l.Arm}] = l
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	row := func(name string, cell func(target) string) {
		fmt.Fprint(w, name)
		for _, t := range targets {
			fmt.Fprint(w, "\t", cell(t))
		}
		fmt.Fprintln(w, "\t")
	}
	row("\t", func(t target) string { return t.head + " " })
	row("to reach\tfirst", func(t target) string { return t.print(t.first) + " " })
	row("\tgoal", func(t target) string { return t.print(t.goal) + " " })
	for _, l := range lines {
		if l.Arm != "engine" {
			continue
		}
		row(l.Scenario+"\t"+l.Variant, func(t target) string { return t.cell(all, l) })
	}
	return w.Flush()
}

func (t target) cell(all set, l Line) string {
	v, ok := t.of(all, l)
	if !ok {
		return ""
	}
	reaches := func(bound float64) bool { return t.least && v >= bound || !t.least && v <= bound }
	switch {
	case !reaches(t.first):
		return t.print(v) + "!"
	case reaches(t.goal):
		return t.print(v) + "*"
	}
	return t.print(v) + " "
}
