package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"xulang.vn/camera/cmd/ingestbench/report"
)

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// measureAll goes through rounds and numbers of streams; within each the arms take
// turns, and each round begins with another one.
func measureAll(ctx context.Context, o options, extra commandArm, out io.Writer) error {
	chosen, err := choose(o, extra)
	if err != nil {
		return err
	}
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	clip, err := makeClip(ctx, o.dir)
	if err != nil {
		return err
	}
	say := json.NewEncoder(out)
	if err := write(say, []machine{thisMachine(ctx)}); err != nil {
		return err
	}
	var all []report.Result
	for round := range o.rounds {
		for _, n := range o.counts {
			var here []report.Result
			for i := range chosen {
				a := chosen[(i+round)%len(chosen)]
				r, err := measure(ctx, o, a, n, clip)
				if err != nil {
					return err
				}
				r.Round = round + 1
				progress("round %d of %d, %d streams, %s: %.1f CPU-s a stream-hour, %.1f MiB", r.Round, o.rounds, n, r.Arm, r.PerStreamHour, r.PSS)
				here = append(here, r)
			}
			report.Compare(here)
			if err := write(say, here); err != nil {
				return err
			}
			all = append(all, here...)
		}
	}
	medians := report.Medians(all)
	if err := write(say, medians); err != nil {
		return err
	}
	return write(say, report.Goals(medians))
}

// write writes a line for each.
func write[T any](say *json.Encoder, lines []T) error {
	for _, line := range lines {
		if err := say.Encode(line); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return nil
}

// choose gives the arms in their usual order, and finds what is missing before an
// hour has been measured.
func choose(o options, extra commandArm) ([]arm, error) {
	var chosen []arm
	for _, a := range arms() {
		if slices.Contains(o.arms, a.name()) {
			chosen = append(chosen, a)
		}
	}
	if (extra.as == "") != (extra.command == "") {
		return nil, fmt.Errorf("read environment: ARM_NAME and ARM_CMD go together")
	}
	if extra.as != "" {
		if slices.Contains(armNames(), extra.as) {
			return nil, fmt.Errorf("read environment: ARM_NAME %q is an arm of ours", extra.as)
		}
		chosen = append(chosen, extra)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("read flags: no arm to measure")
	}
	if err := has("ffmpeg"); err != nil { // it makes the clip as well
		return nil, err
	}
	for _, a := range chosen {
		if err := a.ready(o); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}
