package road

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// fanout is the children of a node of the tree; 16 boxes fill eight cache lines.
const fanout = 16

// box is an area in degrees.
type box struct{ minLon, minLat, maxLon, maxLat float64 }

func (b box) meets(c box) bool {
	return b.minLon <= c.maxLon && c.minLon <= b.maxLon && b.minLat <= c.maxLat && c.minLat <= b.maxLat
}

func (b box) with(c box) box {
	return box{
		math.Min(b.minLon, c.minLon), math.Min(b.minLat, c.minLat),
		math.Max(b.maxLon, c.maxLon), math.Max(b.maxLat, c.maxLat),
	}
}

// around is a box that holds all places within the given metres of p.
func around(p camera.Position, metres float64) box {
	lat := metres / camera.EarthRadius * 180 / math.Pi * (1 + 1e-9)
	// The meridians are closest together at the box's side towards the pole.
	far := math.Min(math.Abs(p.Lat)+lat, 89)
	lon := lat / math.Cos(far*math.Pi/180)
	return box{p.Lon - lon, p.Lat - lat, p.Lon + lon, p.Lat + lat}
}

// segment is the straight piece of a road's line from point at to point at+1.
type segment struct{ road, at int32 }

// tree is an R-tree that is packed once and never changes: sort-tile-recursive
// (Leutenegger, López, Edgington 1997). Level 0 holds one box per segment; box i of a
// level covers boxes i·fanout … of the level below.
type tree struct {
	segments []segment
	levels   [][]box
}

func newTree(roads []Road) tree {
	type entry struct {
		segment
		box
	}
	var entries []entry
	for i, r := range roads {
		for j := 1; j < len(r.Line); j++ {
			a, b := r.Line[j-1], r.Line[j]
			entries = append(entries, entry{segment{int32(i), int32(j - 1)}, box{
				math.Min(a.Lon, b.Lon), math.Min(a.Lat, b.Lat), math.Max(a.Lon, b.Lon), math.Max(a.Lat, b.Lat),
			}})
		}
	}
	// Slices from west to east, each holding whole leaves, sorted from south to north.
	leaves := (len(entries) + fanout - 1) / fanout
	slice := int(math.Ceil(math.Sqrt(float64(leaves)))) * fanout
	byLon := func(a, b entry) int { return cmp.Compare(a.minLon+a.maxLon, b.minLon+b.maxLon) }
	byLat := func(a, b entry) int { return cmp.Compare(a.minLat+a.maxLat, b.minLat+b.maxLat) }
	slices.SortFunc(entries, byLon)
	for from := 0; from < len(entries); from += slice {
		slices.SortFunc(entries[from:min(from+slice, len(entries))], byLat)
	}

	var t tree
	level := make([]box, len(entries))
	t.segments = make([]segment, len(entries))
	for i, e := range entries {
		t.segments[i], level[i] = e.segment, e.box
	}
	t.levels = append(t.levels, level)
	for len(level) > fanout {
		var above []box
		for from := 0; from < len(level); from += fanout {
			b := level[from]
			for _, c := range level[from+1 : min(from+fanout, len(level))] {
				b = b.with(c)
			}
			above = append(above, b)
		}
		t.levels = append(t.levels, above)
		level = above
	}
	return t
}

// each calls f for every segment whose box meets the area, in no useful order.
func (t tree) each(area box, f func(segment)) {
	if len(t.segments) == 0 {
		return
	}
	top := len(t.levels) - 1
	t.descend(top, 0, len(t.levels[top]), area, f)
}

func (t tree) descend(level, from, to int, area box, f func(segment)) {
	for i := from; i < to; i++ {
		switch {
		case !t.levels[level][i].meets(area):
		case level == 0:
			f(t.segments[i])
		default:
			t.descend(level-1, i*fanout, min((i+1)*fanout, len(t.levels[level-1])), area, f)
		}
	}
}
