package peer_test

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/peer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/hub/road"
)

func tiny(t *testing.T) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(t.Context(), "../testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func next(t *testing.T, arm observer.Arm) observer.Proposal {
	t.Helper()
	p, err := arm.Propose()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNearest(t *testing.T) {
	s := tiny(t)
	q := s.Tasks[1].Question // close to c002
	arm := peer.NewNearest(q, s.Cameras)
	for i, want := range []camera.CameraID{"c002", "c003", "c001", "c002", "c003"} {
		p := next(t, arm)
		if p.Camera != want || p.Span != q.Window {
			t.Errorf("clip %d: %+v, want %s", i, p, want)
		}
		arm.Answer(observer.Answer{Clip: p.Clip, Seen: []observer.Sighting{{ID: "m1", At: 200}}})
		arm.Withdraw("m1")
	}
}

// plain bounds: the lawful pace, no rest, clips of 20 s.
var plain = peer.Bounds{Fast: 1, Slow: 0.5, Stop: 60, Clip: 20, Wider: 2}

func prism(t *testing.T, s *scenario.Scenario, task int) *peer.Prism {
	t.Helper()
	arm, err := peer.NewPrism(s.Tasks[task].Question, peer.NewRoads(s.Graph, s.Cameras), plain)
	if err != nil {
		t.Fatal(err)
	}
	return arm
}

// reach is the first and the last second of each camera that an arm shows before it
// starts over, nothing being seen.
func reach(t *testing.T, arm observer.Arm) map[camera.CameraID]scenario.Span {
	t.Helper()
	all, before := map[camera.CameraID]scenario.Span{}, 0.0
	for {
		p := next(t, arm)
		if p.Reason == "over" {
			return all
		}
		if p.From < before {
			t.Fatalf("%+v comes after %v", p, before)
		}
		before = p.From
		if p.Length() > 20.001 {
			t.Fatalf("%+v is long", p)
		}
		span, ok := all[p.Camera]
		if !ok {
			span.From = p.From
		}
		span.To = p.To
		all[p.Camera] = span
		arm.Answer(observer.Answer{Clip: p.Clip})
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.2 }

// TestPrismReach: from the incident at 100 m, left between 0 and 120 s, on a road of 50
// km/h. c001 sees 385 to 415 m: within a disc of 30 m around the incident it is 255 m.
func TestPrismReach(t *testing.T) {
	all := reach(t, prism(t, tiny(t), 0))
	pace := 50 / 3.6
	for id, metres := range map[camera.CameraID]float64{"c001": 385 - 130, "c002": 1485 - 130} {
		if got := all[id]; !near(got.From, metres/pace) || !near(got.To, 120+metres/pace/0.5+60) {
			t.Errorf("%s: %v, want from %.1f to %.1f", id, got, metres/pace, 120+metres/pace*2+60)
		}
	}
	// c003 over the junction at 800 m, then 485 m at 40 km/h.
	if want := (800-130)/pace + 485/(40/3.6); !near(all["c003"].From, want) {
		t.Errorf("c003: %v, want from %.1f", all["c003"], want)
	}
}

// TestPrismAnchors: behind a sighting only what can be reached from there counts, before
// it what could from the incident; withdrawn, it is as before.
func TestPrismAnchors(t *testing.T) {
	s := tiny(t)
	plain, marked := reach(t, prism(t, s, 0)), prism(t, s, 0)
	seen := observer.Answer{Clip: observer.Clip{Camera: "c001", Span: scenario.Span{From: 60, To: 70}}, Seen: []observer.Sighting{{ID: "m1", At: 65}}}
	marked.Answer(seen)
	all := reach(t, marked)
	pace := 50 / 3.6
	if got := all["c002"]; !near(got.From, 65+(1485-415)/pace) || !near(got.To, 65+(1485-415)/pace*2+60) {
		t.Errorf("c002 %v", got)
	}
	if got := all["c001"]; got.From != plain["c001"].From || !near(got.To, 65+60) {
		t.Errorf("c001 %v, before %v", got, plain["c001"])
	}
	taken := prism(t, s, 0)
	taken.Answer(seen)
	taken.Withdraw("m1")
	if got := reach(t, taken); got["c002"] != plain["c002"] || got["c003"] != plain["c003"] {
		t.Errorf("withdrawn %v, before %v", got, plain)
	}
}

// TestPrismOver: started over, the bounds are wider, and at last everything is shown.
func TestPrismOver(t *testing.T) {
	s := tiny(t)
	arm := prism(t, s, 0)
	first := reach(t, arm)
	shown := map[camera.CameraID]float64{}
	earliest := math.Inf(1)
	for i := 0; i < 2000; i++ {
		p := next(t, arm)
		arm.Answer(observer.Answer{Clip: p.Clip})
		shown[p.Camera] += p.Length()
		if p.Camera == "c002" {
			earliest = min(earliest, p.From)
		}
	}
	for id := range first {
		if shown[id] < s.Tasks[0].Window.Length() {
			t.Errorf("%s: %v s shown", id, shown[id])
		}
	}
	if earliest != s.Tasks[0].Window.From {
		t.Errorf("c002 from %v", earliest)
	}
}

// TestPeersFinish: both find everything in the end, and repeat themselves.
func TestPeersFinish(t *testing.T) {
	s := tiny(t)
	for _, v := range observer.Variants() {
		set, err := observer.Set(s, v)
		if err != nil {
			t.Fatal(err)
		}
		roads := peer.NewRoads(s.Graph, set.Cameras)
		for i := range set.Cases {
			c := &set.Cases[i]
			var costs [2][]float64
			for round := range costs {
				anew, err := peer.NewPrism(c.Question, roads, peer.DefaultBounds())
				if err != nil {
					t.Fatal(err)
				}
				for _, arm := range []observer.Arm{anew, peer.NewNearest(c.Question, set.Cameras)} {
					r, err := observer.Follow(t.Context(), c, arm, 0, nil)
					if err != nil || !r.Finished {
						t.Errorf("%s, %s, %T: finished %v: %v", c.Task, v, arm, r.Finished, err)
					}
					costs[round] = append(costs[round], r.Cost)
				}
			}
			if !slices.Equal(costs[0], costs[1]) {
				t.Errorf("%s, %s: %v", c.Task, v, costs)
			}
		}
	}
}

// TestOneWay: against the only road nobody gets anywhere, and the prism starts over until
// nothing counts as out of reach.
func TestOneWay(t *testing.T) {
	s := tiny(t)
	text, err := os.ReadFile("../testdata/tiny/roads.osm")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`<tag k="ref"`), []byte(`<tag k="oneway" v="-1"/><tag k="ref"`), 1)
	if s.Graph, _, err = road.Load(t.Context(), bytes.NewReader(text), road.FormatXML); err != nil {
		t.Fatal(err)
	}
	if all := reach(t, prism(t, s, 0)); len(all) != 0 {
		t.Errorf("from the western end of a road to the west: %v", all)
	}
	if all := reach(t, prism(t, s, 1)); len(all) != 3 {
		t.Errorf("from the eastern end: %v", all)
	}
}

// TestOffRoad: an incident that no road is near.
func TestOffRoad(t *testing.T) {
	s := tiny(t)
	q := s.Tasks[0].Question
	q.Incident.Position = camera.Ahead(q.Incident.Position, 180, 900)
	if _, err := peer.NewPrism(q, peer.NewRoads(s.Graph, s.Cameras), plain); camera.CodeOf(err) != camera.CodeOffRoad {
		t.Errorf("900 m away: %v", err)
	}
}
