package cases

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// Reach gives what a trace starts from: cameras with their views through time, and what
// footage they have.
type Reach interface {
	// Around gives the cameras that are shared and of which a view that was true at some
	// time in [from, to) stands within the metres of a place, nearest first, at most so
	// many. Views are all that the camera had in that time, oldest first.
	Around(ctx context.Context, p camera.Position, metres float64, from, to time.Time, most int) ([]Reached, error)
	// Cover tells what the cameras have in a window, in their order. It is Past.Windows
	// for very many of them, without the footage itself.
	Cover(ctx context.Context, cams []Camera, from, to time.Time) ([]Cover, error)
}

// Reached is a camera that a suspect may have passed.
type Reached struct {
	Camera Camera
	Views  []camera.View
}

// Cover is what a camera has in a window.
type Cover struct {
	Spans []Span        // every millisecond is in exactly one
	Clock *camera.Clock // the agent's, of the newest footage in the window; nil: not known
	// Recorder is the largest bound of the recorder's clock among the segments that were
	// fetched from the household's recorder; 0: none was.
	Recorder camera.Millis
}

// Tracer begins traces: the engine behind the door. It may be called from any goroutine.
type Tracer interface {
	// Begin may take seconds and ends early with ctx. CodeOffRoad, CodeBadWindow or
	// CodeBadRequest when there is nothing to begin with. progress is called from
	// the goroutine that called, and done does not fall.
	Begin(ctx context.Context, q camera.TraceQuestion, progress func(done, of int)) (Tracing, error)
}

// Tracing is one trace in memory. One goroutine at a time uses it.
type Tracing interface {
	// Snapped is the place on a road that was taken for the incident's, and how many
	// metres away that is.
	Snapped() (p camera.Position, metres float64)
	// Mark always counts; what does not fit is told. A zero now: nothing is the future.
	Mark(m camera.Mark, now time.Time) []camera.MarkWarning
	Undo(id string) bool
	Proposals(n int) []camera.Proposal // best first
	Belief(step time.Duration) []camera.CameraBelief
	Branches() []camera.Branch // most likely first
}

// Passage is a sighting with what its camera saw then.
type Passage struct {
	Mark    string
	Camera  camera.CameraID
	At      time.Time
	Bound   time.Duration // |error of At| is at most this
	Heading *float64      // degrees; nil: not told
	View    camera.View
}

// Paths finds the way that leads from an incident through all passages, which are
// sorted by time. There is at least one.
type Paths interface {
	Recover(ctx context.Context, from camera.Incident, mode camera.Mode, through []Passage) (camera.Route, error)
}
