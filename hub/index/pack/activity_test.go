package pack_test

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"

	"pgregory.net/rapid"
)

func moved(stream camera.Stream, from, to int64, activity string) pack.Fact {
	return pack.Fact{Segment: camera.Segment{Stream: stream, Start: at(from), End: at(to), Activity: camera.Activity(activity)}}
}

func TestActivityByTheCell(t *testing.T) {
	const end = int64(3_600_000)
	a := pack.ActivityOf(hour, []pack.Fact{
		moved(camera.StreamMain, 5_500, 9_200, "\x00\x00\xff\x01"), // its fourth second ends after 200 ms
		moved(camera.StreamMain, 10_000, 10_500, "\x10\xff\xff"),   // more seconds than it has
		moved(camera.StreamSub, 8_000, 9_000, "\x07"),
		moved(camera.StreamMain, end-1_000, end+1_500, "\x00\x00\x80"), // into the next hour
	})
	a, err := pack.ReadActivity(a.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stream camera.Stream
		cell   int
		least  int // −1: nothing known
	}{
		{camera.StreamMain, 1, -1}, {camera.StreamMain, 2, 0}, {camera.StreamMain, 3, 255}, {camera.StreamMain, 4, 255},
		{camera.StreamMain, 5, 16}, {camera.StreamMain, 6, -1}, {camera.StreamSub, 3, -1}, {camera.StreamSub, 4, 7}, {camera.StreamSub, 5, -1},
		{camera.StreamMain, 1798, -1}, {camera.StreamMain, 1799, 0}, {camera.StreamMain, 1800, 128}, {camera.StreamMain, 1801, -1},
		{camera.StreamMain, -1, -1}, {camera.StreamMain, 5000, -1},
	} {
		value, known := a.At(c.stream, c.cell)
		if known != (c.least >= 0) || known && (int(value) < c.least || int(value) > c.least+18 || c.least == 0 && value != 0) {
			t.Errorf("cell %d of %q: %d, %t; want %d", c.cell, c.stream, value, known, c.least)
		}
	}
	none, err := pack.ReadActivity(pack.ActivityOf(hour, nil).Bytes())
	if _, known := none.At(camera.StreamMain, 0); known || err != nil {
		t.Errorf("nothing tells, yet something is known: %v", err)
	}
}

// TestActivityIsRoundedUp: no cell shows less than any of its seconds, nor 18 more than
// the most of them, nor anything where all were still.
func TestActivityIsRoundedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 3_599_999).Draw(t, "start")
		bytes := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just(byte(0))), 1, 121).Draw(t, "activity")
		end := start + int64(len(bytes))*1000
		a := pack.ActivityOf(hour, []pack.Fact{moved(camera.StreamMain, start, end, string(bytes))})
		for cell := start / 2000; cell <= (end-1)/2000; cell++ {
			most := byte(0)
			for i, b := range bytes {
				if from := start + int64(i)*1000; from < (cell+1)*2000 && from+1000 > cell*2000 {
					most = max(most, b)
				}
			}
			value, known := a.At(camera.StreamMain, int(cell))
			if !known || value < most || int(value) > int(most)+18 || most == 0 && value != 0 {
				t.Fatalf("cell %d shows %d (%t) of %d", cell, value, known, most)
			}
		}
	})
}

func TestActivityIsSmall(t *testing.T) {
	m := newDay(6).manifest(2, camera.StreamMain)
	if n := len(pack.ActivityOf(hour, m.Facts).Bytes()); n > int(time.Hour/(2*pack.Cell))+20 {
		t.Errorf("%d bytes", n)
	}
}
