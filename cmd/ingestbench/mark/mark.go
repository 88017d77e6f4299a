// Package mark numbers the pictures of a stream, so that they are known again in
// a recording. The number is in a supplemental message beside each picture, which
// every recorder keeps that does not touch what the camera sent: user data
// unregistered, ISO/IEC 14496-10 annex D.1.7.
package mark

import (
	"bytes"
	"strconv"
)

// Mark is what is known of one picture.
type Mark struct {
	Stream  uint16 // of the source
	Number  uint32 // of the picture: one more than that of the picture before
	Picture uint32 // bytes of the picture's slices
}

// start is NAL header, payload type, payload size and our UUID. Neither it nor the
// hex digits that follow hold a zero byte: nothing has to be escaped.
var start = []byte{
	0x06, 0x05, 16 + digits,
	0xb7, 0x1e, 0x42, 0x9d, 0x5a, 0x3c, 0x4f, 0x81, 0x93, 0xd6, 0x2b, 0x68, 0xe4, 0x77, 0x1c, 0xaf,
}

const digits = 4 + 8 + 8

// Size of a mark in bytes: one NAL unit.
const Size = 3 + 16 + digits + 1

// Append writes the mark's NAL unit, without start code.
func (m Mark) Append(b []byte) []byte {
	b = append(b, start...)
	b = hex(b, uint64(m.Stream), 4)
	b = hex(b, uint64(m.Number), 8)
	b = hex(b, uint64(m.Picture), 8)
	return append(b, 0x80) // the stop bit
}

func hex(b []byte, v uint64, n int) []byte {
	for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&15])
	}
	return b
}

// Next finds the first whole mark in b and how many bytes of b end with it;
// 0: there is none.
func Next(b []byte) (m Mark, end int) {
	for from := 0; ; {
		i := bytes.Index(b[from:], start)
		if i < 0 || from+i+Size > len(b) {
			return Mark{}, 0
		}
		at := b[from+i+len(start):]
		from += i + len(start)
		stream, err1 := strconv.ParseUint(string(at[:4]), 16, 16)
		number, err2 := strconv.ParseUint(string(at[4:12]), 16, 32)
		picture, err3 := strconv.ParseUint(string(at[12:20]), 16, 32)
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		return Mark{Stream: uint16(stream), Number: uint32(number), Picture: uint32(picture)}, from + digits + 1
	}
}
