package ingest_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// packet is an RTP packet in short: sequence number, time stamp, marker, payload.
type packet struct {
	seq    uint16
	stamp  uint32
	marker bool
	body   []byte
}

func push(a *ingest.Assembler, packets []packet) (out []ingest.Access, dropped int) {
	for i, p := range packets {
		got, err := a.Push(&rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: p.stamp, Marker: p.marker},
			Payload: p.body,
		}, noon.Add(time.Duration(i)*time.Second))
		out = append(out, got...)
		if err != nil {
			dropped++
		}
	}
	return out, dropped
}

func TestAssembler(t *testing.T) {
	idr, slice, sps, pps, sei := []byte{0x65, 1, 1}, []byte{0x41, 2, 2}, []byte{0x67, 3}, []byte{0x68, 4}, []byte{6, 5}
	fu := func(start, end byte, body ...byte) []byte {
		return append([]byte{0x7c, start<<7 | end<<6 | 5}, body...)
	}
	for _, c := range []struct {
		name    string
		packets []packet
		want    [][][]byte // units
		at      []int      // index of the packet that each unit was received with
		dropped int
	}{
		{"one by one", []packet{{0, 1, true, idr}, {1, 2, true, slice}}, [][][]byte{{idr}, {slice}}, []int{0, 1}, 0},
		{"two slices", []packet{{0, 1, false, idr}, {1, 1, true, idr}}, [][][]byte{{idr, idr}}, []int{0}, 0},
		{"no markers", []packet{{0, 1, false, idr}, {1, 2, false, slice}, {2, 3, false, slice}}, [][][]byte{{idr}, {slice}}, []int{0, 1}, 0},
		{"sets with a marker", []packet{{0, 1, true, sps}, {1, 1, true, pps}, {2, 1, true, idr}}, [][][]byte{{sps, pps, idr}}, []int{0}, 0},
		{"sets with a time stamp of their own", []packet{{0, 1, true, sps}, {1, 2, true, idr}}, [][][]byte{{sps, idr}}, []int{1}, 0},
		{"SEI after the picture", []packet{{0, 1, true, idr}, {1, 1, true, sei}, {2, 2, true, slice}}, [][][]byte{{idr}, {sei, slice}}, []int{0, 2}, 0},
		{"fragments", []packet{{0, 1, false, fu(1, 0, 7)}, {1, 1, false, fu(0, 0, 8)}, {2, 1, true, fu(0, 1, 9)}}, [][][]byte{{{0x65, 7, 8, 9}}}, []int{0}, 0},
		{"a fragment lost", []packet{{0, 1, false, fu(1, 0, 7)}, {2, 1, true, fu(0, 1, 9)}, {3, 2, true, slice}}, [][][]byte{{slice}}, []int{2}, 1},
		{"a slice lost", []packet{{0, 1, false, idr}, {2, 1, true, idr}, {3, 2, true, slice}}, [][][]byte{{slice}}, []int{2}, 1},
		{"joined in the middle", []packet{{9, 1, true, fu(0, 1, 9)}, {10, 2, true, slice}}, [][][]byte{{slice}}, []int{1}, 0},
		{"joined in the middle of a picture", []packet{{9, 1, false, fu(0, 1, 9)}, {10, 1, true, idr}, {11, 2, true, slice}}, [][][]byte{{slice}}, []int{2}, 0},
		{"sequence wraps", []packet{{65535, 1, true, idr}, {0, 2, true, slice}}, [][][]byte{{idr}, {slice}}, []int{0, 1}, 0},
		{"empty packet", []packet{{0, 1, true, nil}, {1, 2, true, slice}}, [][][]byte{{slice}}, []int{1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dropped := push(ingest.NewAssembler(media.H264), c.packets)
			if dropped != c.dropped || len(got) != len(c.want) {
				t.Fatalf("%d units, %d dropped, want %d and %d", len(got), dropped, len(c.want), c.dropped)
			}
			for i, u := range got {
				if !slices.EqualFunc(u.NALUs, c.want[i], bytes.Equal) {
					t.Errorf("unit %d: %x, want %x", i, u.NALUs, c.want[i])
				}
				if p := c.packets[c.at[i]]; u.Stamp != p.stamp || !u.Received.Equal(noon.Add(time.Duration(c.at[i])*time.Second)) {
					t.Errorf("unit %d: stamp %d, received %s", i, u.Stamp, u.Received)
				}
			}
		})
	}
}

func TestAssemblerH265WithoutMarkers(t *testing.T) {
	idr, trail := []byte{19 << 1, 1, 5}, []byte{1 << 1, 1, 6}
	got, dropped := push(ingest.NewAssembler(media.H265), []packet{{0, 1, false, idr}, {1, 2, false, trail}, {2, 3, false, trail}})
	if dropped != 0 || len(got) != 2 || !bytes.Equal(got[0].NALUs[0], idr) || len(got[1].NALUs) != 1 {
		t.Errorf("%d units %+v", len(got), got)
	}
}

func TestAssemblerLimits(t *testing.T) {
	a := ingest.NewAssembler(media.H264)
	dropped, most := 0, 0
	for n := range 2000 { // parameter sets for ever
		got, lost := push(a, []packet{{uint16(n), 1, false, []byte{0x67, 1}}})
		dropped += lost
		most = max(most, len(got))
	}
	if dropped == 0 || most != 0 {
		t.Errorf("%d dropped, %d units", dropped, most)
	}
}
