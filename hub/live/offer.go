package live

import (
	"context"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	camera "xulang.vn/camera"
)

// Limits of an offer from outside.
const (
	offerLargest = 64 << 10 // bytes
	sectionsMost = 4        // video and audio, with room for a browser's habits
)

// checkOffer refuses what is no offer of one H.264 video in the wanted direction
// ("sendonly", "recvonly"; an offer that leaves it open is taken).
func checkOffer(offer, direction string) error {
	if len(offer) > offerLargest {
		return camera.Errorf(camera.CodeTooLarge, "read offer: %d bytes, at most %d", len(offer), offerLargest)
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(offer); err != nil {
		return camera.Errorf(camera.CodeBadRequest, "read offer: %w", err)
	}
	if len(s.MediaDescriptions) > sectionsMost {
		return camera.Errorf(camera.CodeBadRequest, "read offer: %d media sections", len(s.MediaDescriptions))
	}
	videos := 0
	for _, m := range s.MediaDescriptions {
		switch m.MediaName.Media {
		case "audio":
		case "video":
			videos++
			if !faces(m, direction) {
				return camera.Errorf(camera.CodeBadRequest, "read offer: video is not %s", direction)
			}
			if !offersH264(m) {
				return camera.Errorf(camera.CodeBadRequest, "read offer: no H.264 with packetization-mode 1")
			}
		default:
			return camera.Errorf(camera.CodeBadRequest, "read offer: section of another kind than audio and video")
		}
	}
	if videos != 1 {
		return camera.Errorf(camera.CodeBadRequest, "read offer: %d video sections, want 1", videos)
	}
	return nil
}

func faces(m *sdp.MediaDescription, direction string) bool {
	for _, other := range []string{"sendonly", "recvonly", "inactive"} {
		if _, found := m.Attribute(other); found && other != direction {
			return false
		}
	}
	return true
}

func offersH264(m *sdp.MediaDescription) bool {
	h264, mode1 := map[string]bool{}, map[string]bool{}
	for _, a := range m.Attributes {
		payload, value, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "rtpmap":
			h264[payload] = strings.EqualFold(value, "H264/90000")
		case "fmtp":
			mode1[payload] = strings.Contains(value, "packetization-mode=1")
		}
	}
	for payload, is := range h264 {
		if is && mode1[payload] {
			return true
		}
	}
	return false
}

// answer makes the answer to a checked offer, with all candidates in it.
func (n *network) answer(ctx context.Context, pc *webrtc.PeerConnection, offer string) (string, error) {
	err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", camera.Errorf(camera.CodeBadRequest, "take offer: %w", err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", camera.Errorf(camera.CodeBadRequest, "make answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", camera.Errorf(camera.CodeBadRequest, "set answer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", camera.Errorf(camera.CodeUnavailable, "gather candidates: %w", context.Cause(ctx))
	}
	return n.finish(pc.LocalDescription().SDP)
}

// finish refuses an answer without video and puts the announced addresses in the
// place of the interfaces' ones.
func (n *network) finish(answer string) (string, error) {
	var s sdp.SessionDescription
	if err := s.UnmarshalString(answer); err != nil {
		return "", camera.Errorf(camera.CodeInternal, "read own answer: %w", err)
	}
	for _, m := range s.MediaDescriptions {
		if m.MediaName.Media == "video" && m.MediaName.Port.Value == 0 {
			return "", camera.Errorf(camera.CodeBadRequest, "make answer: no H.264 profile in common")
		}
		n.announce(m)
	}
	out, err := s.Marshal()
	if err != nil {
		return "", camera.Errorf(camera.CodeInternal, "write answer: %w", err)
	}
	return string(out), nil
}
