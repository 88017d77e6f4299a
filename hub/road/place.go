package road

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/osm"
	camera "xulang.vn/camera"
)

// placesMost bounds the named places of one extract; a country has some 50,000.
const placesMost = 1 << 18

// kinds are the place values that people give directions by, after
// https://wiki.openstreetmap.org/wiki/Key:place. The number is what a metre to such a
// place counts beside others, from half a kilometre on: at the end of a road a town
// is named over the hamlets before it, and a hamlet over the next village.
var kinds = map[string]float64{
	"city": 0.25, "town": 0.35, "village": 0.7, "suburb": 0.9, "hamlet": 1, "locality": 1.2,
}

// place is a named place.
type place struct {
	id       int64 // OSM node
	name     string
	weight   float64 // see kinds
	position camera.Position
}

// place keeps a node that is a named place. Most nodes have no tags at all.
func (x *extract) place(n *osm.Node) error {
	if len(n.Tags) == 0 {
		return nil
	}
	weight, ok := kinds[n.Tags.Find("place")]
	name := text(n.Tags.Find("name"))
	if !ok || name == "" {
		return nil
	}
	if len(x.places) >= placesMost {
		return camera.Errorf(camera.CodeTooLarge, "more than %d places", placesMost)
	}
	x.places = append(x.places, place{int64(n.ID), name, weight, camera.Position{Lon: n.Lon, Lat: n.Lat}})
	return nil
}

// passing is how far from a road a place still lies on it, metres.
const passing = 500

// pass is a place that a road passes.
type pass struct {
	metre float64
	place int32
}

// settle sorts the places from south to north and notes which roads pass them.
func (g *Graph) settle(ctx context.Context, x *extract) error {
	g.places = slices.Clone(x.places)
	slices.SortFunc(g.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.position.Lat, b.position.Lat), cmp.Compare(a.id, b.id))
	})
	g.passes = map[int32][]pass{}
	for i, p := range g.places {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, h := range g.hits(p.position, passing) {
			g.passes[h.road] = append(g.passes[h.road], pass{h.metre, int32(i)})
		}
	}
	return nil
}

// placesNear calls f for the places within the metres of p, from south to north.
func (g *Graph) placesNear(p camera.Position, metres float64, f func(place, float64)) {
	area := around(p, metres)
	first, _ := slices.BinarySearchFunc(g.places, area.minLat, func(a place, lat float64) int {
		return cmp.Compare(a.position.Lat, lat)
	})
	for _, a := range g.places[first:] {
		if a.position.Lat > area.maxLat {
			return
		}
		if a.position.Lon < area.minLon || a.position.Lon > area.maxLon {
			continue
		}
		if d := camera.Distance(p, a.position); d <= metres {
			f(a, d)
		}
	}
}
