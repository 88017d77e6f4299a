package trace

import camera "xulang.vn/camera"

// Check is what New asks of a question before anything else.
var Check = check

// Taken is the place on a road that New takes for an incident's.
func Taken(net *Network, mode camera.Mode, at camera.Position) (camera.Position, float64, error) {
	t := &Trace{net: net.travel(mode, DefaultParams()), q: camera.TraceQuestion{Mode: mode, Incident: camera.Incident{Position: at}}}
	roots, err := t.rootsFor(at)
	if err != nil {
		return camera.Position{}, 0, err
	}
	t.roots = roots
	p, metres := t.Snapped()
	return p, metres, nil
}
