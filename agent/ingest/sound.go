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

// soundTrack describes a sound that a file can hold; decode is nil for others
// (G.711 in MP4 does not play in browsers and has silently cost recordings).
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
		one := func(p *rtp.Packet) ([][]byte, error) {
			frame, err := d.Decode(p)
			return [][]byte{frame}, err
		}
		return media.Track{Codec: media.Opus, ClockRate: f.ClockRate(), Channels: max(1, f.ChannelCount)}, one
	}
	return t, nil
}

// soundPacket runs in gortsplib's reader. Sound before the first picture has no
// place on the time line, and sound that cannot be decoded is dropped.
func (s *session) soundPacket(pkt *rtp.Packet) {
	if !s.picture.seen {
		return
	}
	received := s.i.now()
	if !s.hearing.seen {
		s.hearing.from(s.picture.media + received.Sub(s.picture.received))
	}
	frames, err := s.hearable(pkt)
	if err != nil {
		return // a fragment, or damage that the ear will find
	}
	at := s.hearing.at(pkt.Timestamp, received)
	step := time.Duration(mpeg4audio.SamplesPerAccessUnit) * time.Second / time.Duration(s.sound.ClockRate)
	for n, frame := range frames {
		if len(frame) == 0 {
			continue
		}
		pts := at + time.Duration(n)*step
		s.send(media.Unit{Track: 1, NALUs: [][]byte{frame}, PTS: pts, DTS: pts, Received: received, Key: true})
	}
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
