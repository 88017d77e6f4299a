package path

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	camera "xulang.vn/camera"
)

// The objects of RFC 7946 that are written. Positions are longitude, latitude (3.1.1)
// with 7 decimals, a centimetre (11.2 asks for no more than is known).
type collection struct {
	Type     string    `json:"type"`
	Features []feature `json:"features"`
}

type feature struct {
	Type       string    `json:"type"`
	Geometry   *geometry `json:"geometry"` // null: not on the map (3.2)
	Properties any       `json:"properties"`
}

type geometry struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates"`
}

type coordinates camera.Position

// MarshalJSON writes the numbers in full: no exponent, 7 decimals.
func (c coordinates) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%s,%s]", degrees(c.Lon), degrees(c.Lat)), nil
}

func degrees(d float64) string { return strconv.FormatFloat(d, 'f', 7, 64) }

// legProperties are those of a leg. Times and SpreadS are by position of the line, as
// positions themselves hold no more than a height (RFC 7946, 3.1.1).
type legProperties struct {
	Kind        string          `json:"kind"` // "leg"
	Number      int             `json:"number"`
	From        string          `json:"from"` // mark; "" the incident
	To          string          `json:"to"`
	Mode        camera.Mode     `json:"mode"`
	Probability float64         `json:"probability"`
	Broken      bool            `json:"broken"`
	Roads       []camera.RoadID `json:"roads"`
	Metres      float64         `json:"metres"`
	Times       []string        `json:"times"`
	SpreadS     []float64       `json:"spread_s"`
}

// stopProperties are those of a sighting, or of the incident.
type stopProperties struct {
	Kind    string  `json:"kind"` // "incident" or "sighting"
	Mark    string  `json:"mark,omitempty"`
	Time    string  `json:"time"`
	SpreadS float64 `json:"spread_s"`
	Metre   float64 `json:"metre"`
}

// GeoJSON writes a route as a FeatureCollection (RFC 7946): a LineString for each leg,
// then a Point for the place of the incident and one for each sighting. Times are RFC
// 3339 in UTC, spreads one standard deviation in seconds. CodeBadRequest for a route
// with a position that is none.
func GeoJSON(w io.Writer, r camera.Route) error {
	if err := checkRoute(r); err != nil {
		return fmt.Errorf("write geojson: %w", err)
	}
	all := collection{Type: "FeatureCollection", Features: []feature{}}
	for i, l := range r.Legs {
		all.Features = append(all.Features, line(r.Mode, i+1, l))
	}
	for _, s := range stops(r) {
		kind := "sighting"
		if s.incident {
			kind = "incident"
		}
		all.Features = append(all.Features, feature{
			Type: "Feature", Geometry: &geometry{"Point", coordinates(s.Position)},
			Properties: stopProperties{kind, s.Mark, stamp(s.At), tenth(s.Spread.Seconds()), tenth(s.Metre)},
		})
	}
	if err := json.NewEncoder(w).Encode(all); err != nil {
		return fmt.Errorf("write geojson: %w", err)
	}
	return nil
}

func line(mode camera.Mode, number int, l camera.RouteLeg) feature {
	p := legProperties{
		Kind: "leg", Number: number, From: l.From, To: l.To, Mode: mode, Probability: math.Round(l.Probability*1e4) / 1e4,
		Broken: l.Broken, Roads: append([]camera.RoadID{}, l.Roads...), Times: []string{}, SpreadS: []float64{},
	}
	line := []coordinates{}
	for _, x := range l.Points {
		line = append(line, coordinates(x.Position))
		p.Times, p.SpreadS = append(p.Times, stamp(x.At)), append(p.SpreadS, tenth(x.Spread.Seconds()))
	}
	f := feature{Type: "Feature"}
	if len(line) >= 2 { // a LineString has two positions or more (3.1.4)
		f.Geometry = &geometry{"LineString", line}
		p.Metres = tenth(l.Points[len(line)-1].Metre - l.Points[0].Metre)
	}
	f.Properties = p
	return f
}

// routeStop is where a leg ends, or the first begins.
type routeStop struct {
	camera.RoutePoint
	incident bool
}

// stops are the incident and the sightings, each once.
func stops(r camera.Route) []routeStop {
	var out []routeStop
	for i, l := range r.Legs {
		if len(l.Points) == 0 {
			continue
		}
		if i == 0 {
			out = append(out, routeStop{l.Points[0], l.From == ""})
		}
		out = append(out, routeStop{l.Points[len(l.Points)-1], false})
	}
	return out
}

// checkRoute refuses what no map can show.
func checkRoute(r camera.Route) error {
	for i, l := range r.Legs {
		if math.IsNaN(l.Probability) || math.IsInf(l.Probability, 0) {
			return camera.Errorf(camera.CodeBadRequest, "leg %d: probability %v", i, l.Probability)
		}
		for _, p := range l.Points {
			if !p.Position.Valid() || math.IsNaN(p.Metre) || math.IsInf(p.Metre, 0) {
				return camera.Errorf(camera.CodeBadRequest, "leg %d: position %v,%v at metre %v", i, p.Position.Lon, p.Position.Lat, p.Metre)
			}
		}
	}
	return nil
}

// stamp is a time in UTC to the millisecond; more is not known.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
