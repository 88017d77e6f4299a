package api_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/hub/api/gen"
)

// TestTraceBegins: the place is snapped to a road and the distance told, homes that are
// left out stand there with the reason.
func TestTraceBegins(t *testing.T) {
	l := newLane(t)
	l.ask(officer, http.MethodGet, "", "", http.StatusNotFound, nil)
	l.ask(officer, http.MethodGet, "/proposals", "", http.StatusNotFound, nil)
	if got := l.ask(officer, http.MethodPut, "", l.order(21.9055), http.StatusBadRequest, nil); got.problem.Code != "off-road" {
		t.Errorf("612 m from the road: %s", got.body)
	}
	l.ask(officer, http.MethodGet, "", "", http.StatusNotFound, nil) // it was not begun
	var begun, read gen.Trace
	l.ask(officer, http.MethodPut, "", l.order(21.9009), http.StatusOK, &begun)
	if math.Abs(begun.Metres-100) > 2 || math.Abs(begun.Place.Lat-21.9) > 1e-6 || begun.Incident.Position.Lat != 21.9009 {
		t.Errorf("100 m from the road: %v m to %+v of %+v", begun.Metres, begun.Place, begun.Incident)
	}
	left := map[string]string{}
	for _, one := range begun.Left {
		left[one.Label] = string(one.Code)
	}
	// Cổng is the house's own, at which there is nothing from that long ago.
	delete(left, "Cổng")
	want := map[string]string{"paused": "paused", "stills": "no-consent", "yard": "off-road", "broken": "no-footage"}
	if fmt.Sprint(left) != fmt.Sprint(want) || begun.Hidden != 1 || begun.Cameras != 3 {
		t.Errorf("left out %v, %d hidden, %d to propose; want %v", left, begun.Hidden, begun.Cameras, want)
	}
	if strings.Contains(fmt.Sprint(begun.Left), "nothing") {
		t.Error("a camera that no officer may know of is named")
	}
	got := l.ask(second, http.MethodGet, "", "", http.StatusOK, &read)
	if read.Version != begun.Version || read.Officer != "Cán bộ" || read.Mode != gen.Motorbike || !read.To.Equal(l.began.Add(windowLasts)) {
		t.Errorf("read by another officer: %s", got.body)
	}
	l.ask(other, http.MethodGet, "", "", http.StatusNotFound, nil)
	l.ask(admin, http.MethodGet, "", "", http.StatusForbidden, nil)
}

// TestProposals name only cameras that consent and footage allow, inside of the window.
func TestProposals(t *testing.T) {
	l := newLane(t)
	l.start()
	var got gen.Proposals
	l.ask(officer, http.MethodGet, "/proposals?most=50", "", http.StatusOK, &got)
	if len(got.Proposals) == 0 {
		t.Fatal("nothing to look at")
	}
	met := map[string]bool{}
	for _, p := range got.Proposals {
		met[p.Label] = true
		if !slices.Contains([]string{"A", "B", "C"}, p.Label) || p.From.Before(l.began) || p.To.After(l.began.Add(windowLasts)) || !p.From.Before(p.To) {
			t.Errorf("proposed: %+v", p)
		}
		if !(p.Probability >= 0 && p.Probability <= 1) || p.Reason.Code == "" || p.Consent == "" {
			t.Errorf("proposed: %+v", p)
		}
		if asked := p.Label == "C"; (p.Consent == gen.ProposalConsentAsk) != asked || (p.Playlist == nil) != asked {
			t.Errorf("%s: consent %s, playlist %v", p.Label, p.Consent, p.Playlist)
		}
		if p.Playlist != nil {
			if list := l.do(officer, http.MethodGet, *p.Playlist, ""); list.status != http.StatusOK || !strings.Contains(list.body, "segments/") {
				t.Errorf("%s: playlist %d %s", p.Label, list.status, list.body)
			}
		}
	}
	if first := got.Proposals[0]; first.Label != "A" || first.Reason.Code != gen.First || first.Reason.Name == nil || *first.Reason.Name != "Đường làng" {
		t.Errorf("first of all: %+v, %v", first, met)
	}
	for _, one := range []int{1, 2} {
		l.ask(officer, http.MethodGet, fmt.Sprintf("/proposals?most=%d", one), "", http.StatusOK, &got)
		if len(got.Proposals) != one {
			t.Errorf("at most %d: %d", one, len(got.Proposals))
		}
	}
	var belief gen.Belief
	l.ask(officer, http.MethodGet, "/belief?step_ms=60000", "", http.StatusOK, &belief)
	if len(belief.Cameras) == 0 || belief.StepMs != 60000 {
		t.Errorf("belief of %d cameras in steps of %d", len(belief.Cameras), belief.StepMs)
	}
	for _, c := range belief.Cameras {
		if len(c.Passing) == 0 || slices.Max(c.Passing) > 1 || slices.Min(c.Passing) < 0 {
			t.Errorf("belief of %s: %v", c.Camera, c.Passing)
		}
	}
	var open gen.Branches
	l.ask(officer, http.MethodGet, "/branches", "", http.StatusOK, &open)
	if len(open.Branches) == 0 || open.Branches[0].Cameras == nil || open.Version != got.Version {
		t.Errorf("open ways: %+v", open)
	}
}

