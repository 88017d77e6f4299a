package index_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
)

func at(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }

func want(from, to int) camera.Want {
	return camera.Want{Camera: mine, From: at(from), To: at(to), Fetch: true}
}

func TestRequestAndBack(t *testing.T) {
	for age, grow := range ages {
		t.Run(age, func(t *testing.T) { requestAndBack(t, grow) })
	}
}

func requestAndBack(t *testing.T, grow func(*hub, testing.TB)) {
	h := stand(t)
	x := h.Index
	main, small := eachState(t, x, camera.StreamMain), eachState(t, x, camera.StreamSub)
	grow(h, t)
	before := states(t, x, small)
	request := func(from, to, wanted int) {
		t.Helper()
		if n, err := x.Request(t.Context(), mine, at(from), at(to)); err != nil || n != wanted {
			t.Errorf("request of %d–%d s: %d, %v, want %d", from, to, n, err, wanted)
		}
	}
	unrequest := func(from, to int, keep ...camera.Want) {
		t.Helper()
		if err := x.Unrequest(t.Context(), mine, at(from), at(to), keep); err != nil {
			t.Errorf("unrequest of %d–%d s: %v", from, to, err)
		}
	}
	now := func(wanted string) {
		t.Helper()
		if got := states(t, x, main); got != wanted {
			t.Errorf("now\n%s, want\n%s", got, wanted)
		}
	}
	request(6, 48, 1) // only touches the first and the last
	now("home requested uploading stored held expired lost withheld home")
	request(5, 49, 3)
	request(5, 49, 3) // asked again
	now("requested requested uploading stored held expired lost withheld requested")
	request(-100, 0, 0)
	unrequest(5, 49, want(0, 6), want(53, 60), camera.Want{Camera: theirs, From: at(0), To: at(60), Fetch: true},
		camera.Want{Camera: mine, From: at(0), To: at(60)}) // a hold asks for nothing
	now("requested home home stored held expired lost withheld requested")
	if err := x.SetState(t.Context(), main[2].SegmentID, camera.StateStored); err != nil { // it arrives all the same
		t.Error(err)
	}
	now("requested home stored stored held expired lost withheld requested")
	unrequest(6, 60)
	now("requested home stored stored held expired lost withheld home")
	unrequest(0, 1)
	now("home home stored stored held expired lost withheld home")
	if got := states(t, x, small); got != before {
		t.Errorf("the sub stream is now %s", got)
	}
	for _, to := range []time.Time{at(10), at(9), {}} {
		_, err := x.Request(t.Context(), mine, at(10), to)
		if back := x.Unrequest(t.Context(), mine, at(10), to, nil); camera.CodeOf(err) != camera.CodeBadWindow || camera.CodeOf(back) != camera.CodeBadWindow {
			t.Errorf("window to %v: %v, %v", to, err, back)
		}
	}
	if n, err := x.Request(t.Context(), theirs, at(0), at(60)); n != 0 || err != nil {
		t.Errorf("of another camera: %d, %v", n, err)
	}
}

// TestRequestsOfManyCases: whatever cases ask for and give back, in the end just
// that is requested which an open want covers.
func TestRequestsOfManyCases(t *testing.T) {
	h := stand(t)
	x, segs := h.Index, segments(30)
	accept(t, x, segs[:15])
	h.fold(t)
	accept(t, x, segs[15:]) // one half folded, one half late
	rapid.Check(t, func(r *rapid.T) {
		var open []camera.Want
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			if len(open) == 0 || rapid.Bool().Draw(r, "asks") {
				from := rapid.IntRange(-5, 185).Draw(r, "from")
				w := want(from, from+rapid.IntRange(1, 60).Draw(r, "length"))
				if _, err := x.Request(t.Context(), mine, w.From, w.To); err != nil {
					r.Fatal(err)
				}
				open = append(open, w)
				continue
			}
			i := rapid.IntRange(0, len(open)-1).Draw(r, "which")
			w := open[i]
			open = append(open[:i:i], open[i+1:]...)
			if err := x.Unrequest(t.Context(), mine, w.From, w.To, open); err != nil {
				r.Fatal(err)
			}
		}
		var wanted []string
		for _, s := range segs {
			state := "home"
			for _, w := range open {
				if w.Covers(s) {
					state = "requested"
				}
			}
			wanted = append(wanted, state)
		}
		if got := states(t, x, segs); got != strings.Join(wanted, " ") {
			r.Fatalf("with %v open:\n%s", open, got)
		}
		if err := x.Unrequest(t.Context(), mine, at(-10), at(300), nil); err != nil { // for the next round
			r.Fatal(err)
		}
	})
}

