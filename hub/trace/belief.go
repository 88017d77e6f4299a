package trace

import (
	"time"

	camera "xulang.vn/camera"
)

// Belief gives for cameras with any chance of a pass when it may have been, by ID.
func (t *Trace) Belief(step time.Duration) []camera.CameraBelief { return nil }

// Branches are the ways that are still open, most likely first.
func (t *Trace) Branches() []camera.Branch { return nil }

// Snapped is the place on a road that was taken for the incident's, and how far that is.
func (t *Trace) Snapped() (camera.Position, float64) { return t.q.Incident.Position, 0 }
