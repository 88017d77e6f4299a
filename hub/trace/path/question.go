package path

import (
	"math"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// sightingsMost bounds one question; an evening's work of an officer is some fifty.
const sightingsMost = 1000

// Sighting is what an officer saw: a camera's picture with the suspect in it.
type Sighting struct {
	Mark    string // its name in the answer
	Camera  camera.CameraID
	At      time.Time
	Bound   time.Duration // |error| of At is at most this
	Heading *float64      // way of travel, degrees from true north; nil: not told
	View    camera.View   // the camera's at that time
}

// Question is what a route is recovered from.
type Question struct {
	Incident  camera.Incident
	Mode      camera.Mode
	Sightings []Sighting // by time
}

// check refuses what no route can be recovered from.
func (q Question) check() error {
	if !slices.Contains(camera.Modes(), q.Mode) {
		return camera.Errorf(camera.CodeBadRequest, "mode %q is not known", string(q.Mode))
	}
	if len(q.Sightings) > sightingsMost {
		return camera.Errorf(camera.CodeTooLarge, "%d sightings, at most %d", len(q.Sightings), sightingsMost)
	}
	in := q.Incident
	switch {
	case !in.Position.Valid():
		return camera.Errorf(camera.CodeBadRequest, "incident: position %v,%v", in.Position.Lon, in.Position.Lat)
	case !known(in.From) || !known(in.To) || in.To.Before(in.From):
		return camera.Errorf(camera.CodeBadWindow, "incident: from %v to %v", in.From, in.To)
	}
	for i, s := range q.Sightings {
		switch {
		case s.View.Check() != nil:
			return camera.Errorf(camera.CodeBadRequest, "sighting %d: %w", i, s.View.Check())
		case !known(s.At):
			return camera.Errorf(camera.CodeBadRequest, "sighting %d: time %v", i, s.At)
		case s.Bound < 0:
			return camera.Errorf(camera.CodeBadRequest, "sighting %d: clock bound %v", i, s.Bound)
		case s.Heading != nil && (math.IsNaN(*s.Heading) || math.IsInf(*s.Heading, 0)):
			return camera.Errorf(camera.CodeBadRequest, "sighting %d: heading %v", i, *s.Heading)
		}
	}
	return nil
}

// known tells whether a time can be one of footage; the difference of two such never
// overflows a Duration.
func known(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
