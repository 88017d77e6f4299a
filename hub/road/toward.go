package road

import (
	"cmp"
	"math"
	"slices"

	camera "xulang.vn/camera"
)

// sign is what the destination tags of a piece of road say.
type sign struct {
	from, to float64 // metres
	up       bool    // for who goes by rising metres
	name     string
}

// putUp keeps the signs of a chain.
func (g *Graph) putUp(road int32, c chain, x *extract, parts []part) {
	for _, l := range c.links {
		t := x.ways[parts[l.part].way].tags
		up, down := t.toward, t.back
		if l.reversed {
			up, down = down, up
		}
		for _, s := range []sign{{l.from, l.to, true, up}, {l.from, l.to, false, down}} {
			if s.name != "" {
				g.signs[road] = append(g.signs[road], s)
			}
		}
	}
}

// meet finds for both ends of each road the greatest road of another name that goes
// on there, -1 for none.
func (g *Graph) meet() {
	at := make([][2]int32, len(g.roads)) // vertices at metre 0 and at Length
	roads := map[int32][]int32{}         // by vertex
	for _, e := range g.edges {
		if e.road < 0 {
			continue
		}
		roads[e.from], roads[e.to] = append(roads[e.from], e.road), append(roads[e.to], e.road)
		last := g.roads[e.road].Length
		for _, end := range []struct {
			vertex int32
			metre  float64
		}{{e.from, e.start}, {e.to, e.end}} {
			switch end.metre {
			case 0:
				at[e.road][0] = end.vertex
			case last:
				at[e.road][1] = end.vertex
			}
		}
	}
	g.met = make([][2]int32, len(g.roads))
	for i, vertices := range at {
		for side, v := range vertices {
			best := int32(-1)
			for _, other := range roads[v] {
				named := g.roads[other].Name != "" && g.roads[other].Name != g.roads[i].Name
				if named && (best < 0 || g.closer(hit{road: other}, hit{road: best}) < 0) {
					best = other
				}
			}
			g.met[i][side] = best
		}
	}
}

// nearEnd is how far around a road's end a place still is where the road leads to,
// metres. A lane leads to what lies at its end.
func nearEnd(class string) float64 {
	if rank, ok := classes[class]; ok && rank <= classes["tertiary"] {
		return 2000
	}
	return 500
}

// beyond is how far past a view a place must lie for the view to look towards it, metres.
const beyond = 300

// toward names what a road leads to from a stretch of it, the best name first: what
// signs say, the place around the road's end, the greatest place on the way there,
// the road that it meets at its end. A side road leads to the greater road that it
// meets before anything else.
func (g *Graph) toward(road int32, s camera.Stretch, up bool) []string {
	side := 0
	if up {
		side = 1
	}
	names := g.signed(road, (s.From+s.To)/2, up)
	class, met := g.roads[road].Class, g.met[road][side]
	if met >= 0 && classes[class] > classes["secondary"] && classes[g.roads[met].Class] < classes[class] {
		names = append(names, g.roads[met].Name)
		met = -1
	}
	names = append(names, g.endPlaces(road, (s.From+s.To)/2, up)...)
	names = append(names, g.wayside(road, s, up)...)
	if met >= 0 {
		names = append(names, g.roads[met].Name)
	}
	return names
}

// wayside is the greatest place that the road passes beyond a stretch, the last of
// equals.
func (g *Graph) wayside(road int32, s camera.Stretch, up bool) []string {
	from, to := s.To+beyond, math.Inf(1)
	if !up {
		from, to = math.Inf(-1), s.From-beyond
	}
	best := pass{place: -1}
	for _, p := range g.passes[road] {
		if p.metre < from || p.metre > to {
			continue
		}
		farther := (p.metre > best.metre) == up
		if w := g.places[p.place].weight; best.place < 0 || w < g.places[best.place].weight || w == g.places[best.place].weight && farther {
			best = p
		}
	}
	if best.place < 0 {
		return nil
	}
	return []string{g.places[best.place].name}
}

// signed is the name on the first sign that one comes by, or under which one is.
func (g *Graph) signed(road int32, metre float64, up bool) []string {
	best := -1
	for i, s := range g.signs[road] {
		ahead := up && s.to >= metre || !up && s.from <= metre
		if s.up != up || !ahead {
			continue
		}
		if best < 0 || up == (s.from < g.signs[road][best].from) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return []string{g.signs[road][best].name}
}

// endPlaces are the places around the road's end to which it leads, the best first.
// A place counts when the way from the view to the end brings one nearer to it:
// cos 72° of the way as the crow flies, so that what lies square to the road is none.
func (g *Graph) endPlaces(road int32, metre float64, up bool) []string {
	r := g.roads[road]
	end := r.Line[0]
	if up {
		end = r.Line[len(r.Line)-1]
	}
	here, _ := g.at(int(road), metre)
	way := camera.Distance(here, end)
	type candidate struct {
		name  string
		score float64
	}
	var found []candidate
	g.placesNear(end, nearEnd(r.Class), func(p place, d float64) {
		if camera.Distance(here, p.position)-d >= 0.3*way {
			found = append(found, candidate{p.name, (d + 500) * p.weight})
		}
	})
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	var names []string
	for _, c := range found[:min(len(found), 3)] {
		names = append(names, c.name)
	}
	return names
}
