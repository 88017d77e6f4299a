package archive

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

const (
	again     = 10 * time.Minute // of the newest footage are asked for once more: its file was still growing
	joinHole  = 2 * time.Second  // between two files of a recorder: it writes on
	mostSpans = 20_000           // of a channel in memory
)

// book is what is known of a channel. It belongs to Run's goroutine.
type book struct {
	channel Channel
	spans   []camera.Interval // merged, by the recorder's clock
	known   bool
	absent  []absence // that was asked for in vain
}

// absence is a time, in truth, that the recorder said it had and did not play.
type absence struct {
	of    camera.Interval
	until time.Time // then it is asked for again
}

// list asks which footage there is.
func (a *Archive) list(ctx context.Context) error {
	now := a.now()
	there := now.Add(a.reading().ahead)
	whole := now.Sub(a.full) >= fullEvery || now.Before(a.full)
	for _, b := range a.books {
		from, to := there.Add(-camera.PastLongest), there.Add(again)
		if n := len(b.spans); n > 0 && !whole && b.known {
			from = later(from, earlier(b.spans[n-1].To, there).Add(-again))
		}
		if err := a.listChannel(ctx, b, from, to); err != nil {
			a.full = time.Time{} // what is known may be wrong as well
			return fmt.Errorf("list recordings of channel %d: %w", b.channel.Number, err)
		}
	}
	a.due = now.Add(spansEvery)
	if whole {
		a.full = now
	}
	a.tell(now)
	return nil
}

func (a *Archive) listChannel(ctx context.Context, b *book, from, to time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	news, err := a.cfg.Source.Spans(ctx, b.channel, from, to)
	if err != nil {
		return err
	}
	kept := without(b.spans, []camera.Interval{{From: from, To: to.Add(camera.RecorderAway)}})
	if whole := from.Equal(to.Add(-again - camera.PastLongest)); whole {
		kept = nil
	}
	news = common(merged(news, 0), []camera.Interval{{From: from, To: to}})
	b.spans, b.known = merged(append(kept, news...), joinHole), true
	if n := len(b.spans); n > mostSpans {
		b.spans = b.spans[n-mostSpans:]
	}
	return nil
}

// tell makes of the books what is announced.
func (a *Archive) tell(now time.Time) {
	clock := a.reading()
	var past []camera.CameraPast
	for _, b := range a.books {
		if !b.known {
			continue
		}
		spans := common(moved(b.spans, -clock.ahead), []camera.Interval{{From: now.Add(-camera.PastLongest), To: now}})
		past = append(past, camera.CameraPast{
			Camera: b.channel.Camera, At: millis(now), Spans: told(spans),
			Offset: camera.Millis(clock.ahead.Truncate(time.Millisecond)), Bound: camera.Millis(clock.bound.Truncate(time.Millisecond)),
		})
	}
	a.mu.Lock()
	same := slices.EqualFunc(past, a.past, samePast)
	a.past = past
	a.mu.Unlock()
	if !same {
		signal(a.changed)
	}
}

// told are at most camera.PastSpansMost spans: short holes are closed when there are
// more, and when that is not enough the newest stay.
func told(spans []camera.Interval) []camera.Interval {
	out := make([]camera.Interval, 0, len(spans))
	for _, s := range spans {
		out = append(out, camera.Interval{From: millis(s.From), To: millis(s.To)})
	}
	out = merged(out, 0)
	for _, hole := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute} {
		if len(out) > camera.PastSpansMost {
			out = merged(out, hole)
		}
	}
	return out[max(0, len(out)-camera.PastSpansMost):]
}

func samePast(a, b camera.CameraPast) bool {
	return a.Camera == b.Camera && a.Offset == b.Offset && a.Bound == b.Bound &&
		slices.EqualFunc(a.Spans, b.Spans, func(x, y camera.Interval) bool { return x.From.Equal(y.From) && x.To.Equal(y.To) })
}

func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
