package path_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace/path"
)

// odd is a mark that no format may let through as it is.
const odd = `<a href="x">&'` + "\x01]]>"

func route(t *testing.T) camera.Route {
	t.Helper()
	return recovered(t, ladder().load(t), left(100, 0,
		seen("a", 300, 0, 20, 90), seen(odd, 1500, 0, 170, 90), seen("c", 100, 400, 172)))
}

func TestGeoJSON(t *testing.T) {
	r := route(t)
	var out bytes.Buffer
	if err := path.GeoJSON(&out, r); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Type     string
		Features []struct {
			Type     string
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
			Properties struct {
				Kind, Mark, Time, From, To, Mode string
				Broken                           bool
				Roads                            []string
				Times                            []time.Time
				SpreadS                          []float64 `json:"-"`
				Spreads                          any       `json:"spread_s"`
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &file); err != nil || file.Type != "FeatureCollection" || len(file.Features) != 3+4 {
		t.Fatalf("%v: %d features in %s", err, len(file.Features), out.Bytes())
	}
	for i, f := range file.Features {
		var line [][2]float64
		if f.Type != "Feature" {
			t.Errorf("feature %d is a %q", i, f.Type)
		}
		if i >= 3 {
			want, at := []string{"incident", "sighting", "sighting", "sighting"}[i-3], [2]float64{}
			if err := json.Unmarshal(f.Geometry.Coordinates, &at); err != nil || f.Geometry.Type != "Point" || f.Properties.Kind != want || at[0] < 106 {
				t.Errorf("feature %d: %+v at %v, %v", i, f, at, err)
			}
			continue
		}
		err := json.Unmarshal(f.Geometry.Coordinates, &line)
		p := f.Properties
		if err != nil || f.Geometry.Type != "LineString" || p.Kind != "leg" || p.Mode != "car" || p.Broken != (i == 2) || len(p.Roads) == 0 == (i < 2) ||
			len(line) != len(r.Legs[i].Points) || len(p.Times) != len(line) || len(p.Spreads.([]any)) != len(line) {
			t.Errorf("leg %d: %+v, %v", i, f, err)
		}
		for j, at := range line {
			want := r.Legs[i].Points[j]
			if math.Abs(at[0]-want.Position.Lon) > 6e-8 || math.Abs(at[1]-want.Position.Lat) > 6e-8 || p.Times[j].Sub(want.At).Abs() > time.Millisecond {
				t.Errorf("leg %d: %v at %v, want %+v", i, at, p.Times[j], want)
			}
		}
	}
	if file.Features[1].Properties.To != odd || bytes.Contains(out.Bytes(), []byte("<a")) {
		t.Errorf("the mark came through as %q", file.Features[1].Properties.To)
	}
	if long := regexp.MustCompile(`\[\d+\.\d{7},\d+\.\d{7}\]`).FindAll(out.Bytes(), -1); len(long) < 8 {
		t.Errorf("%d positions have 7 decimals", len(long))
	}
}

// order is that of the schema of GPX 1.1 for the elements that may stand here.
var order = map[string][]string{
	"gpx":        {"metadata", "wpt", "rte", "trk", "extensions"},
	"wpt":        {"ele", "time", "magvar", "geoidheight", "name", "cmt", "desc", "src", "link", "sym", "type", "extensions"},
	"trkpt":      {"ele", "time", "magvar", "geoidheight", "name", "cmt", "desc", "src", "link", "sym", "type", "extensions"},
	"trk":        {"name", "cmt", "desc", "src", "link", "number", "type", "extensions", "trkseg"},
	"trkseg":     {"trkpt", "extensions"},
	"time":       nil,
	"name":       nil,
	"type":       nil,
	"extensions": nil, // holds other namespaces alone
}

// checkGPX walks a file and compares it with the schema; it returns the times.
func checkGPX(t *testing.T, text string) (times []time.Time) {
	t.Helper()
	const space = "http://www.topografix.com/GPX/1/1"
	type open struct {
		name string
		last int
	}
	var stack []open
	for dec := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return times
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			if len(stack) > 0 {
				above := &stack[len(stack)-1]
				if above.name == "extensions" || x.Name.Space != space {
					if x.Name.Space == space || above.name != "extensions" && above.name != "" {
						t.Fatalf("%v within %s", x.Name, above.name)
					}
					stack = append(stack, open{})
					continue
				}
				at := slices.Index(order[above.name], x.Name.Local)
				if at < above.last || at < 0 {
					t.Fatalf("%s within %s", x.Name.Local, above.name)
				}
				above.last = at
			}
			if _, ok := order[x.Name.Local]; !ok || x.Name.Space != space {
				t.Fatalf("element %v", x.Name)
			}
			stack = append(stack, open{name: x.Name.Local})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && stack[len(stack)-1].name == "time" {
				at, err := time.Parse(time.RFC3339, string(x))
				if err != nil || at.Location() != time.UTC {
					t.Fatalf("time %q: %v", x, err)
				}
				times = append(times, at)
			}
		}
	}
}

