package ingest_test

import (
	"context"
	"errors"
	"log/slog"
	"net/textproto"
	"net/url"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/ingest/replaytest"
	"xulang.vn/camera/agent/media"
)

// ahead is how wrong the recorder's clock is; evening is by that clock.
const ahead = -7 * time.Minute

var (
	evening = time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)
	film    = sync.OnceValues(replaytest.Shoot)
)

// record starts a recorder that has an hour from evening on, and is asked for
// [from, to) of it.
func record(t *testing.T, from, to time.Duration, change func(*replaytest.Recorder)) ingest.ReplayConfig {
	t.Helper()
	f, err := film()
	if err != nil {
		t.Fatal(err)
	}
	r := &replaytest.Recorder{
		Film: f, Has: []camera.Interval{{From: evening, To: evening.Add(time.Hour)}}, End: replaytest.Bye,
		Clock: func() time.Time { return evening.Add(3 * time.Hour) },
		Window: func(*url.URL, textproto.MIMEHeader) (time.Time, time.Time, bool) {
			return evening.Add(from), evening.Add(to), true
		},
	}
	if change != nil {
		change(r)
	}
	address, err := r.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return ingest.ReplayConfig{
		Config: ingest.Config{URL: "rtsp://" + address + "/past?starttime=1", Username: "admin", Password: secret, Control: loopback},
		Times:  ingest.Times{Start: evening.Add(from), End: evening.Add(to), Early: from, Ahead: ahead},
	}
}

func play(t *testing.T, cfg ingest.ReplayConfig) ([]event, error) {
	t.Helper()
	r := &receiver{more: make(chan struct{}, 1)}
	err := ingest.Replay(t.Context(), cfg, r, time.Now, discard())
	return r.events, err
}

// errorsOf compares what was made of each picture's time with when it was taken.
func errorsOf(es []event) (most time.Duration) {
	for _, u := range units(es) {
		var raw []byte
		for _, n := range u.NALUs {
			raw = append(raw, n...)
		}
		for _, at := range replaytest.Taken(raw) {
			most = max(most, u.Received.Sub(at.Add(-ahead)).Abs())
		}
	}
	return most
}

func TestReplayTimes(t *testing.T) {
	const from, to = 10*time.Minute + 900*time.Millisecond, 10*time.Minute + 31*time.Second // the key frame is 0.9 s before
	for _, c := range []struct {
		name   string
		change func(*replaytest.Recorder)
		adjust func(*ingest.Times)
		wrong  time.Duration // at most
		loose  time.Duration
	}{
		{"header extension", func(r *replaytest.Recorder) { r.Extension = true }, nil, time.Millisecond, 0},
		{"sender reports of the past", func(r *replaytest.Recorder) { r.Reports = replaytest.Past }, nil, time.Millisecond, 0},
		{"range in the answer", func(r *replaytest.Recorder) { r.Ranges = true }, nil, time.Millisecond, 0},
		{"at eight times the pace", func(r *replaytest.Recorder) { r.Extension, r.Pace = true, 8 }, nil, time.Millisecond, 0},
		{"nothing", func(*replaytest.Recorder) {}, nil, time.Second, time.Second},
		{"sender reports of now", func(r *replaytest.Recorder) { r.Reports = replaytest.Now }, nil, time.Second, time.Second},
		{"no footage before", func(r *replaytest.Recorder) { r.Has[0].From = evening.Add(from) },
			func(t *ingest.Times) { t.Early = 0 }, 700 * time.Millisecond, 500 * time.Millisecond}, // its first key frame comes 1.1 s later
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := record(t, from, to, c.change)
			loose := []time.Duration{}
			cfg.Times.Loose = func(d time.Duration) { loose = append(loose, d) }
			if c.adjust != nil {
				c.adjust(&cfg.Times)
			}
			events, err := play(t, cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := units(events)
			if n := len(got); n < 285 || n > 320 || len(sessions(events)) != 1 || len(stops(events)) != 1 {
				t.Errorf("%d units in %d sessions", n, len(sessions(events)))
			}
			if wrong := errorsOf(events); wrong > c.wrong {
				t.Errorf("%s wrong", wrong)
			}
			if len(loose) != 1 || loose[0] != c.loose {
				t.Errorf("told to be wrong by %v", loose)
			}
			for i, u := range got {
				if d := time.Duration(i) * replaytest.Frame; u.PTS != d || !u.Received.Equal(got[0].Received.Add(d)) || u.Received.Location() != time.UTC || !u.NTP.IsZero() {
					t.Fatalf("unit %d: %+v", i, u.Received)
				}
			}
		})
	}
}

