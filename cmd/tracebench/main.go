// Command tracebench measures ways to trace a vehicle over household cameras on
// simulated tasks: how much footage is watched until its whole route is known. An
// observer answers from the truth, which no arm sees.
//
//	tracebench -scenario DIR [-variant all] [-arms engine,prism,nearest] [-json] …
//	tracebench -scenario DIR -show t013                 the story of a task
//	tracebench tune -scenario DIR -out FILE …           look for better parameters
//	tracebench summary <FILE                            how JSON lines stand to the numbers to reach
//
// Results go to standard output, progress to standard error. See README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/peer"
	"xulang.vn/camera/cmd/tracebench/score"
)

// options are the command's flags.
type options struct {
	folders  []string
	variants []observer.Variant
	arms     []string
	tasks    int      // the first so many; 0: all
	half     string   // "", even, odd: every second task
	only     []string // names of tasks; none: all
	show     string   // a task whose story is told
	json     bool
	each     bool // a line for each task
	workers  int
	seed     uint64
	most     float64 // floors after which a task is given up; 0: its budget
	params   string  // file with the engine's parameters
	prism    peer.Bounds
	tune     tuning
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "tracebench:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, progress io.Writer) error {
	if len(args) == 1 && args[0] == "summary" {
		lines, err := score.Read(in)
		if err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
		return score.Summary(out, lines)
	}
	tune := len(args) > 0 && args[0] == "tune"
	if tune {
		args = args[1:]
	}
	o, err := read(args, tune, progress)
	if err != nil {
		return err
	}
	b := &bench{options: o, out: out, progress: progress}
	if tune {
		return b.search(ctx)
	}
	return b.measure(ctx)
}

func read(args []string, tune bool, progress io.Writer) (options, error) {
	var o options
	var variants, arms, only string
	flags := flag.NewFlagSet("tracebench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Func("scenario", "`folder` of a scenario; several with commas, or the flag several times", func(list string) error {
		o.folders = append(o.folders, words(list)...)
		return nil
	})
	flags.StringVar(&variants, "variant", string(observer.Clean), "clean, detect07, late10, falsemarks, offline20, several with commas, or all")
	flags.IntVar(&o.tasks, "tasks", 0, "only the first so many tasks")
	flags.StringVar(&o.half, "half", "", "only every second task: even or odd, counted from 0")
	flags.StringVar(&only, "only", "", "only the tasks of these names")
	flags.IntVar(&o.workers, "workers", 1, "tasks at once; times of proposals mean something with 1")
	flags.Uint64Var(&o.seed, "seed", 1, "of the engine")
	flags.Float64Var(&o.most, "most", 0, "give a task up after so many times its floor, as if its budget were spent; 0: not before that")
	flags.StringVar(&o.params, "params", "", "JSON `file` with parameters of the engine; those that it does not name keep their values")
	o.prism = peer.DefaultBounds()
	flags.Func("prism", `bounds of the prism as JSON, such as {"Fast":1.6,"Slow":1.5,"Stop":240,"Clip":30,"Wider":1.5}`, func(text string) error {
		return json.Unmarshal([]byte(text), &o.prism)
	})
	if tune {
		o.tune.flags(flags)
	} else {
		flags.StringVar(&arms, "arms", strings.Join(armNames, ","), "ways to search")
		flags.BoolVar(&o.json, "json", false, "print a JSON line for each arm, in place of a table")
		flags.BoolVar(&o.each, "each", false, "print a JSON line for each task; the table goes to standard error")
		flags.StringVar(&o.show, "show", "", "tell the story of a `task`, clip by clip")
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.arms, o.only = words(arms), words(only)
	for _, v := range words(variants) {
		o.variants = append(o.variants, observer.Variant(v))
	}
	if variants == "all" {
		o.variants = observer.Variants()
	}
	return o, o.check(flags.Args())
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case len(o.folders) == 0:
		return errors.New("no scenario: say where one is with -scenario FOLDER")
	case o.half != "" && o.half != "even" && o.half != "odd":
		return fmt.Errorf("half %q: want even or odd", o.half)
	case o.tasks < 0 || o.workers < 1 || o.most < 0:
		return errors.New("tasks, workers and most are counts")
	}
	for _, v := range o.variants {
		if !slices.Contains(observer.Variants(), v) {
			return fmt.Errorf("variant %q: want one of %v, or all", v, observer.Variants())
		}
	}
	for _, a := range o.arms {
		if !slices.Contains(armNames, a) {
			return fmt.Errorf("arm %q: want one of %v", a, armNames)
		}
	}
	return nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