// TestMarksOfTwoOfficers: each sees what the other marked; what does not fit is told and
// counts; what is withdrawn stays readable.
func TestMarksOfTwoOfficers(t *testing.T) {
	l := newLane(t)
	begun := l.start()
	seen := `,"at":"` + l.at(2*time.Minute) + `","heading":90`
	var first, again, contrary gen.Mark
	l.ask(officer, http.MethodPost, "/marks", l.clip("seen", "A", time.Minute, 3*time.Minute, seen), http.StatusCreated, &first)
	if len(first.Warnings) > 0 || first.Label != "A" || first.Officer != "Cán bộ" || first.Heading == nil || first.At == nil {
		t.Errorf("first mark: %+v", first)
	}
	l.ask(officer, http.MethodPost, "/marks", l.clip("seen", "A", time.Minute, 3*time.Minute, seen), http.StatusCreated, &again)
	if again.Id != first.Id {
		t.Error("a button that was pressed twice made two marks")
	}
	var next gen.Proposals
	l.ask(officer, http.MethodGet, "/proposals", "", http.StatusOK, &next)
	if p := next.Proposals[0]; p.Label == "A" || p.Reason.Code != gen.Next || p.Reason.AfterLabel == nil || *p.Reason.AfterLabel != "A" || next.Version <= begun.Version {
		t.Errorf("after the sighting: %+v of version %d", p, next.Version)
	}
	l.ask(second, http.MethodPost, "/marks", l.clip("not-seen", "A", time.Minute, 3*time.Minute, ""), http.StatusCreated, &contrary)
	if !warned(contrary, gen.MarkWarningCodeSameTime, first.Id) {
		t.Errorf("it contradicts: %+v", contrary)
	}
	for label, c := range map[string]struct {
		body string
		code gen.MarkWarningCode
	}{
		"without footage":     {l.clip("not-seen", "broken", time.Minute, 2*time.Minute, ""), gen.MarkWarningCodeNoFootage},
		"in the future":       {l.clip("not-seen", "B", 39*time.Minute, 50*time.Minute, ""), gen.MarkWarningCodeFuture},
		"before the incident": {l.clip("seen", "B", -5*time.Minute, -4*time.Minute, `,"at":"`+l.at(-4*time.Minute)+`"`), gen.MarkWarningCodeBeforeIncident},
		"too fast":            {l.clip("seen", "C", 2*time.Minute, 3*time.Minute, `,"at":"`+l.at(2*time.Minute+2*time.Second)+`"`), gen.MarkWarningCodeTooFast},
	} {
		var m gen.Mark
		l.ask(second, http.MethodPost, "/marks", c.body, http.StatusCreated, &m)
		if !warned(m, c.code, "") {
			t.Errorf("%s: %+v", label, m)
		}
		l.ask(officer, http.MethodDelete, "/marks/"+m.Id, "", http.StatusNoContent, nil)
	}
	l.ask(officer, http.MethodGet, "/proposals", "", http.StatusOK, &next) // with marks that contradict
	l.ask(officer, http.MethodDelete, "/marks/"+contrary.Id, "", http.StatusNoContent, nil)
	l.ask(officer, http.MethodDelete, "/marks/"+contrary.Id, "", http.StatusNoContent, nil)
	var all gen.Trace
	l.ask(officer, http.MethodGet, "", "", http.StatusOK, &all)
	counting := 0
	for _, m := range all.Marks {
		if m.Withdrawn == nil {
			counting++
		} else if m.WithdrawnBy == nil || *m.WithdrawnBy != "Cán bộ" || m.Officer != "Cán bộ thứ hai" || len(m.Warnings) == 0 {
			t.Errorf("withdrawn: %+v", m)
		}
	}
	if len(all.Marks) != 6 || counting != 1 || all.Marks[0].Id != first.Id {
		t.Errorf("%d marks, %d of them count", len(all.Marks), counting)
	}
	l.ask(officer, http.MethodPut, "", l.order(21.9), http.StatusOK, &all)
	if len(all.Marks) != 6 || all.Marks[0].Withdrawn == nil {
		t.Errorf("after a new beginning: %+v", all.Marks)
	}
}

