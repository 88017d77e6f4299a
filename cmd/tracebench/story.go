package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/hub/trace"
)

// story tells of a task, arm by arm: every clip, then the truth and where footage went.
// Times are seconds from the start of the window.
func (b *bench) story(ctx context.Context, c *course, params trace.Params) error {
	at := slices.IndexFunc(c.Cases, func(one observer.Case) bool { return one.Task == b.show })
	if at < 0 {
		return fmt.Errorf("%s has no task %s (%s)", c.name, b.show, c.Variant)
	}
	one := &c.Cases[at]
	zero := one.Window.From
	for _, arm := range b.arms {
		fmt.Fprintf(b.out, "%s %s (%s), %s: %s, incident at %.1f to %.1f, window of %.0f s, %d passes, floor %.0f s, oracle %.0f s\n",
			c.name, one.Task, c.Variant, arm, one.Mode, one.Incident.From-zero, one.Incident.To-zero, one.Window.Length(), len(one.Passes), one.Floor, one.Oracle)
		fmt.Fprintln(b.out, "    n   cost  camera       from       to    s      p  reason    answer")
		n, foundIn := 0, map[int]int{}
		r, err := b.follow(ctx, c, arm, one, params, func(s observer.Step) {
			n++
			for _, pass := range s.Seen {
				if foundIn[pass] == 0 {
					foundIn[pass] = n
				}
			}
			fmt.Fprintf(b.out, "%5d %6.0f  %-8s %8.1f %8.1f %4.0f %6.3f  %-9s %s  %s\n", n, s.Cost, s.Watched.Camera,
				s.Watched.From-zero, s.Watched.To-zero, s.Watched.Length(), s.Probability, s.Reason, answer(s), s.Detail)
		})
		if err != nil {
			return err
		}
		tellTruth(b.out, r, foundIn, zero)
	}
	return nil
}

func answer(s observer.Step) string {
	var parts []string
	add := func(word string, passes []int) {
		if len(passes) > 0 {
			parts = append(parts, strings.Trim(word+" "+fmt.Sprint(passes), " "))
		}
	}
	add("SEEN", s.Seen)
	add("missed", s.Missed)
	add("under 1 s of", s.Brushed)
	if s.False != nil {
		parts = append(parts, "FALSE "+s.False.ID)
	}
	if len(s.Undone) > 0 {
		parts = append(parts, "withdrawn "+strings.Join(s.Undone, " "))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func tellTruth(out io.Writer, r observer.Result, foundIn map[int]int, zero float64) {
	fmt.Fprintln(out, "truth\n pass  camera      enter    leave    s  heading  found in clip, at cost")
	for i, p := range r.Case.Passes {
		found := "never"
		if r.Found[i] >= 0 {
			found = fmt.Sprintf("%d, %.0f", foundIn[p.Number], r.Found[i])
		}
		fmt.Fprintf(out, "%5d  %-8s %8.1f %8.1f %4.1f %8.0f  %s\n", p.Number, p.Camera, p.Enter-zero, p.Leave-zero, p.Leave-p.Enter, p.Heading, found)
	}
	fmt.Fprintln(out, "spent\n reason        s  clips  found")
	reasons := make([]string, 0, len(r.Spent))
	for reason := range r.Spent {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		s := r.Spent[reason]
		fmt.Fprintf(out, " %-9s %6.0f %6d %6d\n", reason, s.Seconds, s.Clips, s.Found)
	}
	word := "given up"
	if r.Finished {
		word = "finished"
	}
	fmt.Fprintf(out, "%s: %.0f s, %.1f x floor, %.1f x oracle; %.0f s shown again\n\n", word, r.Cost, r.Cost/r.Case.Floor, r.Cost/r.Case.Oracle, r.Again)
}
