package segment

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"
	"xulang.vn/camera/agent/media"
)

// largestSet bounds a parameter set in bytes; real ones have less than a hundred.
const largestSet = 8 << 10

// head is the leading part of a file (ftyp and moov) and what it says.
type head struct {
	bytes []byte
	look

	sound      *media.Track // nil when the file has none
	soundTrack int          // its index in the session
	soundFrame int64        // usual length of a frame in its ticks
}

// look is what a head says of how to play the file.
type look struct {
	codec         string // RFC 6381
	width, height int    // pixels
}

// newHead builds the head from a session and its newest parameter sets. Sound
// that cannot be described is left out.
func newHead(s media.Session, sets media.Parameters) (head, error) {
	for _, set := range [][]byte{sets.VPS, sets.SPS, sets.PPS} {
		if len(set) > largestSet {
			return head{}, fmt.Errorf("parameter set of %d bytes", len(set))
		}
	}
	video, h, err := describeVideo(s.Video, sets)
	if err != nil {
		return head{}, err
	}
	for i := 1; i < len(s.Tracks) && h.sound == nil; i++ {
		codec, name, frame := describeSound(s.Tracks[i])
		if codec == nil {
			continue
		}
		with := h
		with.sound, with.soundTrack, with.soundFrame = &s.Tracks[i], i, frame
		with.codec += "," + name
		if with.bytes, err = marshalHead(video, codec, s.Tracks[i].ClockRate); err == nil {
			return with, nil
		}
	}
	h.bytes, err = marshalHead(video, nil, 0)
	return h, err
}

func marshalHead(video, sound mp4.Codec, soundRate int) ([]byte, error) {
	init := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: videoID, TimeScale: videoRate, Codec: video}}}
	if sound != nil {
		init.Tracks = append(init.Tracks, &fmp4.InitTrack{ID: soundID, TimeScale: uint32(soundRate), Codec: sound})
	}
	var buf seekablebuffer.Buffer
	if err := init.Marshal(&buf); err != nil {
		return nil, fmt.Errorf("write head: %w", err)
	}
	head := bytes.Clone(buf.Bytes())
	if stand, is := sound.(*mp4.CodecLPCM); is {
		return putFLAC(head, stand)
	}
	return head, nil
}

func describeVideo(c media.Codec, sets media.Parameters) (mp4.Codec, head, error) {
	switch c {
	case media.H264:
		var sps h264.SPS
		if err := sps.Unmarshal(sets.SPS); err != nil {
			return nil, head{}, fmt.Errorf("read H.264 parameters: %w", err)
		}
		name := fmt.Sprintf("avc1.%02x%02x%02x", sets.SPS[1], sets.SPS[2], sets.SPS[3])
		return &mp4.CodecH264{SPS: sets.SPS, PPS: sets.PPS}, head{look: look{name, sps.Width(), sps.Height()}}, nil
	case media.H265:
		var sps h265.SPS
		if err := sps.Unmarshal(sets.SPS); err != nil {
			return nil, head{}, fmt.Errorf("read H.265 parameters: %w", err)
		}
		name, err := hevcName(sets.SPS)
		if err != nil {
			return nil, head{}, err
		}
		return &mp4.CodecH265{VPS: sets.VPS, SPS: sets.SPS, PPS: sets.PPS}, head{look: look{name, sps.Width(), sps.Height()}}, nil
	}
	return nil, head{}, fmt.Errorf("codec %q is not video", c)
}

// hevcName is the codec string of ISO/IEC 14496-15, annex E.3: profile,
// compatibility flags with their bits reversed, tier and level, and the six
// constraint bytes without trailing zeros.
func hevcName(sps []byte) (string, error) {
	b := h264.EmulationPreventionRemove(sps) // the same rule in both standards
	const profile = 3                        // after the NAL header and vps id, sub-layers, nesting
	if len(b) < profile+12 {
		return "", fmt.Errorf("read H.265 parameters: %d bytes", len(b))
	}
	b = b[profile:]
	space := []string{"", "A", "B", "C"}[b[0]>>6]
	tier := "L"
	if b[0]&0x20 != 0 {
		tier = "H"
	}
	compatible := uint32(b[1])<<24 | uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4])
	var name strings.Builder
	fmt.Fprintf(&name, "hev1.%s%d.%X.%s%d", space, b[0]&0x1f, bits.Reverse32(compatible), tier, b[11])
	for _, c := range bytes.TrimRight(b[5:11], "\x00") {
		fmt.Fprintf(&name, ".%X", c)
	}
	return name.String(), nil
}

// describeSound gives nil for what the file cannot hold.
func describeSound(t media.Track) (codec mp4.Codec, name string, frame int64) {
	if t.ClockRate <= 0 {
		return nil, "", 0
	}
	switch t.Codec {
	case media.AAC:
		var c mpeg4audio.AudioSpecificConfig
		if err := c.Unmarshal(t.AudioConfig); err != nil {
			return nil, "", 0
		}
		return &mp4.CodecMPEG4Audio{Config: c}, fmt.Sprintf("mp4a.40.%d", c.Type), mpeg4audio.SamplesPerAccessUnit
	case media.Opus:
		return &mp4.CodecOpus{ChannelCount: t.Channels}, "opus", int64(t.ClockRate) / 50 // 20 ms
	case media.G711A, media.G711U:
		return describeG711(t)
	}
	return nil, "", 0
}
