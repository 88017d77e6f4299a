// Package observer follows an arm through a task by the rules of trace-bench: it shows
// the clips that the arm asks for, charges them, and answers from the truth, which the
// arm never sees. It knows nothing of how an arm works.
//
//   - A clip costs its length, at least 10 s: a shorter one is lengthened at its end, and
//     where the window ends at its start. The same seconds are charged again when they
//     are shown again.
//   - A pass that overlaps the clip by 1 s or more is seen with probability 0.9, drawn
//     from SHA-256 of "task|camera|pass|n", n being how often it was watched before. It
//     is reported at the middle of the overlap, with its way of travel; also again.
//   - A task is finished when every pass was seen. It is given up when the budget, three
//     times all cameras over the whole window, is spent: a clip that would cost more
//     than what is left of it is not shown any more.
package observer

import (
	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Arm is a way to search.
type Arm interface {
	// Propose names the clip to watch next. There is always one: an arm that has shown
	// everything starts over.
	Propose() (Proposal, error)
	// Answer tells what was seen in the clip of the last proposal.
	Answer(Answer)
	// Withdraw takes a sighting back.
	Withdraw(id string)
}

// Proposal is a clip with what the arm thinks of it; only the clip counts.
type Proposal struct {
	Clip
	Probability float64
	Reason      string // a word
	Detail      string // for people
}

// Clip is footage of a camera.
type Clip struct {
	Camera camera.CameraID
	scenario.Span
}

// Answer is what was seen in a clip; without a Sighting: "not seen".
type Answer struct {
	Clip // as it was watched and charged
	Seen []Sighting
}

// Sighting is a pass, or a mistake.
type Sighting struct {
	ID      string // by which it may be withdrawn
	At      float64
	Heading float64
}