func warned(m gen.Mark, code gen.MarkWarningCode, other string) bool {
	return slices.ContainsFunc(m.Warnings, func(w gen.MarkWarning) bool {
		return w.Code == code && (other == "" || w.Other != nil && *w.Other == other)
	})
}

// TestRoute: as data, and as files that other programs open.
func TestRoute(t *testing.T) {
	l := newLane(t)
	l.start()
	var route gen.Route
	l.ask(officer, http.MethodGet, "/route", "", http.StatusOK, &route)
	if len(route.Legs) != 0 {
		t.Errorf("without a sighting: %+v", route)
	}
	marks := make([]gen.Mark, 2)
	for i, label := range []string{"B", "A"} { // not in the order of time
		at := time.Duration(4-2*i) * time.Minute
		l.ask(officer, http.MethodPost, "/marks", l.clip("seen", label, at-time.Minute, at+time.Minute, `,"at":"`+l.at(at)+`"`), http.StatusCreated, &marks[i])
	}
	l.ask(officer, http.MethodGet, "/route", "", http.StatusOK, &route)
	if len(route.Legs) != 2 || route.Mode != gen.Motorbike {
		t.Fatalf("route: %+v", route)
	}
	first, last := route.Legs[0], route.Legs[1]
	if first.From != nil || *first.To != marks[1].Id || *last.From != marks[1].Id || *last.To != marks[0].Id || first.Broken || last.Broken {
		t.Errorf("legs: %+v", route.Legs)
	}
	if len(last.Roads) != 1 || last.Roads[0].Name != "Đường làng" || last.Roads[0].Road != l.road {
		t.Errorf("roads: %+v", last.Roads)
	}
	if p := last.Points[len(last.Points)-1]; p.Mark == nil || *p.Mark != marks[0].Id || math.Abs(p.Position.Lon-106.712) > 0.0006 || p.At.Sub(l.began.Add(4*time.Minute)).Abs() > time.Minute {
		t.Errorf("the route ends at %+v", p)
	}
	l.routeFiles(t)
}

