package segment

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
)

// Bytes of a sample entry before its boxes (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
const (
	visualEntry = 78
	audioEntry  = 28
)

// child gives the payload of the first box of each kind on the path; empty when
// there is none.
func child(b []byte, path ...string) []byte {
	for _, want := range path {
		c, found := cursor{b: b}, false
		for len(c.b) > 0 && !found {
			var kind string
			kind, b = c.box()
			found = !c.short && kind == want
		}
		if !found {
			return nil
		}
	}
	return b
}

// parseMoov reads how to play the file: video is the first track, and there may
// be one of sound.
func parseMoov(b []byte) (l look, audio bool, err error) {
	tracks := 0
	for c := (cursor{b: b}); len(c.b) > 0; {
		kind, trak := c.box()
		if c.short || tracks > 1 && kind == "trak" {
			return look{}, false, errors.New("more than two tracks, or a broken box")
		}
		if kind != "trak" {
			continue
		}
		tracks++
		if err := checkTrak(trak, tracks); err != nil {
			return look{}, false, err
		}
		stsd := child(trak, "mdia", "minf", "stbl", "stsd")
		if len(stsd) < 8 {
			return look{}, false, errors.New("stsd: missing")
		}
		entry := cursor{b: stsd[8:]} // after version and count
		kind, body := entry.box()
		if tracks == 1 {
			l, err = describeVisual(kind, body)
		} else {
			var name string
			name, err = describeAudio(kind, body)
			l.codec += "," + name
		}
		if err != nil {
			return look{}, false, fmt.Errorf("stsd: %w", err)
		}
	}
	if tracks == 0 {
		return look{}, false, errors.New("no track")
	}
	return l, tracks > 1, nil
}

// checkTrak checks id and time scale of the nth track.
func checkTrak(trak []byte, n int) error {
	tkhd := cursor{b: child(trak, "tkhd")}
	version := tkhd.number(4) >> 24
	tkhd.next(8) // creation and modification
	if id := tkhd.number(4); tkhd.short || version != 0 || id != []uint64{videoID, soundID}[n-1] {
		return fmt.Errorf("tkhd: not that of track %d", n)
	}
	mdhd := cursor{b: child(trak, "mdia", "mdhd")}
	version = mdhd.number(4) >> 24
	mdhd.next(8)
	if scale := mdhd.number(4); mdhd.short || version != 0 || scale == 0 || n == 1 && scale != videoRate {
		return fmt.Errorf("mdhd: %d ticks a second", scale)
	}
	return nil
}

func describeVisual(kind string, body []byte) (look, error) {
	if len(body) < visualEntry {
		return look{}, fmt.Errorf("entry %q of %d bytes", kind, len(body))
	}
	size := cursor{b: body[24:28]}
	l := look{width: int(size.number(2)), height: int(size.number(2))}
	var err error
	switch kind {
	case "avc1":
		avcc := child(body[visualEntry:], "avcC")
		if len(avcc) < 4 {
			return look{}, errors.New("avcC: missing")
		}
		l.codec = fmt.Sprintf("avc1.%02x%02x%02x", avcc[1], avcc[2], avcc[3])
	case "hev1":
		l.codec, err = hevcName(hevcParameters(child(body[visualEntry:], "hvcC")))
	default:
		err = fmt.Errorf("entry %q is not video", kind)
	}
	return l, err
}

// hevcParameters finds the SPS in a decoder configuration record (ISO/IEC
// 14496-15, 8.3.3.1).
func hevcParameters(b []byte) []byte {
	const sps = 33
	c := cursor{b: b}
	c.next(22)
	for range c.number(1) {
		kind := c.number(1) & 0x3f
		for range c.number(2) {
			n := int(c.number(2))
			if c.short || n > len(c.b) {
				return nil
			}
			if nalu := c.next(n); kind == sps {
				return nalu
			}
		}
	}
	return nil
}

func describeAudio(kind string, body []byte) (string, error) {
	if len(body) < audioEntry {
		return "", fmt.Errorf("entry %q of %d bytes", kind, len(body))
	}
	switch kind {
	case "Opus":
		return "opus", nil
	case "fLaC":
		return "flac", nil
	case "mp4a":
		var c mpeg4audio.AudioSpecificConfig
		if err := c.Unmarshal(audioConfig(child(body[audioEntry:], "esds"))); err != nil {
			return "", fmt.Errorf("esds: %w", err)
		}
		return fmt.Sprintf("mp4a.40.%d", c.Type), nil
	}
	return "", fmt.Errorf("entry %q is not sound", kind)
}

// audioConfig finds the AudioSpecificConfig in an esds box: descriptors 3, 4 and 5
// stand in each other (ISO/IEC 14496-1, 7.2.6).
func audioConfig(esds []byte) []byte {
	c := cursor{b: esds}
	c.next(4)
	for _, d := range []struct {
		tag  uint64
		head int // bytes before the next descriptor
	}{{3, 3}, {4, 13}, {5, 0}} {
		if c.number(1) != d.tag {
			return nil
		}
		for range 4 { // the length, seven bits a byte
			if c.number(1)&0x80 == 0 {
				break
			}
		}
		c.next(d.head)
	}
	return c.b
}
