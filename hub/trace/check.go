package trace

import (
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Limits of a question.
const (
	WindowLongest = 24 * time.Hour
	CamerasMost   = 10_000
)

// check refuses a question that nobody can answer. What is merely odd about a camera, a
// view that cannot be or footage outside of the window, is borne: it sees nothing.
func check(q camera.TraceQuestion) error {
	in := q.Incident
	switch {
	case !slices.Contains(camera.Modes(), q.Mode):
		return camera.Errorf(camera.CodeBadRequest, "mode %q is not known", string(q.Mode))
	case !in.Position.Valid():
		return camera.Errorf(camera.CodeBadRequest, "incident: position %v,%v", in.Position.Lon, in.Position.Lat)
	case !known(q.From) || !known(q.To) || q.To.Sub(q.From) < binSeconds*time.Second || q.To.Sub(q.From) > WindowLongest:
		return camera.Errorf(camera.CodeBadWindow, "window from %v to %v, at most %s", q.From, q.To, WindowLongest)
	case !known(in.From) || !known(in.To) || in.To.Before(in.From):
		return camera.Errorf(camera.CodeBadWindow, "incident: from %v to %v", in.From, in.To)
	case in.To.Sub(in.From) > WindowLongest:
		return camera.Errorf(camera.CodeBadWindow, "incident: between %v and %v, at most %s", in.From, in.To, WindowLongest)
	case in.To.Before(q.From) || !in.From.Before(q.To):
		return camera.Errorf(camera.CodeBadWindow, "incident from %v to %v is not in the window", in.From, in.To)
	case len(q.Cameras) > CamerasMost:
		return camera.Errorf(camera.CodeBadRequest, "%d cameras, at most %d", len(q.Cameras), CamerasMost)
	}
	ids := make(map[camera.CameraID]bool, len(q.Cameras))
	for i, c := range q.Cameras {
		if c.ID == "" || ids[c.ID] {
			return camera.Errorf(camera.CodeBadRequest, "camera %d: %q is nobody's name, or stands twice", i, string(c.ID))
		}
		ids[c.ID] = true
		if bound := time.Duration(c.Clock); bound < 0 || bound > WindowLongest {
			return camera.Errorf(camera.CodeBadRequest, "camera %s: clock bound %s", c.ID, bound)
		}
	}
	return nil
}

// known tells whether a time can be one of footage; the difference of two such never
// overflows a Duration.
func known(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
