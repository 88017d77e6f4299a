// Command ingestbench compares, on one machine, what it costs to record RTSP
// cameras: the agent, ffmpeg, and a floor that only moves bytes.
//
//	ingestbench run [-n 1,8,32] [-rounds 3] [-seconds 30] [-arms …]
//
// JSON lines go to standard output, progress to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: ingestbench COMMAND [flags]
  run      measure the arms and print JSON lines
  source   serve the clip at rtsp://127.0.0.1:PORT/0 … /N-1 until standard input ends
  floor    record streams without looking at them
The environment may name a further arm of run: ARM_NAME, and ARM_CMD, a shell
command that is given $URL (stream i is $URL/i), $N and $OUT (a folder).
`

// options are the command's flags.
type options struct {
	counts  []int // streams
	rounds  int
	window  time.Duration
	warmup  time.Duration
	arms    []string
	dir     string // of the clip and of what is recorded
	bin     string // of our own programs and the object store
	keep    bool
	address string // floor: of the source
	streams int    // source, floor
	out     string // floor
	clip    string // source
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ingestbench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command")
	}
	o, err := read(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "run":
		return measureAll(ctx, o, commandArm{as: os.Getenv("ARM_NAME"), command: os.Getenv("ARM_CMD")}, os.Stdout)
	case "source":
		stop() // a signal ends it at once: it may be reading its input
		return serveClip(context.WithoutCancel(ctx), o.clip, o.streams, os.Stdin, os.Stdout)
	case "floor":
		return recordFloor(ctx, o.address, o.streams, o.out)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("unknown command %q", args[0])
}

func read(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("ingestbench "+args[0], flag.ExitOnError)
	if args[0] == "run" {
		counts := flags.String("n", "1,8,32", "numbers of streams")
		arms := flags.String("arms", strings.Join(armNames(), ","), "what to measure; a command of the environment is always added")
		seconds := flags.Float64("seconds", 30, "length of a measurement")
		warmup := flags.Float64("warmup", 10, "seconds between the last stream's start and the measurement")
		flags.IntVar(&o.rounds, "rounds", 3, "rounds; the arms alternate within each")
		flags.StringVar(&o.dir, "dir", ".build/bench", "folder of the clip and of what is recorded")
		flags.StringVar(&o.bin, "bin", ".build/bin", "folder of xulang-agent, xulang-hub and minio")
		flags.BoolVar(&o.keep, "keep", false, "leave what was recorded in its folder")
		if err := flags.Parse(args[1:]); err != nil {
			return o, err
		}
		return o, o.fill(*counts, *arms, *seconds, *warmup)
	}
	flags.IntVar(&o.streams, "n", 1, "number of streams")
	flags.StringVar(&o.clip, "clip", "", "source: H.264 Annex B file")
	flags.StringVar(&o.address, "url", "", "floor: rtsp://host:port")
	flags.StringVar(&o.out, "out", ".", "floor: folder")
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	if o.streams < 1 || o.streams > streamsMost {
		return o, fmt.Errorf("read flags: -n %d is not from 1 to %d", o.streams, streamsMost)
	}
	return o, nil
}

// streamsMost is what one agent may tell of.
const streamsMost = 64

// fill takes the flags of run.
func (o *options) fill(counts, arms string, seconds, warmup float64) error {
	for _, text := range strings.Split(counts, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > streamsMost {
			return fmt.Errorf("read flags: -n %q is not numbers from 1 to %d with commas", counts, streamsMost)
		}
		o.counts = append(o.counts, n)
	}
	if arms != "" {
		o.arms = strings.Split(arms, ",")
	}
	for _, name := range o.arms {
		if !slices.Contains(armNames(), name) {
			return fmt.Errorf("read flags: -arms %q: one of %s", name, strings.Join(armNames(), ", "))
		}
	}
	if o.rounds < 1 || seconds < 1 || warmup < 0 {
		return fmt.Errorf("read flags: -rounds and -seconds are at least 1")
	}
	o.window = time.Duration(seconds * float64(time.Second))
	o.warmup = time.Duration(warmup * float64(time.Second))
	return nil
}
