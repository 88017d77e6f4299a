package ingest_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// FuzzLoss sends real packets and loses some: a unit comes as it was sent, or not
// at all, and the loss of one costs no more than its neighbours.
func FuzzLoss(f *testing.F) {
	f.Add([]byte{1, 200, 3, 40, 90}, []byte{}, true)
	f.Add([]byte{1, 200, 3, 40, 90}, []byte{0b00010000, 0, 0b1}, true)
	f.Add([]byte{255, 255, 0, 0, 7}, []byte{0b10000001, 0b100, 0xff}, false)
	f.Fuzz(func(t *testing.T, sizes, lost []byte, h264 bool) {
		codec, encode := media.H265, newEncoder(t, media.H265)
		if h264 {
			codec, encode = media.H264, newEncoder(t, media.H264)
		}
		a, sent, hurt, seq := ingest.NewAssembler(codec), map[uint32][][]byte{}, map[uint32]bool{}, 0
		got := map[uint32]bool{}
		sizes = sizes[:min(len(sizes), 30)]
		for n, size := range sizes {
			stamp := uint32(n+1) * 3600
			sent[stamp] = picture(codec, n, int(size)*40)
			pkts, err := encode(sent[stamp])
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pkts {
				p.Timestamp = stamp
				if k := seq / 8; seq > 0 && k < len(lost) && lost[k]>>(seq%8)&1 == 1 { // not the first: where a session joins is another test
					hurt[stamp], hurt[stamp+3600] = true, true
					seq++
					continue
				}
				seq++
				units, _ := a.Push(p, noon)
				for _, u := range units {
					if !slices.EqualFunc(u.NALUs, sent[u.Stamp], bytes.Equal) {
						t.Fatalf("unit %d came as %d NAL units of other bytes", u.Stamp/3600, len(u.NALUs))
					}
					got[u.Stamp] = true
				}
			}
		}
		for stamp := range sent {
			if !got[stamp] && !hurt[stamp] {
				t.Errorf("unit %d of %d is missing, though nothing near it was lost", stamp/3600, len(sizes))
			}
		}
	})
}

func newEncoder(t *testing.T, c media.Codec) func([][]byte) ([]*rtp.Packet, error) {
	if c == media.H264 {
		e, err := (&format.H264{PayloadTyp: 96, PacketizationMode: 1}).CreateEncoder()
		if err != nil {
			t.Fatal(err)
		}
		return e.Encode
	}
	e, err := (&format.H265{PayloadTyp: 96}).CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	return e.Encode
}

// picture is an access unit of two slices and a message, with a given size.
func picture(c media.Codec, n, size int) [][]byte {
	message, slice := []byte{6, 5}, []byte{0x41, 1}
	if c == media.H265 {
		message, slice = []byte{39 << 1, 1}, []byte{1 << 1, 1}
	}
	body := fmt.Appendf(nil, "picture %d ", n)
	body = append(body, bytes.Repeat([]byte{byte(n), 0xab, 3}, size/3)...)
	return [][]byte{append(message, body[:8]...), append(slices.Clone(slice), body...), append(slices.Clone(slice), 0x77, byte(n))}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte{3, 0x65, 1, 2}, true)
	f.Add([]byte{4, 0x7c, 0x85, 1, 2, 4, 0x7c, 0x45, 1, 2}, false)
	f.Add([]byte{7, 0x78, 0, 2, 0x67, 1, 0, 0}, true)
	f.Add([]byte{5, 0x7c, 0xc5, 1, 2, 3, 9, 0x06, 0, 0, 0, 1, 5, 0, 0, 1, 4, 0x41, 1, 1, 1}, true) // both ends in one fragment; a start code inside
	f.Add([]byte{5, 19 << 1, 1, 2, 3, 4, 5, 1 << 1, 1, 2, 3, 4}, false)
	f.Add([]byte{6, 49 << 1, 1, 0x93, 1, 2, 3, 6, 49 << 1, 1, 0x53, 4, 5, 6}, false)                 // fragments of an IDR
	f.Add([]byte{12, 48 << 1, 1, 0, 3, 33 << 1, 1, 9, 0, 3, 19 << 1, 1, 9, 3, 50 << 1, 1, 0}, false) // an aggregate; PACI
	f.Fuzz(func(t *testing.T, stream []byte, h264 bool) {
		codec := media.H265
		if h264 {
			codec = media.H264
		}
		a := ingest.NewAssembler(codec)
		for n := uint16(0); len(stream) > 0; n++ {
			size := min(int(stream[0]), len(stream)-1)
			body := stream[1 : 1+size]
			stream = stream[1+size:]
			got, _ := push(a, []packet{{n, uint32(size), size%3 == 0, body}})
			for _, u := range got {
				if len(u.NALUs) == 0 || !slices.ContainsFunc(u.NALUs, func(n []byte) bool { return media.Coded(codec, n) }) {
					t.Fatalf("a unit without a picture: %x", u.NALUs)
				}
			}
		}
	})
}
