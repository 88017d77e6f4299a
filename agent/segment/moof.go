package segment

import (
	"errors"
	"fmt"
	"iter"

	camera "xulang.vn/camera"
)

// mostTicks bounds the places in a run: it lets them be counted in nanoseconds.
const mostTicks = 1 << 49

// trun is what a moof says of one track.
type trun struct {
	from    int64 // tfdt
	to      int64 // after the last sample
	bytes   int64
	entries []byte
}

// samples are the lines of the table.
func (t trun) samples() iter.Seq[sample] {
	return func(yield func(sample) bool) {
		for c := (cursor{b: t.entries}); len(c.b) > 0; {
			s := sample{uint32(c.number(4)), uint32(c.number(4)), uint32(c.number(4)), int32(c.number(4))}
			if !yield(s) {
				return
			}
		}
	}
}

// parseMoof reads the payload of a moof: video, and sound when there is some.
func parseMoof(b []byte, sequence int, audio bool) (runs [2]trun, err error) {
	c := cursor{b: b}
	kind, mfhd := c.box()
	h := cursor{b: mfhd}
	if kind != "mfhd" || len(mfhd) != mfhdSize-boxHead || h.number(4) != 0 || h.number(4) != uint64(sequence) {
		return runs, errors.New("mfhd: not that of the next part")
	}
	offset := int64(boxHead + len(b) + boxHead)
	for i := 0; len(c.b) > 0; i++ {
		kind, traf := c.box()
		if c.short || kind != "traf" || i > 1 || i == 1 && !audio {
			return runs, fmt.Errorf("box %q where a track is expected", kind)
		}
		if runs[i], err = parseTraf(traf, []uint64{videoID, soundID}[i], offset); err != nil {
			return runs, fmt.Errorf("track %d: %w", i, err)
		}
		offset += runs[i].bytes
	}
	if len(runs[0].entries) == 0 {
		return runs, errors.New("no video")
	}
	return runs, nil
}

// parseTraf reads the track with this id, whose payload begins at offset.
func parseTraf(b []byte, id uint64, offset int64) (trun, error) {
	var t trun
	c := cursor{b: b}
	tfhdKind, tfhd := c.box()
	tfdtKind, tfdt := c.box()
	trunKind, body := c.box()
	if c.short || len(c.b) > 0 || tfhdKind != "tfhd" || tfdtKind != "tfdt" || trunKind != "trun" ||
		len(tfhd) != tfhdSize-boxHead || len(tfdt) != tfdtSize-boxHead {
		return t, errors.New("not tfhd, tfdt and trun")
	}
	if h := (cursor{b: tfhd}); h.number(4) != tfhdFlags || h.number(4) != id {
		return t, errors.New("tfhd: not of this track")
	}
	d := cursor{b: tfdt}
	if d.number(4) != 1<<24 {
		return t, errors.New("tfdt: not version 1")
	}
	t.from = int64(d.number(8))
	r := cursor{b: body}
	flags, samples, at := r.number(4), r.number(4), r.number(4)
	t.entries = r.b
	if flags != 1<<24|trunFlags || samples == 0 || samples > partTable ||
		samples*entrySize != uint64(len(t.entries)) || int64(at) != offset {
		return t, fmt.Errorf("trun: flags %x, %d samples at %d", flags, samples, at)
	}
	t.to = t.from
	for s := range t.samples() {
		if s.duration == 0 || s.flags != isKey && s.flags != isOther {
			return t, errors.New("trun: a sample without a length, or neither key nor other")
		}
		t.to += int64(s.duration)
		t.bytes += int64(s.size)
	}
	if t.from < 0 || t.from > mostTicks || t.to > mostTicks || t.bytes > camera.SegmentLargest {
		return t, fmt.Errorf("trun: %d bytes from tick %d", t.bytes, t.from)
	}
	return t, nil
}

// take counts a part that was read. Samples follow on each other without a hole,
// and the first part is one key frame.
func (t *tally) take(runs [2]trun, wall ntpTime, at int64) error {
	first := t.parts == 0
	video, sound := runs[0], runs[1]
	n, m := len(video.entries)/entrySize, len(sound.entries)/entrySize
	switch {
	case at != video.from:
		return errors.New("prft: not of the first picture")
	case first && (n != 1 || m != 0):
		return fmt.Errorf("first part of %d pictures and %d sounds", n, m)
	case !first && video.from != t.pictures.to, t.sounds.samples > 0 && m > 0 && sound.from != t.sounds.to:
		return errors.New("a hole between two parts")
	}
	for s := range video.samples() {
		if first && s.flags != isKey {
			return errors.New("does not begin with a key frame")
		}
	}
	t.place.add(wall, at, first)
	t.parts++
	t.pictures.add(n, int(video.bytes), video.from, video.to)
	if m > 0 {
		t.sounds.add(m, int(sound.bytes), sound.from, sound.to)
	}
	return nil
}
