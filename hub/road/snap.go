package road

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// snapFarthest bounds the search around a point, metres.
const snapFarthest = 5000

// Point is a place on a road.
type Point struct {
	Road     camera.RoadID
	At       float64 // metres from the road's zero
	Position camera.Position
	Distance float64 // metres from the place that was asked about
	Heading  float64 // of rising metres
}

// Snap finds the nearest place on any centre line. Where roads are equally near, as at a
// junction, the greater class wins. CodeOffRoad when none lies within the metres, which
// are capped at 5 km.
func (g *Graph) Snap(p camera.Position, within float64) (Point, error) {
	near, err := g.near(p, within, true)
	if err != nil {
		return Point{}, err
	}
	return g.point(near[0]), nil
}

// Stretch is the piece of road between two places, for example two clicks on the map:
// of the roads near both, the one with the least distance in sum. CodeOffRoad when a
// place has no road within the metres, CodeBadStretch when they share none or fall on
// the same metre.
func (g *Graph) Stretch(a, b camera.Position, within float64) (camera.Stretch, error) {
	nearA, err := g.near(a, within, false)
	if err != nil {
		return camera.Stretch{}, err
	}
	nearB, err := g.near(b, within, false)
	if err != nil {
		return camera.Stretch{}, err
	}
	other := map[int32]hit{}
	for _, h := range nearB {
		other[h.road] = h
	}
	var best []hit // both ends; distance is the sum
	for _, h := range nearA {
		o, ok := other[h.road]
		if !ok {
			continue
		}
		sum := h
		sum.distance += o.distance
		if best == nil || g.closer(sum, best[0]) < 0 {
			best = []hit{sum, o}
		}
	}
	if best == nil {
		return camera.Stretch{}, camera.Errorf(camera.CodeBadStretch, "the two places share no road within %.0f m", within)
	}
	return g.Check(camera.Stretch{
		Road: g.roads[best[0].road].ID,
		From: math.Min(best[0].metre, best[1].metre), To: math.Max(best[0].metre, best[1].metre),
	})
}

// hit is the nearest place of one road.
type hit struct {
	road     int32
	at       int32   // segment
	metre    float64 // along the road
	distance float64
}

// near returns the nearest place of each road, nearest road first. With one set, the
// search may stop as soon as the first is certain.
func (g *Graph) near(p camera.Position, within float64, one bool) ([]hit, error) {
	if !p.Valid() || !(within > 0) {
		return nil, camera.Errorf(camera.CodeBadRequest, "snap %v,%v within %v m", p.Lon, p.Lat, within)
	}
	within = math.Min(within, snapFarthest)
	radius := within
	if one {
		radius = math.Min(within, 30)
	}
	for {
		hits := g.hits(p, radius)
		if len(hits) > 0 {
			return hits, nil
		}
		if radius >= within {
			return nil, camera.Errorf(camera.CodeOffRoad, "no road within %.0f m", within)
		}
		radius = math.Min(4*radius, within)
	}
}

func (g *Graph) hits(p camera.Position, radius float64) []hit {
	here := planeAt(p)
	best := map[int32]hit{}
	g.index.each(around(p, radius), func(s segment) {
		line := g.roads[s.road].Line
		a, b := here.at(line[s.at]), here.at(line[s.at+1])
		t := nearest(a, b)
		d := math.Hypot(a.x+t*(b.x-a.x), a.y+t*(b.y-a.y))
		if d > radius {
			return
		}
		m := g.measures[s.road]
		h := hit{road: s.road, at: s.at, metre: m[s.at] + t*(m[s.at+1]-m[s.at]), distance: d}
		if old, ok := best[s.road]; !ok || d < old.distance || d == old.distance && h.metre < old.metre {
			best[s.road] = h
		}
	})
	hits := make([]hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, g.closer)
	return hits
}

// closer orders hits by distance; within a centimetre, the resolution of the map, by
// class, length and id.
func (g *Graph) closer(a, b hit) int {
	ra, rb := g.roads[a.road], g.roads[b.road]
	return cmp.Or(
		cmp.Compare(math.Round(a.distance*100), math.Round(b.distance*100)),
		cmp.Compare(classes[ra.Class], classes[rb.Class]),
		cmp.Compare(rb.Length, ra.Length),
		cmp.Compare(ra.ID, rb.ID),
	)
}

func (g *Graph) point(h hit) Point {
	line, m := g.roads[h.road].Line, g.measures[h.road]
	a, b := line[h.at], line[h.at+1]
	return Point{
		Road: g.roads[h.road].ID, At: h.metre, Distance: h.distance, Heading: camera.Bearing(a, b),
		Position: between(a, b, (h.metre-m[h.at])/(m[h.at+1]-m[h.at])),
	}
}

// plane touches the earth at a place; x is metres to the east, y to the north.
type plane struct {
	origin    camera.Position
	east, nth float64 // metres of a degree
}

type spot struct{ x, y float64 }

func planeAt(p camera.Position) plane {
	degree := camera.EarthRadius * math.Pi / 180
	return plane{p, degree * math.Cos(p.Lat*math.Pi/180), degree}
}

func (l plane) at(p camera.Position) spot {
	return spot{(p.Lon - l.origin.Lon) * l.east, (p.Lat - l.origin.Lat) * l.nth}
}

// nearest is the share of the way from a to b that lies nearest to the plane's origin.
func nearest(a, b spot) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := -(a.x*dx + a.y*dy) / (dx*dx + dy*dy)
	return math.Min(math.Max(t, 0), 1)
}
