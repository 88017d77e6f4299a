package archive_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
	"xulang.vn/camera/agent/media"
)

// fake is a recorder without a network, and the spool; for tests of what happens
// when, by a clock that runs as fast as it can.
type fake struct {
	t     *testing.T
	ahead time.Duration

	mu     sync.Mutex
	has    []camera.Interval // truth
	have   []camera.Interval
	clocks int
	lists  []camera.Interval // from and to, as they were asked for
	plays  []played
	err    error                                 // of every question
	answer func(n int, p archive.Playback) error // of the n-th playback, before a picture comes; may be nil
	after  func(taken time.Time) error           // each picture; may be nil
	yield  bool
	refuse func(from, to time.Time) error
}

type played struct {
	at   time.Time
	what archive.Playback
}

func (f *fake) Clock(context.Context) (ahead, bound time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clocks++
	return f.ahead, 50 * time.Millisecond, f.err
}

func (f *fake) Spans(_ context.Context, _ archive.Channel, from, to time.Time) ([]camera.Interval, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists = append(f.lists, camera.Interval{From: from, To: to})
	var out []camera.Interval
	for _, i := range f.has {
		i.From, i.To = i.From.Add(f.ahead), earlier(i.To, time.Now()).Add(f.ahead)
		if i.To.After(from) && i.From.Before(to) {
			out = append(out, i)
		}
	}
	return out, f.err
}

func (f *fake) Ask(_ context.Context, _ archive.Channel, _, _ time.Time) (archive.Playback, error) {
	return archive.Playback{URL: "rtsp://recorder/"}, nil
}

// play gives a key frame a second, of what there is, at ten times the pace.
func (f *fake) play(ctx context.Context, p archive.Playback, r archive.Receiver) error {
	f.mu.Lock()
	f.plays = append(f.plays, played{time.Now(), p})
	n, answer, after, has := len(f.plays), f.answer, f.after, slices.Clone(f.has)
	f.mu.Unlock()
	if answer != nil {
		if err := answer(n, p); err != nil {
			return err
		}
	}
	open := false
	defer func() {
		if open {
			r.Stop(camera.CauseReconnect, "")
		}
	}()
	for at := p.Start.Add(-p.Ahead); at.Before(p.End.Add(-p.Ahead)); at = at.Add(time.Second) {
		if !slices.ContainsFunc(has, func(i camera.Interval) bool { return !at.Before(i.From) && at.Before(i.To) }) {
			continue
		}
		if !open {
			open = true
			if err := r.Start(media.Session{}); err != nil {
				return err
			}
		}
		if err := r.Unit(media.Unit{Key: true, Received: at}); err != nil {
			return err
		}
		if after != nil {
			if err := after(at); err != nil {
				return err
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Start, Unit and Stop are a writer whose segments are a second long.
func (f *fake) Start(media.Session) error { return nil }

func (f *fake) Unit(u media.Unit) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.have = append(f.have, camera.Interval{From: u.Received, To: u.Received.Add(time.Second)})
	return nil
}

func (f *fake) Stop() error { return nil }

func (f *fake) covered(_ camera.CameraID, from, to time.Time) (out []camera.Interval) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.have {
		if i.To.After(from) && i.From.Before(to) {
			out = append(out, i)
		}
	}
	return out
}

// twice tells whether something was written two times.
func (f *fake) twice() bool {
	f.mu.Lock()
	list := slices.Clone(f.have)
	f.mu.Unlock()
	slices.SortFunc(list, func(a, b camera.Interval) int { return a.From.Compare(b.From) })
	for i := 1; i < len(list); i++ {
		if list[i-1].To.Sub(list[i].From) > 500*time.Millisecond {
			return true
		}
	}
	return false
}

func (f *fake) length() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(len(f.have)) * time.Second
}

func (f *fake) playbacks() []played {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.plays)
}

// set changes something while the archive runs.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// in runs a test beside an archive, by a clock of its own. The recorder has the last
// ten hours.
func in(t *testing.T, test func(t *testing.T, f *fake, a *archive.Archive)) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		f := &fake{t: t, ahead: behind, has: []camera.Interval{{From: now.Add(-10 * time.Hour), To: now.Add(100 * time.Hour)}}}
		a := archive.New(archive.Config{
			Name: "hall", Source: f, Channels: []archive.Channel{{Camera: yard}}, Play: f.play, Have: f.covered,
			NewWriter: func(camera.CameraID, func() (camera.Millis, camera.Millis)) archive.Writer { return f },
			May: func(_ camera.CameraID, from, to time.Time) error {
				f.mu.Lock()
				refuse := f.refuse
				f.mu.Unlock()
				if refuse == nil {
					return nil
				}
				return refuse(from, to)
			},
			Yield: func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.yield },
			Log:   slog.New(slog.DiscardHandler),
		}, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		test(t, f, a)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func wants(from, to time.Duration) []camera.Want {
	return []camera.Want{{Camera: yard, From: time.Now().Add(from), To: time.Now().Add(to)}}
}

// wait lets the clock go on.
func wait(d time.Duration) { <-time.After(d); synctest.Wait() }
