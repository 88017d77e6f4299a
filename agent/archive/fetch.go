package archive

import (
	"context"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// fetch is a time that somebody waits for.
type fetch struct {
	camera   camera.CameraID
	from, to time.Time
	done     chan<- fetched // has room for the answer
}

type fetched struct {
	seconds float64
	err     error
}

// Fetch copies a time from the recorder now, as the self-test does, and tells how
// many seconds were played. What the spool has already is played and not kept. It
// tries once: errors are those of Play and Source, of May, and CodeNoFootage. It
// needs Run.
func (a *Archive) Fetch(ctx context.Context, id camera.CameraID, from, to time.Time) (seconds float64, err error) {
	done := make(chan fetched, 1)
	a.asking.Add(1)
	defer a.asking.Add(-1)
	select {
	case a.fetches <- fetch{id, from, to, done}:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	select {
	case f := <-done:
		return f.seconds, f.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// fetch does it, within Run.
func (a *Archive) fetch(ctx context.Context, f fetch) (seconds float64, err error) {
	at := slices.IndexFunc(a.books, func(b *book) bool { return b.channel.Camera == f.camera })
	window := camera.Interval{From: f.from, To: f.to}
	switch {
	case at < 0:
		return 0, camera.Errorf(camera.CodeNotFound, "fetch: camera %q is not of this recorder", f.camera)
	case f.to.Sub(f.from) < shortest || f.to.Sub(f.from) > mostAsk:
		return 0, camera.Errorf(camera.CodeBadWindow, "fetch: a window of %s", f.to.Sub(f.from))
	case a.refused >= mostRefusals:
		return 0, camera.Errorf(camera.CodeWrongPassword, "fetch: the recorder refused the password %d times", mostRefusals)
	}
	if err := a.cfg.May(f.camera, f.from, f.to); err != nil {
		return 0, err
	}
	if err := a.fresh(ctx); err != nil {
		a.failed(err)
		return 0, err
	}
	b := a.books[at]
	there := common(moved(b.spans, -a.reading().ahead), []camera.Interval{window})
	if length(there) < shortest {
		return 0, camera.Errorf(camera.CodeNoFootage, "fetch: the recorder has nothing of that time")
	}
	keep := without(there, merged(a.cfg.Have(f.camera, f.from, f.to), 0))
	if length(keep) >= shortest {
		there = keep
	}
	for _, i := range there {
		j := job{b, i}
		t := a.taker(j)
		t.urgent = true
		if len(keep) == 0 {
			t.writer = nil
		}
		err := a.play(ctx, j, t)
		seconds += t.seconds.Seconds()
		if err != nil {
			a.failed(err)
			return seconds, err
		}
		if t.failed != nil {
			return seconds, t.failed
		}
	}
	return seconds, nil
}

// fresh measures and lists at once.
func (a *Archive) fresh(ctx context.Context) error {
	if err := a.measure(ctx); err != nil {
		return err
	}
	return a.list(ctx)
}
