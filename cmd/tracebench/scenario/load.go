package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// Load reads a folder. roads.osm.pbf may also be roads.osm, which people can write.
func Load(ctx context.Context, folder string) (*Scenario, error) {
	s := &Scenario{}
	var meta struct {
		Name string `json:"name"`
	}
	if err := decode(filepath.Join(folder, "meta.json"), func(d *json.Decoder) error { return d.Decode(&meta) }); err != nil {
		return nil, fmt.Errorf("read meta.json: %w", err)
	}
	if s.Name = meta.Name; s.Name == "" {
		return nil, errors.New("meta.json names no scenario")
	}
	if err := decode(filepath.Join(folder, "cameras.geojson"), s.readCameras); err != nil {
		return nil, fmt.Errorf("read cameras.geojson: %w", err)
	}
	if err := decode(filepath.Join(folder, "tasks.ndjson"), s.readTasks); err != nil {
		return nil, fmt.Errorf("read tasks.ndjson: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	var err error
	if s.Graph, err = roads(ctx, folder); err != nil {
		return nil, fmt.Errorf("read roads: %w", err)
	}
	return s, nil
}

func decode(file string, read func(*json.Decoder) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(json.NewDecoder(f))
}

func roads(ctx context.Context, folder string) (*road.Graph, error) {
	file, format := filepath.Join(folder, "roads.osm.pbf"), road.FormatPBF
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		format = road.FormatXML
		f, err = os.Open(filepath.Join(folder, "roads.osm"))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	g, _, err := road.Load(ctx, f, format)
	return g, err
}

type feature struct {
	Geometry struct {
		Coordinates [2]float64 `json:"coordinates"` // longitude first
	} `json:"geometry"`
	Properties struct {
		ID      camera.CameraID `json:"id"`
		Heading float64         `json:"heading_deg"`
		FOV     float64         `json:"fov_deg"`
		Range   float64         `json:"range_m"`
		Online  bool            `json:"online"`
	} `json:"properties"`
}

// readCameras leaves out those that are offline: they have no footage at all.
func (s *Scenario) readCameras(d *json.Decoder) error {
	var all struct {
		Features []feature `json:"features"`
	}
	if err := d.Decode(&all); err != nil {
		return err
	}
	for _, f := range all.Features {
		p := f.Properties
		if !p.Online {
			continue
		}
		c := Camera{ID: p.ID, View: camera.View{
			Position: camera.Position{Lon: f.Geometry.Coordinates[0], Lat: f.Geometry.Coordinates[1]},
			Heading:  p.Heading, FOV: p.FOV, Range: p.Range,
		}}
		if err := c.View.Check(); err != nil {
			return fmt.Errorf("camera %s: %w", c.ID, err)
		}
		s.Cameras = append(s.Cameras, c)
	}
	slices.SortFunc(s.Cameras, func(a, b Camera) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

type span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

type line struct {
	ID       string      `json:"id"`
	Mode     camera.Mode `json:"mode"`
	Incident struct {
		Lon float64 `json:"lon"`
		Lat float64 `json:"lat"`
		span
	} `json:"incident"`
	Window span `json:"window"`
	Truth  struct {
		Passes []struct {
			Camera  camera.CameraID `json:"camera"`
			Enter   float64         `json:"enter"`
			Leave   float64         `json:"leave"`
			Heading float64         `json:"heading_deg"`
		} `json:"passes"`
	} `json:"truth"`
}

func (s *Scenario) readTasks(d *json.Decoder) error {
	for {
		var l line
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("task %d: %w", len(s.Tasks)+1, err)
		}
		t := Task{Question: Question{
			Task: l.ID, Mode: l.Mode, Window: Span(l.Window),
			Incident: Incident{camera.Position{Lon: l.Incident.Lon, Lat: l.Incident.Lat}, Span(l.Incident.span)},
		}}
		for _, p := range l.Truth.Passes {
			t.Passes = append(t.Passes, Pass{p.Camera, p.Enter, p.Leave, p.Heading})
		}
		s.Tasks = append(s.Tasks, t)
	}
}

// check refuses what would make scores meaningless.
func (s *Scenario) check() error {
	known := map[camera.CameraID]bool{}
	for _, c := range s.Cameras {
		if known[c.ID] {
			return fmt.Errorf("camera %s: twice", c.ID)
		}
		known[c.ID] = true
	}
	for _, t := range s.Tasks {
		switch {
		case !slices.Contains(camera.Modes(), t.Mode):
			return fmt.Errorf("task %s: mode %q", t.Task, t.Mode)
		case t.Window.Length() < 10 || t.Incident.Length() < 0 || !t.Incident.Position.Valid():
			return fmt.Errorf("task %s: window or incident", t.Task)
		case len(t.Passes) == 0:
			return fmt.Errorf("task %s: nothing to find", t.Task)
		}
		for i, p := range t.Passes {
			if !known[p.Camera] || p.Leave-p.Enter < 1 || p.Enter < t.Window.From || p.Leave > t.Window.To {
				return fmt.Errorf("task %s: pass %d", t.Task, i)
			}
		}
	}
	return nil
}