// TestReplayEnds: each of the ways in which recorders stop ends the playback, and
// none of the pictures before it is lost.
func TestReplayEnds(t *testing.T) {
	for _, end := range []string{replaytest.Bye, replaytest.Teardown, replaytest.Close, replaytest.Silence, replaytest.Terminal} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			cfg := record(t, 4*time.Minute, 4*time.Minute+10*time.Second, func(r *replaytest.Recorder) { r.End, r.Extension = end, true })
			cfg.Stall = 300 * time.Millisecond
			if end == replaytest.Terminal {
				cfg.Stall = time.Hour
			}
			events, err := play(t, cfg)
			if err != nil || len(units(events)) != 100 {
				t.Errorf("%d units, %v", len(units(events)), err)
			}
		})
	}
	for _, end := range []string{replaytest.Close, replaytest.Silence} { // in the middle: that is no end
		t.Run("early "+end, func(t *testing.T) {
			t.Parallel()
			cfg := record(t, 4*time.Minute, 20*time.Minute, func(r *replaytest.Recorder) {
				r.End = end
				r.Has[0].To = evening.Add(4*time.Minute + 10*time.Second)
			})
			cfg.Stall = 300 * time.Millisecond
			events, err := play(t, cfg)
			if camera.CodeOf(err) != camera.CodeUnreachable || len(units(events)) != 100 {
				t.Errorf("%d units, %v", len(units(events)), err)
			}
		})
	}
}

// TestReplayRunsOn: a recorder that plays beyond what it was asked for is left.
func TestReplayRunsOn(t *testing.T) {
	cfg := record(t, time.Minute, 50*time.Minute, func(r *replaytest.Recorder) { r.Extension = true })
	cfg.Times.End = evening.Add(time.Minute + 10*time.Second)
	events, err := play(t, cfg)
	if err != nil || len(units(events)) != 100 {
		t.Errorf("%d units, %v", len(units(events)), err)
	}
}

// TestReplayHole: footage that is missing in the recorder ends a session, and the
// next begins with a key frame at the right time.
func TestReplayHole(t *testing.T) {
	cfg := record(t, 0, time.Hour, func(r *replaytest.Recorder) {
		r.Extension = true
		r.Has = []camera.Interval{{From: evening, To: evening.Add(9 * time.Second)}, {From: evening.Add(20 * time.Minute), To: evening.Add(20*time.Minute + 10*time.Second)}}
	})
	events, err := play(t, cfg)
	if err != nil || len(sessions(events)) != 2 || len(stops(events)) != 2 || len(units(events)) != 190 {
		t.Fatalf("%d sessions, %d units, %v", len(sessions(events)), len(units(events)), err)
	}
	if wrong := errorsOf(events); wrong > time.Millisecond {
		t.Errorf("%s wrong", wrong)
	}
	if second := units(events)[90]; !second.Key || second.PTS != 0 {
		t.Errorf("after the hole: %+v", second.Received)
	}
}

func TestReplayRefused(t *testing.T) {
	gone := func(*url.URL, textproto.MIMEHeader) (a, b time.Time, ok bool) { return a, b, false }
	full := func(as401 bool) func(*replaytest.Recorder) {
		return func(r *replaytest.Recorder) { r.Most, r.Sessions, r.FullIs401, r.Password = 1, 1, as401, secret }
	}
	for _, c := range []struct {
		name   string
		change func(*replaytest.Recorder)
		adjust func(*ingest.ReplayConfig)
		code   camera.Code
	}{
		{"453", full(false), nil, camera.CodeRecorderFull},
		{"401 after DESCRIBE", full(true), nil, camera.CodeRecorderFull},
		{"wrong password", func(r *replaytest.Recorder) { r.Password = "another" }, nil, camera.CodeWrongPassword},
		{"401 after success elsewhere", func(r *replaytest.Recorder) { r.Password = "another" },
			func(c *ingest.ReplayConfig) { c.Proven = true }, camera.CodeRecorderFull},
		{"404", func(r *replaytest.Recorder) { r.Window = gone }, nil, camera.CodeNoFootage},
		{"457", func(r *replaytest.Recorder) { r.Has = nil }, nil, camera.CodeNoFootage},
		{"outside", nil, func(c *ingest.ReplayConfig) { c.Control = nil }, camera.CodeOutsideLAN},
		{"nobody", nil, func(c *ingest.ReplayConfig) { c.URL = "rtsp://127.0.0.1:1/" }, camera.CodeUnreachable},
		{"no address", nil, func(c *ingest.ReplayConfig) { c.URL = "http://127.0.0.1/" }, camera.CodeBadRequest},
		{"no time", nil, func(c *ingest.ReplayConfig) { c.Times.End = c.Times.Start }, camera.CodeBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := record(t, time.Minute, 2*time.Minute, c.change)
			if c.adjust != nil {
				c.adjust(&cfg)
			}
			if events, err := play(t, cfg); camera.CodeOf(err) != c.code || len(events) > 0 {
				t.Errorf("%v (%s), %d events", err, camera.CodeOf(err), len(events))
			}
		})
	}
}

