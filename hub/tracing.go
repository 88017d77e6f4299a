package hub

import (
	"context"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/trace"
	"xulang.vn/camera/hub/trace/path"
)

// tracer begins traces over the hub's roads, of which it has its own picture.
type tracer struct{ net *trace.Network }

func (t tracer) Begin(ctx context.Context, q camera.TraceQuestion, progress func(done, of int)) (cases.Tracing, error) {
	begun, err := trace.New(ctx, t.net, q, trace.DefaultParams(), progress)
	if err != nil {
		return nil, err
	}
	return begun, nil
}

// paths finds ways along the hub's roads.
type paths struct{ graph *road.Graph }

func (p paths) Recover(ctx context.Context, from camera.Incident, mode camera.Mode, through []cases.Passage) (camera.Route, error) {
	q := path.Question{Incident: from, Mode: mode, Sightings: make([]path.Sighting, 0, len(through))}
	for _, one := range through {
		q.Sightings = append(q.Sightings, path.Sighting(one))
	}
	return path.Recover(ctx, p.graph, q)
}
