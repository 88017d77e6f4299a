package trace_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/trace"
)

// TestAnyMarks: on towns with any cameras, gaps and clocks, after any marks, answers can
// be, and there is something to look at.
func TestAnyMarks(t *testing.T) {
	towns := map[int]*road.Graph{2: grid(t, 2, 150), 4: grid(t, 4, 150), 6: grid(t, 6, 150)}
	nets := map[int]*trace.Network{}
	for n, g := range towns {
		nets[n] = trace.NewNetwork(g)
	}
	p := trace.DefaultParams()
	p.Trees, p.Ends = 4, 8 // what it is not about is made cheap
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{2, 4, 6}).Draw(t, "crossings")
		q := question(t, n)
		tr, err := trace.New(t.Context(), nets[n], q, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		kinds := []camera.MarkKind{camera.MarkSeen, camera.MarkNotSeen, camera.MarkNotSeen, camera.MarkUnclear}
		for i := range rapid.IntRange(0, 6).Draw(t, "marks") {
			from := rapid.Float64Range(-60, 1900).Draw(t, "from")
			m := looked(fmt.Sprint(rapid.IntRange(0, 10).Draw(t, "id")), rapid.SampledFrom(kinds).Draw(t, "kind"),
				fmt.Sprint("c", rapid.IntRange(0, 6).Draw(t, "camera")), from, from+rapid.Float64Range(1, 120).Draw(t, "long"))
			if m.Kind == camera.MarkSeen {
				m.At = after(from + rapid.Float64Range(0, 1).Draw(t, "at"))
				if rapid.Bool().Draw(t, "headed") {
					h := rapid.Float64Range(0, 359).Draw(t, "heading")
					m.Heading = &h
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "undo") == 0 {
				tr.Undo(m.ID)
			} else {
				tr.Mark(m, after(1800))
			}
			sane(t, tr, q, func(f string, v ...any) { t.Fatalf("after %d marks: "+f, append([]any{i + 1}, v...)...) })
		}
		sane(t, tr, q, t.Fatalf)
	})
}

// question draws one in a town of n × n crossings. One camera at least has footage and
// sees a road.
func question(t *rapid.T, n int) camera.TraceQuestion {
	side := float64(n-1) * 150
	q := asked(rapid.Float64Range(0, side).Draw(t, "x"), 150*float64(rapid.IntRange(0, n-1).Draw(t, "row")))
	q.Mode = rapid.SampledFrom(camera.Modes()).Draw(t, "mode")
	q.Incident.To = after(rapid.Float64Range(0, 1900).Draw(t, "until"))
	q.Seed = rapid.Uint64().Draw(t, "seed")
	for i := range rapid.IntRange(1, 6).Draw(t, "cameras") {
		c := house(fmt.Sprint("c", i), rapid.Float64Range(0, side).Draw(t, "x"), 150*float64(rapid.IntRange(0, n-1).Draw(t, "row")))
		c.Clock = camera.Millis(time.Duration(rapid.IntRange(0, 90).Draw(t, "clock")) * time.Second)
		if i > 0 {
			c.Views[0].Heading = rapid.Float64Range(0, 359).Draw(t, "looks")
			if gap := rapid.Float64Range(0, 1800).Draw(t, "gap"); gap > 100 {
				c.Footage = []camera.Interval{{From: noon, To: after(gap - 100)}, {From: after(gap), To: after(1800)}}
			}
			if turns := rapid.Float64Range(0, 3000).Draw(t, "turns"); turns < 1800 {
				v := c.Views[0]
				c.Views[0].To, v.From, v.Heading = after(turns), after(turns), rapid.Float64Range(0, 359).Draw(t, "then")
				c.Views = append(c.Views, v)
			}
		}
		q.Cameras = append(q.Cameras, c)
	}
	return q
}
