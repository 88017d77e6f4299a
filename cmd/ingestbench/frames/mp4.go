package frames

import (
	"encoding/binary"

	"xulang.vn/camera/cmd/ingestbench/mark"
)

// box is one of ISO/IEC 14496-12, 4.2.
type box struct {
	kind string
	at   int // of its first byte in the file
	body []byte
}

// boxes takes a part of a file apart; what is torn at its end is left out.
func boxes(b []byte, at int) []box {
	var out []box
	for len(b) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(b)), 8
		switch {
		case size == 1 && len(b) >= 16:
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		case size == 0:
			size = uint64(len(b))
		}
		if size < uint64(head) || size > uint64(len(b)) {
			return out
		}
		out = append(out, box{kind: string(b[4:8]), at: at, body: b[head:size]})
		b, at = b[size:], at+int(size)
	}
	return out
}

// samples goes through a fragmented file of one video track; false: it is none.
// A fragment whose samples are not all there counts as damaged once.
func (b *Book) samples(file []byte) bool {
	fragments := 0
	for _, top := range boxes(file, 0) {
		if top.kind != "moof" {
			continue
		}
		fragments++
		for _, inner := range boxes(top.body, 0) {
			if inner.kind == "traf" && !b.track(file, top.at, inner.body) {
				b.damaged++
			}
		}
	}
	return fragments > 0
}

// track looks at the samples of one track fragment (8.8.7 and 8.8.8).
func (b *Book) track(file []byte, moof int, traf []byte) bool {
	var usual uint32 // size of a sample that has none of its own
	at := moof
	for _, in := range boxes(traf, 0) {
		r := reader{b: in.body}
		switch in.kind {
		case "tfhd":
			flags := r.u32() & 0xffffff
			r.u32() // track
			base := r.u64If(flags&0x1 != 0)
			r.u32If(flags&0x2 != 0)
			r.u32If(flags&0x8 != 0)
			usual = r.u32If(flags&0x10 != 0)
			if flags&0x1 != 0 {
				at = int(base)
			}
		case "trun":
			flags := r.u32() & 0xffffff
			count := r.u32()
			if flags&0x1 != 0 {
				at = moof + int(int32(r.u32()))
			}
			r.u32If(flags&0x4 != 0)
			for range count {
				r.u32If(flags&0x100 != 0)
				size := usual
				if flags&0x200 != 0 {
					size = r.u32()
				}
				r.u32If(flags&0x400 != 0)
				r.u32If(flags&0x800 != 0)
				if r.short || at < 0 || at+int(size) > len(file) || size == 0 {
					return false
				}
				b.sample(file[at : at+int(size)])
				at += int(size)
			}
		}
		if r.short {
			return false
		}
	}
	return true
}

// sample is one access unit, its NAL units behind lengths of 4 bytes (ISO/IEC
// 14496-15, 5.3.3).
func (b *Book) sample(unit []byte) {
	var found mark.Mark
	marks, slices := 0, uint32(0)
	for len(unit) > 4 {
		n := binary.BigEndian.Uint32(unit)
		unit = unit[4:]
		if n == 0 || uint64(n) > uint64(len(unit)) {
			break
		}
		nal := unit[:n]
		unit = unit[n:]
		switch nal[0] & 31 {
		case 1, 5:
			slices += n
		case 6:
			if m, end := mark.Next(nal); end > 0 {
				found = m
				marks++
			}
		}
	}
	if marks != 1 || slices != found.Picture || len(unit) > 0 {
		b.damaged++
		return
	}
	b.note(found)
}

// reader takes numbers from a box; short tells that there were too few.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.short = true
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u32If(there bool) uint32 {
	if !there {
		return 0
	}
	return r.u32()
}

func (r *reader) u64If(there bool) uint64 {
	if !there {
		return 0
	}
	return uint64(r.u32())<<32 | uint64(r.u32())
}
