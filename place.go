package camera

import (
	"math"
	"time"
)

// Position is a place on the earth, WGS 84 degrees.
type Position struct {
	Lon float64 `json:"lon" yaml:"lon"`
	Lat float64 `json:"lat" yaml:"lat"`
}

// Valid tells whether the numbers can be a place at all.
func (p Position) Valid() bool {
	return p.Lon >= -180 && p.Lon <= 180 && p.Lat >= -85 && p.Lat <= 85 // NaN fails
}

// View is where a camera looks, and from when to when that was true.
type View struct {
	Position Position  `json:"position" yaml:"position"`
	Heading  float64   `json:"heading" yaml:"heading"` // middle of the picture, degrees clockwise from true north, [0, 360)
	FOV      float64   `json:"fov" yaml:"fov"`         // horizontal field of view, whole angle, degrees (0, 180]
	Range    float64   `json:"range" yaml:"range"`     // metres to which a vehicle can be told, (0, 200]
	From     time.Time `json:"from,omitzero" yaml:"-"`
	To       time.Time `json:"to,omitzero" yaml:"-"` // zero while it is still true
}

// Check tells whether the view is one that a camera can have.
func (v View) Check() error {
	switch {
	case !v.Position.Valid():
		return Errorf(CodeBadRequest, "view: position %v,%v", v.Position.Lon, v.Position.Lat)
	case !(v.Heading >= 0 && v.Heading < 360):
		return Errorf(CodeBadRequest, "view: heading %v, want 0 to 360", v.Heading)
	case !(v.FOV > 0 && v.FOV <= 180):
		return Errorf(CodeBadRequest, "view: field of view %v, want 0 to 180", v.FOV)
	case !(v.Range > 0 && v.Range <= 200):
		return Errorf(CodeBadRequest, "view: range %v m, want 0 to 200", v.Range)
	}
	return nil
}

// RoadID names a road of the hub's road graph.
type RoadID string

// Direction is a way of travel along a road, by its kilometre measure.
type Direction string

// Directions along a road.
const (
	DirUp     Direction = "up"     // kilometres increase
	DirDown   Direction = "down"   // kilometres decrease
	DirAcross Direction = "across" // a camera that looks across the road
)

// Stretch is from–to metres on a road, From ≤ To, counted from the road's zero.
type Stretch struct {
	Road RoadID  `json:"road"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Seen is a stretch that a view sees.
type Seen struct {
	Stretch
	Facing Direction `json:"facing"` // the way along the road in which the camera looks
}

// EarthRadius is the mean radius in metres (IUGG R1).
const EarthRadius = 6371008.8

// Distance is the great-circle distance in metres (haversine).
func Distance(a, b Position) float64 {
	la, lb := radians(a.Lat), radians(b.Lat)
	s, t := math.Sin((lb-la)/2), math.Sin(radians(b.Lon-a.Lon)/2)
	return 2 * EarthRadius * math.Asin(math.Min(1, math.Sqrt(s*s+math.Cos(la)*math.Cos(lb)*t*t)))
}

// Bearing is the initial course from a to b in degrees clockwise from true north, [0, 360).
func Bearing(a, b Position) float64 {
	la, lb, d := radians(a.Lat), radians(b.Lat), radians(b.Lon-a.Lon)
	y := math.Sin(d) * math.Cos(lb)
	x := math.Cos(la)*math.Sin(lb) - math.Sin(la)*math.Cos(lb)*math.Cos(d)
	return NormalHeading(math.Atan2(y, x) * 180 / math.Pi)
}

// Ahead is the place that lies the given metres from p on the given course.
// Exact enough for the few hundred metres that a camera sees.
func Ahead(p Position, heading, metres float64) Position {
	h := radians(heading)
	dLat := metres * math.Cos(h) / EarthRadius
	dLon := metres * math.Sin(h) / (EarthRadius * math.Cos(radians(p.Lat)))
	return Position{Lon: p.Lon + dLon*180/math.Pi, Lat: p.Lat + dLat*180/math.Pi}
}

// NormalHeading brings a heading into [0, 360).
func NormalHeading(h float64) float64 {
	h = math.Mod(h, 360)
	if h < 0 {
		h += 360
	}
	return h
}

// Turn is the smallest angle between two headings, degrees in [0, 180].
func Turn(a, b float64) float64 {
	d := math.Abs(NormalHeading(a) - NormalHeading(b))
	return math.Min(d, 360-d)
}

func radians(deg float64) float64 { return deg * math.Pi / 180 }
