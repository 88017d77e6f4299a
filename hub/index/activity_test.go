package index_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

func moved(from, to int64, activity string) index.Entry {
	e := entry("a", 0, from, to, camera.StateHome)
	e.Activity = camera.Activity(activity)
	return e
}

func TestActivityOf(t *testing.T) {
	withheld := moved(0, 3_000, "\x09\x09\x09")
	withheld.State = camera.StateWithheld
	expired := moved(0, 3_000, "\x01\x02\x03")
	expired.State = camera.StateExpired
	for name, c := range map[string]struct {
		entries  []index.Entry
		from, to int64
		most     int
		want     string
	}{
		"nothing":                    {nil, 0, 10_000, 100, "0s []"},
		"nothing is known":           {[]index.Entry{moved(0, 6_000, "")}, 0, 10_000, 100, "0s []"},
		"outside of the window":      {[]index.Entry{moved(0, 2_000, "\x01\x02"), moved(10_000, 11_000, "\x03")}, 2_000, 10_000, 100, "0s []"},
		"a value a second":           {[]index.Entry{moved(1_000, 4_000, "\x01\x02\x03")}, 0, 5_000, 5, "1s [0 1 2 3 0]"},
		"still is known":             {[]index.Entry{moved(0, 1_000, "\x00")}, 0, 2_000, 5, "1s [0 0]"},
		"the maximum of a step":      {[]index.Entry{moved(0, 4_000, "\x01\x05\x07\x02")}, 0, 4_000, 2, "2s [5 7]"},
		"steps of whole seconds":     {[]index.Entry{moved(0, 4_000, "\x01\x05\x07\x02")}, 0, 4_000, 3, "2s [5 7]"},
		"the last step is shorter":   {[]index.Entry{moved(0, 5_000, "\x01\x02\x03\x04\x05")}, 0, 4_001, 3, "2s [2 4 5]"},
		"one value":                  {[]index.Entry{moved(0, 4_000, "\x01\x05\x07\x02")}, 0, 4_000, 1, "4s [7]"},
		"a second between two steps": {[]index.Entry{moved(1_500, 2_500, "\x09")}, 0, 4_000, 4, "1s [0 9 9 0]"},
		"its last second ends early": {[]index.Entry{moved(0, 1_500, "\x01\x09")}, 0, 3_000, 3, "1s [1 9 0]"},
		"more than its seconds":      {[]index.Entry{moved(0, 1_000, "\x01\x09\x09")}, 0, 3_000, 3, "1s [1 0 0]"},
		"begins before the window":   {[]index.Entry{moved(-1_500, 1_500, "\x08\x05\x06")}, 0, 2_000, 9, "1s [6 6]"},
		"two of one stream":          {[]index.Entry{moved(0, 2_000, "\x01\x05"), moved(1_000, 3_000, "\x02\x03")}, 0, 3_000, 3, "1s [1 5 3]"},
		"main before sub":            {[]index.Entry{sub(moved(0, 3_000, "\x09\x09\x09")), moved(0, 2_000, "\x01\x00")}, 0, 4_000, 4, "1s [1 0 9 0]"},
		"sub alone":                  {[]index.Entry{sub(moved(1_000, 2_000, "\x09"))}, 0, 2_000, 4, "1s [0 9]"},
		"what is gone once moved":    {[]index.Entry{expired}, 0, 3_000, 3, "1s [1 2 3]"},
		"withheld":                   {[]index.Entry{withheld}, 0, 3_000, 3, "0s []"},
		"no values":                  {[]index.Entry{moved(0, 3_000, "\x01\x02\x03")}, 0, 3_000, 0, "0s []"},
		"less than no values":        {[]index.Entry{moved(0, 3_000, "\x01\x02\x03")}, 0, 3_000, -1, "0s []"},
		"empty window":               {[]index.Entry{moved(0, 3_000, "\x01\x02\x03")}, 1_000, 1_000, 5, "0s []"},
		"inverted window":            {[]index.Entry{moved(0, 3_000, "\x01\x02\x03")}, 2_000, 1_000, 5, "0s []"},
	} {
		step, values := index.OpenStrip(c.entries).Activity(ms(c.from), ms(c.to), c.most)
		if got := fmt.Sprintf("%v %d", step, values); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	// A window that is longer than a duration can be.
	for from, known := range map[time.Time]bool{ms(0): true, {}: false} {
		step, values := index.OpenStrip([]index.Entry{moved(0, 1_000, "\x07")}).Activity(from, ms(0).AddDate(4000, 0, 0), 10)
		if known != (step > 0 && len(values) == 10 && values[0] == 7) {
			t.Errorf("from %v: %v, %v", from, step, values)
		}
	}
}

// TestActivityHoldsItsRules compares Activity with a reading of its rules, one
// moment at a time.
func TestActivityHoldsItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []index.Entry
		for range rapid.IntRange(0, 6).Draw(t, "segments") {
			from := rapid.Int64Range(-8_000, 40_000).Draw(t, "start")
			e := moved(from, from+rapid.Int64Range(0, 8_000).Draw(t, "length"), string(rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "activity")))
			e.Stream = rapid.SampledFrom([]camera.Stream{camera.StreamMain, camera.StreamSub}).Draw(t, "stream")
			e.State = rapid.SampledFrom([]camera.ByteState{camera.StateHome, camera.StateStored, camera.StateLost, camera.StateWithheld}).Draw(t, "state")
			entries = append(entries, e)
		}
		from := rapid.Int64Range(-5_000, 20_000).Draw(t, "from")
		length := rapid.Int64Range(1, 30_000).Draw(t, "window")
		most := rapid.IntRange(1, 40).Draw(t, "most")
		step, values := index.OpenStrip(entries).Activity(ms(from), ms(from+length), most)

		plain, known := plainActivity(entries, from, from+length, most)
		if !known {
			if step != 0 || values != nil {
				t.Fatalf("%v, %v of nothing known", step, values)
			}
			return
		}
		n, each := int64(len(values)), step.Milliseconds()
		switch {
		case len(values) > most:
			t.Fatalf("%d values, at most %d", len(values), most)
		case step < time.Second || step%time.Second != 0:
			t.Fatalf("step of %v", step)
		case n*each < length || (n-1)*each >= length:
			t.Fatalf("%d steps of %v cover a window of %d ms", n, step, length)
		case each > 1_000 && (length-1)/(each-1_000)+1 <= int64(most):
			t.Fatalf("steps of %v, a second less would do", step)
		case !bytes.Equal(values, plain):
			t.Fatalf("%v, want %v", values, plain)
		}
	})
}

// plainActivity asks each segment for each millisecond of the window.
func plainActivity(entries []index.Entry, from, to int64, most int) (values []byte, known bool) {
	step := int64(1_000)
	for (to-from-1)/step+1 > int64(most) {
		step += 1_000
	}
	values = make([]byte, (to-from-1)/step+1)
	for i := range values {
		highest := map[camera.Stream]int{camera.StreamMain: -1, camera.StreamSub: -1}
		for at := from + int64(i)*step; at < min(from+int64(i+1)*step, to); at++ {
			for _, e := range entries {
				k := ms(at).Sub(e.Start).Milliseconds()
				if e.State == camera.StateWithheld || k < 0 || !ms(at).Before(e.End) || k/1_000 >= int64(len(e.Activity)) {
					continue
				}
				highest[e.Stream] = max(highest[e.Stream], int(e.Activity[k/1_000]))
			}
		}
		known = known || highest[camera.StreamMain] >= 0 || highest[camera.StreamSub] >= 0
		if highest[camera.StreamMain] < 0 {
			highest[camera.StreamMain] = max(highest[camera.StreamSub], 0)
		}
		values[i] = byte(highest[camera.StreamMain])
	}
	return values, known
}
