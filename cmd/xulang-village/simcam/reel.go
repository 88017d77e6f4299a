package simcam

import (
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

// Reel is what one home's camera shows at any time: a pure function, so what a
// recorder plays back later is what was seen live. Time is cut into groups of
// [scene.GOPDuration] that are counted since 1970, the same for every camera.
type Reel struct {
	Home   *scene.Home
	Passes func(from, to time.Time) []Pass // that enter in [from, to); none overlap
}

// Pictures are those of the group, of which the first is a key picture. A clip
// begins with the group whose start is nearest to the time at which its vehicle
// enters.
func (r Reel) Pictures(group int64) scene.Clip {
	const half = scene.GOPDuration / 2
	for back := range int64(2) { // no clip is longer than two groups
		start := GroupStart(group - back)
		for _, pass := range r.Passes(start.Add(-half), start.Add(half)) {
			clip := r.Home.Clip(pass.Kind, pass.Direction)
			if from := int(back) * scene.GOP; len(clip) >= from+scene.GOP {
				return clip[from : from+scene.GOP]
			}
		}
	}
	return r.Home.Idle
}

// Group is the number of the group that shows t, a time after 1970.
func Group(t time.Time) int64 { return t.UnixNano() / int64(scene.GOPDuration) }

// GroupStart is the time of the group's key picture.
func GroupStart(group int64) time.Time {
	return time.Unix(0, group*int64(scene.GOPDuration))
}

// Encoder packs an access unit into RTP packets, without time stamps.
type Encoder interface {
	Encode([][]byte) ([]*rtp.Packet, error)
}

// Track gives the one video track of a home and what packs it into RTP.
func Track(home *scene.Home) (*description.Media, Encoder, error) {
	var f format.Format
	var e Encoder
	var err error
	if home.Codec == scene.H265 {
		h265 := &format.H265{PayloadTyp: payloadType, VPS: home.VPS, SPS: home.SPS, PPS: home.PPS}
		f = h265
		e, err = h265.CreateEncoder()
	} else {
		h264 := &format.H264{PayloadTyp: payloadType, SPS: home.SPS, PPS: home.PPS, PacketizationMode: 1}
		f = h264
		e, err = h264.CreateEncoder()
	}
	return &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{f}}, e, err
}
