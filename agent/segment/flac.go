package segment

import "math/bits"

const (
	flacMost   = 4096 // samples of a channel in a frame; the subset allows 4,608 up to 48 kHz (RFC 9639, 7)
	flacLeast  = 16   // all but the last frame have at least so many (RFC 9639, 8.2)
	flacDepth  = 16   // bits of a sample
	fixedMost  = 4    // order of the fixed predictors (RFC 9639, 9.2.5)
	partsMost  = 4    // 2^4 partitions of a residual, each with its own parameter
	riceEscape = 15   // the parameter that we do not use
)

// flacEncoder writes frames of FLAC (RFC 9639) that each stand by themselves:
// fixed predictors and Rice codes, which is what speech at 8 kHz gains from. Its
// memory is used again.
type flacEncoder struct {
	channels, rate int
	w              bitWriter
	line           [flacMost]int32  // one channel
	residual       [flacMost]uint32 // folded: 0, -1, 1, -2 …
	best           [1 << partsMost]uint8
}

// frame codes interleaved samples, at most flacMost of each channel. number counts
// the samples before. What it gives is good until the next call.
func (e *flacEncoder) frame(pcm []int16, number uint64) []byte {
	n := len(pcm) / e.channels
	w := &e.w
	*w = bitWriter{b: w.b[:0]}
	w.put(0x3ffe<<2|1, 16) // sync code; the number below is one of samples
	w.put(7, 4)            // the block size follows in 16 bits
	w.put(rateCode(e.rate), 4)
	w.put(uint64(e.channels-1), 4) // independent channels
	w.put(4<<1, 4)                 // 16 bits a sample
	w.coded(number)
	w.put(uint64(n-1), 16)
	w.put(uint64(crc8(w.b)), 8)
	for c := range e.channels {
		line := e.line[:n]
		for i := range line {
			line[i] = int32(pcm[i*e.channels+c])
		}
		e.subframe(line)
	}
	w.align()
	w.put(uint64(crc16(w.b)), 16)
	return w.b
}

// rateCode is the frame's word for the sample rate; 0 refers to STREAMINFO.
func rateCode(rate int) uint64 {
	switch rate {
	case 8000:
		return 4
	case 16000:
		return 5
	case 48000:
		return 10
	}
	return 0
}

// subframe codes one channel. The low bits that G.711 never sets cost nothing:
// they are "wasted" (RFC 9639, 9.2.2).
func (e *flacEncoder) subframe(line []int32) {
	const constant, verbatim, fixed = 0, 1, 8
	all, same := int32(0), true
	for _, x := range line {
		all |= x
		same = same && x == line[0]
	}
	if same {
		e.w.put(constant<<1, 8)
		e.w.put(uint64(line[0]), flacDepth)
		return
	}
	wasted := uint(bits.TrailingZeros32(uint32(all)))
	for i := range line {
		line[i] >>= wasted
	}
	depth := flacDepth - wasted
	order := bestOrder(line)
	e.fold(line, order)
	parts, size := e.partition(len(line), order)
	kind, warm := uint64(fixed+order), line[:order]
	if size+order*int(depth) >= len(line)*int(depth) {
		kind, warm = verbatim, line
	}
	if wasted > 0 {
		e.w.put(kind<<1|1, 8)
		e.w.unary(uint64(wasted - 1))
	} else {
		e.w.put(kind<<1, 8)
	}
	for _, x := range warm {
		e.w.put(uint64(x), depth)
	}
	if kind != verbatim {
		e.rice(len(line), order, parts)
	}
}

// bestOrder is the order of the fixed predictor whose residual is smallest.
func bestOrder(line []int32) (best int) {
	var sums [fixedMost + 1]int64
	var last [fixedMost + 1]int32 // the newest difference of each order
	for i, x := range line {
		d := x
		for order := range sums {
			if i >= fixedMost {
				sums[order] += int64(max(d, -d))
			}
			d, last[order] = d-last[order], d
		}
	}
	for order := range sums {
		if order < len(line) && sums[order] < sums[best] {
			best = order
		}
	}
	return best
}

// fixedOf are the predictors by order: what the newest samples are multiplied by (RFC 9639, 9.2.5).
var fixedOf = [fixedMost + 1][]int32{{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}}

// fold writes the residual of a predictor, signs in the lowest bit.
func (e *flacEncoder) fold(line []int32, order int) {
	for i := order; i < len(line); i++ {
		r := line[i]
		for back, c := range fixedOf[order] {
			r -= c * line[i-1-back]
		}
		e.residual[i] = uint32(r<<1) ^ uint32(r>>31)
	}
}

// partition chooses into how many parts (its logarithm) to cut the residual, notes
// the parameter of each in best, and tells the size in bits.
func (e *flacEncoder) partition(n, order int) (parts uint, size int) {
	for p := uint(0); p <= partsMost && n%(1<<p) == 0 && n>>p > order; p++ {
		var params [1 << partsMost]uint8
		sum := 2 + 4
		for i := range 1 << p {
			k, bits := riceParameter(e.part(n, order, p, i))
			params[i] = k
			sum += 4 + bits
		}
		if p == 0 || sum < size {
			parts, size, e.best = p, sum, params
		}
	}
	return parts, size
}

// part is the ith of 2^p parts of the residual; the first lacks the warm-up.
func (e *flacEncoder) part(n, order int, p uint, i int) []uint32 {
	from, to := i*(n>>p), (i+1)*(n>>p)
	return e.residual[max(from, order):to]
}

// riceParameter is the one that makes the residual smallest, and its size in bits.
func riceParameter(residual []uint32) (k uint8, size int) {
	sum := uint64(0)
	for _, r := range residual {
		sum += uint64(r)
	}
	mean := sum / uint64(max(1, len(residual)))
	near := min(bits.Len64(mean), riceEscape-1)
	size = -1
	for try := max(0, near-2); try <= near; try++ {
		bits := len(residual) * (try + 1)
		for _, r := range residual {
			bits += int(r >> try)
		}
		if size < 0 || bits < size {
			k, size = uint8(try), bits
		}
	}
	return k, size
}

// rice writes the residual (RFC 9639, 9.2.7).
func (e *flacEncoder) rice(n, order int, parts uint) {
	e.w.put(0, 2) // parameters of four bits
	e.w.put(uint64(parts), 4)
	for i := range 1 << parts {
		k := uint(e.best[i])
		e.w.put(uint64(k), 4)
		for _, r := range e.part(n, order, parts, i) {
			e.w.unary(uint64(r >> k))
			e.w.put(uint64(r), k)
		}
	}
}
