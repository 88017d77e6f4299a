package trace

import (
	"cmp"
	"slices"

	camera "xulang.vn/camera"
)

// survey looks where the courses of a set part.
type survey struct {
	*Trace
	s      *set
	all    []course
	origin camera.Position
	ways   []leaving
	near   []nearness // by vertex
	known  []int32    // by vertex: the round in which a course passed it
	round  int32

	covered covered
	edges   []float32 // by arc: where it leaves the covered area
}

// nearness tells whether a vertex lies where the trip begins, once it was asked.
type nearness uint8

const (
	isNear nearness = iota + 1
	isFar
)

// leaving is a way in which a trip leaves where it began.
type leaving struct {
	arc     int32
	heading float64
}

func (v *survey) here(vertex int32) bool {
	if v.near[vertex] == 0 {
		v.near[vertex] = isFar
		if camera.Distance(v.net.graph.Vertex(vertex), v.origin) <= beginNear {
			v.near[vertex] = isNear
		}
	}
	return v.near[vertex] == isNear
}

// begin tells of each course in which way it leaves the place where trips begin. Of
// courses with hardly an angle between them the first stands for all.
func (v *survey) begin() {
	for i := range v.all {
		c := &v.all[i]
		j, share := 0, c.from
		for j < len(c.arcs)-1 && v.here(v.net.to[c.arcs[j]]) {
			j, share = j+1, 0
		}
		a := c.arcs[j]
		p, heading := v.net.place(a, min(share+beginNear/max(v.net.length[a], 1), 1))
		if camera.Distance(v.origin, p) > 1 {
			heading = camera.Bearing(v.origin, p)
		}
		k := slices.IndexFunc(v.ways, func(w leaving) bool { return camera.Turn(w.heading, heading) < sameWay })
		if k < 0 {
			k, v.ways = len(v.ways), append(v.ways, leaving{a, heading})
		}
		c.begin = v.ways[k].arc
	}
}

// each calls f for the forks of a course, with the seconds of way up to there. A place
// that it comes back to, and all around its beginning, is passed once.
func (v *survey) each(c *course, f func(k fork, way float32)) {
	passes := v.s.of(v.s.paths[c.path])
	f(fork{begins, c.begin}, 0)
	way := (1 - c.from) * v.net.seconds[c.arcs[0]]
	v.round++
	met := 0
	out, share, leaves := v.exit(c)
	if leaves && out == 0 {
		f(fork{arrives, c.arcs[0]}, (share-c.from)*v.net.seconds[c.arcs[0]])
	}
	for j := 1; j < len(c.arcs); j++ {
		at := v.net.from[c.arcs[j]]
		way += v.net.slows(c.arcs[j-1], c.arcs[j])
		for met < len(passes) && passes[met].at < way {
			met++
		}
		// Two nodes in one place are one.
		if !v.here(at) && v.known[at] != v.round && v.net.length[c.arcs[j-1]] > 0.1 && met < branchDepth {
			f(fork{at, c.arcs[j]}, way)
		}
		v.known[at] = v.round
		if leaves && j == out {
			f(fork{arrives, c.arcs[j]}, way+share*v.net.seconds[c.arcs[j]])
		}
		way += v.net.seconds[c.arcs[j]]
	}
	last := c.arcs[len(c.arcs)-1]
	if end := v.net.to[last]; !leaves && v.mapEnds(last) && !v.here(end) && v.known[end] != v.round {
		f(fork{arrives, last}, way)
	}
}

// index numbers the forks, three for each arc.
func (v *survey) index(k fork) int {
	switch k.vertex {
	case begins:
		return 3*int(k.arc) + 1
	case arrives:
		return 3*int(k.arc) + 2
	}
	return 3 * int(k.arc)
}

// mapEnds tells whether the map ends behind an arc: it leads to the end of a through road,
// which goes on in truth, or of any road at the bounds of all.
func (t *Trace) mapEnds(a int32) bool {
	v := t.net.to[a]
	if len(t.net.out.of(v)) != 1 {
		return false
	}
	switch t.net.arc(a).Class {
	case "motorway", "trunk", "primary", "secondary":
		return true
	}
	p := t.net.graph.Vertex(v)
	low, high := t.net.graph.Bounds()
	for _, side := range []camera.Position{
		{Lon: low.Lon, Lat: p.Lat}, {Lon: high.Lon, Lat: p.Lat}, {Lon: p.Lon, Lat: low.Lat}, {Lon: p.Lon, Lat: high.Lat},
	} {
		if camera.Distance(p, side) <= edgeNear {
			return true
		}
	}
	return false
}

// partings finds the likely forks that have a likely sibling, and the arrivals.
func (v *survey) partings() []parting {
	weights := make([]float64, 3*len(v.net.from))
	var forks []fork
	for i := range v.all {
		v.each(&v.all[i], func(k fork, _ float32) {
			at := v.index(k)
			if weights[at] == 0 {
				forks = append(forks, k)
			}
			weights[at] += v.all[i].weight
		})
	}
	siblings := map[int32]int{}
	for _, k := range forks {
		if weights[v.index(k)] >= branchLeast {
			siblings[k.vertex]++
		}
	}
	var open, ends []parting
	for _, k := range forks {
		w := weights[v.index(k)]
		one := parting{fork: k, weight: min(w, 1), cams: map[int32]float64{}}
		switch {
		case k.vertex == arrives && w >= arrivalLeast:
			ends = append(ends, one)
		case k.vertex != arrives && w >= branchLeast && siblings[k.vertex] > 1:
			open = append(open, one)
		}
	}
	likelier := func(a, b parting) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.vertex, b.vertex), cmp.Compare(a.arc, b.arc))
	}
	slices.SortFunc(open, likelier)
	slices.SortFunc(ends, likelier)
	open = append(open[:min(len(open), branchesMost)], ends[:min(len(ends), arrivalsMost)]...)
	slices.SortFunc(open, likelier)
	return open
}
