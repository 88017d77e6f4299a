package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"xulang.vn/camera/cmd/ingestbench/frames"
	"xulang.vn/camera/cmd/ingestbench/proc"
	"xulang.vn/camera/cmd/ingestbench/report"
	"xulang.vn/camera/cmd/ingestbench/source"
)

const (
	playWithin = time.Minute // until every stream has its client
	// settleFor passes between the measurement and the arm's end, so that what was
	// sent in the measurement is certainly with the arm.
	settleFor = time.Second
)

// measure records n streams with one arm and gives what it took.
func measure(ctx context.Context, o options, a arm, n int, clip string) (r report.Result, err error) {
	dir, err := os.MkdirTemp(o.dir, fmt.Sprintf("%s-%d-", a.name(), n))
	if err != nil {
		return r, fmt.Errorf("make folder: %w", err)
	}
	if !o.keep {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }() //nolint:gosec // it was made just now
	}
	s := &site{options: o, n: n, out: filepath.Join(dir, "out"), side: filepath.Join(dir, "side")}
	for _, d := range []string{s.out, s.side} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return r, fmt.Errorf("make folder: %w", err)
		}
	}
	cam, err := startCamera(ctx, clip, s.side, n)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, cam.stop()) }()
	defer func() { err = errors.Join(err, s.stopBeside()) }()
	defer func() { err = errors.Join(err, s.stop()) }()
	s.url = cam.URL
	if err := a.start(ctx, s); err != nil {
		return r, fmt.Errorf("start %s: %w", a.name(), err)
	}
	r = report.Result{Kind: "round", Arm: a.name(), N: n}
	from, to, err := watch(ctx, s, cam, &r)
	if err != nil {
		return r, fmt.Errorf("measure %s: %w", a.name(), err)
	}
	if s.settle != nil {
		if err := s.settle(ctx, &r); err != nil {
			return r, fmt.Errorf("measure %s: %w", a.name(), err)
		}
	}
	if err := s.stop(); err != nil {
		return r, err
	}
	return r, count(&r, s.out, cam.Sizes, from, to)
}

// watch waits until all streams play and measures over the window. It gives what
// the source told at its beginning and at its end.
func watch(ctx context.Context, s *site, cam *camera, r *report.Result) (from, to []source.Told, err error) {
	all := append([]*child{cam.child}, append(s.measured, s.beside...)...)
	err = await(ctx, "all streams to be played", playWithin, all, func() (bool, error) {
		told, err := cam.told()
		return playing(told) == s.n, err
	})
	if err != nil {
		return nil, nil, err
	}
	if err := pause(ctx, s.warmup); err != nil {
		return nil, nil, err
	}
	if from, err = cam.told(); err != nil {
		return nil, nil, err
	}
	began := time.Now()
	cpu, source0, err := spent(s, cam)
	if err != nil {
		return nil, nil, err
	}
	if err := pause(ctx, s.window); err != nil {
		return nil, nil, err
	}
	cpuThen, sourceThen, err := spent(s, cam)
	if err != nil {
		return nil, nil, err
	}
	window := time.Since(began)
	if to, err = cam.told(); err != nil {
		return nil, nil, err
	}
	var pss int64
	for _, c := range s.measured {
		one, err := proc.Tree(c.pid()).PSS()
		if err != nil {
			return nil, nil, err
		}
		pss += one
	}
	if err := s.alive(); err != nil {
		return nil, nil, err
	}
	r.Fill(window, cpuThen-cpu, sourceThen-source0, pss)
	return from, to, pause(ctx, settleFor)
}

// spent is the CPU time of the arm and of the source up to now.
func spent(s *site, cam *camera) (arm, src time.Duration, err error) {
	for _, c := range s.measured {
		one, err := proc.Tree(c.pid()).CPU()
		if err != nil {
			return 0, 0, err
		}
		arm += one
	}
	src, err = cam.tree().CPU()
	return arm, src, err
}

func playing(told []source.Told) int {
	n := 0
	for _, t := range told {
		n += min(t.Playing, 1)
	}
	return n
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// count compares what the source sent within the window with what is on the disk.
func count(r *report.Result, out string, sizes []int, from, to []source.Told) error {
	book, err := frames.Count(out)
	if err != nil {
		return err
	}
	for i := range to {
		r.FramesSent += int64(to[i].Last - from[i].Last)
		r.SourceLate = max(r.SourceLate, to[i].Late)
		r.SourceDropped += to[i].Dropped - from[i].Dropped
	}
	if book.Found() == 0 {
		return nil // a file format in which marks cannot be seen: nothing can be told
	}
	lost, ratio := 0, report.Rounded(float64(book.OnDisk())/float64(book.Sent(sizes)))
	for i := range to {
		lost += book.Lost(uint16(i), from[i].Last, to[i].Last)
	}
	r.FramesLost, r.DiskRatio = &lost, &ratio
	if damaged, known := book.Damaged(); known {
		r.FramesDamaged = &damaged
	}
	return nil
}
