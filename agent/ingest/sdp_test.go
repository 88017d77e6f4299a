package ingest_test

import (
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"xulang.vn/camera/agent/ingest"
)

const (
	sdpHead  = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
	sdpVideo = "m=video 0 RTP/AVP 96\r\na=mid:0\r\na=rtpmap:96 H265/90000\r\na=control:track1\r\n"
	sdpAAC   = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\na=fmtp:97 streamtype=5;mode=AAC-hbr;config=1188;sizelength=13;indexlength=3;indexdeltalength=3\r\na=control:track2\r\n"
	sdpBad   = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\na=fmtp:97 streamtype=5;config=zz;sizelength=13\r\na=control:track2\r\n"
	sdpMeta  = "m=application 0 RTP/AVP 107\r\na=mid:1\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"
	sdpSets  = "a=fmtp:96 sprop-sps=!!!;sprop-vps=AAAA\r\n"
)

func TestUsableSDP(t *testing.T) {
	for _, c := range []struct {
		name, body   string
		sound        bool
		video, audio int
	}{
		{"video", sdpHead + sdpVideo, false, 1, 0},
		{"sound not asked for", sdpHead + sdpVideo + sdpAAC, false, 1, 0},
		{"sound asked for", sdpHead + sdpVideo + sdpAAC, true, 1, 1},
		{"broken sound", sdpHead + sdpVideo + sdpBad, true, 1, 0},
		{"broken parameter sets", sdpHead + sdpVideo + sdpSets + sdpAAC, true, 1, 0},
		{"metadata", sdpHead + sdpMeta + sdpVideo, true, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parsed sdp.SessionDescription
			var got description.Session
			if err := parsed.Unmarshal(ingest.UsableSDP([]byte(c.body), c.sound)); err != nil {
				t.Fatal(err)
			}
			if err := got.Unmarshal(&parsed); err != nil {
				t.Fatal(err)
			}
			video, audio := 0, 0
			for _, m := range got.Medias {
				switch m.Formats[0].(type) {
				case *format.H265:
					video++
				case *format.MPEG4Audio:
					audio++
				}
			}
			if video != c.video || audio != c.audio || len(got.Medias) != video+audio {
				t.Errorf("%d video, %d sound of %d", video, audio, len(got.Medias))
			}
		})
	}
	if got := ingest.UsableSDP([]byte("nonsense"), true); string(got) != "nonsense" {
		t.Errorf("what cannot be read became %q", got)
	}
}

func FuzzUsableSDP(f *testing.F) {
	f.Add(sdpHead+sdpVideo+sdpAAC, true)
	f.Add(sdpHead+sdpVideo+sdpSets+sdpBad+sdpMeta, true)
	f.Fuzz(func(t *testing.T, body string, sound bool) {
		got := string(ingest.UsableSDP([]byte(body), sound))
		if len(got) > len(body) {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
		for line := range strings.Lines(got) {
			if !strings.Contains(body, line) {
				t.Fatalf("line %q was made up", line)
			}
		}
	})
}
