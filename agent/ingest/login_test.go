package ingest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

func TestWrongPasswordIsTriedTwice(t *testing.T) {
	t.Parallel()
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	cfg := config(f)
	cfg.Password = "wrong"
	r := pull(t, cfg, nil)
	first := stops(r.until(t, "the refusal", func(es []event) bool { return len(es) > 0 }))
	if len(first) != 1 || first[0].cause != camera.CauseWrongPassword {
		t.Fatalf("events %+v", first)
	}
	<-time.After(3 * time.Second) // longer than the pause between tries: a third one would have come
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	r.SetCredentials(user, secret)
	r.until(t, "video with the right password", func(es []event) bool { return len(units(es)) > 0 })
	if n := f.connections(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// TestFullCamera: a camera that answers 401 or 453 when it has no session left
// is off for a while, and nobody has to come (lesson 6).
func TestFullCamera(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, step string
		code       base.StatusCode
		before     bool // it worked before
		detail     string
	}{
		{"401 to DESCRIBE after success", "describe", base.StatusUnauthorized, true, "sessions are taken"},
		{"401 to SETUP", "setup video", base.StatusUnauthorized, false, "sessions are taken"},
		{"401 to PLAY", "play", base.StatusUnauthorized, false, "sessions are taken"},
		{"453 to SETUP", "setup video", base.StatusNotEnoughBandwidth, false, "453"},
		{"453 to DESCRIBE after success", "describe", base.StatusNotEnoughBandwidth, true, "453"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", video264())
			f.roll(t.Context(), media.H264, nil)
			if !c.before {
				f.denies(c.step, c.code)
			}
			r := pull(t, config(f), nil)
			if c.before {
				r.until(t, "video", func(es []event) bool { return len(units(es)) > 5 })
				f.close()
				f = start(t, f.address, video264())
				f.denies(c.step, c.code)
				f.roll(t.Context(), media.H264, nil)
			}
			events := r.until(t, "the refusal", func(es []event) bool {
				return len(stops(es)) > 0 && strings.Contains(stops(es)[len(stops(es))-1].detail, c.detail)
			})
			if got := stops(events)[len(stops(events))-1]; got.cause != camera.CauseCameraOff {
				t.Errorf("cause %q, %q", got.cause, got.detail)
			}
			if n := f.count(c.step); n != 1 {
				t.Errorf("tried %d times in a row", n)
			}
			f.denies(c.step, 0)
			r.SetCredentials(user, secret) // instead of a minute's pause
			r.until(t, "video", func(es []event) bool { return len(es) > len(events) && es[len(es)-1].unit != nil })
		})
	}
}

// TestNewPasswordAfterSuccess: new credentials that are wrong are not "maybe
// full", though the old ones were right.
func TestNewPasswordAfterSuccess(t *testing.T) {
	t.Parallel()
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	r := pull(t, config(f), nil)
	r.until(t, "video", func(es []event) bool { return len(units(es)) > 5 })
	r.SetCredentials(user, "mistyped")
	f.close()
	f = start(t, f.address, video264())
	events := r.until(t, "the refusal", func(es []event) bool {
		return len(stops(es)) > 0 && stops(es)[len(stops(es))-1].cause == camera.CauseWrongPassword
	})
	if n := f.connections(); n != 2 {
		t.Errorf("%d tries, %+v", n, stops(events))
	}
}

// TestAddressThatHoldsThePassword, as those of some makers do: log and detail show
// where the camera is, not how it is asked.
func TestAddressThatHoldsThePassword(t *testing.T) {
	t.Parallel()
	cfg := ingest.Config{URL: "rtsp://127.0.0.1:1/user=guest&password=hush&channel=1.sdp?real_stream", Control: loopback}
	cfg.Find = func(context.Context) (string, bool) { return strings.Replace(cfg.URL, ":1/", ":2/", 1), true }
	r := pull(t, cfg, nil)
	events := r.until(t, "two dials", func(es []event) bool { return len(stops(es)) > 1 })
	if text := r.logs.String(); !strings.Contains(text, "127.0.0.1:2") || strings.Contains(text, "hush") {
		t.Errorf("log %s", text)
	}
	for _, s := range stops(events) {
		if strings.Contains(s.detail, "hush") {
			t.Errorf("detail %q", s.detail)
		}
	}
}

// TestChannelsShareTheirTries: a recorder sees two wrong passwords and not two of each
// of its channels, and a right one is told as such.
func TestChannelsShareTheirTries(t *testing.T) {
	t.Parallel()
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	var turn sync.Mutex
	told := map[ingest.Verdict]int{}
	cfg := config(f)
	cfg.Password = "wrong"
	cfg.Try = func(<-chan struct{}) (func(ingest.Verdict), bool) {
		turn.Lock()
		if told[ingest.Refused] == 2 {
			turn.Unlock()
			return nil, false
		}
		return func(v ingest.Verdict) { told[v]++; turn.Unlock() }, true
	}
	var rigs []*rig
	for range 4 {
		rigs = append(rigs, pull(t, cfg, nil))
	}
	for _, r := range rigs {
		es := stops(r.until(t, "the refusal", func(es []event) bool { return len(es) > 0 }))
		if es[0].cause != camera.CauseWrongPassword {
			t.Errorf("events %+v", es)
		}
	}
	if n := f.passwords(); n != 2 {
		t.Errorf("the recorder saw %d passwords", n)
	}
	turn.Lock()
	told[ingest.Refused] = 0
	turn.Unlock()
	rigs[0].SetCredentials(user, secret)
	rigs[0].until(t, "video with the right password", func(es []event) bool { return len(units(es)) > 0 })
	turn.Lock()
	defer turn.Unlock()
	if told[ingest.Taken] != 1 || told[ingest.Refused] != 0 {
		t.Errorf("told %v", told)
	}
}