// TestReplayAsks: the headers go where the documents want them.
func TestReplayAsks(t *testing.T) {
	var rec *replaytest.Recorder
	cfg := record(t, time.Minute, time.Minute+4*time.Second, func(r *replaytest.Recorder) { rec = r })
	cfg.Header = map[string]string{"Require": "onvif-replay", "Rate-Control": "no"}
	cfg.Range = "clock=20261122T113100.000Z-20261122T113104.000Z"
	if _, err := play(t, cfg); err != nil {
		t.Fatal(err)
	}
	setup, played := rec.Asked("SETUP"), rec.Asked("PLAY")
	if len(setup) != 1 || setup[0].Header.Get("Require") != "onvif-replay" || setup[0].Header.Get("Rate-Control") != "" {
		t.Errorf("SETUP %+v", setup)
	}
	if len(played) != 1 || played[0].Header.Get("Require") != "onvif-replay" || played[0].Header.Get("Rate-Control") != "no" || played[0].Header.Get("Range") != cfg.Range {
		t.Errorf("PLAY %+v", played)
	}
	if d := rec.Asked("DESCRIBE"); len(d) != 1 || d[0].Header.Get("Require") != "" {
		t.Errorf("DESCRIBE %+v", d)
	}
}

// dam is a receiver that takes nothing until it is opened.
type dam struct {
	*receiver
	open <-chan struct{}
}

func (d dam) Unit(u media.Unit) error {
	<-d.open
	return d.receiver.Unit(u)
}

// TestReplayWaitsForTheReceiver: a disk that stands still stops the recorder, and
// nothing piles up in between; what is lost by it is nothing.
func TestReplayWaitsForTheReceiver(t *testing.T) {
	var rec *replaytest.Recorder
	cfg := record(t, 0, time.Hour, func(r *replaytest.Recorder) { rec, r.Extension = r, true })
	cfg.Stall = 500 * time.Millisecond
	open := make(chan struct{})
	d := dam{&receiver{more: make(chan struct{}, 1)}, open}
	ended := make(chan error, 1)
	go func() { ended <- ingest.Replay(t.Context(), cfg, d, time.Now, discard()) }()
	sent := func() int {
		rec.Mu.Lock()
		defer rec.Mu.Unlock()
		return rec.Pictures
	}
	last := -1
	for sent() == 0 || sent() != last { // until the recorder waits
		last = sent()
		<-time.After(300 * time.Millisecond)
	}
	if last >= 36000 {
		t.Fatal("the recorder did not wait")
	}
	close(open)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := len(units(d.events)); n != 36000 {
		t.Errorf("%d units", n)
	}
	if wrong := errorsOf(d.events); wrong > time.Millisecond {
		t.Errorf("%s wrong", wrong)
	}
}

func TestReplayEndsWithItsContext(t *testing.T) {
	cfg := record(t, 0, time.Hour, func(r *replaytest.Recorder) { r.Pace = 1 })
	r := &receiver{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ingest.Replay(ctx, cfg, r, time.Now, slog.New(slog.DiscardHandler)) }()
	r.until(t, "pictures", func(es []event) bool { return len(units(es)) > 3 })
	cancel(errFull)
	if err := <-ended; !errors.Is(err, errFull) || len(stops(r.events)) != 1 {
		t.Errorf("%v", err)
	}
}

func TestReplayReceiverFails(t *testing.T) {
	cfg := record(t, 0, time.Hour, nil)
	r := &receiver{fail: errFull, more: make(chan struct{}, 1)}
	if err := ingest.Replay(t.Context(), cfg, r, time.Now, discard()); !errors.Is(err, errFull) || len(units(r.events)) != 1 || len(stops(r.events)) != 1 {
		t.Errorf("%v", err)
	}
}
