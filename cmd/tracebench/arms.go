package main

import (
	"context"
	"fmt"

	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/peer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/hub/trace"
)

// armNames are the ways to search that there are.
var armNames = []string{"engine", "prism", "nearest"}

// course is a scenario under a variant, with what its arms share. None of that knows the
// truth.
type course struct {
	*observer.Setup
	name    string
	network *trace.Network
	roads   *peer.Roads
}

func newCourse(s *scenario.Scenario, network *trace.Network, v observer.Variant) (*course, error) {
	set, err := observer.Set(s, v)
	if err != nil {
		return nil, err
	}
	return &course{set, s.Name, network, peer.NewRoads(s.Graph, set.Cameras)}, nil
}

// arm begins a task.
func (b *bench) arm(ctx context.Context, c *course, name string, q scenario.Question, p trace.Params) (observer.Arm, error) {
	switch name {
	case "engine":
		return newEngine(ctx, c.network, q, c.Cameras, p, b.seed)
	case "prism":
		return peer.NewPrism(q, c.roads, b.prism)
	case "nearest":
		return peer.NewNearest(q, c.Cameras), nil
	}
	return nil, fmt.Errorf("arm %q: want one of %v", name, armNames)
}
