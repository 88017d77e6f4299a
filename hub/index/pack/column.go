package pack

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A frame is up to frameSize numbers of one column: a base, what each number is above it
// in a fixed count of bits, and the few numbers that do not fit by themselves. (Patched
// frame of reference; README.md has the bytes.)
const (
	frameSize   = 128
	frameWidest = 40             // bits of a packed number; with 7 more it is read from eight bytes at once
	frameWithin = int64(1) << 40 // a base or a number by itself lies within this: no sum of two overflows
)

// appendFrame writes up to frameSize numbers within frameWithin.
func appendFrame(dst []byte, values []int64) []byte {
	base, width := bestFrame(values)
	apart := func(v int64) bool { return v < base || uint64(v-base)>>width != 0 }
	count := 0
	for _, v := range values {
		if apart(v) {
			count++
		}
	}
	dst = append(dst, byte(width), byte(count))
	dst = binary.AppendVarint(dst, base)
	var hold uint64 // bits that are not written yet
	var held uint
	for _, v := range values {
		if !apart(v) {
			hold |= uint64(v-base) << held
		}
		for held += width; held >= 8; held -= 8 {
			dst, hold = append(dst, byte(hold)), hold>>8
		}
	}
	if held > 0 {
		dst = append(dst, byte(hold))
	}
	for i, v := range values {
		if apart(v) {
			dst = binary.AppendVarint(append(dst, byte(i)), v)
		}
	}
	return dst
}

// bestFrame is the base and width with which the values take the fewest bytes.
func bestFrame(values []int64) (base int64, width uint) {
	var sorted [frameSize]int64
	v := sorted[:copy(sorted[:], values)]
	slices.Sort(v)
	var apart [frameSize + 1]int // bytes of the values before i, each by itself
	for i, x := range v {
		apart[i+1] = apart[i] + 1 + (bits.Len64(uint64(x<<1^x>>63)|1)+6)/7
	}
	best := -1
	for w := uint(0); w <= frameWidest; w++ {
		packed := (len(v)*int(w) + 7) / 8
		if best >= 0 && packed >= best {
			break
		}
		for from, to := 0, 0; from < len(v) && to < len(v); from++ {
			for to < len(v) && uint64(v[to]-v[from])>>w == 0 {
				to++
			}
			if cost := packed + apart[len(v)] - apart[to] + apart[from]; best < 0 || cost < best {
				best, base, width = cost, v[from], w
			}
		}
	}
	return base, width
}

// frames is room to unpack the frames of one block in, used again and again.
type frames struct {
	packed [1024 + 8]byte // the bits of one, and room to read eight bytes at the last of them
	values [columns][frameSize]int64
}

// read takes one frame of n numbers, at most frameSize.
func (f *frames) read(c *cursor, column, n int) {
	width, count := uint(c.byte()), int(c.byte())
	base := c.int(frameWithin)
	if width > frameWidest || count > n {
		c.fail("frame of %d bits with %d apart", width, count)
	}
	bits := c.take((n*int(width) + 7) / 8)
	if c.err != nil {
		return
	}
	values := f.values[column][:n]
	if width == 0 {
		for i := range values {
			values[i] = base
		}
	} else {
		copy(f.packed[:], bits)
		mask, at := uint64(1)<<width-1, uint(0)
		for i := range values {
			byteAt := at >> 3 & 1023 // at most frameSize·frameWidest/8; so the compiler knows it as well
			values[i] = base + int64(binary.LittleEndian.Uint64(f.packed[byteAt:byteAt+8])>>(at&7)&mask)
			at += width
		}
	}
	for range count {
		i := int(c.byte())
		if i >= n {
			c.fail("number %d of %d apart", i, n)
			return
		}
		values[i] = c.int(frameWithin)
	}
}
