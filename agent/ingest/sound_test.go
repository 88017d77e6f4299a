package ingest_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"xulang.vn/camera/agent/media"
)

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func aac() *description.Media {
	return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.MPEG4Audio{
		PayloadTyp: 97, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		Config: &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelCount: 1},
	}}}
}

func g711() *description.Media {
	return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{
		PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1,
	}}}
}

func TestSound(t *testing.T) {
	for _, c := range []struct {
		name   string
		sound  *description.Media
		on     bool
		tracks int
		lines  int // in the log
	}{
		{"aac on", aac(), true, 2, 0},
		{"aac off", aac(), false, 1, 0},
		{"g711 on", g711(), true, 1, 1},
		{"g711 off", g711(), false, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", c.sound, video264())
			var frames uint32
			f.roll(t.Context(), media.H264, func(n int, _ uint32) bool {
				if f.sound == nil {
					return true
				}
				enc, err := f.sound.Formats[0].(*format.MPEG4Audio).CreateEncoder()
				if err != nil {
					t.Error(err)
					return false
				}
				pkts, err := enc.Encode([][]byte{{0x21, byte(n)}, {0x22, byte(n)}})
				if err != nil {
					t.Error(err)
				}
				for _, p := range pkts {
					p.SequenceNumber, p.Timestamp = uint16(n), frames*1024
					f.stream.WritePacketRTP(f.sound, p) // fails only when the test is over
				}
				frames += 2
				return true
			})
			cfg := config(f)
			cfg.Sound = c.on
			r := pull(t, cfg, nil)
			events := r.until(t, "pictures and sound", func(es []event) bool {
				return len(units(es)) > 20 && (c.tracks == 1 || heard(es) > 4)
			})
			s := sessions(events)[0]
			f.mu.Lock()
			setUp := f.setups
			f.mu.Unlock()
			if len(s.Tracks) != c.tracks || setUp != c.tracks {
				t.Errorf("%d tracks, %d set up, want %d", len(s.Tracks), setUp, c.tracks)
			}
			if c.tracks == 2 && (s.Tracks[1].Codec != media.AAC || s.Tracks[1].ClockRate != 48000 || len(s.Tracks[1].AudioConfig) == 0) {
				t.Errorf("sound track %+v", s.Tracks[1])
			}
			if c.tracks == 1 && heard(events) > 0 {
				t.Error("sound was taken")
			}
			r.stop()
			if n := strings.Count(r.logs.String(), "sound is not recorded"); n != c.lines {
				t.Errorf("%d lines about the sound, want %d", n, c.lines)
			}
		})
	}
}

func heard(es []event) (n int) {
	for _, u := range units(es) {
		if u.Track == 1 && len(u.NALUs) == 1 && len(u.NALUs[0]) == 2 {
			n++
		}
	}
	return n
}
