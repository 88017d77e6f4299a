package ingest_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

func TestUnitsAreWhatWasSent(t *testing.T) {
	for codec, m := range map[media.Codec]*description.Media{media.H264: video264(), media.H265: video265()} {
		t.Run(string(codec), func(t *testing.T) {
			f := start(t, "", m)
			clock := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
			f.roll(t.Context(), codec, func(n int, stamp uint32) bool {
				f.stream.WritePacketRTCP(f.video, &rtcp.SenderReport{ // fails only when nobody plays any more
					NTPTime: (uint64(clock.Unix()) + 2208988800) << 32, RTPTime: 0,
				})
				return true
			})
			r := pull(t, config(f), nil)
			events := r.until(t, "35 units", func(es []event) bool { return len(units(es)) >= 35 })
			r.stop()
			got := units(events)
			s := sessions(events)[0]
			if s.Video != codec || len(s.Tracks) != 1 || len(s.Tracks[0].SPS) == 0 || len(s.Tracks[0].PPS) == 0 {
				t.Errorf("session %+v", s)
			}
			checkTimes(t, got, clock)
			var nalus [][]byte
			for _, u := range got {
				nalus = append(nalus, u.NALUs...)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if !contiguous(f.sent, nalus) {
				t.Error("the NAL units are not an exact run of what was sent")
			}
			if f.leaked {
				t.Error("the password stood in a request line")
			}
			last := stops(r.until(t, "the end", func(es []event) bool { return len(stops(es)) == 1 }))
			if last[0].cause != camera.CauseAgentOff {
				t.Errorf("ended with %q", last[0].cause)
			}
		})
	}
}

func checkTimes(t *testing.T, got []media.Unit, clock time.Time) {
	t.Helper()
	if !got[0].Key || got[0].PTS != 0 || got[0].Received.IsZero() {
		t.Errorf("first unit: %+v", got[0])
	}
	for i, u := range got {
		if want := time.Duration(i) * 40 * time.Millisecond; u.PTS != want || u.DTS != want {
			t.Errorf("unit %d: PTS %s, DTS %s, want %s", i, u.PTS, u.DTS, want)
		}
		if u.Key != (i%10 == 0) {
			t.Errorf("unit %d: key %v", i, u.Key)
		}
	}
	a, b := got[20], got[30]
	if a.NTP.Before(clock) || b.NTP.Sub(a.NTP) != 400*time.Millisecond {
		t.Errorf("sender's clock: %s and %s", a.NTP, b.NTP)
	}
}

func contiguous(sent, got [][]byte) bool {
	for from := range sent {
		if len(sent)-from < len(got) {
			return false
		}
		same := true
		for i := 0; same && i < len(got); i++ {
			same = bytes.Equal(sent[from+i], got[i])
		}
		if same {
			return true
		}
	}
	return false
}

func TestCameraOffAndBack(t *testing.T) {
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	r := pull(t, config(f), nil)
	r.until(t, "video", func(es []event) bool { return len(units(es)) > 5 })
	f.close()
	off := stops(r.until(t, "the loss", func(es []event) bool { return len(stops(es)) >= 2 }))
	if off[0].cause != camera.CauseReconnect || off[1].cause != camera.CauseCameraOff {
		t.Errorf("causes %q, %q", off[0].cause, off[1].cause)
	}
	back := start(t, f.address, video264())
	back.roll(t.Context(), media.H264, nil)
	events := r.until(t, "video again", func(es []event) bool { return len(sessions(es)) == 2 && es[len(es)-1].unit != nil })
	for i, e := range events {
		if e.session != nil && events[i+1].unit != nil && (!events[i+1].unit.Key || events[i+1].unit.PTS != 0) {
			t.Errorf("a session begins with %+v", events[i+1].unit)
		}
	}
}

func TestCausesWithoutVideo(t *testing.T) {
	mjpeg := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{&format.MJPEG{}}}
	for _, c := range []struct {
		name   string
		medias []*description.Media
		each   func(n int, stamp uint32) bool // of the frames
		change func(*ingest.Config)
		cause  camera.GapCause
		detail string
	}{
		{"MJPEG only", []*description.Media{mjpeg}, nil, nil, camera.CauseBadCodec, "JPEG"},
		{"no key frame", []*description.Media{video264()}, func(n int, _ uint32) bool { return n%10 != 0 }, nil, camera.CauseNoKeyFrame, "key frame"},
		{"silent", []*description.Media{video264()}, func(int, uint32) bool { return false }, nil, camera.CauseCameraOff, "no video"},
		{"other network", []*description.Media{video264()}, nil, func(c *ingest.Config) { c.Control = only("10.0.0.0/8") }, camera.CauseCameraOff, "outside"},
		{"no network", []*description.Media{video264()}, nil, func(c *ingest.Config) { c.Control = nil }, camera.CauseCameraOff, "outside"},
		{"nobody there", []*description.Media{video264()}, nil, func(c *ingest.Config) { c.URL = "rtsp://127.0.0.1:1/" }, camera.CauseCameraOff, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", c.medias...)
			if f.video != nil {
				f.roll(t.Context(), media.H264, c.each)
			}
			cfg := config(f)
			cfg.NoKeyFrame, cfg.Stall = 700*time.Millisecond, 500*time.Millisecond
			if c.cause == camera.CauseNoKeyFrame {
				cfg.Stall = time.Minute
			}
			if c.change != nil {
				c.change(&cfg)
			}
			r := pull(t, cfg, nil)
			events := r.until(t, "a cause", func(es []event) bool { return len(es) > 0 })
			if got := events[0]; got.cause != c.cause || !strings.Contains(got.detail, c.detail) {
				t.Errorf("cause %q, detail %q", got.cause, got.detail)
			}
			if c.change != nil && f.connections() != 0 {
				t.Error("the camera was dialled")
			}
		})
	}
}

