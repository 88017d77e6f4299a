package archive

import (
	"context"
	"errors"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// mostPlay bounds one playback: then the clock is measured again, and it goes on
// where it was.
const mostPlay = clockEvery

// errPaused ends a playback that is to go on later.
var errPaused = errors.New("playback is interrupted")

// taker takes what is played (Receiver) and hands it to a writer.
type taker struct {
	a       *Archive
	job     job
	writer  Writer // nil: it is only looked at
	began   time.Time
	urgent  bool // nothing comes before it
	paused  bool
	failed  error // of the writer, or consent
	loose   time.Duration
	from    time.Time // of the first picture
	to      time.Time // of the newest one
	seconds time.Duration
}

func (a *Archive) taker(j job) *taker {
	t := &taker{a: a, job: j, began: a.now()}
	clock := a.reading()
	t.writer = a.cfg.NewWriter(j.book.channel.Camera, func() (offset, bound camera.Millis) {
		return camera.Millis(clock.ahead), camera.Millis(clock.bound + t.loose)
	})
	return t
}

// play plays a job to the end.
func (a *Archive) play(ctx context.Context, j job, r *taker) error {
	clock := a.reading()
	// Some dialects know whole seconds only, and the beginning has to be what is asked for.
	from, to := j.From.Add(clock.ahead).Truncate(time.Second), j.To.Add(clock.ahead)
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	p, err := a.cfg.Source.Ask(asking, j.book.channel, from, to)
	cancel()
	if err != nil {
		return err
	}
	p.Sound, p.Start, p.End, p.Ahead = j.book.channel.Sound, from, to, clock.ahead
	if in, ok := holding(j.book.spans, from); ok {
		p.Early = from.Sub(in.From)
	}
	p.Loose = func(d time.Duration) { r.loose = d }
	a.log.Info("fetching from the recorder", "camera", j.book.channel.Camera, "from", j.From, "to", j.To)
	err = a.cfg.Play(ctx, p, r)
	r.stretch()
	return err
}

// Start begins a run.
func (t *taker) Start(s media.Session) error {
	if t.writer == nil {
		return nil
	}
	return t.keep(t.writer.Start(s))
}

// Unit takes a unit. At each key frame it asks whether to go on: the household may
// have changed its mind, and live recording comes first.
func (t *taker) Unit(u media.Unit) error {
	if u.Track == 0 {
		if u.Key {
			if err := t.mayGoOn(u.Received); err != nil {
				return err
			}
		}
		if d := u.Received.Sub(t.to); t.from.IsZero() || d < 0 || d > time.Minute {
			t.stretch()
			t.from = u.Received
		}
		t.to = u.Received
	}
	if t.writer == nil {
		return nil
	}
	return t.keep(t.writer.Unit(u))
}

func (t *taker) mayGoOn(at time.Time) error {
	a := t.a
	// What lies before the window leads to its first picture, and was not asked about.
	if from := later(at, t.job.From); from.Before(t.job.To) {
		if err := a.cfg.May(t.job.book.channel.Camera, from, earlier(t.job.To, from.Add(shortest))); err != nil {
			return t.keep(err)
		}
	}
	switch {
	case a.cfg.Yield != nil && a.cfg.Yield():
		return t.keep(errYield)
	case a.now().Sub(t.began) >= mostPlay || !t.urgent && a.asking.Load() > 0:
		t.paused = true
		return errPaused
	}
	return nil
}

// Stop ends a run.
func (t *taker) Stop(camera.GapCause, string) {
	if t.writer != nil {
		_ = t.keep(t.writer.Stop())
	}
}

func (t *taker) keep(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// stretch counts what was played without a break.
func (t *taker) stretch() {
	if !t.from.IsZero() {
		t.seconds += t.to.Sub(t.from)
	}
	t.from = time.Time{}
}
