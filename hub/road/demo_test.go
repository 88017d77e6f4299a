package road_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

type home struct {
	ID    string      `json:"id"`
	Label string      `json:"label"`
	Codec string      `json:"codec"`
	View  camera.View `json:"view"`
}

func TestDemoSketch(t *testing.T) {
	g, report := load(t, sketch)
	checkRoads(t, g)
	if report.Pieces != 1 || report.Traps != 0 || report.MissingNodes != 0 {
		t.Errorf("report %+v", report)
	}
	main, ok := g.Road("ql4a")
	if !ok || main.Length < 8500 || main.Length > 9500 || main.Name != "Quốc lộ 4A (bản vẽ)" {
		t.Fatalf("main road %+v", main)
	}
	forks := map[camera.RoadID]bool{}
	for _, j := range g.Junctions() {
		for _, id := range j.Roads {
			if strings.HasPrefix(string(id), "duong-di-ban-mau-") && len(j.Roads) == 2 && slices.Contains(j.Roads, "ql4a") {
				forks[id] = true
			}
		}
	}
	if len(forks) != 3 {
		t.Errorf("side roads from the main road: %v, want 3", forks)
	}
	t.Logf("%s: %.0f m, %d points, %d junctions, %d roads of %.1f km in all, %d ways without speed",
		main.ID, main.Length, len(main.Line), report.Junctions, report.Roads, report.Metres/1000, report.MissingSpeed)
	crossings(t, g)
}

// crossings finds lines that cross where no junction is: a slip of the pen.
func crossings(t *testing.T, g *road.Graph) {
	t.Helper()
	side := func(a, b, c camera.Position) float64 {
		return (b.Lon-a.Lon)*(c.Lat-a.Lat) - (b.Lat-a.Lat)*(c.Lon-a.Lon)
	}
	var lines [][]camera.Position
	for _, r := range g.Roads() {
		lines = append(lines, r.Line)
	}
	for i, p := range lines {
		for _, q := range lines[i:] {
			for a := 1; a < len(p); a++ {
				for b := 1; b < len(q); b++ {
					s, e, u, v := p[a-1], p[a], q[b-1], q[b]
					if side(s, e, u)*side(s, e, v) < 0 && side(u, v, s)*side(u, v, e) < 0 {
						t.Errorf("lines cross at %v", s)
					}
				}
			}
		}
	}
}

func TestDemoHomes(t *testing.T) {
	g, _ := load(t, sketch)
	text, err := os.ReadFile("../../configs/demo/homes.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Note  string `json:"note"`
		Homes []home `json:"homes"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Homes) != 18 || !strings.Contains(doc.Note, "sketch") {
		t.Fatalf("%d homes, note %q", len(doc.Homes), doc.Note)
	}
	facings, aside, last := map[camera.Direction]int{}, 0, -1.0
	for i, h := range doc.Homes {
		codec := "h264"
		if i+1 == 4 || i+1 == 9 || i+1 == 15 {
			codec = "h265"
		}
		if h.ID != fmt.Sprintf("home-%02d", i+1) || h.Label != fmt.Sprintf("Nhà %02d", i+1) || h.Codec != codec {
			t.Errorf("home %d is %+v", i+1, h)
		}
		if err := h.View.Check(); err != nil {
			t.Errorf("%s: %v", h.ID, err)
		}
		if h.View.FOV < 70 || h.View.FOV > 100 || h.View.Range < 40 || h.View.Range > 60 {
			t.Errorf("%s: view %+v", h.ID, h.View)
		}
		p, err := g.Snap(h.View.Position, 50)
		if err != nil || p.Distance < 8.5 || p.Distance > 15.6 { // half a carriageway and 5 to 12 m
			t.Errorf("%s: %+v, %v", h.ID, p, err)
		}
		seen := g.Seen(h.View)
		if len(seen) == 0 || seen[0].To-seen[0].From < 20 || seen[0].Road != p.Road {
			t.Errorf("%s on %s sees %+v", h.ID, p.Road, seen)
			continue
		}
		facings[seen[0].Facing]++
		t.Logf("%s %s at %.0f m, %.1f m off, heading %.0f, sees %.0f m %s", h.ID, p.Road, p.At, p.Distance, h.View.Heading, seen[0].To-seen[0].From, seen[0].Facing)
		if p.Road != "ql4a" {
			aside++
			continue
		}
		if gap := p.At - last; last >= 0 && (gap < 250 || gap > 820) {
			t.Errorf("%s lies %.0f m after the home before", h.ID, gap)
		}
		last = p.At
	}
	if aside < 3 || aside > 4 || facings[camera.DirUp] < 4 || facings[camera.DirDown] < 4 || facings[camera.DirAcross] < 3 {
		t.Errorf("%d homes on side roads, facing %v", aside, facings)
	}
}
