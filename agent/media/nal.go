package media

import "bytes"

// H.264 NAL unit types: ISO/IEC 14496-10, table 7-1.
const (
	h264Slice = 1 // … 5 are slices and slice data partitions
	h264IDR   = 5
	h264SPS   = 7
	h264PPS   = 8
)

// H.265 NAL unit types: ISO/IEC 23008-2, table 7-1.
const (
	h265FirstIRAP = 16 // BLA_W_LP
	h265LastIRAP  = 21 // CRA_NUT; 22 and 23 are reserved
	h265LastVCL   = 31
	h265VPS       = 32
	h265SPS       = 33
	h265PPS       = 34
)

// nalType reads the type of a NAL unit, -1 when it is too short to have one.
func nalType(c Codec, nalu []byte) int {
	switch {
	case c == H264 && len(nalu) >= 1:
		return int(nalu[0] & 0x1f)
	case c == H265 && len(nalu) >= 2:
		return int(nalu[0]>>1) & 0x3f
	}
	return -1
}

// Coded tells whether the NAL unit holds a piece of a picture.
func Coded(c Codec, nalu []byte) bool {
	t := nalType(c, nalu)
	if c == H264 {
		return t >= h264Slice && t <= h264IDR
	}
	return t >= 0 && t <= h265LastVCL
}

// Key tells whether decoding can start at this access unit. A recovery point
// without an IDR picture is not a key frame: players cannot seek to it.
func Key(c Codec, nalus [][]byte) bool {
	for _, n := range nalus {
		t := nalType(c, n)
		if c == H264 && t == h264IDR || c == H265 && t >= h265FirstIRAP && t <= h265LastIRAP {
			return true
		}
	}
	return false
}

// Parameters are the parameter sets that a decoder needs before a picture.
type Parameters struct {
	VPS, SPS, PPS []byte
}

// ParametersIn finds the first parameter set of each kind in an access unit.
func ParametersIn(c Codec, nalus [][]byte) Parameters {
	var p Parameters
	for _, n := range nalus {
		switch t := nalType(c, n); {
		case c == H264 && t == h264SPS, c == H265 && t == h265SPS:
			keep(&p.SPS, n)
		case c == H264 && t == h264PPS, c == H265 && t == h265PPS:
			keep(&p.PPS, n)
		case c == H265 && t == h265VPS:
			keep(&p.VPS, n)
		}
	}
	return p
}

func keep(set *[]byte, nalu []byte) {
	if *set == nil {
		*set = nalu
	}
}

// ParametersOf are the parameter sets of a track.
func ParametersOf(t Track) Parameters { return Parameters{VPS: t.VPS, SPS: t.SPS, PPS: t.PPS} }

// Over puts the sets that p has over those of older.
func (p Parameters) Over(older Parameters) Parameters {
	keep(&p.VPS, older.VPS)
	keep(&p.SPS, older.SPS)
	keep(&p.PPS, older.PPS)
	return p
}

// Clone copies the sets: they are often a piece of a larger buffer.
func (p Parameters) Clone() Parameters {
	return Parameters{VPS: bytes.Clone(p.VPS), SPS: bytes.Clone(p.SPS), PPS: bytes.Clone(p.PPS)}
}

// Complete tells whether a decoder could start with these sets.
func (p Parameters) Complete(c Codec) bool {
	return len(p.SPS) > 0 && len(p.PPS) > 0 && (c != H265 || len(p.VPS) > 0)
}

// Equal compares the sets byte for byte.
func (p Parameters) Equal(o Parameters) bool {
	return bytes.Equal(p.VPS, o.VPS) && bytes.Equal(p.SPS, o.SPS) && bytes.Equal(p.PPS, o.PPS)
}
