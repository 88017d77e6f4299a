package road_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// extractPath finds a real extract in the module cache: they come with paulmach/osm.
func extractPath(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/paulmach/osm").Output()
	if err != nil {
		t.Fatalf("find paulmach/osm: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "testdata", name)
}

func load(t testing.TB, path string) (*road.Graph, road.Report) {
	t.Helper()
	format, err := road.FormatOf(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, report, err := road.Load(t.Context(), f, format)
	if err != nil {
		t.Fatalf("load %s: %v", name(path), err)
	}
	return g, report
}

func name(path string) string { return filepath.Base(path) }

const sketch = "../../configs/demo/road-4a-sketch.osm"

// extract is a real one, loaded once: no test changes a graph.
type extract struct {
	file   string
	once   sync.Once
	graph  *road.Graph
	report road.Report
}

func (x *extract) get(t testing.TB) (*road.Graph, road.Report) {
	t.Helper()
	x.once.Do(func() { x.graph, x.report = load(t, extractPath(t, x.file)) })
	if x.graph == nil {
		t.Fatalf("%s was not loaded", x.file)
	}
	return x.graph, x.report
}

var theDelaware, theAndorra = &extract{file: "delaware-latest.osm.pbf"}, &extract{file: "andorra-latest.osm.bz2"}

func delaware(t testing.TB) (*road.Graph, road.Report) { return theDelaware.get(t) }

func andorra(t testing.TB) (*road.Graph, road.Report) { return theAndorra.get(t) }

// drawing writes small extracts. Nodes lie on a grid of metres around 106.7 E 21.97 N.
type drawing struct {
	nodes, ways []string
	ids         map[[2]float64]int
}

var origin = camera.Position{Lon: 106.7, Lat: 21.97}

// spotAt is the place x metres east and y metres north of the origin.
func spotAt(x, y float64) camera.Position {
	return camera.Ahead(camera.Ahead(origin, 90, x), 0, y)
}

func (d *drawing) node(x, y float64) int {
	if d.ids == nil {
		d.ids = map[[2]float64]int{}
	}
	id, ok := d.ids[[2]float64{x, y}]
	if !ok {
		id = len(d.ids) + 1
		d.ids[[2]float64{x, y}] = id
		p := spotAt(x, y)
		d.nodes = append(d.nodes, fmt.Sprintf(`<node id="%d" lat="%.7f" lon="%.7f"/>`, id, p.Lat, p.Lon))
	}
	return id
}

// way draws a way; tags are "key=value".
func (d *drawing) way(id int, tags string, points ...[2]float64) {
	var b strings.Builder
	fmt.Fprintf(&b, `<way id="%d">`, id)
	for _, p := range points {
		fmt.Fprintf(&b, `<nd ref="%d"/>`, d.node(p[0], p[1]))
	}
	for _, tag := range strings.Split(tags, ",") {
		k, v, _ := strings.Cut(tag, "=")
		fmt.Fprintf(&b, `<tag k="%s" v="%s"/>`, k, v)
	}
	b.WriteString(`</way>`)
	d.ways = append(d.ways, b.String())
}

// place draws a named place.
func (d *drawing) place(x, y float64, kind, name string) {
	p := spotAt(x, y)
	d.nodes = append(d.nodes, fmt.Sprintf(`<node id="%d" lat="%.7f" lon="%.7f"><tag k="place" v="%s"/><tag k="name" v="%s"/></node>`,
		100000+len(d.nodes), p.Lat, p.Lon, kind, name))
}

func (d *drawing) xml() string {
	return `<osm version="0.6">` + strings.Join(d.nodes, "\n") + strings.Join(d.ways, "\n") + `</osm>`
}

func (d *drawing) load(t testing.TB) (*road.Graph, road.Report) {
	t.Helper()
	g, report, err := road.Load(t.Context(), bytes.NewBufferString(d.xml()), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	return g, report
}
