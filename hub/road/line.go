package road

import (
	"sort"

	camera "xulang.vn/camera"
)

// Line returns the way of a stretch over the map, from its lower metre to its upper.
// Errors: those of Check.
func (g *Graph) Line(s camera.Stretch) ([]camera.Position, error) {
	s, err := g.Check(s)
	if err != nil {
		return nil, err
	}
	return g.piece(g.byID[s.Road], s.From, s.To), nil
}

// piece is Line for a road and metres that are known to be right.
func (g *Graph) piece(road int, from, to float64) []camera.Position {
	start, _ := g.at(road, from)
	end, _ := g.at(road, to)
	line, m := []camera.Position{start}, g.measures[road]
	for k := sort.SearchFloat64s(m, from); k < len(m) && m[k] < to; k++ {
		if m[k] > from {
			line = append(line, g.roads[road].Line[k])
		}
	}
	return append(line, end)
}
