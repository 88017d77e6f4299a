package keep_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

func TestUntilNight(t *testing.T) {
	for _, c := range []struct {
		now  time.Time
		want time.Duration
	}{
		{time.Date(2026, 11, 22, 18, 59, 59, 0, time.UTC), time.Second}, // 01:59:59 there
		{time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC), 24 * time.Hour},
		{time.Date(2026, 11, 22, 19, 0, 1, 0, time.UTC), 24*time.Hour - time.Second},
		{time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC), 2 * time.Hour},
	} {
		if got := keep.UntilNight(c.now); got != c.want {
			t.Errorf("%s: %s, want %s", c.now, got, c.want)
		}
	}
}

// lines counts log lines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(with string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), with)
}

// TestTimetable runs three days, with the object store away for one of them.
func TestTimetable(t *testing.T) {
	path := t.TempDir() + "/hub.db"
	synctest.Test(t, func(t *testing.T) {
		d, err := db.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		r := &rig{t: t, homes: homes{}, shelf: &indextest.Memory{}, ledger: newLedger(time.Now), bucket: newBucket(time.Now)}
		out := &lines{}
		r.Keep = keep.New(keep.Parts{
			Database: d, Index: r.ledger, Footage: r.bucket, Shelf: r.shelf, Homes: r.homes, Holds: r.ledger, Now: time.Now,
			Log: slog.New(slog.NewTextHandler(out, nil)),
		})
		start := time.Now()
		for h := range 5 * 24 { // reaches its end during the run
			r.film(cameraOf(1), start.Add(-14*day-time.Hour+time.Duration(h)*time.Hour), 1, camera.StateStored)
		}
		missing := r.film(cameraOf(2), start.Add(-day), 3, camera.StateStored)
		r.bucket.drop(missing[1].Key())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()

		time.Sleep(time.Second)
		if n := len(r.shelf.Names("snapshots/")); n != 1 {
			t.Errorf("%d snapshots at the start", n)
		}
		household(t, d, "h1", "")
		r.Soon()
		r.Soon()
		time.Sleep(3 * time.Second)
		if n := len(r.shelf.Names("snapshots/")); n != 2 {
			t.Errorf("%d snapshots soon after a hold", n)
		}
		time.Sleep(day)
		if got := len(r.bucket.names()); got != 5*24+2-25 {
			t.Errorf("%d objects after a day", got)
		}
		if state := r.ledger.state(missing[1].SegmentID); state != camera.StateLost {
			t.Errorf("what is missing is %s after a night", state)
		}
		r.bucket.mu.Lock()
		r.bucket.fail = func(string) when { return before }
		r.bucket.mu.Unlock()
		time.Sleep(day)
		if n := out.count(`msg="expire footage"`); n != 1 {
			t.Errorf("%d lines of one outage", n)
		}
		r.bucket.mu.Lock()
		r.bucket.fail = nil
		r.bucket.mu.Unlock()
		time.Sleep(day)
		if got := len(r.bucket.names()); got != 5*24+2-73 {
			t.Errorf("%d objects after three days", got)
		}
		if n := out.count(`msg="expire footage again"`); n != 1 {
			t.Errorf("%d lines of its end", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