func TestGPX(t *testing.T) {
	r := route(t)
	var out bytes.Buffer
	if err := path.GPX(&out, r); err != nil {
		t.Fatal(err)
	}
	points := 0
	for _, l := range r.Legs {
		points += len(l.Points)
	}
	if times := checkGPX(t, out.String()); len(times) != points+4 {
		t.Errorf("%d times for %d points and 4 stops", len(times), points)
	}
	var file struct {
		Version string `xml:"version,attr"`
		Wpt     []struct {
			Lat  float64 `xml:"lat,attr"`
			Name string  `xml:"name"`
			Type string  `xml:"type"`
		} `xml:"wpt"`
		Segments []struct {
			Points []struct {
				Lon    float64 `xml:"lon,attr"`
				Spread float64 `xml:"extensions>spread"`
			} `xml:"trkpt"`
			Broken bool `xml:"extensions>broken"`
		} `xml:"trk>trkseg"`
	}
	if err := xml.Unmarshal(out.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	clean := strings.ReplaceAll(odd, "\x01", "\uFFFD") // XML has no way to write it
	if file.Version != "1.1" || len(file.Wpt) != 4 || len(file.Segments) != 3 || file.Wpt[2].Name != clean || file.Wpt[0].Type != "incident" {
		t.Errorf("%+v", file)
	}
	for i, s := range file.Segments {
		for j, p := range s.Points {
			want := r.Legs[i].Points[j]
			if math.Abs(p.Lon-want.Position.Lon) > 6e-8 || math.Abs(p.Spread-want.Spread.Seconds()) > 0.06 || s.Broken != r.Legs[i].Broken {
				t.Errorf("segment %d: %+v, want %+v", i, p, want)
			}
		}
	}
}

func TestFormatsOfNothing(t *testing.T) {
	empty := camera.Route{Mode: camera.ModeFoot}
	one := camera.Route{Legs: []camera.RouteLeg{{To: "a", Points: []camera.RoutePoint{{Position: origin, At: noon, Mark: "a"}}}, {}}}
	nan := camera.Route{Legs: []camera.RouteLeg{{Points: []camera.RoutePoint{{Position: camera.Position{Lat: math.NaN()}}}}}}
	for name, write := range map[string]func(io.Writer, camera.Route) error{"geojson": path.GeoJSON, "gpx": path.GPX} {
		for _, r := range []camera.Route{empty, one} {
			var out bytes.Buffer
			if err := write(&out, r); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name == "gpx" {
				checkGPX(t, out.String())
			} else if !json.Valid(out.Bytes()) || bytes.Contains(out.Bytes(), []byte("LineString")) || bytes.Contains(out.Bytes(), []byte(`"features":null`)) {
				t.Errorf("%s", out.Bytes())
			}
			if err := write(refusing{}, r); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v from a writer that refuses", name, err)
			}
		}
		if err := write(io.Discard, nan); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%s: %v for a place that is none", name, err)
		}
	}
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
