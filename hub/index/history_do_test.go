package index_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// announce puts what many cameras have to tell into few messages, all at once.
func (w *world) announce(ctx context.Context, events map[*cam][]event) error {
	type message struct {
		camera.Announce
		segments, gaps map[int]camera.Code // that are to be refused
		of             []*cam
	}
	var all []*message
	for _, c := range w.cams {
		a := act{}
		for _, e := range events[c] {
			switch {
			case e.segment != nil:
				one := *e.segment
				one.Signature = camera.Signature{1}
				a.segments = append(a.segments, one)
			case e.gap != nil:
				one := *e.gap
				one.Signature = camera.Signature{1}
				a.gaps = append(a.gaps, one)
			}
		}
		facts := len(a.segments) + len(a.gaps)
		if facts == 0 {
			continue
		}
		if n := len(all); n == 0 || len(all[n-1].Segments)+len(all[n-1].Gaps)+facts > camera.AnnounceMost/2 {
			all = append(all, &message{Announce: camera.Announce{V: camera.LinkVersion}, segments: map[int]camera.Code{}, gaps: map[int]camera.Code{}})
		}
		m := all[len(all)-1]
		segments, gaps := c.model.announce(a, utc(w.now.Load()))
		for i, code := range segments {
			m.segments[len(m.Segments)+i] = code
		}
		for i, code := range gaps {
			m.gaps[len(m.Gaps)+i] = code
		}
		m.Segments, m.Gaps, m.of = append(m.Segments, a.segments...), append(m.Gaps, a.gaps...), append(m.of, c)
		w.seen["refused"] += len(segments) + len(gaps)
	}
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, m := range all {
		wg.Go(func() {
			reply, err := w.index.Put(ctx, m.Announce, anyone{})
			errs[i] = err
			for k, s := range m.Segments {
				if got, want := reply.RefusedSegments[k].Code, m.segments[k]; got != want {
					blame(m.of, s.Camera, "segment %s: refused with %q, want %q", s.SegmentID, got, want)
				}
			}
			for k, g := range m.Gaps {
				if got, want := reply.RefusedGaps[k].Code, m.gaps[k]; got != want {
					blame(m.of, g.Camera, "gap from %s: refused with %q, want %q", g.Start, got, want)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func blame(of []*cam, id camera.CameraID, format string, args ...any) {
	for _, c := range of {
		if c.camera == id {
			c.blame(format, args...)
		}
	}
}

// blame keeps what was wrong first.
func (c *cam) blame(format string, args ...any) {
	if c.wrong == nil {
		c.wrong = fmt.Errorf(format, args...)
	}
}

func (w *world) move(ctx context.Context, events map[*cam][]event) error {
	var (
		changes []index.Change
		want    []camera.Code
		of      []*cam
	)
	for _, c := range w.cams {
		for _, e := range events[c] {
			if e.move != nil {
				changes, want, of = append(changes, *e.move), append(want, c.model.move(*e.move)), append(of, c)
			}
		}
	}
	if len(changes) == 0 {
		return nil
	}
	got, err := w.index.SetStates(ctx, changes)
	if err != nil {
		return err
	}
	for i, c := range changes {
		code := camera.Code("")
		if i < len(got) {
			code = camera.CodeOf(got[i])
		}
		if code != want[i] {
			of[i].blame("segment %s to %s: code %q, want %q", c.ID, c.To, code, want[i])
		}
	}
	return nil
}

// deed is one of those that concern one camera.
func (w *world) deed(ctx context.Context, c *cam, e event) error {
	switch {
	case e.request != nil:
		got, err := w.index.Request(ctx, c.camera, utc(e.request[0]), utc(e.request[1]))
		if want := c.model.request(*e.request); got != want {
			c.blame("tick %d: %d segments are asked for, want %d", e.tick, got, want)
		}
		return err
	case e.unrequest != nil:
		c.model.unrequest(*e.unrequest, e.keep)
		return w.index.Unrequest(ctx, c.camera, utc(e.unrequest[0]), utc(e.unrequest[1]), e.keep)
	case e.past != nil:
		now := w.now.Load()
		c.model.hear(*e.past, now)
		return w.index.SetPast(ctx, []camera.CameraPast{{Camera: c.camera, At: utc(now), Spans: intervals(*e.past)}}, utc(now))
	case e.expire != nil:
		return w.expire(ctx, c, e)
	}
	return nil
}

func intervals(spans [][2]int64) (list []camera.Interval) {
	for _, s := range spans {
		list = append(list, camera.Interval{From: utc(s[0]), To: utc(s[1])})
	}
	return list
}

func (w *world) expire(ctx context.Context, c *cam, e event) error {
	held := func(_ context.Context, _ *sql.Tx, _ camera.CameraID, from, to time.Time) (list []camera.Interval, err error) {
		for _, h := range intervals(e.expire.held) {
			if h.From.Before(to) && h.To.After(from) {
				list = append(list, h)
			}
		}
		return list, nil
	}
	got := 0
	for more := true; more; {
		n, again, err := w.index.Expire(ctx, c.camera, utc(e.expire.before), held)
		if err != nil {
			return err
		}
		got, more = got+n, again
	}
	want := c.model.expire(*e.expire, w.now.Load())
	w.seen["expired"] += want
	if got != want {
		c.blame("tick %d: %d segments expired, want %d", e.tick, got, want)
	}
	return nil
}
