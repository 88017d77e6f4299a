package scene_test

import (
	"bytes"
	"testing"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

var (
	start3 = []byte{0, 0, 1}
	start4 = []byte{0, 0, 0, 1}
)

func stream(start []byte, nalus ...[]byte) []byte {
	var out []byte
	for _, n := range nalus {
		out = append(append(out, start...), n...)
	}
	return out
}

func TestSplit(t *testing.T) {
	sps, pps := []byte{0x67, 1, 2}, []byte{0x68, 3}
	idr, idrMore, p := []byte{0x65, 0x88, 9}, []byte{0x65, 0x10, 9}, []byte{0x41, 0x9a, 7}
	vps5, sps5, pps5 := []byte{0x40, 1, 5}, []byte{0x42, 1, 6}, []byte{0x44, 1, 7}
	idr5, p5 := []byte{0x26, 1, 0xaf}, []byte{0x02, 1, 0xd0}
	tests := []struct {
		name   string
		codec  scene.Codec
		stream []byte
		sizes  []int // NAL units of each picture; nil when refused
	}{
		{"H.264", scene.H264, stream(start4, sps, pps, idr, p, p), []int{3, 1, 1}},
		{"short start codes", scene.H264, stream(start3, sps, pps, idr, p), []int{3, 1}},
		{"two slices", scene.H264, stream(start4, sps, pps, idr, idrMore, p), []int{4, 1}},
		{"two groups", scene.H264, stream(start4, sps, pps, idr, p, sps, pps, idr), []int{3, 1, 3}},
		{"trailing zeros", scene.H264, append(stream(start4, sps, pps, idr), 0, 0, 0), []int{3}},
		{"H.265", scene.H265, stream(start4, vps5, sps5, pps5, idr5, p5), []int{4, 1}},
		{"no parameter sets", scene.H264, stream(start4, idr, p), nil},
		{"wrong order", scene.H264, stream(start4, pps, sps, idr), nil},
		{"no VPS", scene.H265, stream(start4, sps5, pps5, idr5), nil},
		{"no picture", scene.H264, stream(start4, sps, pps), nil},
		{"cut slice", scene.H264, stream(start4, sps, pps, []byte{0x65}), nil},
		{"empty", scene.H264, nil, nil},
		{"other codec", "mjpeg", stream(start4, sps, pps, idr), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clip, err := scene.Split(tt.codec, tt.stream)
			if (err != nil) != (tt.sizes == nil) {
				t.Fatalf("error %v", err)
			}
			if len(clip) != len(tt.sizes) {
				t.Fatalf("%d pictures, want %d", len(clip), len(tt.sizes))
			}
			for i, u := range clip {
				if len(u.NALUs) != tt.sizes[i] || u.Key != (tt.sizes[i] > 1) {
					t.Errorf("picture %d: %d NAL units, key %t", i, len(u.NALUs), u.Key)
				}
			}
		})
	}
}

// What is accepted holds the stream's bytes in order and nothing else.
func FuzzSplit(f *testing.F) {
	f.Add(true, stream(start4, []byte{0x67, 1}, []byte{0x68, 2}, []byte{0x65, 0x88}, []byte{0x41, 0x9a}))
	f.Add(false, stream(start4, []byte{0x40, 1}, []byte{0x42, 1}, []byte{0x44, 1}, []byte{0x26, 1, 0xaf}))
	f.Fuzz(func(t *testing.T, avc bool, data []byte) {
		codec := scene.H265
		if avc {
			codec = scene.H264
		}
		clip, err := scene.Split(codec, data)
		if err != nil {
			return
		}
		rest := data
		for _, u := range clip {
			for _, n := range u.NALUs {
				at := bytes.Index(rest, n)
				if len(n) == 0 || at < 0 {
					t.Fatalf("NAL unit %x is not in order in the stream", n)
				}
				rest = rest[at+len(n):]
			}
		}
	})
}
