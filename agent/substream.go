package agent

import (
	"context"
	"errors"
	"log/slog"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/activity"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// subStream records a camera's small stream while its uplink class is "sub". It
// makes no gaps: the past of a camera is that of its main stream.
//
// The main stream goes first: the small one is pulled only while the camera gives the
// main one, or has given it and failed in some other way than being away, full or of
// another password. Where a recorder serves one session only, the small stream would
// keep the main one out for good; and a wrong password is tried as often as with one
// stream.
type subStream struct {
	of     *recorder
	log    *slog.Logger
	writer *segment.Writer
}

func newSubStream(r *recorder) *subStream {
	s := &subStream{of: r, log: r.log.With("stream", camera.StreamSub)}
	s.writer = segment.New(segment.Config{
		Camera: r.id, Stream: camera.StreamSub, Clock: r.agent.link.Clock, Activity: activity.New(), Closed: r.count,
	}, spoolSink{r.agent}, r.agent.now)
	return s
}

// run records whenever the class asks for it and the main stream is there, until ctx
// ends.
func (s *subStream) run(ctx context.Context) error {
	for ctx.Err() == nil {
		class, changed := s.of.agent.class(s.of.cam())
		there, turned := s.of.there.now()
		recording, end := context.WithCancel(ctx)
		group, recording := errgroup.WithContext(recording)
		if class == camera.UplinkSub && there && !s.of.cam().Consent.Paused {
			group.Go(func() error { return s.pull(recording) })
		}
		group.Go(func() error {
			defer end()
			select {
			case <-changed:
			case <-turned:
			case <-recording.Done():
			}
			return nil
		})
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (s *subStream) pull(ctx context.Context) error {
	cfg := s.of.source()
	cfg.URL = s.of.cam().SubURL
	return ingest.New(cfg, s, s.of.agent.now, s.log).Run(ctx)
}

// Start begins a session (ingest.Receiver).
func (s *subStream) Start(m media.Session) error { return s.writer.Start(m) }

// Unit takes one access unit (ingest.Receiver).
func (s *subStream) Unit(u media.Unit) error {
	err := s.writer.Unit(u)
	var ended *segment.RunEnded
	if errors.As(err, &ended) && errors.Is(ended, err) {
		return nil
	}
	return err
}

// Stop ends a session (ingest.Receiver). Ingest has told the log why.
func (s *subStream) Stop(camera.GapCause, string) {
	if err := s.writer.Stop(); err != nil {
		s.log.Error("close segment", "err", err)
	}
}
