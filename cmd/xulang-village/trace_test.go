package main_test

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
)

// watcher follows what the hub proposes, and answers only what a clip shows. It knows
// the ride, as somebody does who recognises the rider.
type watcher struct {
	*story
	t       *testing.T
	cams    map[string]gen.Camera // of the homes, by label
	footage map[string][]gen.Span // of them, in the window
	ride    []pass                // what is in the footage of it, by time
	found   []bool                // beside ride
	had     map[string]time.Time  // when a clip was watched
	clips   int
	watched time.Duration
}

// What of the footage around a ride the watcher may look at.
const (
	before = 45 * time.Second // the departure
	after  = 30 * time.Second // the last pass
)

// over is when the last home has seen the ride.
func (r theft) over() (last time.Time) {
	for _, p := range r.Passes {
		if p.Leave.After(last) {
			last = p.Leave
		}
	}
	return last
}

// trace: after a theft somebody who only watches and says "seen at" or "not seen" comes
// upon every pass of the rider.
func trace(t *testing.T, v *story) {
	stolen := v.newestTheft(t)
	from, to := stolen.Departure.Add(-before), stolen.over().Add(after)
	v.await("footage of the theft", 2*time.Minute, func() error { return v.allStored(from, to) })
	w := &watcher{story: v, t: t, cams: map[string]gen.Camera{}, footage: map[string][]gen.Span{}, had: map[string]time.Time{}}
	w.look(stolen, from, to)
	victim := w.cams["Nhà 05"]
	var begun gen.Trace
	// A victim knows the place and a minute and a half.
	if err := v.call(http.MethodPut, "/cases/"+v.opened.Id+"/trace", map[string]any{
		"incident": map[string]any{"position": victim.View.Position, "from": from, "to": stolen.Departure.Add(before)},
		"mode":     "motorbike", "from": from, "to": to,
	}, &begun); err != nil {
		t.Fatal(err)
	}
	if begun.Cameras < len(homes)-1 || begun.Metres > victim.View.Range {
		t.Errorf("trace over %d cameras, %.0f m from the road; left out: %+v", begun.Cameras, begun.Metres, begun.Left)
	}
	all := time.Duration(0)
	for _, spans := range w.footage {
		for _, s := range spans {
			all += s.To.Sub(s.From)
		}
	}
	for slices.Contains(w.found, false) && w.watched < all/2 {
		w.watchNext()
	}
	oracle := time.Duration(0)
	for _, p := range w.ride {
		oracle += (p.Leave.Sub(p.Enter) + 10*time.Second - 1).Truncate(10 * time.Second)
	}
	t.Logf("the rider's %d passes in %d clips: %s of footage watched of %s; who had known all would have watched %s, who had known all but the minute %s",
		len(w.ride), w.clips, w.watched.Round(time.Second), all.Round(time.Second), oracle, oracle+before)
	for i, p := range w.ride {
		if !w.found[i] {
			t.Errorf("not found: %s at %s", p.Home, p.Enter.Format(time.TimeOnly))
		}
	}
	w.followsTheTruth()
}

// newestTheft is the last ride that began after everybody had joined and is over.
func (v *story) newestTheft(t *testing.T) (last theft) {
	t.Helper()
	const longest = 4 * time.Minute
	v.await("a theft", 8*time.Minute, func() error {
		for _, r := range v.thefts(t) {
			if r.Departure.Add(-before).After(v.joined) && r.Departure.Add(longest).Before(time.Now()) {
				last = r
			}
		}
		if last.Passes == nil {
			return fmt.Errorf("none yet")
		}
		return nil
	})
	return last
}

// look finds the homes' cameras, their footage, and what of the ride is in it.
func (w *watcher) look(stolen theft, from, to time.Time) {
	w.t.Helper()
	var all []gen.Camera
	if err := w.get("/cameras", &all); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range all {
		w.cams[c.Label] = c
		if !slices.Contains(homes, homeOf(c.Label)) {
			continue // a home of another part
		}
		var got gen.SearchResult
		near := map[string]any{"near": map[string]any{"position": c.View.Position, "metres": 200}, "from": from, "to": to}
		if err := w.post("/cases/"+w.opened.Id+"/search", near, &got); err != nil {
			w.t.Fatal(err)
		}
		w.footage[c.Label] = slices.DeleteFunc(answerOf(got, c.Label).Spans, func(s gen.Span) bool { return s.State == nil })
	}
	for _, p := range stolen.Passes {
		if covered(w.footage[labelOf(p.Home)], p.Enter, p.Leave) {
			w.ride = append(w.ride, p)
		}
	}
	w.found = make([]bool, len(w.ride))
	if len(w.cams) < len(homes) || len(w.ride) < len(homes)/2 {
		w.t.Fatalf("%d homes, and footage of %d passes of the ride: %+v", len(w.cams), len(w.ride), stolen)
	}
}

func homeOf(label string) string { return "home-" + strings.TrimPrefix(label, "Nhà ") }
func labelOf(home string) string { return "Nhà " + strings.TrimPrefix(home, "home-") }

// covered tells whether there is footage of all the time; spans are sorted.
func covered(spans []gen.Span, from, to time.Time) bool {
	for _, s := range spans {
		if !s.From.After(from) && s.To.After(from) {
			from = s.To
		}
	}
	return !from.Before(to)
}

