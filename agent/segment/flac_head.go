package segment

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4"
	"xulang.vn/camera/agent/media"
)

// Sample rates of G.711 that make sense: RTP knows 8,000 Hz (RFC 3551, 4.5.14), some
// cameras send more.
const flacSlowest, flacFastest = 8000, 48000

// describeG711 tells how G.711 is recorded: as FLAC, which loses nothing and which
// browsers play in MP4, where G.711 itself, or plain PCM, would silence the whole
// file. The codec is a stand-in that keeps the place in the head: [putFLAC].
func describeG711(t media.Track) (codec mp4.Codec, name string, frame int64) {
	if t.ClockRate < flacSlowest || t.ClockRate > flacFastest || t.Channels < 0 || t.Channels > 2 {
		return nil, "", 0
	}
	stand := &mp4.CodecLPCM{BitDepth: flacDepth, SampleRate: t.ClockRate, ChannelCount: max(1, t.Channels)}
	return stand, "flac", int64(g711Block(t.ClockRate))
}

// putFLAC replaces the stand-in's sample entry by that of FLAC ("Encapsulation of
// FLAC in ISO Base Media File Format", 3.3).
func putFLAC(head []byte, c *mp4.CodecLPCM) ([]byte, error) {
	around, err := pathTo(head, "moov", "trak", "mdia", "minf", "stbl", "stsd", "ipcm")
	if err != nil {
		return nil, err
	}
	last := len(around) - 1
	from := around[last]
	to := from + int(binary.BigEndian.Uint32(head[from:]))
	entry := flacEntry(c.SampleRate, c.ChannelCount)
	grown := uint32(len(entry) - (to - from)) // also a negative one
	for _, at := range around[:last] {
		size := binary.BigEndian.Uint32(head[at:])
		binary.BigEndian.PutUint32(head[at:], size+grown)
	}
	return slices.Replace(head, from, to, entry...), nil
}

// pathTo finds where the boxes of a path begin, each the last of its kind in the
// one before: sound is the last track.
func pathTo(head []byte, path ...string) (starts []int, err error) {
	from, to := 0, len(head)
	for _, want := range path {
		found := -1
		for at := from; at+boxHead <= to; {
			size := int(binary.BigEndian.Uint32(head[at:]))
			if size < boxHead || size > to-at {
				break
			}
			if string(head[at+4:at+8]) == want {
				found = at
			}
			at += size
		}
		if found < 0 {
			return nil, errors.New("no box " + want)
		}
		starts = append(starts, found)
		from, to = found+boxHead, found+int(binary.BigEndian.Uint32(head[found:]))
		if want == "stsd" {
			from += 8 // version and flags, count
		}
	}
	return starts, nil
}

// flacEntry is an AudioSampleEntry (ISO/IEC 14496-12, 12.2.3) with a dfLa box that
// holds one metadata block: STREAMINFO (RFC 9639, 8.2).
func flacEntry(rate, channels int) []byte {
	const dfLaSize, infoSize, lastBlock = 12 + 4 + 34, 34, 0x80
	put16, put32 := binary.BigEndian.AppendUint16, binary.BigEndian.AppendUint32
	b := put32(nil, boxHead+audioEntry+dfLaSize)
	b = append(b, "fLaC"...)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 1) // reserved, data reference 1
	b = append(b, make([]byte, 8)...)
	b = put16(put16(b, uint16(channels)), flacDepth)
	b = put32(put32(b, 0), uint32(rate)<<16)
	b = put32(b, dfLaSize)
	b = append(b, "dfLa\x00\x00\x00\x00"...)
	b = put32(b, lastBlock<<24|infoSize)
	b = put16(put16(b, flacLeast), flacMost)
	b = append(b, 0, 0, 0, 0, 0, 0) // frame sizes: not known
	// Rate 20 bits, channels − 1 3 bits, depth − 1 5 bits, samples 36 bits: not known.
	b = binary.BigEndian.AppendUint64(b, uint64(rate)<<44|uint64(channels-1)<<41|uint64(flacDepth-1)<<36)
	return append(b, make([]byte, 16)...) // MD5 of the samples: not known
}
