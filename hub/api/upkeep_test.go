package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/keep"
	"xulang.vn/camera/hub/road"
)

// coverage is a small one, in which every number differs from the others.
func (h *house) coverage(context.Context) (api.Coverage, error) {
	c := road.Coverage{
		Cameras: 2, Watched: road.Directions{Up: 90, Down: 80, BehindUp: 70, BehindDown: 60},
		Roads: []road.RoadCoverage{{
			Road: camera.RoadID(h.road), Name: "Đường làng", Length: 2000, Open: road.Directions{Up: 1999, Down: 1998},
			Watched: road.Directions{Up: 90}, Best: 7, Worst: 3,
		}},
		Gaps:     []road.Gap{{Stretch: camera.Stretch{Road: camera.RoadID(h.road), From: 100, To: 400}, Name: "Đường làng", Up: 300, Down: 299}},
		GapCount: 5,
		Exits: []road.Exit{{
			Position: camera.Position{Lon: 106.7, Lat: 21.9}, Road: camera.RoadID(h.road), Name: "Ngõ", Class: "service", Heading: 45,
			Toward: "Na Sầm", Gap: camera.Stretch{Road: camera.RoadID(h.road), From: 100, To: 400}, Ends: true,
		}},
		ExitCount: 6,
		Next:      []road.Offer{{Home: road.Home{ID: "h9", Label: "Nhà 09", Position: camera.Position{Lon: 106.71, Lat: 21.9}}, Heading: 30, Adds: 44, Closes: 1}},
	}
	c.Hours[7].Up, c.Roads[0].Hours[7].Up = 88, 87
	to := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	return api.Coverage{From: to.AddDate(0, 0, -7), To: to, Coverage: c}, nil
}

func TestCoverage(t *testing.T) {
	h := newHouse(t)
	var c gen.Coverage
	h.read(t, admin, "/api/v1/coverage", &c)
	if c.Cameras != 2 || c.Watched != (gen.Directions{Up: 90, Down: 80, BehindUp: 70, BehindDown: 60}) || len(c.Hours) != 24 || c.Hours[7].Up != 88 || c.To.Sub(c.From) != 7*24*time.Hour {
		t.Errorf("sums %+v", c)
	}
	if len(c.Roads) != 1 || c.Roads[0].OpenUp != 1999 || c.Roads[0].OpenDown != 1998 || c.Roads[0].Watched.Up != 90 || c.Roads[0].Hours[7].Up != 87 || c.Roads[0].Best != 7 || c.Roads[0].Worst != 3 {
		t.Errorf("roads %+v", c.Roads)
	}
	if len(c.Gaps) != 1 || c.GapCount != 5 || c.Gaps[0].Up != 300 || c.Gaps[0].Down != 299 || c.Gaps[0].Stretch.To != 400 || len(c.Gaps[0].Line) < 2 {
		t.Errorf("gaps %+v", c.Gaps)
	}
	if len(c.Exits) != 1 || c.ExitCount != 6 || c.Exits[0].Toward == nil || *c.Exits[0].Toward != "Na Sầm" || !c.Exits[0].Ends || c.Exits[0].Heading != 45 || c.Exits[0].Gap.From != 100 {
		t.Errorf("exits %+v", c.Exits)
	}
	if len(c.Next) != 1 || c.Next[0].Household != "h9" || c.Next[0].Adds != 44 || c.Next[0].Closes != 1 || c.Next[0].Position.Lon != 106.71 {
		t.Errorf("next %+v", c.Next)
	}
}

func (h *house) read(t *testing.T, who, path string, into any) {
	t.Helper()
	got := h.do(who, http.MethodGet, path, "")
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), into); err != nil {
		t.Fatal(err)
	}
}

