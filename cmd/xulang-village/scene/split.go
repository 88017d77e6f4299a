package scene

import (
	"bytes"
	"fmt"
)

// NAL unit types, ITU-T H.264 table 7-1 and H.265 table 7-1.
const (
	h264Slice, h264IDR, h264SPS, h264PPS            = 1, 5, 7, 8
	h265IDRWithRADL, h265IDRAlone                   = 19, 20
	h265VPS, h265SPS, h265PPS, h265FirstNonVCL byte = 32, 33, 34, 32
)

// nalu is what a splitter has to know of a NAL unit.
type nalu struct {
	typ   byte
	vcl   bool // carries a slice
	first bool // … the first of its picture
	idr   bool
}

// Split cuts an Annex B byte stream into access units. A key picture has to
// start with exactly its parameter sets: (VPS,) SPS, PPS.
func Split(codec Codec, stream []byte) (Clip, error) {
	look, sets := lookH264, []byte{h264SPS, h264PPS}
	switch codec {
	case H264:
	case H265:
		look, sets = lookH265, []byte{h265VPS, h265SPS, h265PPS}
	default:
		return nil, fmt.Errorf("split stream: codec %q", codec)
	}
	var clip Clip
	var unit AccessUnit
	var pictured bool // the unit has a slice: what is not one opens the next
	for _, raw := range annexB(stream) {
		n, err := look(raw)
		if err != nil {
			return nil, fmt.Errorf("split stream: %w", err)
		}
		if pictured && (n.first || !n.vcl) {
			clip = append(clip, unit)
			unit, pictured = AccessUnit{}, false
		}
		unit.NALUs = append(unit.NALUs, raw)
		pictured = pictured || n.vcl
		if n.idr && !unit.Key {
			if !startsWith(unit.NALUs, look, sets) {
				return nil, fmt.Errorf("split stream: picture %d is an IDR without its parameter sets", len(clip))
			}
			unit.Key = true
		}
	}
	if !pictured {
		return nil, fmt.Errorf("split stream: ends without a picture")
	}
	return append(clip, unit), nil
}

func startsWith(nalus [][]byte, look func([]byte) (nalu, error), types []byte) bool {
	if len(nalus) != len(types)+1 {
		return false
	}
	for i, typ := range types {
		if n, err := look(nalus[i]); err != nil || n.typ != typ {
			return false
		}
	}
	return true
}

// annexB cuts at start codes of three or four bytes (H.264 annex B). Emulation
// prevention keeps 00 00 01 out of the units; trailing zeros belong to no unit.
func annexB(stream []byte) [][]byte {
	var out [][]byte
	mark := []byte{0, 0, 1}
	at := bytes.Index(stream, mark)
	for at >= 0 {
		rest := stream[at+len(mark):]
		end := bytes.Index(rest, mark)
		raw := rest
		if end >= 0 {
			raw = rest[:end]
		}
		if raw = bytes.TrimRight(raw, "\x00"); len(raw) > 0 {
			out = append(out, raw)
		}
		stream, at = rest, end
	}
	return out
}

func lookH264(raw []byte) (nalu, error) {
	typ := raw[0] & 0x1f
	n := nalu{typ: typ, vcl: typ >= h264Slice && typ <= h264IDR, idr: typ == h264IDR}
	if n.vcl {
		if len(raw) < 2 {
			return nalu{}, fmt.Errorf("slice of %d bytes", len(raw))
		}
		n.first = raw[1]&0x80 != 0 // first_mb_in_slice, ue(v): a leading 1 is zero
	}
	return n, nil
}

func lookH265(raw []byte) (nalu, error) {
	typ := raw[0] >> 1 & 0x3f
	n := nalu{typ: typ, vcl: typ < h265FirstNonVCL, idr: typ == h265IDRWithRADL || typ == h265IDRAlone}
	if n.vcl {
		if len(raw) < 3 {
			return nalu{}, fmt.Errorf("slice of %d bytes", len(raw))
		}
		n.first = raw[2]&0x80 != 0 // first_slice_segment_in_pic_flag
	}
	return n, nil
}