func (l *lane) routeFiles(t *testing.T) {
	t.Helper()
	file := l.ask(officer, http.MethodGet, "/route.gpx", "", http.StatusOK, nil)
	if file.header.Get("Content-Type") != "application/gpx+xml" || file.header.Get("Content-Disposition") != `attachment; filename="route-`+l.caseID+`.gpx"` {
		t.Errorf("GPX: %v", file.header)
	}
	type point struct {
		Time time.Time `xml:"time"`
	}
	var gpx struct {
		XMLName xml.Name
		Points  []point `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal([]byte(file.body), &gpx); err != nil {
		t.Fatal(err)
	}
	rising := slices.IsSortedFunc(gpx.Points, func(a, b point) int { return a.Time.Compare(b.Time) })
	if gpx.XMLName.Space != "http://www.topografix.com/GPX/1/1" || len(gpx.Points) < 3 || !rising {
		t.Errorf("GPX: %s", file.body)
	}
	file = l.ask(officer, http.MethodGet, "/route.geojson", "", http.StatusOK, nil)
	if file.header.Get("Content-Type") != "application/geo+json" || !strings.Contains(file.header.Get("Content-Disposition"), ".geojson") {
		t.Errorf("GeoJSON: %v", file.header)
	}
	var features struct {
		Type     string
		Features []struct {
			Type       string
			Geometry   struct{ Type string }
			Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(file.body), &features); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, f := range features.Features {
		kinds[f.Geometry.Type]++
	}
	if features.Type != "FeatureCollection" || kinds["LineString"] != 2 || kinds["Point"] < 2 {
		t.Errorf("GeoJSON: %v in %s", kinds, file.body)
	}
}

func TestBadInputOfATrace(t *testing.T) {
	l := newLane(t)
	l.start()
	replaced := func(old, now string) string { return strings.Replace(l.order(21.9), old, now, 1) }
	long := strings.Repeat("x", 41)
	for _, c := range []struct{ method, under, body, want string }{
		{"PUT", "", "", "400 bad-window"},
		{"PUT", "", `{"incident":`, "400 bad-request"},
		{"PUT", "", `{}`, "400 bad-window"},
		{"PUT", "", replaced("motorbike", "rocket"), "400 bad-request"},
		{"PUT", "", replaced("106.7005", "1e308"), "400 bad-request"},
		{"PUT", "", replaced("106.7005", "0"), "400 off-road"},
		{"PUT", "", replaced(l.at(time.Minute), l.at(-time.Minute)), "400 bad-window"},
		{"PUT", "", replaced(l.at(time.Minute), "9999-12-31T23:59:59-01:00"), "400 bad-window"},
		{"PUT", "", replaced(`"to":"`+l.at(windowLasts), `"to":"`+l.at(7*time.Hour)), "400 bad-window"},
		{"PUT", "", replaced(`"from":"`+l.at(0), `"from":"hôm qua`), "400 bad-request"},
		{"GET", "/proposals?most=0", "", "400 bad-request"},
		{"GET", "/proposals?most=51", "", "400 bad-request"},
		{"GET", "/proposals?most=-1", "", "400 bad-request"},
		{"GET", "/proposals?most=99999999999999999999", "", "400 bad-request"},
		{"GET", "/belief?step_ms=9999", "", "400 bad-request"},
		{"GET", "/belief?step_ms=3600001", "", "400 bad-request"},
		{"GET", "/belief?step_ms=-10000", "", "400 bad-request"},
		{"GET", "/belief?step_ms=9223372036854775807", "", "400 bad-request"},
		{"GET", "/belief?step_ms=18446744083710", "", "400 bad-request"}, // more than 2^64 ns
		{"GET", "/belief?step_ms=x", "", "400 bad-request"},
		{"POST", "/marks", "", "400 bad-window"},
		{"POST", "/marks", `[]`, "400 bad-request"},
		{"POST", "/marks", l.clip("heard", "A", 0, time.Minute, ""), "400 bad-request"},
		{"POST", "/marks", l.clip("seen", "A", 0, time.Minute, ""), "400 bad-request"},
		{"POST", "/marks", l.clip("seen", "A", 0, time.Minute, `,"at":"`+l.at(10*time.Minute)+`"`), "400 bad-request"},
		{"POST", "/marks", l.clip("seen", "A", 0, time.Minute, `,"at":"`+l.at(0)+`","heading":360`), "400 bad-request"},
		{"POST", "/marks", l.clip("seen", "A", 0, time.Minute, `,"at":"`+l.at(0)+`","heading":1e999`), "400 bad-request"},
		{"POST", "/marks", l.clip("not-seen", "A", 0, time.Minute, `,"heading":90`), "400 bad-request"},
		{"POST", "/marks", l.clip("not-seen", "A", time.Minute, time.Minute, ""), "400 bad-window"},
		{"POST", "/marks", l.clip("not-seen", "A", 0, 7*time.Hour, ""), "400 bad-window"},
		{"POST", "/marks", l.clip("not-seen", "nobody", 0, time.Minute, ""), "400 bad-request"},
		{"DELETE", "/marks/nobody", "", "404 not-found"},
		{"DELETE", "/marks/" + long, "", "404 not-found"},
		{"DELETE", "/marks/..%2F..", "", "404 not-found"},
		{"GET", "/route.kml", "", "404 not-found"},
		{"GET", "/marks", "", "404 not-found"},
		{"GET", "", "", "200"},
	} {
		got := l.do(officer, c.method, "/api/v1/cases/"+l.caseID+"/trace"+c.under, c.body)
		if s := strings.TrimSpace(fmt.Sprint(got.status, " ", got.problem.Code)); s != c.want {
			t.Errorf("%s %s %.200s: %s, want %s\n%.300s", c.method, c.under, c.body, s, c.want, got.body)
		}
		leaks(t, l.house, c.under, got)
	}
}
