package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// notice is what a recorder has of a camera, in minutes before start: 60, 50 is an
// hour ago, for ten minutes.
func notice(id camera.CameraID, minutes ...int) camera.CameraPast {
	p := camera.CameraPast{Camera: id, At: start, Offset: camera.Millis(-7 * time.Minute), Bound: camera.Millis(time.Second)}
	for i := 0; i < len(minutes); i += 2 {
		p.Spans = append(p.Spans, camera.Interval{From: start.Add(-time.Duration(minutes[i]) * time.Minute), To: start.Add(-time.Duration(minutes[i+1]) * time.Minute)})
	}
	return p
}

func shown(spans []camera.Interval) string {
	var parts []string
	for _, s := range spans {
		parts = append(parts, fmt.Sprintf("%g-%g", start.Sub(s.From).Minutes(), start.Sub(s.To).Minutes()))
	}
	return strings.Join(parts, " ")
}

func tellPast(t testing.TB, x *index.Index, notices ...camera.CameraPast) {
	t.Helper()
	if err := x.SetPast(t.Context(), notices, clock()); err != nil {
		t.Fatal(err)
	}
}

func pastOf(t testing.TB, x *index.Index, id camera.CameraID) string {
	t.Helper()
	p, ok, err := x.Past(t.Context(), id)
	gone, failed := x.Overwritten(t.Context(), id)
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if !ok && (p.Spans != nil || gone != nil) {
		t.Errorf("nothing was told, and there is %v and %v", p, gone)
	}
	return shown(p.Spans) + " | " + shown(gone)
}

// TestPastOfARecorder: what was there and lies before all that is there now was
// overwritten; what is not found otherwise is just not there.
func TestPastOfARecorder(t *testing.T) {
	for name, c := range map[string]struct {
		told [][]int
		want string
	}{
		"nothing yet":               {nil, " | "},
		"first word":                {[][]int{{360, 200, 180, 5}}, "360-200 180-5 | "},
		"goes on":                   {[][]int{{360, 5}, {360, 0}}, "360-0 | "},
		"the oldest is overwritten": {[][]int{{360, 5}, {300, 0}}, "300-0 | 360-300"},
		"and more of it":            {[][]int{{360, 5}, {300, 0}, {200, 0}}, "200-0 | 360-200"},
		"with its holes":            {[][]int{{360, 340, 330, 5}, {300, 0}}, "300-0 | 360-340 330-300"},
		"a hole opens":              {[][]int{{360, 5}, {360, 200, 100, 5}}, "360-200 100-5 | "},
		"a disk is taken out":       {[][]int{{360, 5}, {}}, " | "},
		"and another one put in":    {[][]int{{360, 5}, {300, 5}, {}, {100, 5}}, "100-5 | 360-300"},
		"it is there again":         {[][]int{{360, 5}, {300, 0}, {360, 0}}, "360-0 | "},
		"a part is there again":     {[][]int{{360, 5}, {300, 0}, {330, 0}}, "330-0 | 360-330"},
		"spans that touch":          {[][]int{{360, 300, 300, 5}}, "360-5 | "},
		"from the future":           {[][]int{{360, -600}}, "360--60 | "}, // the hub's clock is an hour after start
		"all in the future":         {[][]int{{-61, -62}}, " | "},
		"from long ago":             {[][]int{{200 * 1440, 99*1440 + 1440 - 120}}, "143940-143880 | "}, // 100 days before the hub's now
	} {
		x, _ := open(t)
		for _, told := range c.told {
			tellPast(t, x, notice(mine, told...))
		}
		if got := pastOf(t, x, mine); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := pastOf(t, x, theirs); got != " | " {
			t.Errorf("%s: the other camera's is %s", name, got)
		}
	}
}

func TestPastTellsTheRecordersClock(t *testing.T) {
	x, _ := open(t)
	if p, ok, err := x.Past(t.Context(), mine); ok || err != nil {
		t.Errorf("of nothing: %+v, %v, %v", p, ok, err)
	}
	said := notice(mine, 60, 50)
	other := notice(theirs, 30, 20)
	tellPast(t, x, notice(mine, 300, 200), other)
	said.At, said.Offset, said.Bound = start.Add(time.Minute), camera.Millis(3*time.Second), 0
	tellPast(t, x, said)
	for _, want := range []camera.CameraPast{said, other} {
		got, ok, err := x.Past(t.Context(), want.Camera)
		if err != nil || !ok || got.Camera != want.Camera || !got.At.Equal(want.At) || got.Offset != want.Offset || got.Bound != want.Bound || !slices.Equal(got.Spans, want.Spans) {
			t.Errorf("%+v, %v, %v, want %+v", got, ok, err, want)
		}
	}
}

