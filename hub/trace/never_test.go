package trace_test

import (
	"fmt"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// stay is a pass that there really was.
type stay struct {
	cam      string
	from, to float64
	heading  float64
}

// follow watches what is proposed until all stays were found, and returns how many clips
// that took; -1 when most were not enough. An officer sees who is there, all but the
// first time in each missed camera's clip.
func follow(t *testing.T, tr *trace.Trace, stays []stay, missed string, most int) int {
	t.Helper()
	found := make([]bool, len(stays))
	left := len(stays)
	for n := 1; n <= most; n++ {
		all := tr.Proposals(1)
		if len(all) == 0 {
			t.Fatalf("nothing to look at after %d clips, %d of %d found", n-1, len(stays)-left, len(stays))
		}
		p := all[0]
		m := camera.Mark{ID: fmt.Sprint(n), Kind: camera.MarkNotSeen, Camera: p.Camera, From: p.From, To: p.To}
		for i, s := range stays {
			if s.cam != string(p.Camera) || !after(s.from).Before(p.To) || !after(s.to).After(p.From) {
				continue
			}
			if s.cam == missed {
				missed = ""
				continue
			}
			m.Kind, m.At, m.Heading = camera.MarkSeen, after((s.from+s.to)/2), &stays[i].heading
			if !found[i] {
				found[i] = true
				left--
			}
			break
		}
		if left == 0 {
			return n
		}
		tr.Mark(m, time.Time{})
	}
	return -1
}

// TestNeverLose: whoever does what no model foresees is found all the same, in the end.
// All footage is 6 cameras × 15 minutes: 180 clips of half a minute. It may be
// looked at some times over, as nobody sees everything at once.
func TestNeverLose(t *testing.T) {
	cams := along(250, 1250, 2250, 3250, 3750, 4250)
	for name, c := range map[string]struct {
		stays  []stay
		missed string
	}{
		"as foreseen": {[]stay{{"m3250", 95, 98, 90}, {"m3750", 120, 123, 90}, {"m4250", 146, 149, 90}}, ""},
		"was missed":  {[]stay{{"m3250", 95, 98, 90}, {"m3750", 120, 123, 90}, {"m4250", 146, 149, 90}}, "m3750"},
		"waits ten minutes": {
			[]stay{{"m3250", 95, 98, 90}, {"m3750", 740, 743, 90}, {"m4250", 765, 768, 90}}, "",
		},
		"to and fro": {
			[]stay{
				{"m3250", 60, 63, 90}, {"m3750", 90, 93, 90}, {"m3750", 130, 133, 270}, {"m3250", 160, 163, 270},
				{"m2250", 420, 423, 270}, {"m2250", 600, 603, 90}, {"m3250", 660, 663, 90},
			}, "",
		},
		"by roads that the map does not know": {
			[]stay{{"m4250", 70, 73, 90}, {"m0250", 200, 203, 90}, {"m3750", 240, 243, 270}, {"m1250", 800, 803, 90}}, "m1250",
		},
		"left before it was said": {[]stay{{"m3250", 5, 8, 90}, {"m4250", 55, 58, 90}}, ""},
	} {
		q := asked(2750, 0, cams...)
		q.To = after(900)
		tr := begun(t, highway(t), q)
		if n := follow(t, tr, c.stays, c.missed, 900); n < 0 {
			t.Errorf("%s: not found in 900 clips", name)
		} else {
			t.Logf("%s: %d clips", name, n)
		}
	}
}
