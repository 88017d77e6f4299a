package ingest_test

import (
	"bytes"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/media"
)

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func aac() *description.Media {
	return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.MPEG4Audio{
		PayloadTyp: 97, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
		Config: &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelCount: 1},
	}}}
}

func g711(law bool) *description.Media {
	return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{
		PayloadTyp: 98, MULaw: law, SampleRate: 16000, ChannelCount: 1,
	}}}
}

func mp2() *description.Media {
	return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.MPEG1Audio{}}}
}

// frame is the n-th frame of sound in the tests, and how many ticks it lasts.
func frame(n int) []byte { return []byte{0x21, byte(n), byte(n >> 8)} }

func TestSound(t *testing.T) {
	for _, c := range []struct {
		name   string
		sound  *description.Media
		on     bool
		tracks int
		lines  int // in the log
		want   media.Track
	}{
		{"aac on", aac(), true, 2, 0, media.Track{Codec: media.AAC, ClockRate: 48000, Channels: 1, AudioConfig: []byte{0x11, 0x88}}},
		{"aac off", aac(), false, 1, 0, media.Track{}},
		{"g711 A-law on", g711(false), true, 2, 0, media.Track{Codec: media.G711A, ClockRate: 16000, Channels: 1}},
		{"g711 µ-law on", g711(true), true, 2, 0, media.Track{Codec: media.G711U, ClockRate: 16000, Channels: 1}},
		{"g711 off", g711(false), false, 1, 0, media.Track{}},
		{"mp2 on", mp2(), true, 1, 1, media.Track{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", c.sound, video264())
			f.roll(t.Context(), media.H264, func(n int, _ uint32) bool {
				f.speak(n, frame(n))
				return true
			})
			cfg := config(f)
			cfg.Sound = c.on
			r := pull(t, cfg, nil)
			events := r.until(t, "pictures and sound", func(es []event) bool {
				return len(units(es)) > 40 && (c.tracks == 1 || len(heard(es)) > 4)
			})
			s := sessions(events)[0]
			f.mu.Lock()
			setUp := f.setups
			f.mu.Unlock()
			if len(s.Tracks) != c.tracks || setUp != c.tracks {
				t.Fatalf("%d tracks, %d set up, want %d", len(s.Tracks), setUp, c.tracks)
			}
			if c.tracks == 2 && !reflect.DeepEqual(s.Tracks[1], c.want) {
				t.Errorf("sound track %+v, want %+v", s.Tracks[1], c.want)
			}
			if c.tracks == 1 && len(heard(events)) > 0 {
				t.Error("sound was taken")
			}
			for i, u := range heard(events) {
				if first := heard(events)[0].NALUs[0]; !bytes.Equal(u.NALUs[0], frame(int(first[1])+int(first[2])<<8+i)) {
					t.Errorf("frame %d is %x after %x", i, u.NALUs[0], first)
				}
			}
			r.stop()
			if n := strings.Count(r.logs.String(), "sound is not recorded"); n != c.lines {
				t.Errorf("%d lines about the sound, want %d", n, c.lines)
			}
		})
	}
}

// speak sends a packet of sound with these bytes as one frame: the n-th, each as
// long as a picture.
func (f *fake) speak(n int, data []byte) {
	if f.sound == nil {
		return
	}
	rate, payload := f.sound.Formats[0].ClockRate(), data
	if _, ok := f.sound.Formats[0].(*format.MPEG4Audio); ok { // AU-headers of one frame (RFC 3640, 3.2.1)
		payload = append([]byte{0, 16, byte(len(data) >> 5), byte(len(data) << 3)}, data...)
	}
	f.say(n, uint32(n*rate/25), payload)
}

// say sends any payload on the sound's track.
func (f *fake) say(seq int, stamp uint32, payload []byte) {
	f.stream.WritePacketRTP(f.sound, &rtp.Packet{ // fails only when the test is over
		Header: rtp.Header{
			Version: 2, Marker: true, PayloadType: f.sound.Formats[0].PayloadType(), SSRC: 77,
			SequenceNumber: uint16(seq), Timestamp: stamp,
		},
		Payload: payload,
	})
}