func TestStallAfterVideo(t *testing.T) {
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, func(n int, _ uint32) bool { return n < 200 })
	cfg := config(f)
	cfg.Stall = time.Second
	r := pull(t, cfg, nil)
	events := r.until(t, "the stall", func(es []event) bool { return len(stops(es)) > 0 })
	if len(units(events)) == 0 || stops(events)[0].cause != camera.CauseCameraOff {
		t.Errorf("%d units, %+v", len(units(events)), stops(events))
	}
}

// slow is a receiver whose disk makes it wait.
type slow struct {
	*receiver
	each time.Duration
}

func (s slow) Unit(u media.Unit) error {
	<-time.After(s.each)
	return s.receiver.Unit(u)
}

// TestSlowDiskIsNoStall: what was not asked for meanwhile is there, and no camera is
// called silent for it.
func TestSlowDiskIsNoStall(t *testing.T) {
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	cfg := config(f)
	cfg.Stall = 100 * time.Millisecond
	r := slow{&receiver{more: make(chan struct{}, 1)}, 3 * cfg.Stall / 2}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ingest.New(cfg, r, time.Now, discard()).Run(ctx) }()
	events := r.until(t, "ten units", func(es []event) bool { return len(units(es)) >= 10 || len(stops(es)) > 0 })
	if s := stops(events); len(s) > 0 {
		t.Errorf("%d units, then %+v", len(units(events)), s)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReceiverFails(t *testing.T) {
	f := start(t, "", video264())
	f.roll(t.Context(), media.H264, nil)
	r := pull(t, config(f), errFull)
	events := r.until(t, "the failure", func(es []event) bool { return len(stops(es)) > 0 })
	if got := stops(events)[0]; got.cause != camera.CauseDisk || !strings.Contains(got.detail, "no room") {
		t.Errorf("%+v", got)
	}
}

func TestBadAddress(t *testing.T) {
	for _, url := range []string{
		"", "http://127.0.0.1/", "rtsp:///live", "rtsp://" + "u:hush@127.0.0.1/live", "rtsp://127.0.0.1/a#b", "rtsp://h:hush hush/",
	} {
		i := ingest.New(ingest.Config{URL: url, Control: loopback}, &receiver{}, time.Now, discard())
		if err := i.Run(t.Context()); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
