package observer

import (
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Variant is what is made harder.
type Variant string

// Variants of trace-bench.
const (
	Clean      Variant = "clean"
	Detect07   Variant = "detect07"   // passes are seen with probability 0.7
	Late10     Variant = "late10"     // the incident is reported 10 minutes late
	FalseMarks Variant = "falsemarks" // 5 % of the clips without a sighting have a false one, for a while
	Offline20  Variant = "offline20"  // 20 % of the cameras have no footage
)

// Variants are all of them.
func Variants() []Variant { return []Variant{Clean, Detect07, Late10, FalseMarks, Offline20} }

const (
	sharp, dull   = 0.9, 0.7 // probability that a pass that is watched is seen
	lateBy        = 600      // seconds
	falseShare    = 0.05
	falseFor      = 300 // seconds of footage after which a false sighting is withdrawn
	offlineShare  = 0.2
	leastClip     = 10 // seconds
	leastOverlap  = 1  // seconds
	budgetWindows = 3  // times all cameras over the whole window
)

// Setup is a scenario under a variant.
type Setup struct {
	Variant Variant
	Cameras []scenario.Camera // that have footage; all that an arm gets
	Cases   []Case
}

// Case is a task under a variant.
type Case struct {
	scenario.Question         // as the arm gets it
	Oracle, Floor     float64 // seconds of footage
	Budget            float64
	Passes            []Pass // that count; no arm may see them

	variant Variant
	heading map[camera.CameraID]float64 // of the cameras that have footage
}

// Pass is a pass with its number among all passes of the task.
type Pass struct {
	scenario.Pass
	Number int
}

// Set makes the cases of the tasks. A task without a pass that counts is left out.
func Set(s *scenario.Scenario, v Variant) (*Setup, error) {
	if !slices.Contains(Variants(), v) {
		return nil, fmt.Errorf("variant %q: want one of %v", v, Variants())
	}
	set, heading := &Setup{Variant: v}, map[camera.CameraID]float64{}
	for _, c := range s.Cameras {
		if v == Offline20 && offline(s.Name, c.ID) {
			continue
		}
		set.Cameras = append(set.Cameras, c)
		heading[c.ID] = c.View.Heading
	}
	for _, t := range s.Tasks {
		c := Case{Question: t.Question, variant: v, heading: heading}
		var counted []scenario.Pass
		for i, p := range t.Passes {
			if _, ok := heading[p.Camera]; ok {
				c.Passes, counted = append(c.Passes, Pass{p, i}), append(counted, p)
			}
		}
		if len(counted) == 0 {
			continue
		}
		c.Oracle = scenario.Oracle(counted)
		c.Floor = c.Incident.Length()/2 + c.Oracle
		c.Budget = budgetWindows * float64(len(set.Cameras)) * c.Window.Length()
		if v == Late10 {
			c.Incident.From, c.Incident.To = c.Incident.From+lateBy, c.Incident.To+lateBy
		}
		set.Cases = append(set.Cases, c)
	}
	return set, nil
}