func heard(es []event) (out []media.Unit) {
	for _, u := range units(es) {
		if u.Track == 1 {
			out = append(out, u)
		}
	}
	return out
}

// TestSoundNeverBreaksVideo: whatever comes as sound, each picture is there.
func TestSoundNeverBreaksVideo(t *testing.T) {
	for _, c := range []struct {
		name  string
		sound *description.Media
		each  func(f *fake, n int)
		most  int // frames of sound for ten pictures
	}{
		{"silent", aac(), func(*fake, int) {}, 0},
		{"broken", aac(), func(f *fake, n int) { f.say(n, uint32(n), []byte{0xff, 0xff, 1, 2, 3}) }, 0},
		{"empty", aac(), func(f *fake, n int) { f.say(n, uint32(n), nil) }, 0},
		{"a stream of another kind", g711(true), func(f *fake, n int) { f.say(n, uint32(n*640), []byte{0x65, 1}) }, 12},
		{"late", g711(true), func(f *fake, n int) {
			if n > 25 {
				f.say(n, uint32((n-25)*640), []byte{1, 2})
			}
		}, 12},
		{"time runs twice as fast", g711(true), func(f *fake, n int) { f.say(n, uint32(n*1280), []byte{1, 2}) }, 12},
		{"time stands still", g711(true), func(f *fake, n int) { f.say(n, 5, []byte{1, 2}) }, 1},
		{"time jumps", g711(true), func(f *fake, n int) { f.say(n, uint32(n)*0x20000000, []byte{1, 2}) }, 12},
		{"huge", g711(true), func(f *fake, n int) {
			for k := range 40 {
				f.say(40*n+k, uint32((40*n+k)*16), make([]byte, 1400))
			}
		}, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, "", c.sound, video264())
			f.roll(t.Context(), media.H264, func(n int, _ uint32) bool { c.each(f, n); return true })
			cfg := config(f)
			cfg.Sound = true
			r := pull(t, cfg, nil)
			events := r.until(t, "100 pictures", func(es []event) bool { return len(units(es))-len(heard(es)) >= 100 })
			if n := len(stops(events)); n > 0 {
				t.Errorf("%d sessions ended", n)
			}
			var nalus [][]byte
			last := time.Duration(-1)
			for _, u := range units(events) {
				if u.Track == 0 {
					nalus = append(nalus, u.NALUs...)
				} else if u.PTS <= last {
					t.Errorf("sound at %s after %s", u.PTS, last)
				} else {
					last = u.PTS
				}
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if !contiguous(f.sent, nalus) {
				t.Error("the pictures are not an exact run of what was sent")
			}
			if n := len(heard(events)); n > 10*c.most {
				t.Errorf("%d frames of sound, want at most %d", n, 10*c.most)
			}
		})
	}
}

// TestSoundThatCostsSessions: a camera that cannot do sound at all is recorded
// without.
func TestSoundThatCostsSessions(t *testing.T) {
	for step, want := range map[string]int{"setup audio": 1, "play": 2} {
		t.Run(step, func(t *testing.T) {
			f := start(t, "", aac(), video264())
			f.denies(step, base.StatusInternalServerError)
			f.roll(t.Context(), media.H264, func(int, uint32) bool {
				if f.count("play") == 1 {
					f.denies("play", 0)
				}
				return true
			})
			cfg := config(f)
			cfg.Sound = true
			r := pull(t, cfg, nil)
			events := r.until(t, "pictures", func(es []event) bool { return len(units(es)) > 20 })
			if n := len(sessions(events)[0].Tracks); n != 1 || f.count("play") != want {
				t.Errorf("%d tracks after %d sessions", n, f.count("play"))
			}
		})
	}
}