func TestHostilePasts(t *testing.T) {
	many := notice(mine)
	for i := range camera.PastSpansMost + 1 {
		many.Spans = append(many.Spans, interval(int64(2*i), int64(2*i+1)))
	}
	for name, c := range map[string]struct {
		change func(*camera.CameraPast)
		code   camera.Code
	}{
		"spans that overlap":    {func(p *camera.CameraPast) { *p = notice(mine, 60, 50, 55, 40) }, camera.CodeBadClaim},
		"out of order":          {func(p *camera.CameraPast) { *p = notice(mine, 40, 30, 60, 50) }, camera.CodeBadClaim},
		"an empty one":          {func(p *camera.CameraPast) { *p = notice(mine, 40, 40) }, camera.CodeBadClaim},
		"too many":              {func(p *camera.CameraPast) { *p = many }, camera.CodeBadClaim},
		"no camera":             {func(p *camera.CameraPast) { p.Camera = "" }, camera.CodeBadClaim},
		"a key of the table":    {func(p *camera.CameraPast) { p.Camera = "overwritten " + mine }, camera.CodeBadClaim},
		"negative bound":        {func(p *camera.CameraPast) { p.Bound = -1 }, camera.CodeBadClaim},
		"a clock never set":     {func(p *camera.CameraPast) { p.Offset = camera.Millis(401 * 24 * time.Hour) }, camera.CodeBadClaim},
		"asked at no time":      {func(p *camera.CameraPast) { p.At = time.Time{} }, camera.CodeBadClaim},
		"asked from the future": {func(p *camera.CameraPast) { p.At = clock().Add(3 * time.Second) }, camera.CodeFutureClaim},
	} {
		x, _ := open(t)
		tellPast(t, x, notice(mine, 60, 50))
		bad := notice(mine, 70, 60)
		c.change(&bad)
		if err := x.SetPast(t.Context(), []camera.CameraPast{notice(mine, 90, 80), bad}, clock()); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if got := pastOf(t, x, mine); got != "60-50 | " {
			t.Errorf("%s: a part of the message was taken: %s", name, got)
		}
	}
	x, _ := open(t)
	if err := x.SetPast(t.Context(), make([]camera.CameraPast, 257), clock()); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("of 257 cameras: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.SetPast(ended, []camera.CameraPast{notice(mine, 60, 50)}, clock()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the link ended: %v", err)
	}
}

// TestOverwrittenIsBounded: a recorder of many short pieces goes round and round.
func TestOverwrittenIsBounded(t *testing.T) {
	x, _ := open(t)
	for round := range 4 {
		p := notice(mine)
		for i := range camera.PastSpansMost {
			at := int64(round*camera.PastSpansMost+i) * 1000
			p.Spans = append(p.Spans, interval(at, at+500))
		}
		p.At = ms(0)
		if err := x.SetPast(t.Context(), []camera.CameraPast{p}, ms(10_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	gone, err := x.Overwritten(t.Context(), mine)
	if err != nil || len(gone) != camera.PastSpansMost || gone[0] != interval(2*300_000, 2*300_000+500) {
		t.Errorf("%d spans from %v, %v", len(gone), gone[0], err)
	}
}

// TestPastHoldsItsRules compares what is kept with a reading of the rules, a minute at
// a time: overwritten is what some word had and what lies before all of the last one.
func TestPastHoldsItsRules(t *testing.T) {
	x, _ := open(t)
	rapid.Check(t, func(r *rapid.T) {
		write(r, x, notice(mine, 5000, 4999)) // a new round: all of before lies before it, or is cut off below
		once := map[int]bool{}
		var last []int
		for range rapid.IntRange(1, 5).Draw(r, "words") {
			edges := rapid.SliceOfNDistinct(rapid.IntRange(0, 200), 2, 8, rapid.ID).Draw(r, "edges")
			slices.Sort(edges)
			slices.Reverse(edges)
			last = edges[:len(edges)/2*2]
			write(r, x, notice(mine, last...))
			for m := range 201 {
				switch {
				case inMinutes(last, m):
					once[m] = true
				case m < last[0]:
					once[m] = false // behind the oldest: not found, whatever was there
				}
			}
		}
		gone, err := x.Overwritten(t.Context(), mine)
		p, _, failed := x.Past(t.Context(), mine)
		if err := errors.Join(err, failed); err != nil {
			r.Fatal(err)
		}
		for m := range 201 {
			at := start.Add(-time.Duration(m)*time.Minute + time.Second)
			in := func(spans []camera.Interval) bool {
				return slices.ContainsFunc(spans, func(s camera.Interval) bool { return within(at, s.From, s.To) })
			}
			if has := inMinutes(last, m); in(p.Spans) != has || in(gone) != (once[m] && !has) {
				r.Fatalf("minute %d: has %v, once %v; spans %s, overwritten %s", m, has, once[m], shown(p.Spans), shown(gone))
			}
		}
	})
}

func write(r *rapid.T, x *index.Index, p camera.CameraPast) {
	if err := x.SetPast(r.Context(), []camera.CameraPast{p}, clock()); err != nil {
		r.Fatal(err)
	}
}

// inMinutes tells whether the minute that begins m minutes before start lies in spans.
func inMinutes(spans []int, m int) bool {
	for i := 0; i < len(spans); i += 2 {
		if m <= spans[i] && m > spans[i+1] {
			return true
		}
	}
	return false
}
