package pack_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// TestEveryCutIsRefused: no format reads as whole when its end is missing or something
// stands behind it.
func TestEveryCutIsRefused(t *testing.T) {
	d := newDay(21)
	m := d.manifest(20, streams...)
	m.Facts, m.Gaps = m.Facts[:40], m.Gaps[:4]
	var keys []camera.Key
	for _, f := range m.Facts {
		keys = append(keys, f.Key())
	}
	h, err := pack.NewHour(m, d.states(len(m.Facts)))
	if err != nil {
		t.Fatal(err)
	}
	row, err := h.Append(nil, hour)
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		whole []byte
		read  func([]byte) error
	}{
		"hour":     {row, func(b []byte) error { return new(pack.Hour).Decode(b, hour) }},
		"manifest": {body, func(b []byte) error { _, _, err := pack.DecodeManifest(b); return err }},
		"fact":     {pack.AppendFact(nil, m.Facts[3]), func(b []byte) error { _, err := pack.DecodeFact(b); return err }},
		"journal":  {pack.AppendJournal(nil, m.Facts[:3], m.Gaps), func(b []byte) error { _, _, err := pack.DecodeJournal(b); return err }},
		"activity": {pack.ActivityOf(hour, m.Facts).Bytes(), func(b []byte) error { _, err := pack.ReadActivity(b); return err }},
		"names":    {pack.AppendNames(nil, keys), func(b []byte) error { _, err := pack.ReadNames(b); return err }},
	} {
		if err := c.read(c.whole); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for n := range c.whole {
			if c.read(c.whole[:n]) == nil {
				t.Errorf("%s: the first %d of %d bytes are read", name, n, len(c.whole))
			}
		}
		if c.read(append(slices.Clone(c.whole), 0)) == nil {
			t.Errorf("%s: a byte more is read", name)
		}
		other := append([]byte{2}, c.whole[1:]...)
		if c.read(other) == nil {
			t.Errorf("%s: version 2 is read", name)
		}
	}
}

// TestAClaimOfMuchTakesNoRoom: counts are believed only as far as the bytes behind them go.
func TestAClaimOfMuchTakesNoRoom(t *testing.T) {
	much := binary.AppendUvarint(nil, 1<<40)
	for name, b := range map[string][]byte{
		"shapes":   append([]byte{1, 0, 0, 0}, much...),
		"segments": append([]byte{1, 0, 0, 0, 0}, much...),
		"gaps":     append([]byte{1, 0, 0, 0, 0, 0, 0}, much...),
	} {
		if err := new(pack.Hour).Decode(append(b, bytes.Repeat([]byte{1}, 50)...), hour); err == nil {
			t.Errorf("%s are read", name)
		}
	}
	if _, _, err := pack.DecodeJournal(append(append([]byte{1}, much...), 0)); err == nil {
		t.Error("journal is read")
	}
	if _, err := pack.ReadNames(append([]byte{1}, much...)); err == nil {
		t.Error("names are read")
	}
}

// TestWhatIsNoHourIsNotWritten: nothing is written that could not be read.
func TestWhatIsNoHourIsNotWritten(t *testing.T) {
	shape := pack.Shape{Run: "00000000000000aa"}
	whole := func() *pack.Hour {
		return &pack.Hour{
			Shapes: []pack.Shape{shape, {Run: shape.Run, Stream: camera.StreamSub}},
			Segments: []pack.Segment{
				{Start: begin, End: begin + 6000, State: pack.Home}, {Start: begin + 6000, End: begin + 12_000, Seq: 1, State: pack.Stored},
				{Start: begin + 6000, End: begin + 12_000, Seq: 2, State: pack.Stored, Shape: 1},
			},
			Gaps: []pack.Gap{{Start: begin, End: begin + 1, Cause: camera.CauseDisk}, {Start: begin, End: begin + 1, Stream: camera.StreamSub, Cause: camera.CauseDisk}},
		}
	}
	if _, err := whole().Append(nil, hour); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*pack.Hour){
		"another hour":     func(h *pack.Hour) { h.Segments[0].Start -= 3_600_000 },
		"no duration":      func(h *pack.Hour) { h.Segments[1].End = h.Segments[1].Start },
		"too long":         func(h *pack.Hour) { h.Segments[1].End += 120_000 },
		"order of starts":  func(h *pack.Hour) { h.Segments[0].Start += 6001; h.Segments[0].End += 6001 },
		"order of numbers": func(h *pack.Hour) { h.Segments[1].Seq = 2 },
		"no state":         func(h *pack.Hour) { h.Segments[1].State = 0 },
		"unknown state":    func(h *pack.Hour) { h.Segments[1].State = 9 },
		"unknown shape":    func(h *pack.Hour) { h.Segments[1].Shape = 2 },
		"run of words":     func(h *pack.Hour) { h.Shapes[0].Run = "r1" },
		"unknown stream":   func(h *pack.Hour) { h.Shapes[0].Stream = "third" },
		"long codec":       func(h *pack.Hour) { h.Shapes[0].Codec = string(make([]byte, 101)) },
		"too many":         func(h *pack.Hour) { h.Segments = make([]pack.Segment, pack.SegmentsMost+1) },
		"order of gaps":    func(h *pack.Hour) { h.Gaps[0].Start++ },
		"gap twice":        func(h *pack.Hour) { h.Gaps[1].Stream = camera.StreamMain },
		"gap over the end": func(h *pack.Hour) { h.Gaps[1].End = begin + 3_600_001 },
		"gap of the hub":   func(h *pack.Hour) { h.Gaps[1].Cause = camera.CauseFuture },
	} {
		h := whole()
		spoil(h)
		if _, err := h.Append(nil, hour); err == nil {
			t.Errorf("%s: is written", name)
		}
	}
}

func TestAFullHour(t *testing.T) {
	h := pack.Hour{Shapes: []pack.Shape{{Run: "00000000000000aa"}, {Run: "00000000000000bb", Stream: camera.StreamSub}}}
	for i := range pack.SegmentsMost {
		ms := begin + int64(i)*250
		h.Segments = append(h.Segments, pack.Segment{Start: ms, End: ms + 500, Seq: uint32(i / 2), Shape: uint16(i % 2), State: pack.Home})
	}
	b, err := h.Append(nil, hour)
	if err != nil {
		t.Fatal(err)
	}
	var back pack.Hour
	if err := back.Decode(b, hour); err != nil {
		t.Fatal(err)
	}
	same(t, &h, &back)
}
