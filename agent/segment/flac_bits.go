package segment

import "math/bits"

// bitWriter appends bits, the most significant first.
type bitWriter struct {
	b    []byte
	acc  uint64
	held uint // so many last bits of acc are not in b yet; less than 8 between calls
}

// put appends the low n bits of v; n is at most 32.
func (w *bitWriter) put(v uint64, n uint) {
	w.acc = w.acc<<n | v&(1<<n-1)
	w.held += n
	for w.held >= 8 {
		w.held -= 8
		w.b = append(w.b, byte(w.acc>>w.held))
	}
}

// unary appends n zeros and a one.
func (w *bitWriter) unary(n uint64) {
	for ; n >= 32; n -= 32 {
		w.put(0, 32)
	}
	w.put(1, uint(n)+1)
}

// align fills the last byte with zeros.
func (w *bitWriter) align() {
	if w.held > 0 {
		w.put(0, 8-w.held)
	}
}

// coded appends a number as UTF-8 would, with up to seven bytes (RFC 9639, 9.1.5).
func (w *bitWriter) coded(v uint64) {
	if v < 0x80 {
		w.put(v, 8)
		return
	}
	more := uint(bits.Len64(v)-2) / 5 // bytes that follow: n of them carry 5n+6 bits in all
	lead := uint64(0xff) << (7 - more) & 0xff
	w.put(lead|v>>(6*more), 8)
	for more > 0 {
		more--
		w.put(0x80|v>>(6*more)&0x3f, 8)
	}
}

var (
	crc8Table  = crcTable(8, 0x07)    // RFC 9639, 9.1.8
	crc16Table = crcTable(16, 0x8005) // RFC 9639, 9.3
)

func crcTable(width uint, poly uint16) (t [256]uint16) {
	for i := range t {
		c := uint16(i) << (width - 8)
		for range 8 {
			top := c >> (width - 1) & 1
			c = c<<1 ^ poly*top
		}
		t[i] = c & uint16(1<<width-1)
	}
	return t
}

func crc8(b []byte) (c byte) {
	for _, x := range b {
		c = byte(crc8Table[c^x])
	}
	return c
}

func crc16(b []byte) (c uint16) {
	for _, x := range b {
		c = c<<8 ^ crc16Table[byte(c>>8)^x]
	}
	return c
}
