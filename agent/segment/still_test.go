package segment_test

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

func TestStill(t *testing.T) {
	for _, track := range []media.Track{small264, large264, small265} {
		r := newRig(t, track)
		u := r.unit(true)
		bare := media.Track{Codec: track.Codec, ClockRate: 90000} // the sets come with the picture
		b, err := segment.Still(media.Session{Video: track.Codec, Tracks: []media.Track{bare, {Codec: media.AAC}}}, u)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.w.Unit(u); err != nil {
			t.Fatal(err)
		}
		made := r.stop()[0]
		if !bytes.HasPrefix(b, made.Bytes()[:made.seg.InitSize]) {
			t.Error("the head is not that of a recording")
		}
		var c content
		if err := c.parts.Unmarshal(b[made.seg.InitSize:]); err != nil || len(c.parts) != 1 || len(c.samples(1)) != 1 {
			t.Fatalf("%d parts, %v", len(c.parts), err)
		}
		if track.Codec == media.H264 {
			sameNALUs(t, c.nalus(t), u.NALUs)
		}
		cmd := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-")
		cmd.Stdin = bytes.NewReader(b)
		if out, err := cmd.Output(); err != nil || len(bytes.TrimSpace(out)) == 0 {
			t.Errorf("ffprobe: %q, %v", out, err)
		}
	}
}

func TestStillRefuses(t *testing.T) {
	r := newRig(t, small264)
	key, other := r.unit(true), r.unit(false)
	session := media.Session{Video: media.H264, Tracks: []media.Track{small264}}
	huge, broken, bare := key, key, key
	huge.NALUs = append(huge.NALUs[:2:2], make([]byte, camera.KeyLargest))
	broken.NALUs = [][]byte{{0x67, 1}, {0x68, 1}, {0x65}}
	bare.NALUs = key.NALUs[3:]
	for _, c := range []struct {
		name string
		s    media.Session
		u    media.Unit
		code camera.Code
	}{
		{"no key frame", session, other, camera.CodeNoPicture},
		{"no track", media.Session{Video: media.H264}, key, camera.CodeNoPicture},
		{"too large", session, huge, camera.CodeTooLarge},
		{"broken parameter sets", session, broken, camera.CodeNoPicture},
		{"no parameter sets", media.Session{Video: media.H264, Tracks: []media.Track{{Codec: media.H264}}}, bare, camera.CodeNoPicture},
	} {
		if b, err := segment.Still(c.s, c.u); camera.CodeOf(err) != c.code || b != nil {
			t.Errorf("%s: %d bytes, %v", c.name, len(b), err)
		}
	}
	if _, err := segment.Still(session, broken); !errors.Is(err, segment.ErrParameters) {
		t.Errorf("%v", err)
	}
}
