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
	sdp264   = "m=video 0 RTP/AVP 35\r\na=rtpmap:35 H264/90000\r\na=fmtp:35 packetization-mode=1\r\na=control:track9\r\n"
	sdpNoMap = "m=video 0 RTP/AVP 99\r\na=control:track8\r\n"
	sdpBack  = "m=audio 0 RTP/AVP 8\r\na=sendonly\r\na=control:back\r\n"
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
		{"broken sound and a good one", sdpHead + sdpBad + sdpVideo + sdpAAC, true, 1, 1},
		{"broken parameter sets", sdpHead + sdpVideo + sdpSets + sdpAAC, true, 1, 1},
		{"metadata", sdpHead + sdpMeta + sdpVideo, true, 1, 0},
		{"a second video without rtpmap", sdpHead + sdpVideo + sdpNoMap, false, 1, 0},
		{"a first video without rtpmap", sdpHead + sdpNoMap + sdpVideo, false, 1, 0},
		{"two videos", sdpHead + sdp264 + sdpVideo, false, 1, 0},
		{"back channel", sdpHead + sdpVideo + sdpBack, false, 1, 0},
		{"no line ends with CR", strings.ReplaceAll(sdpHead+sdpVideo, "\r", ""), false, 1, 0},
		{"a line that is none", sdpHead + "hello\r\n" + sdpVideo, false, 1, 0},
		{"a broken line in the video", sdpHead + sdpVideo + "b=much\r\n", false, 1, 0},
		{"a broken origin", "v=0\r\no=here\r\ns=\r\nt=now\r\n" + sdpVideo, false, 1, 0},
		{"a broken address", "v=0\r\nc=IN IP7 x\r\n" + sdpVideo, false, 1, 0},
		{"a hundred medias", sdpHead + sdpVideo + strings.Repeat(sdpMeta, 100), false, 1, 0},
		{"huge", sdpHead + sdpVideo + "a=x:" + strings.Repeat("y", 100_000) + "\r\n" + strings.Repeat("a=z\r\n", 5000), false, 1, 0},
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
			video, audio, other := 0, 0, 0
			for _, m := range got.Medias {
				switch m.Formats[0].(type) {
				case *format.H265:
					video++
				case *format.MPEG4Audio:
					audio++
				case *format.H264:
					other++
				}
			}
			if video != c.video || audio != c.audio || len(got.Medias) != video+audio+other {
				t.Errorf("%d video, %d sound of %d", video, audio, len(got.Medias))
			}
		})
	}
	if got := ingest.UsableSDP([]byte("nonsense"), true); string(got) != "nonsense" {
		t.Errorf("what cannot be read became %q", got)
	}
}

func FuzzUsableSDP(f *testing.F) {
	for _, text := range []string{
		sdpHead + sdpVideo + sdpAAC, sdpHead + sdpVideo + sdpSets + sdpBad + sdpMeta,
		sdpHead + sdpNoMap + sdp264 + sdpBack, "v=0\r\no=here\r\nt=now\r\nhello\r\n" + sdpVideo + "b=much\r\n",
		sdpHead + "m=video 0 RTP/AVP smart/1/90000 26\r\na=rtpmap:26 JPEG/90000\r\n",
		sdpHead + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=Z2QADKyyAoP2AiAAAAMAIAAABkHihUk=,aOvDyyLA; packetization-mode=9\r\n",
		sdpHead + "m=audio 0 RTP/AVP 98\r\na=rtpmap:98 PCMU/0/99\r\nm=audio 0 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n" + sdpVideo,
	} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, body string, sound bool) {
		got := string(ingest.UsableSDP([]byte(body), sound))
		ingest.Tracks([]byte(got)) // must not panic: decoders are made of what was described
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
