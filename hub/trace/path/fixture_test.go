package path_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/trace/path"
)

// drawing writes small extracts. Nodes lie on metres around 106.7 E 21.97 N.
type drawing struct {
	nodes, ways []string
	ids         map[xy]int
}

type xy [2]float64

var origin = camera.Position{Lon: 106.7, Lat: 21.97}

// spotAt is the place x metres east and y metres north of the origin.
func spotAt(x, y float64) camera.Position {
	return camera.Ahead(camera.Ahead(origin, 90, x), 0, y)
}

func (d *drawing) way(tags string, points ...xy) {
	if d.ids == nil {
		d.ids = map[xy]int{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<way id="%d">`, len(d.ways)+1)
	for _, p := range points {
		id, ok := d.ids[p]
		if !ok {
			id = len(d.ids) + 1
			d.ids[p] = id
			at := spotAt(p[0], p[1])
			d.nodes = append(d.nodes, fmt.Sprintf(`<node id="%d" lat="%.7f" lon="%.7f"/>`, id, at.Lat, at.Lon))
		}
		fmt.Fprintf(&b, `<nd ref="%d"/>`, id)
	}
	for _, tag := range strings.Split(tags, ",") {
		k, v, _ := strings.Cut(tag, "=")
		fmt.Fprintf(&b, `<tag k="%s" v="%s"/>`, k, v)
	}
	d.ways = append(d.ways, b.String()+`</way>`)
}

func (d *drawing) load(t testing.TB) *road.Graph {
	t.Helper()
	xml := `<osm version="0.6">` + strings.Join(d.nodes, "\n") + strings.Join(d.ways, "\n") + `</osm>`
	g, _, err := road.Load(t.Context(), strings.NewReader(xml), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// grid is a town of n × n crossings, side metres apart, with two greater roads.
func grid(t testing.TB, n int, side float64) *road.Graph {
	t.Helper()
	var d drawing
	for i := range n {
		var east, north []xy
		for j := range n {
			east = append(east, xy{float64(j) * side, float64(i) * side})
			north = append(north, xy{float64(i) * side, float64(j) * side})
		}
		class := "residential"
		if i == n/2 {
			class = "secondary"
		}
		d.way(fmt.Sprintf("highway=%s,name=Ngang %d", class, i), east...)
		d.way(fmt.Sprintf("highway=%s,name=Dọc %d", class, i), north...)
	}
	return d.load(t)
}

var noon = time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * 1e9)) }

// looking is a view from metres x, y.
func looking(x, y, heading float64) camera.View {
	return camera.View{Position: spotAt(x, y), Heading: heading, FOV: 90, Range: 40}
}

// seen is a sighting by a camera that stands 10 m south of a place and looks north at it.
func seen(mark string, x, y, at float64, heading ...float64) path.Sighting {
	s := path.Sighting{Mark: mark, Camera: camera.CameraID("c" + mark), At: after(at), View: looking(x, y-10, 0)}
	if len(heading) > 0 {
		s.Heading = &heading[0]
	}
	return s
}

// left is a question of a car that left x, y within the minute before noon.
func left(x, y float64, sightings ...path.Sighting) path.Question {
	return path.Question{
		Mode:      camera.ModeCar,
		Incident:  camera.Incident{Position: spotAt(x, y), From: after(-60), To: noon},
		Sightings: sightings,
	}
}

func recovered(t testing.TB, g *road.Graph, q path.Question) camera.Route {
	t.Helper()
	r, err := path.Recover(t.Context(), g, q)
	if err != nil {
		t.Fatal(err)
	}
	if why := wrong(q, r); why != "" {
		t.Fatal(why)
	}
	return r
}

// wrong says what is wrong with a route, whatever was asked: legs fit together, times
// and metres never fall, marks stand in their order at their times.
func wrong(q path.Question, r camera.Route) string {
	if r.Mode != q.Mode || len(r.Legs) != len(q.Sightings) {
		return fmt.Sprintf("%d legs by %s for %d sightings by %s", len(r.Legs), r.Mode, len(q.Sightings), q.Mode)
	}
	var last camera.RoutePoint
	for i, l := range r.Legs {
		from := ""
		if i > 0 {
			from = q.Sightings[i-1].Mark
		}
		end := len(l.Points) - 1
		switch {
		case l.From != from || l.To != q.Sightings[i].Mark:
			return fmt.Sprintf("leg %d from %q to %q", i, l.From, l.To)
		case end < 1 || l.Points[0].Mark != from || l.Points[end].Mark != l.To || !l.Points[end].At.Equal(q.Sightings[i].At):
			return fmt.Sprintf("leg %d: ends of %d points", i, end+1)
		case !(l.Probability >= 0 && l.Probability <= 1) || l.Broken && (l.Probability != 0 || end != 1):
			return fmt.Sprintf("leg %d: probability %v, broken %v", i, l.Probability, l.Broken)
		}
		for j, p := range l.Points {
			switch {
			case !p.Position.Valid() || math.IsNaN(p.Metre) || p.Spread < 0 || p.Mark != "" && j != 0 && j != end:
				return fmt.Sprintf("leg %d: point %+v", i, p)
			case (i > 0 || j > 0) && (p.At.Before(last.At) || p.Metre < last.Metre):
				return fmt.Sprintf("leg %d: %v at %.1f m after %v at %.1f m", i, p.At, p.Metre, last.At, last.Metre)
			case i > 0 && j == 0 && (p.Position != last.Position || p.Metre != last.Metre):
				return fmt.Sprintf("leg %d begins elsewhere", i)
			case j > 0 && math.Abs(camera.Distance(last.Position, p.Position)-(p.Metre-last.Metre)) > 0.01:
				return fmt.Sprintf("leg %d: %.2f m are told for %.2f", i, p.Metre-last.Metre, camera.Distance(last.Position, p.Position))
			}
			last = p
		}
	}
	return ""
}

// off is how far a place lies from the nearest piece of a route, metres.
func off(r camera.Route, p camera.Position) float64 {
	best := math.Inf(1)
	for _, l := range r.Legs {
		for i := 1; i < len(l.Points); i++ {
			best = min(best, aside(p, l.Points[i-1].Position, l.Points[i].Position))
		}
	}
	return best
}

// aside is how far p lies from the straight line between a and b.
func aside(p, a, b camera.Position) float64 {
	const degree = camera.EarthRadius * math.Pi / 180
	east := degree * math.Cos(p.Lat*math.Pi/180)
	ax, ay := (a.Lon-p.Lon)*east, (a.Lat-p.Lat)*degree
	dx, dy := (b.Lon-a.Lon)*east, (b.Lat-a.Lat)*degree
	t := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		t = min(max(-(ax*dx+ay*dy)/square, 0), 1)
	}
	return math.Hypot(ax+t*dx, ay+t*dy)
}
