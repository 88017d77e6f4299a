// Package scenario reads folders of simulated tracing tasks: roads, cameras, and tasks
// with their truth. Times are seconds from the start of the scenario, as in the files;
// At and Seconds map them to the product's times.
package scenario

import (
	"math"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// Scenario is a folder.
type Scenario struct {
	Name    string // of meta.json; draws depend on it
	Graph   *road.Graph
	Cameras []Camera // sorted by ID
	Tasks   []Task   // in the order of the file
}

// Camera is where a camera looks.
type Camera struct {
	ID   camera.CameraID
	View camera.View // true through all time
}

// Question is a task as an arm sees it.
type Question struct {
	Task     string
	Mode     camera.Mode
	Incident Incident
	Window   Span
}

// Incident is where the vehicle stood, and the interval in which it left, as reported.
type Incident struct {
	Position camera.Position
	Span
}

// Span is an interval in seconds of the scenario.
type Span struct{ From, To float64 }

// Length is in seconds.
func (s Span) Length() float64 { return s.To - s.From }

// Task is a question with its truth, which no arm may see.
type Task struct {
	Question
	Passes []Pass // in order of Enter; the index is the pass number
}

// Pass is a stay in a camera's view.
type Pass struct {
	Camera       camera.CameraID
	Enter, Leave float64
	Heading      float64 // way of travel, degrees
}

// Oracle is the footage in seconds that somebody watches who knows the passes: each
// rounded up to whole ten seconds.
func Oracle(passes []Pass) float64 {
	sum := 0.0
	for _, p := range passes {
		sum += 10 * math.Ceil((p.Leave-p.Enter)/10-1e-9)
	}
	return sum
}

// epoch is the scenario's second 0. Nothing depends on the day.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// At is the time of a second of the scenario.
func At(seconds float64) time.Time {
	return epoch.Add(time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// Seconds is At backwards.
func Seconds(t time.Time) float64 { return float64(t.Sub(epoch).Microseconds()) / 1e6 }
