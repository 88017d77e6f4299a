package media_test

import (
	"bytes"
	"testing"

	"xulang.vn/camera/agent/media"
)

func TestKeyAndCoded(t *testing.T) {
	for _, c := range []struct {
		name       string
		codec      media.Codec
		nalu       []byte
		key, coded bool
	}{
		{"h264 IDR", media.H264, []byte{0x65, 1}, true, true},
		{"h264 slice", media.H264, []byte{0x41, 1}, false, true},
		{"h264 SEI", media.H264, []byte{0x06, 1}, false, false},
		{"h264 SPS", media.H264, []byte{0x67, 1}, false, false},
		{"h264 empty", media.H264, nil, false, false},
		{"h265 IDR_W_RADL", media.H265, []byte{19 << 1, 1}, true, true},
		{"h265 IDR_N_LP", media.H265, []byte{20 << 1, 1}, true, true},
		{"h265 CRA", media.H265, []byte{21 << 1, 1}, true, true},
		{"h265 BLA", media.H265, []byte{16 << 1, 1}, true, true},
		{"h265 reserved IRAP", media.H265, []byte{22 << 1, 1}, false, true},
		{"h265 TRAIL_R", media.H265, []byte{1 << 1, 1}, false, true},
		{"h265 VPS", media.H265, []byte{32 << 1, 1}, false, false},
		{"h265 one byte", media.H265, []byte{19 << 1}, false, false},
	} {
		if got := media.Key(c.codec, [][]byte{c.nalu}); got != c.key {
			t.Errorf("%s: key %v, want %v", c.name, got, c.key)
		}
		if got := media.Coded(c.codec, c.nalu); got != c.coded {
			t.Errorf("%s: coded %v, want %v", c.name, got, c.coded)
		}
	}
}

func TestParameters(t *testing.T) {
	sps, pps, pps2 := []byte{0x67, 1}, []byte{0x68, 1}, []byte{0x68, 2}
	p := media.ParametersIn(media.H264, [][]byte{{0x09, 0xf0}, sps, pps, pps2, {0x65, 0}})
	if !bytes.Equal(p.SPS, sps) || !bytes.Equal(p.PPS, pps) || p.VPS != nil {
		t.Fatalf("found %x", p)
	}
	if !p.Complete(media.H264) || p.Complete(media.H265) {
		t.Error("H.264 needs no VPS, H.265 does")
	}
	newer := media.Parameters{PPS: pps2}.Over(p)
	if !bytes.Equal(newer.SPS, sps) || !bytes.Equal(newer.PPS, pps2) || newer.Equal(p) {
		t.Errorf("newer over older gave %x", newer)
	}
}

func TestSoundIsNotVideo(t *testing.T) {
	for c, video := range map[media.Codec]bool{
		media.H264: true, media.H265: true, media.AAC: false, media.Opus: false, media.G711A: false, media.G711U: false,
	} {
		if c.Video() != video {
			t.Errorf("%s: video %v, want %v", c, c.Video(), video)
		}
	}
}

func FuzzParametersIn(f *testing.F) {
	f.Add([]byte{0x67, 1}, []byte{})
	f.Add([]byte{64, 1}, []byte{66})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, c := range []media.Codec{media.H264, media.H265} {
			nalus := [][]byte{a, b}
			p := media.ParametersIn(c, nalus)
			if p.SPS != nil && media.Coded(c, p.SPS) {
				t.Errorf("%s: %x is both a parameter set and a picture", c, p.SPS)
			}
			media.Key(c, nalus)
		}
	})
}
