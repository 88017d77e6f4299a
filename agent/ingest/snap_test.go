package ingest_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

func TestSnap(t *testing.T) {
	for codec, m := range map[media.Codec]*description.Media{media.H264: video264(), media.H265: video265()} {
		f := start(t, "", m)
		f.roll(t.Context(), codec, nil)
		s, u, err := ingest.Snap(t.Context(), config(f), time.Now)
		if err != nil || s.Video != codec || !u.Key || len(s.Tracks[0].SPS) == 0 || u.Received.IsZero() {
			t.Fatalf("%s: session %+v, error %v", codec, s, err)
		}
		f.mu.Lock()
		if !contiguous(f.sent, u.NALUs) {
			t.Errorf("%s: the picture is not what was sent", codec)
		}
		f.mu.Unlock()
		if bytes.Contains(u.NALUs[len(u.NALUs)-1], []byte{0, 0, 0, 1}) || f.connections() != 1 {
			t.Errorf("%s: %d connections", codec, f.connections())
		}
	}
}

func TestSnapRefused(t *testing.T) {
	mjpeg := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{&format.MJPEG{}}}
	for _, c := range []struct {
		name   string
		video  *description.Media
		step   string
		answer base.StatusCode
		change func(*ingest.Config)
		code   camera.Code
		conns  int
	}{
		{"wrong password", video264(), "", 0, func(c *ingest.Config) { c.Password = "wrong" }, camera.CodeWrongPassword, 1},
		{"full", video264(), "setup video", base.StatusNotEnoughBandwidth, nil, camera.CodeRecorderFull, 1},
		{"full, by a 401", video264(), "play", base.StatusUnauthorized, nil, camera.CodeRecorderFull, 1},
		{"no such channel", video264(), "describe", base.StatusNotFound, nil, camera.CodeNoPicture, 1},
		{"a codec of old", mjpeg, "", 0, nil, camera.CodeNoPicture, 1},
		{"silent", video264(), "", 0, func(c *ingest.Config) { c.Stall = 200 * time.Millisecond }, camera.CodeNoPicture, 1},
		{"outside", video264(), "", 0, func(c *ingest.Config) { c.Control = only("10.0.0.0/8") }, camera.CodeOutsideLAN, 0},
		{"nobody there", video264(), "", 0, func(c *ingest.Config) { c.URL = "rtsp://127.0.0.1:1/" }, camera.CodeUnreachable, 0},
		{"no address", video264(), "", 0, func(c *ingest.Config) { c.URL = "rtsp:///" }, camera.CodeBadRequest, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", c.video)
			if c.step != "" {
				f.denies(c.step, c.answer)
			}
			cfg := config(f)
			if c.change != nil {
				c.change(&cfg)
			}
			_, _, err := ingest.Snap(t.Context(), cfg, time.Now)
			if camera.CodeOf(err) != c.code || f.connections() != c.conns {
				t.Errorf("%v (%s), %d connections", err, camera.CodeOf(err), f.connections())
			}
		})
	}
}

func TestSnapEndsWithItsContext(t *testing.T) {
	f := start(t, "", video264()) // which never films
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for f.count("play") == 0 {
			<-time.After(time.Millisecond)
		}
		cancel(errFull)
	}()
	if _, _, err := ingest.Snap(ctx, config(f), time.Now); err != errFull {
		t.Errorf("error %v", err)
	}
}
