package trace_test

import (
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func TestConflicts(t *testing.T) {
	q := asked(2750, 0, along(500, 1250, 2250, 3250, 4250, 5250)...)
	q.Incident.From, q.Incident.To = after(60), after(180)
	q.Cameras[5].Footage = []camera.Interval{{From: noon, To: after(600)}, {From: after(900), To: after(1800)}}
	q.Cameras[4].Views[0].To = after(900)
	q.Cameras = append(q.Cameras, house("field", 2750, -200))
	slow := house("slow", 2750, 0)
	slow.Clock = camera.Millis(20 * time.Second)
	q.Cameras = append(q.Cameras, slow)
	tr := begun(t, highway(t), q)
	mark(t, tr, seen("s", "m3250", 300), looked("n", camera.MarkNotSeen, "m1250", 400, 460))
	warn := func(code camera.MarkConflict, other string) camera.MarkWarning {
		return camera.MarkWarning{Code: code, Other: other}
	}
	short := seen("x", "m5250", 610)
	short.From, short.To = after(590), after(599.5)
	short.At = after(595)
	for name, c := range map[string]struct {
		mark camera.Mark
		want []camera.MarkWarning
	}{
		"fits":                   {seen("x", "m4250", 360), nil},
		"not seen fits":          {looked("x", camera.MarkNotSeen, "m2250", 100, 130), nil},
		"unknown camera":         {seen("x", "nobody", 350), []camera.MarkWarning{warn(camera.ConflictOtherCamera, "")}},
		"ends in a gap":          {looked("x", camera.MarkNotSeen, "m5250", 590, 620), []camera.MarkWarning{warn(camera.ConflictNoFootage, "")}},
		"over a gap":             {looked("x", camera.MarkNotSeen, "m5250", 590, 920), []camera.MarkWarning{warn(camera.ConflictNoFootage, "")}},
		"up to a gap":            {short, nil},
		"sees no road":           {looked("x", camera.MarkNotSeen, "field", 100, 130), []camera.MarkWarning{warn(camera.ConflictNoView, "")}},
		"was turned away":        {looked("x", camera.MarkNotSeen, "m4250", 900, 930), []camera.MarkWarning{warn(camera.ConflictNoView, "")}},
		"future":                 {looked("x", camera.MarkNotSeen, "m2250", 1700, 1760), []camera.MarkWarning{warn(camera.ConflictFuture, "")}},
		"before":                 {seen("x", "m2250", 40), []camera.MarkWarning{warn(camera.ConflictBefore, "")}},
		"before by a bad clock":  {seen("x", "slow", 45), nil},
		"outside":                {looked("x", camera.MarkNotSeen, "m2250", -30, 20), []camera.MarkWarning{warn(camera.ConflictOutside, "")}},
		"too fast from incident": {seen("x", "m0500", 61), []camera.MarkWarning{warn(camera.ConflictTooFast, "")}},
		"too fast to":            {seen("x", "m0500", 290), []camera.MarkWarning{warn(camera.ConflictTooFast, "s")}},
		"too fast from":          {seen("x", "m5250", 310), []camera.MarkWarning{warn(camera.ConflictTooFast, "s")}},
		"seen where it was not":  {seen("x", "m1250", 430), []camera.MarkWarning{warn(camera.ConflictSameTime, "n")}},
		"not seen where it was":  {looked("x", camera.MarkNotSeen, "m3250", 290, 310), []camera.MarkWarning{warn(camera.ConflictSameTime, "s")}},
		"replaces it":            {seen("s", "m3250", 310), nil},
	} {
		got := tr.Mark(c.mark, after(1750))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		tr.Undo(c.mark.ID)
		if c.mark.ID == "s" {
			mark(t, tr, seen("s", "m3250", 300))
		}
	}
	if got := tr.Mark(looked("x", camera.MarkNotSeen, "m2250", 1700, 1760), time.Time{}); len(got) != 0 {
		t.Errorf("without a clock: %v", got)
	}
}
