package road

import (
	"cmp"
	"slices"
	"strconv"

	camera "xulang.vn/camera"
)

// group is the parts that carry one ref or one name.
type group struct {
	key   string // sorts refs before names before what has neither
	base  string // of the RoadID
	parts []int  // indices, ascending: by way id, then along the way
}

// name joins the parts to roads and fills roads, measures, byID and edges.
func (g *Graph) name(x *extract, parts []part) {
	var chains []chain
	ids := newUnique()
	for _, gr := range groups(x, parts) {
		found := chainsOf(x, parts, gr.parts)
		slices.SortStableFunc(found, func(a, b chain) int { return cmp.Compare(b.length, a.length) })
		for _, c := range found {
			if len(c.line) < 2 {
				continue // a group of nothing but pieces without length
			}
			c.id = ids.id(gr.base)
			chains = append(chains, c)
		}
	}
	slices.SortFunc(chains, func(a, b chain) int { return cmp.Compare(a.id, b.id) })

	g.byID = make(map[camera.RoadID]int, len(chains))
	g.signs = map[int32][]sign{}
	g.edges = make([]edge, len(parts))
	for i, p := range parts {
		t := x.ways[p.way].tags
		g.edges[i] = edge{
			from: p.from, to: p.to, road: -1, length: p.length, class: t.class,
			maxSpeed: t.maxSpeed, along: t.along, against: t.against,
		}
	}
	for i, c := range chains {
		g.roads = append(g.roads, c.road(x, parts))
		g.measures = append(g.measures, c.measure)
		g.byID[c.id] = i
		g.putUp(int32(i), c, x, parts)
		for _, l := range c.links {
			e := &g.edges[l.part]
			e.road, e.start, e.end = int32(i), l.from, l.to
			if l.reversed {
				e.start, e.end = l.to, l.from
			}
		}
	}
}

func groups(x *extract, parts []part) []group {
	byKey := map[string]*group{}
	for i, p := range parts {
		w := x.ways[p.way]
		fallback := w.tags.class + "-" + wayNumber(w.id)
		key, base := "3"+strconv.FormatInt(w.id, 10), fallback
		switch {
		case w.tags.ref != "":
			key, base = "1"+w.tags.ref, slug(w.tags.ref)
		case w.tags.name != "":
			key, base = "2"+w.tags.name, slug(w.tags.name)
		}
		if base == "" { // a name in letters that have no Latin form here
			base = fallback
		}
		gr, ok := byKey[key]
		if !ok {
			gr = &group{key: key, base: base}
			byKey[key] = gr
		}
		gr.parts = append(gr.parts, i)
	}
	all := make([]group, 0, len(byKey))
	for _, gr := range byKey {
		all = append(all, *gr)
	}
	slices.SortFunc(all, func(a, b group) int { return cmp.Compare(a.key, b.key) })
	return all
}

// wayNumber writes a way's id; editors give negative ones to what is not uploaded yet.
func wayNumber(id int64) string {
	if id < 0 {
		return "n" + strconv.FormatUint(uint64(-id), 10)
	}
	return strconv.FormatInt(id, 10)
}

// road is the chain as the callers see it.
func (c chain) road(x *extract, parts []part) Road {
	names, refs, kinds := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, l := range c.links {
		t, metres := x.ways[parts[l.part].way].tags, parts[l.part].length
		names[t.name] += metres
		refs[t.ref] += metres
		kinds[t.class] += metres
	}
	delete(names, "")
	r := Road{ID: c.id, Name: most(names), Ref: most(refs), Class: most(kinds), Length: c.length, Line: c.line}
	if r.Name == "" {
		r.Name = r.Ref
	}
	return r
}

// most is the text with the greatest length, the first in the alphabet among equals.
func most(metres map[string]float64) string {
	best, longest := "", -1.0
	for s, m := range metres {
		if m > longest || m == longest && s < best {
			best, longest = s, m
		}
	}
	return best
}
