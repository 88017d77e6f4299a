package trace_test

import (
	"math"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// TestCheck: what nobody can answer is refused with its code.
func TestCheck(t *testing.T) {
	net := trace.NewNetwork(highway(t))
	for name, c := range map[string]struct {
		change func(q *camera.TraceQuestion)
		want   camera.Code
	}{
		"fits":                 {func(*camera.TraceQuestion) {}, ""},
		"no cameras":           {func(q *camera.TraceQuestion) { q.Cameras = nil }, ""},
		"incident of a moment": {func(q *camera.TraceQuestion) { q.Incident.To = q.Incident.From }, ""},
		"window later":         {func(q *camera.TraceQuestion) { q.From = after(60) }, ""},
		"mode":                 {func(q *camera.TraceQuestion) { q.Mode = "boat" }, camera.CodeBadRequest},
		"place is no number":   {func(q *camera.TraceQuestion) { q.Incident.Position.Lat = math.NaN() }, camera.CodeBadRequest},
		"place is nowhere":     {func(q *camera.TraceQuestion) { q.Incident.Position.Lon = 999 }, camera.CodeBadRequest},
		"no window":            {func(q *camera.TraceQuestion) { q.From, q.To = time.Time{}, time.Time{} }, camera.CodeBadWindow},
		"empty window":         {func(q *camera.TraceQuestion) { q.To = q.From }, camera.CodeBadWindow},
		"inverted window":      {func(q *camera.TraceQuestion) { q.From, q.To = q.To, q.From }, camera.CodeBadWindow},
		"long window":          {func(q *camera.TraceQuestion) { q.To = q.From.Add(trace.WindowLongest + 1) }, camera.CodeBadWindow},
		"window at another age": {func(q *camera.TraceQuestion) {
			q.From, q.To = time.Unix(1<<55, 0), time.Unix(1<<55+60, 0)
		}, camera.CodeBadWindow},
		"no incident":       {func(q *camera.TraceQuestion) { q.Incident.From = time.Time{} }, camera.CodeBadWindow},
		"inverted incident": {func(q *camera.TraceQuestion) { q.Incident.To = after(-1) }, camera.CodeBadWindow},
		"incident too late": {func(q *camera.TraceQuestion) { q.Incident.From, q.Incident.To = q.To, q.To }, camera.CodeBadWindow},
		"incident too early": {func(q *camera.TraceQuestion) {
			q.Incident.From, q.Incident.To = after(-60), after(-1)
		}, camera.CodeBadWindow},
		"camera without a name": {func(q *camera.TraceQuestion) { q.Cameras[0].ID = "" }, camera.CodeBadRequest},
		"camera twice":          {func(q *camera.TraceQuestion) { q.Cameras[0].ID = q.Cameras[1].ID }, camera.CodeBadRequest},
		"clock":                 {func(q *camera.TraceQuestion) { q.Cameras[0].Clock = -1 }, camera.CodeBadRequest},
		"cameras": {func(q *camera.TraceQuestion) {
			q.Cameras = make([]camera.TraceCamera, trace.CamerasMost+1)
		}, camera.CodeBadRequest},
	} {
		q := asked(2750, 0, along(1250, 3250)...)
		c.change(&q)
		_, err := trace.New(t.Context(), net, q, trace.DefaultParams(), nil)
		if got := camera.CodeOf(err); got != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestOffRoad: an incident beside the road is taken to it, and told how far that was.
func TestOffRoad(t *testing.T) {
	net := trace.NewNetwork(highway(t))
	for _, off := range []float64{0, 20, 45, 60, 150, 300, 495, 505, 5000} {
		p, metres, err := taken(t, net, camera.ModeFoot, 2750, -off)
		if off > 500 {
			if camera.CodeOf(err) != camera.CodeOffRoad {
				t.Errorf("%.0f m: %v", off, err)
			}
			continue
		}
		if err != nil || math.Abs(metres-off) > 4 || camera.Distance(p, spotAt(2750, 0)) > 4 {
			t.Errorf("%.0f m: taken %.1f m to %v: %v", off, metres, p, err)
		}
	}
}

// TestOffRoadByMode: what counts is the nearest road that the mode may use.
func TestOffRoadByMode(t *testing.T) {
	var d drawing
	d.way("highway=residential,name=Gần,oneway=yes", xy{0, 0}, xy{400, 0})
	d.way("highway=residential,name=Xa", xy{0, 300}, xy{400, 300})
	net := trace.NewNetwork(d.load(t))
	if p, metres, err := taken(t, net, camera.ModeCar, 200, -90); err != nil || math.Abs(metres-90) > 3 || camera.Distance(p, spotAt(200, 0)) > 3 {
		t.Errorf("taken %.1f m to %v: %v", metres, p, err)
	}
}

// taken is the place on a road that a trace takes for an incident's.
func taken(t *testing.T, net *trace.Network, mode camera.Mode, x, y float64) (camera.Position, float64, error) {
	q := asked(x, y, along(3250)...)
	q.Mode = mode
	tr, err := trace.New(t.Context(), net, q, trace.DefaultParams(), nil)
	if err != nil {
		return camera.Position{}, 0, err
	}
	p, metres := tr.Snapped()
	return p, metres, nil
}