// TestMeasure: what a sign says shows on the road, and what no sign can say is refused.
func TestMeasure(t *testing.T) {
	h := newHouse(t)
	put := func(body string) string {
		return h.do(admin, http.MethodPut, "/api/v1/roads/"+h.road+"/measure", body).problem.Code
	}
	for body, want := range map[string]camera.Code{
		`{"metre":-1,"kilometre":1,"falling":false}`:  camera.CodeBadRequest,
		`{"metre":1e9,"kilometre":1,"falling":false}`: camera.CodeBadRequest,
		`{"metre":1,"kilometre":1e9,"falling":false}`: camera.CodeBadRequest,
		`{"metre":500,"kilometre":12,"falling":true}`: "",
	} {
		if got := put(body); got != string(want) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	if got := h.do(admin, http.MethodPut, "/api/v1/roads/nowhere/measure", `{"metre":0,"kilometre":0,"falling":false}`); got.problem.Code != string(camera.CodeUnknownRoad) {
		t.Errorf("no such road: %s", got.body)
	}
	var list gen.RoadList
	h.read(t, officer, "/api/v1/roads", &list)
	if len(list.Roads) != 1 || list.Roads[0].Measure != (gen.Measure{Metre: 500, Kilometre: 12, Falling: true}) {
		t.Errorf("measure %+v", list.Roads[0].Measure)
	}
}

func TestUpkeep(t *testing.T) {
	h := newHouse(t)
	var fresh gen.Upkeep
	h.read(t, admin, "/api/v1/upkeep", &fresh)
	if fresh.Check != nil || fresh.Snapshot != nil || fresh.GraceUntil != nil || fresh.Keep == nil || fresh.Index.Oldest != nil {
		t.Errorf("of a new hub: %+v", fresh)
	}
	at := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	h.upkeep = api.Upkeep{Database: 1, Upkeep: keep.Upkeep{
		Cameras: map[int]int{30: 2, 7: 3}, Day: keep.Sum{Segments: 4, Size: 5}, Month: keep.Sum{Segments: 6, Size: 7}, Unproved: 8, Grace: time.Hour,
		Backlog: keep.Backlog{Fresh: 9, Oldest: at, Unshipped: 10}, Snapshot: keep.Snapshot{Name: "x", At: at, Size: 11}, Checked: true,
		Check: keep.Report{Depth: keep.Bytes, Began: at, Ended: at.Add(time.Minute), Segments: 12, Objects: 13, Stored: 14, Size: 15, Counts: map[keep.Kind]keep.Count{
			keep.Orphan: {Found: 1}, keep.Missing: {Found: 2, Repaired: 2},
		}},
	}}
	var u gen.Upkeep
	h.read(t, admin, "/api/v1/upkeep", &u)
	if len(u.Keep) != 2 || u.Keep[0] != (gen.KeepDays{Days: 7, Cameras: 3}) || u.Keep[1] != (gen.KeepDays{Days: 30, Cameras: 2}) ||
		u.Expired != (gen.Expired{Day: gen.Bytes{Segments: 4, Size: 5}, Month: gen.Bytes{Segments: 6, Size: 7}, Unproved: 8}) || u.Database != 1 || u.GraceUntil == nil {
		t.Errorf("kept %+v", u)
	}
	if u.Index.Open != 9 || u.Index.Unsent != 10 || u.Index.Oldest == nil || u.Snapshot == nil || u.Snapshot.Size != 11 {
		t.Errorf("index %+v, snapshot %+v", u.Index, u.Snapshot)
	}
	if c := u.Check; c == nil || c.Depth != 3 || c.Segments != 12 || c.Objects != 13 || c.Stored != 14 || c.Size != 15 || c.Clean || len(c.Findings) != 2 ||
		c.Findings[0] != (gen.FindingCount{Kind: "missing", Count: 2, Repaired: 2}) || c.Findings[1].Kind != "orphan" {
		t.Errorf("check %+v", c)
	}
}

// TestSearchByPlace: the ways to name a place, each of which finds the village's camera.
func TestSearchByPlace(t *testing.T) {
	h := newHouse(t)
	for name, place := range map[string]string{
		"stretch": `"stretch":{"road":"` + h.road + `","from":0,"to":2000}`,
		"near":    `"near":{"position":{"lon":106.71,"lat":21.9},"metres":100}`,
		"route":   `"route":[{"road":"` + h.road + `","from":900,"to":1200}]`,
	} {
		got := h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/search"), h.fill(`{`+place+`,"from":"{from}","to":"{to}"}`))
		var found gen.SearchResult
		if err := json.Unmarshal([]byte(got.body), &found); err != nil || got.status != http.StatusOK || len(found.Cameras) != 1 || len(found.Line) < 2 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	got := h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/search"), h.fill(`{"near":{"position":{"lon":106.71,"lat":21.9},"metres":501},"from":"{from}","to":"{to}"}`))
	if got.problem.Code != string(camera.CodeTooLarge) {
		t.Errorf("501 m around a point: %s", got.body)
	}
}
