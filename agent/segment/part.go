package segment

import (
	"encoding/binary"
	"slices"
	"time"
)

// Sizes of boxes in bytes (ISO/IEC 14496-12).
const (
	boxHead   = 8
	prftSize  = 32                // 8.16.5, version 1
	mfhdSize  = 16                // 8.8.5
	tfhdSize  = 16                // 8.8.7, default-base-is-moof
	tfdtSize  = 20                // 8.8.12, version 1
	trunSize  = 20                // 8.8.8, version 1, and its samples
	entrySize = 16                // duration, size, flags, composition offset
	prftFlags = 8                 // the two clocks were matched in a consistent way, by arrival here
	tfhdFlags = 0x020000          // default-base-is-moof
	trunFlags = 0x000f01          // data offset; each sample with all four values
	isKey     = uint32(0x2000000) // sample_depends_on = 2: on no other
	isOther   = uint32(0x1010000) // sample_depends_on = 1, non-sync
)

// sample is a line in the table of a part.
type sample struct {
	duration uint32 // ticks
	size     uint32 // bytes
	flags    uint32 // isKey or isOther
	offset   int32  // ticks from decoding to showing
}

// appendPrft says at which wall clock the media time was (video ticks of the run).
func appendPrft(b []byte, wall ntpTime, at int64) []byte {
	b = binary.BigEndian.AppendUint32(b, prftSize)
	b = append(b, "prft\x01\x00\x00"...)
	b = append(b, prftFlags)
	b = binary.BigEndian.AppendUint32(b, videoID)
	b = binary.BigEndian.AppendUint64(b, uint64(wall))
	return binary.BigEndian.AppendUint64(b, uint64(at))
}

// appendMoof writes the table of the tracks' finished samples, and the head of
// the mdat that follows it: first all payload of the one track, then of the next.
func appendMoof(b []byte, sequence uint32, tracks ...*track) []byte {
	moof, data := boxHead+mfhdSize, boxHead
	for _, t := range tracks {
		moof += boxHead + tfhdSize + tfdtSize + trunSize + entrySize*len(t.done)
	}
	offset := moof + boxHead
	b = binary.BigEndian.AppendUint32(b, uint32(moof))
	b = append(b, "moof"...)
	b = binary.BigEndian.AppendUint32(b, mfhdSize)
	b = append(b, "mfhd\x00\x00\x00\x00"...)
	b = binary.BigEndian.AppendUint32(b, sequence)
	for _, t := range tracks {
		b = t.appendTraf(b, offset)
		offset += t.size
		data += t.size
	}
	b = binary.BigEndian.AppendUint32(b, uint32(data))
	return append(b, "mdat"...)
}

func (t *track) appendTraf(b []byte, offset int) []byte {
	put := binary.BigEndian.AppendUint32
	trun := trunSize + entrySize*len(t.done)
	b = put(b, uint32(boxHead+tfhdSize+tfdtSize+trun))
	b = append(b, "traf"...)
	b = put(b, tfhdSize)
	b = append(b, "tfhd"...)
	b = put(put(b, tfhdFlags), uint32(t.id))
	b = put(b, tfdtSize)
	b = append(b, "tfdt\x01\x00\x00\x00"...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.doneAt))
	b = put(b, uint32(trun))
	b = append(b, "trun"...)
	b = put(put(put(b, 1<<24|trunFlags), uint32(len(t.done))), uint32(offset))
	for _, s := range t.done {
		b = put(put(put(put(b, s.duration), s.size), s.flags), uint32(s.offset))
	}
	return b
}

// ntpTime is a wall clock as 32.32 bits of seconds since 1900 (RFC 5905, section 6).
type ntpTime uint64

const ntpUnix = 2208988800 // seconds from 1900 to 1970

func toNTP(t time.Time) ntpTime {
	return ntpTime(uint64(uint32(t.Unix()+ntpUnix))<<32 | (uint64(t.Nanosecond())<<32+5e8)/1e9)
}

// unix is the time in nanoseconds since 1970, the same to the nanosecond. The
// seconds wrap in 2036; they are read as those of 1968 to 2104 (RFC 4330, section 3).
func (n ntpTime) unix() int64 {
	seconds := int64(n >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	return (seconds-ntpUnix)*1e9 + int64((uint64(uint32(n))*1e9+1<<31)>>32)
}

const (
	leadRoom   = 4 << 10  // bytes kept free for what comes before the payload
	growBy     = 64 << 10 // a buffer grows in such steps: it is used again, for years
	bufferKept = 2 << 20  // a larger one is not kept
)

// buffer gathers a part's payload and lets its boxes be put before it without
// moving it. The payload is copied into it once.
type buffer struct{ b []byte }

// reset empties the buffer.
func (p *buffer) reset() {
	if cap(p.b) > bufferKept {
		p.b = nil
	}
	p.grow(leadRoom - len(p.b))
	p.b = p.b[:leadRoom]
}

// grow makes room for n more bytes.
func (p *buffer) grow(n int) {
	if need := len(p.b) + n; need > cap(p.b) {
		p.b = append(make([]byte, 0, (need+growBy-1)/growBy*growBy), p.b...)
	}
}

func (p *buffer) size() int { return len(p.b) - leadRoom }

// put appends a payload.
func (p *buffer) put(b []byte) {
	p.grow(len(b))
	p.b = append(p.b, b...)
}

// nalus appends an access unit with four-byte lengths (ISO/IEC 14496-15,
// 5.3.3.1): size bytes in all.
func (p *buffer) nalus(nalus [][]byte, size int) {
	p.grow(size)
	for _, n := range nalus {
		p.b = binary.BigEndian.AppendUint32(p.b, uint32(len(n)))
		p.b = append(p.b, n...)
	}
}

// after gives the payload with lead before it. Only a table of some hundred
// samples does not fit into the room.
func (p *buffer) after(lead []byte) []byte {
	from := leadRoom - len(lead)
	if from < 0 {
		p.b = slices.Insert(p.b, 0, make([]byte, -from)...)
		from = 0
	}
	copy(p.b[from:], lead)
	return p.b[from:]
}
