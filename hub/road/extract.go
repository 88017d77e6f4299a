package road

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/osm"
	camera "xulang.vn/camera"
)

// wayLongest is the most nodes of one way. The OSM API has allowed 2,000 since 2009.
const wayLongest = 1 << 16

// extract is what is kept of a file while it is read.
type extract struct {
	limits  Limits
	nodes   []node // in the file's order until sorted
	ways    []way
	places  []place
	allWays int
	refs    int
	skipped map[string]int
}

// node keeps a place in OSM's own resolution, 1e-7 degrees (about 1 cm).
type node struct {
	id       int64
	lon, lat int32
}

func (n node) position() camera.Position {
	return camera.Position{Lon: float64(n.lon) / 1e7, Lat: float64(n.lat) / 1e7}
}

// way is a way for vehicles.
type way struct {
	id    int64
	nodes []int64 // ids as read
	at    []int32 // indices into extract.nodes, once resolved
	tags  wayTags
}

func newExtract(limits Limits) *extract {
	return &extract{limits: limits, skipped: map[string]int{}}
}

func (x *extract) node(n *osm.Node) error {
	if len(x.nodes) >= x.limits.Nodes {
		return camera.Errorf(camera.CodeTooLarge, "more than %d nodes", x.limits.Nodes)
	}
	p := camera.Position{Lon: n.Lon, Lat: n.Lat}
	if !p.Valid() {
		return camera.Errorf(camera.CodeBadRequest, "node %d lies at %v,%v", n.ID, n.Lon, n.Lat)
	}
	x.nodes = append(x.nodes, node{
		id:  int64(n.ID),
		lon: int32(math.Round(p.Lon * 1e7)), lat: int32(math.Round(p.Lat * 1e7)),
	})
	return x.place(n)
}

// way keeps a way for vehicles. It copies what it keeps: the decoder reuses w.
func (x *extract) way(w *osm.Way) error {
	if x.allWays >= x.limits.Ways {
		return camera.Errorf(camera.CodeTooLarge, "more than %d ways", x.limits.Ways)
	}
	x.allWays++
	if len(w.Nodes) > wayLongest {
		return camera.Errorf(camera.CodeTooLarge, "way %d has more than %d nodes", w.ID, wayLongest)
	}
	tags, reason := readTags(w.Tags)
	if reason != "" {
		x.skipped[reason]++
		return nil
	}
	x.refs += len(w.Nodes)
	if x.refs > x.limits.Refs {
		return camera.Errorf(camera.CodeTooLarge, "more than %d nodes in ways", x.limits.Refs)
	}
	ids := make([]int64, len(w.Nodes))
	for i, n := range w.Nodes {
		ids[i] = int64(n.ID)
	}
	x.ways = append(x.ways, way{id: int64(w.ID), nodes: ids, tags: tags})
	return nil
}

// resolve finds the nodes of the ways and puts ways in an order that does not depend on
// the file's. A way that names nodes outside of the file is cut there. Returns how many
// were missing.
func (x *extract) resolve() (missing int) {
	byID := func(a, b node) int { return cmp.Compare(a.id, b.id) }
	if !slices.IsSortedFunc(x.nodes, byID) {
		slices.SortStableFunc(x.nodes, byID)
	}
	slices.SortStableFunc(x.ways, func(a, b way) int { return cmp.Compare(a.id, b.id) })
	var known []way
	for i, w := range x.ways {
		if i > 0 && x.ways[i-1].id == w.id {
			x.skipped["repeated"]++
			continue
		}
		parts, gone := x.cut(w)
		missing += gone
		if len(parts) == 0 {
			x.skipped["no length inside the file"]++
		}
		known = append(known, parts...)
	}
	x.ways = known
	return missing
}

// cut returns the parts of a way between nodes that the file does not hold.
func (x *extract) cut(w way) (parts []way, missing int) {
	part := way{id: w.id, tags: w.tags}
	end := func() {
		if x.hasLength(part.at) {
			parts = append(parts, part)
		}
		part.at = nil
	}
	for _, id := range w.nodes {
		at, ok := slices.BinarySearchFunc(x.nodes, id, func(n node, id int64) int { return cmp.Compare(n.id, id) })
		switch {
		case !ok:
			missing++
			end()
		case len(part.at) > 0 && part.at[len(part.at)-1] == int32(at):
			// the same node twice in a row
		default:
			part.at = append(part.at, int32(at))
		}
	}
	end()
	return parts, missing
}

// hasLength tells whether the nodes lie in at least two places.
func (x *extract) hasLength(at []int32) bool {
	for _, n := range at {
		if x.nodes[n].position() != x.nodes[at[0]].position() {
			return true
		}
	}
	return false
}
