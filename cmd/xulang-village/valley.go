package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
	"xulang.vn/camera/cmd/xulang-village/traffic"
	"xulang.vn/camera/configs"
	"xulang.vn/camera/hub/road"
)

// home is one member home of the village.
type home struct {
	ID    string      `json:"id"`
	Label string      `json:"label"`
	Codec string      `json:"codec"`
	View  camera.View `json:"view"`
	// Uplink is the household's choice; empty: what the hub asks for.
	Uplink camera.Uplink `json:"uplink"`
	// Recorder is what the home's camera hangs on; nil: it stands alone in the network.
	Recorder *recorder `json:"recorder"`
	Scene    string    `json:"scene"` // whose pictures it shows; empty: its own

	number int  // in the village, from 1; the same when only some homes are played
	later  bool // has not joined: for trying out how that is done
}

// recorder is a home's.
type recorder struct {
	Dialect     simnvr.Dialect `json:"dialect"`
	ClockOffset int            `json:"clock_offset_s"` // its clock minus the true time, seconds
	Channels    int            `json:"channels"`
	RoadChannel int            `json:"road_channel"` // from 1; the one that the home shares
}

// valley is the sketched roads with the homes beside them.
type valley struct {
	homes []home
	roads traffic.Config // all but the times
}

// thefts is the home near which the scripted theft happens.
const thefts = "home-05"

// loadValley places the homes on the roads with the same code as the hub does.
func loadValley(ctx context.Context, only string) (valley, error) {
	var v valley
	osm, err := configs.Demo.ReadFile("demo/road-4a-sketch.osm")
	if err != nil {
		return v, fmt.Errorf("read sketch: %w", err)
	}
	graph, _, err := road.Load(ctx, bytes.NewReader(osm), road.FormatXML)
	if err != nil {
		return v, fmt.Errorf("load sketch: %w", err)
	}
	text, err := configs.Demo.ReadFile("demo/homes.json")
	if err != nil {
		return v, fmt.Errorf("read homes: %w", err)
	}
	var file struct {
		Homes []home `json:"homes"`
		Later []home `json:"later"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return v, fmt.Errorf("read homes: %w", err)
	}
	main := longest(graph)
	for i := range file.Later {
		file.Later[i].later = true
	}
	v.homes = append(file.Homes, file.Later...)
	v.roads = traffic.Config{Main: string(main.ID), Length: main.Length, Junctions: junctions(graph, main), RideFrom: thefts}
	for i, h := range v.homes {
		v.homes[i].number = i + 1
		placed, err := place(graph, h)
		if err != nil {
			return v, err
		}
		v.roads.Homes = append(v.roads.Homes, placed)
	}
	return v, v.keep(only)
}

// keep leaves only the named homes; the others have no camera, and the traffic
// stays the same.
func (v *valley) keep(only string) error {
	if only == "" {
		return nil
	}
	wanted := strings.Split(only, ",")
	v.homes = slices.DeleteFunc(v.homes, func(h home) bool { return !slices.Contains(wanted, h.ID) })
	if len(v.homes) != len(wanted) {
		return fmt.Errorf("choose homes: %q names a home that is not in the village", only)
	}
	return nil
}

func longest(g *road.Graph) road.Road {
	return slices.MaxFunc(g.Roads(), func(a, b road.Road) int { return cmp.Compare(a.Length, b.Length) })
}

// place finds where a home's camera looks, and which way a vehicle goes there
// that crosses its picture from left to right: a quarter turn right of its heading.
func place(g *road.Graph, h home) (traffic.Home, error) {
	seen := g.Seen(h.View)
	if len(seen) == 0 {
		return traffic.Home{}, fmt.Errorf("place %s: its camera sees no road", h.ID)
	}
	at := (seen[0].From + seen[0].To) / 2
	_, up, err := g.At(seen[0].Road, at)
	if err != nil {
		return traffic.Home{}, fmt.Errorf("place %s: %w", h.ID, err)
	}
	facing := traffic.Down
	if camera.Turn(up, h.View.Heading+90) < 90 {
		facing = traffic.Up
	}
	return traffic.Home{ID: h.ID, Road: string(seen[0].Road), At: at, Facing: facing}, nil
}

// junctions are the places where side roads of some length leave the main road.
func junctions(g *road.Graph, main road.Road) []traffic.Junction {
	var out []traffic.Junction
	for _, j := range g.Junctions() {
		if !slices.Contains(j.Roads, main.ID) {
			continue
		}
		on, err := g.Snap(j.Position, 5)
		if err != nil || on.Road != main.ID {
			continue
		}
		for _, id := range j.Roads {
			side, ok := g.Road(id)
			if !ok || id == main.ID || side.Length < 500 {
				continue
			}
			at := 0.0
			if camera.Distance(side.Line[len(side.Line)-1], j.Position) < camera.Distance(side.Line[0], j.Position) {
				at = side.Length
			}
			out = append(out, traffic.Junction{At: on.At, Road: string(id), SideAt: at, Length: side.Length})
		}
	}
	slices.SortFunc(out, func(a, b traffic.Junction) int { return cmp.Compare(a.At, b.At) })
	return out
}
