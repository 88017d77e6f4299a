package segment

import (
	"bytes"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Still makes a file of one key frame: ftyp moov moof mdat. A player shows it as a
// film of one picture. CodeNoPicture when it cannot be decoded by itself,
// CodeTooLarge when it has more than camera.KeyLargest bytes.
func Still(s media.Session, u media.Unit) ([]byte, error) {
	if len(s.Tracks) == 0 || u.Track != 0 || !u.Key {
		return nil, camera.Errorf(camera.CodeNoPicture, "make still: not a key frame")
	}
	sets := media.ParametersIn(s.Video, u.NALUs).Over(media.ParametersOf(s.Tracks[0]))
	if !sets.Complete(s.Video) {
		return nil, camera.Errorf(camera.CodeNoPicture, "make still: parameter sets are missing")
	}
	head, err := newHead(media.Session{Tracks: s.Tracks[:1], Video: s.Video}, sets)
	if err != nil {
		return nil, camera.Errorf(camera.CodeNoPicture, "make still: %w", fmt.Errorf("%w: %w", ErrParameters, err))
	}
	size := payloadSize(u.NALUs)
	if size+len(head.bytes) > camera.KeyLargest-leadRoom {
		return nil, camera.Errorf(camera.CodeTooLarge, "make still: picture of %d bytes", size)
	}
	var payload buffer
	payload.reset()
	payload.nalus(u.NALUs, size)
	one := track{id: videoID, done: []sample{{oneFrame, uint32(size), isKey, 0}}, size: size}
	return bytes.Clone(payload.after(appendMoof(head.bytes, 1, &one))), nil
}
