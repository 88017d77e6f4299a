package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/report"
	"xulang.vn/camera/hub/index/pack"
)

// taken is what came in and how long that took.
type taken struct {
	segments  int64
	put, fold time.Duration
}

// readyMost is how many segments are made before they are announced: making them is not
// what is measured.
const readyMost = 200_000

// announceHours announces the first hours, one after the other as time goes by, and folds
// each when it is closed.
func (p *packedArm) announceHours(ctx context.Context, hours int) (all taken, err error) {
	for i := range hours {
		p.clock.Store(pack.StartOf(p.province.Hour(i) + 1).Add(late).UnixMilli())
		n, took, err := p.announceHour(ctx, p.province.Hour(i))
		if err != nil {
			return all, err
		}
		all.segments, all.put = all.segments+n, all.put+took
		p.clock.Store(pack.StartOf(p.province.Hour(i) + 1).Add(closedBy).UnixMilli())
		began := time.Now()
		for folded := 1; folded > 0; {
			if folded, err = p.index.Fold(ctx); err != nil {
				return all, fmt.Errorf("fold: %w", err)
			}
		}
		all.fold += time.Since(began)
		p.log.Info("announced", "hour", i+1, "of", hours, "segments", all.segments,
			"put_per_s", report.PerSecond(all.segments, all.put), "fold_per_s", report.PerSecond(all.segments, all.fold))
	}
	return all, nil
}

// announceHour announces an hour of all cameras. Beside it the index runs as in a hub:
// what is announced is shipped into the bucket every few seconds.
func (p *packedArm) announceHour(ctx context.Context, hour int64) (segments int64, took time.Duration, err error) {
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.index.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	var ready []camera.Announce
	waiting := 0
	for n := range p.province.Cameras {
		m := p.province.Announced(n, hour)
		ready = announcements(ready, m)
		waiting += len(m.Facts)
		if waiting < readyMost && n < p.province.Cameras-1 {
			continue
		}
		began := time.Now()
		if err := p.putAll(ctx, ready); err != nil {
			return segments, took, err
		}
		took += time.Since(began)
		segments, waiting, ready = segments+int64(waiting), 0, ready[:0]
	}
	return segments, took, nil
}

// announcements adds messages of at most camera.AnnounceMost facts of one camera, gaps
// last.
func announcements(to []camera.Announce, m pack.Manifest) []camera.Announce {
	message := camera.Announce{V: camera.LinkVersion}
	send := func(least int) {
		if len(message.Segments)+len(message.Gaps) >= least {
			to = append(to, message)
			message = camera.Announce{V: camera.LinkVersion}
		}
	}
	for _, f := range m.Facts {
		message.Segments = append(message.Segments, f.Segment)
		send(camera.AnnounceMost)
	}
	for _, g := range m.Gaps {
		message.Gaps = append(message.Gaps, g.Gap)
		send(camera.AnnounceMost)
	}
	send(1)
	return to
}

func (p *packedArm) putAll(ctx context.Context, messages []camera.Announce) error {
	return together(ctx, p.writers, len(messages), func(i int) error {
		reply, err := p.index.Put(ctx, messages[i], everything{})
		switch {
		case err != nil:
			return err
		case len(reply.RefusedSegments)+len(reply.RefusedGaps) > 0:
			return fmt.Errorf("refused: %v, %v", reply.RefusedSegments, reply.RefusedGaps)
		}
		return nil
	})
}

// everything is the claims of a device that owns all cameras and signed everything: the
// hub checks signatures beside its database, on as many processors as it has.
type everything struct{}

// Owns is index.Claims.
func (everything) Owns(camera.CameraID) bool { return true }

// Signed is index.Claims.
func (everything) Signed([]byte, camera.Signature) bool { return true }

// together does n things, at most so many at once.
func together(ctx context.Context, atOnce, n int, do func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := 0; i < n && ctx.Err() == nil; i++ {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}
