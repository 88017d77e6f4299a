package trace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/trace"
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

// way draws a way; tags are "key=value".
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

// highway is a road of 6 km to the east with a lane every 500 m: on it one meets the
// cameras in their order.
func highway(t testing.TB) *road.Graph {
	t.Helper()
	var d drawing
	var main []xy
	for x := 0.0; x <= 6000; x += 500 {
		main = append(main, xy{x, 0})
		d.way(fmt.Sprintf("highway=residential,name=Ngõ %.0f", x), xy{x, 0}, xy{x, 150})
	}
	d.way("highway=secondary,ref=QL4A", main...)
	return d.load(t)
}

// grid is a town of n × n crossings, side metres apart.
func grid(t testing.TB, n int, side float64) *road.Graph {
	t.Helper()
	var d drawing
	for i := range n {
		var east, north []xy
		for j := range n {
			east = append(east, xy{float64(j) * side, float64(i) * side})
			north = append(north, xy{float64(i) * side, float64(j) * side})
		}
		d.way(fmt.Sprintf("highway=residential,name=Ngang %d", i), east...)
		d.way(fmt.Sprintf("highway=residential,name=Dọc %d", i), north...)
	}
	return d.load(t)
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// house is a camera 20 m beside a place, that looks across it to the north: it sees some
// 70 m of a road to the east.
func house(id string, x, y float64) camera.TraceCamera {
	return camera.TraceCamera{
		ID:    camera.CameraID(id),
		Views: []camera.View{{Position: spotAt(x, y-20), Heading: 0, FOV: 120, Range: 45}},
		Footage: []camera.Interval{
			{From: noon.Add(-24 * time.Hour), To: noon.Add(24 * time.Hour)},
		},
	}
}

// asked is a question from a place that was left between noon and two minutes later,
// with a window of half an hour.
func asked(x, y float64, cams ...camera.TraceCamera) camera.TraceQuestion {
	return camera.TraceQuestion{
		Incident: camera.Incident{Position: spotAt(x, y), From: noon, To: after(120)}, Mode: camera.ModeMotorbike,
		From: noon, To: after(1800), Cameras: cams, Seed: 7,
	}
}

// along are cameras on the highway at metres of it, called by them.
func along(metres ...float64) []camera.TraceCamera {
	var all []camera.TraceCamera
	for _, x := range metres {
		all = append(all, house(fmt.Sprintf("m%04.0f", x), x, 0))
	}
	return all
}

func begun(t testing.TB, g *road.Graph, q camera.TraceQuestion) *trace.Trace {
	t.Helper()
	tr, err := trace.New(t.Context(), trace.NewNetwork(g), q, trace.DefaultParams(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func seen(id, cam string, at float64) camera.Mark {
	east := 90.0
	return camera.Mark{ID: id, Kind: camera.MarkSeen, Camera: camera.CameraID(cam), From: after(at - 10), To: after(at + 10), At: after(at), Heading: &east}
}

func looked(id string, kind camera.MarkKind, cam string, from, to float64) camera.Mark {
	return camera.Mark{ID: id, Kind: kind, Camera: camera.CameraID(cam), From: after(from), To: after(to)}
}

// chance is the greatest probability of a step of a camera's belief that begins between
// two times, in seconds after noon.
func chance(all []camera.CameraBelief, cam string, from, to float64) float64 {
	most := 0.0
	for _, b := range all {
		for i, p := range b.Passing {
			at := b.From.Add(time.Duration(i) * b.Step)
			if string(b.Camera) == cam && !at.Before(after(from)) && at.Before(after(to)) {
				most = max(most, p)
			}
		}
	}
	return most
}