// watchNext watches the first of the proposed clips and says what it shows.
func (w *watcher) watchNext() {
	w.t.Helper()
	var got gen.Proposals
	if err := w.get("/cases/"+w.opened.Id+"/trace/proposals?most=10", &got); err != nil {
		w.t.Fatal(err)
	}
	for _, p := range got.Proposals {
		if !slices.Contains(homes, homeOf(p.Label)) {
			continue
		}
		there := slices.ContainsFunc(w.footage[p.Label], func(s gen.Span) bool { return s.From.Before(p.To) && s.To.After(p.From) })
		if w.cams[p.Label].Id != p.Camera || !there || p.Playlist == nil && p.Home == nil {
			w.t.Fatalf("proposed: %+v, of which there is %+v", p, w.footage[p.Label])
		}
	}
	if len(got.Proposals) == 0 {
		w.t.Fatalf("nothing more to look at; found %v of %+v", w.found, w.ride)
	}
	// Nobody watches a clip twice within the seconds in which the hub takes the second
	// answer for the same press; this watcher is quicker than the clips.
	i := slices.IndexFunc(got.Proposals, func(p gen.Proposal) bool { return time.Since(w.had[clipOf(p)]) > samePress })
	if i < 0 {
		w.t.Fatalf("nothing to look at but what was just looked at; found %v of %+v", w.found, w.ride)
	}
	clip := got.Proposals[i]
	w.had[clipOf(clip)] = time.Now()
	w.clips++
	w.watched += clip.To.Sub(clip.From)
	seen := false
	for i, p := range w.ride {
		if labelOf(p.Home) != clip.Label || !p.Enter.Before(clip.To) || !p.Leave.After(clip.From) {
			continue
		}
		seen, w.found[i] = true, true
		at := slices.MaxFunc([]time.Time{p.Enter, clip.From}, time.Time.Compare)
		until := slices.MinFunc([]time.Time{p.Leave, clip.To}, time.Time.Compare)
		w.mark(clip, gen.MarkKindSeen, map[string]any{"at": at.Add(until.Sub(at) / 2)})
	}
	switch {
	case seen:
	case !slices.Contains(homes, homeOf(clip.Label)): // another part's camera, which stands in no picture of the village
		w.mark(clip, gen.MarkKindUnclear, nil)
	default:
		w.mark(clip, gen.MarkKindNotSeen, nil)
	}
}

// samePress is more than the ten seconds of openapi.yaml.
const samePress = 11 * time.Second

func clipOf(p gen.Proposal) string {
	return p.Camera + p.From.Format(time.RFC3339Nano) + p.To.Format(time.RFC3339Nano)
}

func (w *watcher) mark(clip gen.Proposal, kind gen.MarkKind, more map[string]any) {
	w.t.Helper()
	body := map[string]any{"kind": kind, "camera": clip.Camera, "from": clip.From, "to": clip.To}
	for name, value := range more {
		body[name] = value
	}
	var made gen.Mark
	if err := w.post("/cases/"+w.opened.Id+"/trace/marks", body, &made); err != nil {
		w.t.Fatal(err)
	}
	w.t.Logf("%s %s–%s, %3.0f %% (%s): %s", clip.Label, clip.From.Format(time.TimeOnly), clip.To.Format(time.TimeOnly),
		100*clip.Probability, clip.Reason.Code, kind)
	if len(made.Warnings) > 0 {
		w.t.Errorf("a true answer, and it does not fit: %+v", made)
	}
}

// followsTheTruth: the file for other programs leads by the homes in the order in which
// the rider came by, at those times.
func (w *watcher) followsTheTruth() {
	w.t.Helper()
	var text []byte
	if err := w.get("/cases/"+w.opened.Id+"/trace/route.gpx", &text); err != nil {
		w.t.Fatal(err)
	}
	type point struct {
		Lat  float64   `xml:"lat,attr"`
		Lon  float64   `xml:"lon,attr"`
		Time time.Time `xml:"time"`
	}
	var file struct {
		Points []point `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal(text, &file); err != nil {
		w.t.Fatal(err)
	}
	left := file.Points
	for _, p := range w.ride {
		view := w.cams[labelOf(p.Home)].View
		away := func(q point) float64 {
			return camera.Distance(camera.Position{Lon: q.Lon, Lat: q.Lat}, camera.Position{Lon: view.Position.Lon, Lat: view.Position.Lat})
		}
		at := slices.IndexFunc(left, func(q point) bool {
			return away(q) <= view.Range+20 && !q.Time.Before(p.Enter.Add(-20*time.Second)) && !q.Time.After(p.Leave.Add(20*time.Second))
		})
		if at < 0 {
			w.t.Errorf("the route does not come by %s at %s:\n%s", p.Home, p.Enter.Format(time.TimeOnly), text)
			return
		}
		left = left[at:]
	}
	if !slices.IsSortedFunc(file.Points, func(a, b point) int { return cmp.Compare(a.Time.UnixMilli(), b.Time.UnixMilli()) }) {
		w.t.Errorf("the route's times fall:\n%s", text)
	}
}
