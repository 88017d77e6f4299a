package camera

import "time"

// Interval is a time without a hole in it, To after From.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Limits of what an agent tells of its recorder.
const (
	PastSpansMost = 300                  // of one camera; short holes are left out when there are more
	PastLongest   = 100 * 24 * time.Hour // how long ago a recorder's footage may begin
)

// CameraPast is what the household's recorder says that it has of a camera, in true
// time as far as the agent knows the recorder's clock.
type CameraPast struct {
	Camera CameraID   `json:"camera"`
	At     time.Time  `json:"at"`     // when the recorder was asked
	Spans  []Interval `json:"spans"`  // in their order, without overlap
	Offset Millis     `json:"offset"` // recorder's clock − agent's; already taken out of Spans
	Bound  Millis     `json:"bound"`
}

// Check tells whether it is well-formed by itself.
func (p CameraPast) Check() error {
	if !p.Camera.Valid() || len(p.Spans) > PastSpansMost || p.Bound < 0 || time.Duration(p.Offset).Abs() > RecorderAway {
		return Errorf(CodeBadClaim, "past of camera %s: malformed", p.Camera)
	}
	var last time.Time
	for _, s := range p.Spans {
		if !s.To.After(s.From) || s.From.Before(last) {
			return Errorf(CodeBadClaim, "past of camera %s: spans are not in their order", p.Camera)
		}
		last = s.To
	}
	return nil
}

// PastNotice replaces what was told of these cameras before.
type PastNotice struct {
	V       int          `json:"v"`
	Cameras []CameraPast `json:"cameras"`
}