func TestAt(t *testing.T) {
	const old, next = camera.RunID("00000000000000bb"), camera.RunID("00000000000000cc")
	type seg struct {
		run      camera.RunID
		from, to int
		stream   camera.Stream
		state    camera.ByteState
	}
	main, sub := camera.StreamMain, camera.StreamSub
	home, stored := camera.StateHome, camera.StateStored
	for name, c := range map[string]struct {
		have   []seg
		within int
		want   camera.RunID // at 100 s; "" is none
		here   bool
	}{
		"nothing":                           {nil, 60, "", false},
		"in the store":                      {[]seg{{run, 100, 106, main, home}, {old, 99, 105, sub, stored}}, 60, old, true},
		"in the store, before it":           {[]seg{{run, 100, 106, main, camera.StateUploading}, {old, 80, 86, sub, camera.StateHeld}}, 60, old, true},
		"nothing in the store":              {[]seg{{run, 100, 106, main, camera.StateRequested}}, 60, "", true},
		"it covers":                         {[]seg{{run, 100, 106, main, home}}, 0, run, false},
		"it ends at that moment":            {[]seg{{run, 94, 100, main, home}}, 5, "", false},
		"it started a while before":         {[]seg{{run, 94, 100, main, home}}, 6, run, false},
		"a long one covers":                 {[]seg{{run, 0, 101, main, home}}, 1, run, false},
		"it starts later":                   {[]seg{{run, 101, 107, main, home}}, 60, "", false},
		"main before sub":                   {[]seg{{run, 95, 101, main, home}, {old, 99, 105, sub, stored}}, 60, run, false},
		"sub covers, main is before":        {[]seg{{run, 94, 100, main, stored}, {old, 99, 105, sub, home}}, 60, old, false},
		"playable before home":              {[]seg{{run, 90, 101, main, stored}, {old, 99, 105, main, home}}, 60, run, false},
		"held is playable":                  {[]seg{{run, 90, 101, main, camera.StateHeld}, {old, 99, 105, main, camera.StateUploading}}, 60, run, false},
		"the newest of those that cover":    {[]seg{{run, 90, 101, main, home}, {old, 99, 105, main, camera.StateRequested}}, 60, old, false},
		"the newest before it":              {[]seg{{run, 80, 86, main, stored}, {old, 86, 92, sub, home}}, 60, old, false},
		"of two at once main":               {[]seg{{old, 86, 92, sub, stored}, {run, 86, 92, main, home}}, 60, run, false},
		"of two at once the playable":       {[]seg{{run, 86, 92, main, home}, {old, 86, 92, main, stored}}, 60, old, false},
		"what is gone shows nothing":        {[]seg{{run, 100, 106, main, camera.StateExpired}, {old, 99, 105, main, camera.StateLost}, {next, 98, 104, main, camera.StateWithheld}}, 60, "", false},
		"a gone one does not hide the next": {[]seg{{run, 100, 106, main, camera.StateLost}, {old, 70, 76, sub, home}}, 60, old, false},
		"far away":                          {[]seg{{run, 10, 16, main, stored}}, 60, "", false},
		"within less than nothing":          {[]seg{{run, 94, 100, main, stored}}, -60, "", false},
	} {
		x, _ := open(t)
		for i, h := range c.have {
			s := segment(0)
			s.Run, s.Start, s.End, s.Stream = h.run, at(h.from), at(h.to), h.stream
			accept(t, x, []camera.Segment{s})
			steps := map[camera.ByteState][]camera.ByteState{camera.StateHeld: {stored, camera.StateHeld}}[h.state]
			if steps == nil {
				steps = []camera.ByteState{h.state}
			}
			for _, step := range steps {
				if err := x.SetState(t.Context(), s.SegmentID, step); err != nil {
					t.Fatal(i, err)
				}
			}
		}
		e, err := x.At(t.Context(), mine, at(100), time.Duration(c.within)*time.Second, c.here)
		switch {
		case c.want == "" && camera.CodeOf(err) != camera.CodeNoFootage:
			t.Errorf("%s: %s, %v", name, e.SegmentID, err)
		case c.want != "" && (err != nil || e.Run != c.want || e.KeySize == 0):
			t.Errorf("%s: %s, %v, want run %s", name, e.SegmentID, err, c.want)
		}
	}
}

func TestAtNeedsAPicture(t *testing.T) {
	x, _ := open(t)
	blind := segment(1)
	blind.KeySize, blind.KeySHA256 = 0, camera.Hash{}
	accept(t, x, []camera.Segment{segment(0), blind})
	for sec, wanted := range map[int]string{3: "0 <nil>", 7: "0 <nil>"} {
		e, err := x.At(t.Context(), mine, at(sec), time.Minute, false)
		if got := fmt.Sprint(e.Seq, " ", err); got != wanted {
			t.Errorf("at %d s: %s, want %s", sec, got, wanted)
		}
	}
	if _, err := x.At(t.Context(), theirs, at(3), time.Minute, false); camera.CodeOf(err) != camera.CodeNoFootage {
		t.Errorf("of another camera: %v", err)
	}
}
