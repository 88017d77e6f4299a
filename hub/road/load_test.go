package road_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

func TestRealExtracts(t *testing.T) {
	for _, c := range []struct {
		file                string
		nodes, ways         int     // exact
		roads               int     // at least
		kilometres          float64 // at least
		name                string  // of a road that is known to be there
		west, south, e, nth float64
	}{
		{"andorra-latest.osm.bz2", 203265, 9080, 2000, 790, "cg-1", 1.3, 42.3, 1.9, 42.8},
		{"delaware-latest.osm.pbf", 723870, 73144, 30000, 16000, "us-13", -76, 38.3, -74.8, 40},
	} {
		t.Run(c.file, func(t *testing.T) {
			var g *road.Graph
			var r road.Report
			if strings.HasPrefix(c.file, "delaware") {
				g, r = delaware(t)
			} else {
				g, r = andorra(t)
			}
			t.Logf("%+v", r)
			if r.Nodes != c.nodes || r.Ways != c.ways {
				t.Errorf("read %d nodes, %d ways, want %d, %d", r.Nodes, r.Ways, c.nodes, c.ways)
			}
			if r.Roads < c.roads || r.Metres < c.kilometres*1000 {
				t.Errorf("%d roads of %.0f km, want at least %d and %.0f", r.Roads, r.Metres/1000, c.roads, c.kilometres)
			}
			if len(g.Roads()) != r.Roads || len(g.Junctions()) != r.Junctions {
				t.Errorf("report %+v does not fit the graph", r)
			}
			if _, ok := g.Road(camera.RoadID(c.name)); !ok {
				t.Errorf("no road %q", c.name)
			}
			lo, hi := g.Bounds()
			if lo.Lon < c.west || lo.Lat < c.south || hi.Lon > c.e || hi.Lat > c.nth {
				t.Errorf("bounds %v to %v", lo, hi)
			}
			skipped := 0
			for _, n := range r.Skipped {
				skipped += n
			}
			if skipped == 0 || skipped >= r.Ways {
				t.Errorf("skipped %d of %d ways", skipped, r.Ways)
			}
			checkRoads(t, g)
		})
	}
}

