package road

import camera "xulang.vn/camera"

// Line returns the way of a stretch over the map, from its lower metre to its upper.
// Errors: those of Check.
func (g *Graph) Line(s camera.Stretch) ([]camera.Position, error) {
	s, err := g.Check(s)
	if err != nil {
		return nil, err
	}
	i := g.byID[s.Road]
	first, _ := g.at(i, s.From)
	last, _ := g.at(i, s.To)
	line := []camera.Position{first}
	for k, metre := range g.measures[i] {
		if metre > s.From && metre < s.To {
			line = append(line, g.roads[i].Line[k])
		}
	}
	return append(line, last), nil
}
