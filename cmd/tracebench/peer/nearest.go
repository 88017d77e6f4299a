// Package peer holds the arms that the engine is measured against: all cameras, nearest
// first, and the prism.
package peer

import (
	"cmp"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// Nearest shows every camera over the whole window, by its distance from the incident as
// the crow flies, and then starts over.
type Nearest struct {
	order  []camera.CameraID
	window scenario.Span
	next   int
}

// NewNearest begins a task.
func NewNearest(q scenario.Question, cameras []scenario.Camera) *Nearest {
	n := &Nearest{window: q.Window}
	away := func(c scenario.Camera) float64 { return camera.Distance(q.Incident.Position, c.View.Position) }
	for _, c := range slices.SortedStableFunc(slices.Values(cameras), func(a, b scenario.Camera) int {
		return cmp.Compare(away(a), away(b))
	}) {
		n.order = append(n.order, c.ID)
	}
	return n
}

// Propose is observer.Arm.
func (n *Nearest) Propose() (observer.Proposal, error) {
	id, reason := n.order[n.next%len(n.order)], "nearest"
	if n.next >= len(n.order) {
		reason = "over"
	}
	n.next++
	return observer.Proposal{Clip: observer.Clip{Camera: id, Span: n.window}, Reason: reason}, nil
}

// Answer is observer.Arm: nothing is learnt.
func (n *Nearest) Answer(observer.Answer) {}

// Withdraw is observer.Arm.
func (n *Nearest) Withdraw(string) {}