// checkRoads tests what every road of every graph must keep.
func checkRoads(t *testing.T, g *road.Graph) {
	t.Helper()
	ids := map[camera.RoadID]bool{}
	for _, r := range g.Roads() {
		length := 0.0
		for i := 1; i < len(r.Line); i++ {
			d := camera.Distance(r.Line[i-1], r.Line[i])
			if !(d > 0) {
				t.Fatalf("road %s has a piece of %v m", r.ID, d)
			}
			length += d
		}
		if ids[r.ID] || !(length > 0) || length-r.Length > 1e-6 || r.Length-length > 1e-6 {
			t.Fatalf("road %s: twice %v, length %v, line %v", r.ID, ids[r.ID], r.Length, length)
		}
		ids[r.ID] = true
		if strings.Trim(string(r.ID), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || r.ID == "" {
			t.Fatalf("road id %q is not fit for a URL", r.ID)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=A", [2]float64{0, 0}, [2]float64{100, 0}, [2]float64{200, 10})
	xml := d.xml()
	pbf, err := os.ReadFile(extractPath(t, "delaware-latest.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	bz2, err := os.ReadFile(extractPath(t, "andorra-latest.osm.bz2"))
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), pbf[:200000]...)
	for i := 1000; i < len(flipped); i += 997 {
		flipped[i] ^= 0x55
	}
	small := func(change func(*road.Limits)) road.Limits {
		l := road.DefaultLimits
		change(&l)
		return l
	}
	all := road.DefaultLimits
	for _, c := range []struct {
		name   string
		data   []byte
		format road.Format
		limits road.Limits
		want   camera.Code
	}{
		{"empty xml", nil, road.FormatXML, all, camera.CodeBadRequest},
		{"empty bzip2", nil, road.FormatXMLBzip2, all, camera.CodeBadRequest},
		{"empty pbf", nil, road.FormatPBF, all, camera.CodeBadRequest},
		{"unknown format", []byte(xml), "gpx", all, camera.CodeBadRequest},
		{"another xml", []byte("<html><body/></html>"), road.FormatXML, all, camera.CodeBadRequest},
		{"cut xml", []byte(xml[:len(xml)-20]), road.FormatXML, all, camera.CodeBadRequest},
		{"cut bzip2", bz2[:len(bz2)/40], road.FormatXMLBzip2, all, camera.CodeBadRequest},
		{"cut pbf", pbf[:len(pbf)/10], road.FormatPBF, all, camera.CodeBadRequest},
		{"pbf cut in its header", pbf[:30], road.FormatPBF, all, camera.CodeBadRequest},
		{"xml as pbf", []byte(xml), road.FormatPBF, all, camera.CodeBadRequest},
		{"pbf as xml", pbf[:5000], road.FormatXML, all, camera.CodeBadRequest},
		{"flipped pbf", flipped, road.FormatPBF, all, camera.CodeBadRequest},
		{"no place", []byte(strings.Replace(xml, `lat="21`, `lat="NaN" x="`, 1)), road.FormatXML, all, camera.CodeBadRequest},
		{"no road", []byte(strings.Replace(xml, "primary", "footway", 1)), road.FormatXML, all, camera.CodeBadRequest},
		{"many bytes", []byte(xml), road.FormatXML, small(func(l *road.Limits) { l.Bytes = 100 }), camera.CodeTooLarge},
		{"many bytes pbf", pbf, road.FormatPBF, small(func(l *road.Limits) { l.Bytes = 1e6 }), camera.CodeTooLarge},
		{"much unpacked", bz2, road.FormatXMLBzip2, small(func(l *road.Limits) { l.Unpacked = 1e5 }), camera.CodeTooLarge},
		{"much unpacked pbf", pbf, road.FormatPBF, small(func(l *road.Limits) { l.Unpacked = 1e6 }), camera.CodeTooLarge},
		{"many nodes", []byte(xml), road.FormatXML, small(func(l *road.Limits) { l.Nodes = 2 }), camera.CodeTooLarge},
		{"many nodes pbf", pbf, road.FormatPBF, small(func(l *road.Limits) { l.Nodes = 9000 }), camera.CodeTooLarge},
		{"many ways", []byte(xml), road.FormatXML, small(func(l *road.Limits) { l.Ways = 0 }), camera.CodeTooLarge},
		{"many references", []byte(xml), road.FormatXML, small(func(l *road.Limits) { l.Refs = 2 }), camera.CodeTooLarge},
		{"long element", []byte(`<osm><node id="1" lat="1" lon="1" user="` + strings.Repeat("x", 9<<20)), road.FormatXML, all, camera.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _, err := road.LoadWithin(t.Context(), bytes.NewReader(c.data), c.format, c.limits)
			if g != nil || camera.CodeOf(err) != c.want {
				t.Errorf("got graph %v, error %v (%s), want %s", g != nil, err, camera.CodeOf(err), c.want)
			}
		})
	}
}

// cancelling cancels after so many bytes have been read.
type cancelling struct {
	data   *bytes.Reader
	left   int
	cancel context.CancelFunc
}

func (c *cancelling) Read(b []byte) (int, error) {
	n, err := c.data.Read(b)
	if c.left -= n; c.left < 0 {
		c.cancel()
	}
	return n, err
}

func TestLoadStops(t *testing.T) {
	for file, format := range map[string]road.Format{
		"delaware-latest.osm.pbf": road.FormatPBF, "andorra-latest.osm.bz2": road.FormatXMLBzip2,
	} {
		data, err := os.ReadFile(extractPath(t, file))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r := &cancelling{data: bytes.NewReader(data), left: len(data) / 10, cancel: cancel}
		if _, _, err := road.Load(ctx, r, format); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want cancelled", file, err)
		}
		if read := len(data) - r.data.Len(); read > len(data)/2 {
			t.Errorf("%s: read %d of %d bytes after the end", file, read, len(data))
		}
		cancel()
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]road.Format{
		"a.osm": road.FormatXML, "B.OSM.BZ2": road.FormatXMLBzip2, "x/y.osm.pbf": road.FormatPBF,
		"a.gpx": "", "osm": "", "": "", "a.osm.gz": "",
	} {
		got, err := road.FormatOf(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", name, got, err, want)
		}
	}
}
