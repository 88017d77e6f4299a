package ingest

import (
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/media"
)

const (
	deafFor    = 10 * time.Minute // a sound that may have cost a session is not asked for so long
	mostApart  = 5 * time.Second  // between the media time of sound and of pictures
	loudest    = 64 << 10         // bytes of sound in a second; AAC and G.711 need less than half of it
	mostSounds = mostQueued / 2   // units in the queue: the rest is for pictures
)

// setUpSound adds the camera's sound when it can be recorded. Whatever goes wrong
// with it, the video goes on: the worst is a line in the log.
func (s *session) setUpSound(desc *description.Session) {
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			if m.Type != description.MediaTypeAudio || m.IsBackChannel {
				continue
			}
			t, decode := soundTrack(f)
			if decode == nil {
				s.noSound("codec", f.Codec())
				continue
			}
			if _, err := s.client.Setup(desc.BaseURL, m, 0, 0); err != nil {
				s.noSound("error", err.Error())
				s.i.deaf = s.i.now().Add(deafFor)
				return
			}
			s.sound, s.hearable = &t, decode
			s.hearing = rtpClock{rate: int64(t.ClockRate)}
			s.client.OnPacketRTP(m, f, s.soundPacket)
			return
		}
	}
}

// noSound says so once, not with every session.
func (s *session) noSound(key, value string) {
	if _, ok := s.i.sound.allow(); ok {
		s.i.log.Info("sound is not recorded", key, value)
	}
}

// soundTrack describes a sound that a file can hold; decode is nil for others.
func soundTrack(f format.Format) (t media.Track, decode func(*rtp.Packet) ([][]byte, error)) {
	switch f := f.(type) {
	case *format.MPEG4Audio:
		d, err := f.CreateDecoder()
		if err != nil || f.Config == nil || f.ClockRate() <= 0 {
			return t, nil
		}
		config, err := f.Config.Marshal()
		if err != nil {
			return t, nil
		}
		return media.Track{Codec: media.AAC, ClockRate: f.ClockRate(), AudioConfig: config, Channels: f.Config.ChannelCount}, d.Decode
	case *format.Opus:
		d, err := f.CreateDecoder()
		if err != nil {
			return t, nil
		}
		return media.Track{Codec: media.Opus, ClockRate: f.ClockRate(), Channels: max(1, f.ChannelCount)}, oneFrame(d.Decode)
	case *format.G711:
		d, err := f.CreateDecoder()
		if err != nil || f.SampleRate < 8000 || f.SampleRate > 48000 || f.ChannelCount > 2 {
			return t, nil
		}
		t = media.Track{Codec: media.G711A, ClockRate: f.SampleRate, Channels: f.ChannelCount}
		if f.MULaw {
			t.Codec = media.G711U
		}
		return t, oneFrame(d.Decode)
	}
	return t, nil
}

func oneFrame(decode func(*rtp.Packet) ([]byte, error)) func(*rtp.Packet) ([][]byte, error) {
	return func(p *rtp.Packet) ([][]byte, error) {
		frame, err := decode(p)
		return [][]byte{frame}, err
	}
}

// soundPacket runs in gortsplib's reader. Sound before the first picture has no
// place on the time line, and sound that cannot be decoded is dropped. So is what
// would hold up the pictures: it never waits for room.
func (s *session) soundPacket(pkt *rtp.Packet) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if !s.picture.seen {
		return
	}
	received := s.read()
	if !s.noise.bearable(received, len(pkt.Payload)) {
		s.noSound("error", "more than 64 KiB a second")
		return
	}
	frames, err := s.hearable(pkt)
	if err != nil {
		return // a fragment, or damage that the ear will find
	}
	at := s.heardAt(pkt.Timestamp, received)
	step := time.Duration(mpeg4audio.SamplesPerAccessUnit) * time.Second / time.Duration(s.sound.ClockRate)
	for n, frame := range frames {
		pts := at + time.Duration(n)*step
		if len(frame) == 0 || s.noise.any && pts <= s.noise.last || len(s.units) >= mostSounds {
			continue
		}
		s.noise.last, s.noise.any = pts, true
		s.send(media.Unit{Track: 1, NALUs: [][]byte{frame}, PTS: pts, DTS: pts, Received: received, Key: true})
	}
}

// heardAt is the media time of sound. It begins where the pictures are, and
// begins anew there when its own time stamps lead too far away.
func (s *session) heardAt(stamp uint32, received time.Time) time.Duration {
	due := s.picture.media + received.Sub(s.picture.received)
	if !s.hearing.seen {
		s.hearing.from(due)
	}
	at := s.hearing.at(stamp, received)
	if off := at - due; off > mostApart || off < -mostApart {
		s.hearing = rtpClock{rate: s.hearing.rate}
		s.hearing.from(due)
		at = s.hearing.at(stamp, received)
	}
	return at
}

// noise keeps sound within its limits: so much in a second, and its times grow.
type noise struct {
	since time.Time
	bytes int
	last  time.Duration // media time of the frame before
	any   bool
}

func (n *noise) bearable(now time.Time, size int) bool {
	if d := now.Sub(n.since); d >= time.Second || d < 0 {
		n.since, n.bytes = now, 0
	}
	n.bytes += size
	return n.bytes <= loudest
}

// offered names the codecs of a description.
func offered(desc *description.Session) string {
	var names []string
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			names = append(names, f.Codec())
		}
	}
	return strings.Join(names, ", ")
}
