package main

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/observer"
	"xulang.vn/camera/cmd/tracebench/peer"
	"xulang.vn/camera/cmd/tracebench/scenario"
	"xulang.vn/camera/hub/trace"
)

// engine is hub/trace as an observer.Arm: one proposal at a time, every answer a mark.
type engine struct {
	trace   *trace.Trace
	marks   int
	nothing observer.Arm // what is shown where the engine proposes nothing
}

func newEngine(ctx context.Context, network *trace.Network, q scenario.Question, cameras []scenario.Camera, p trace.Params, seed uint64) (*engine, error) {
	question := camera.TraceQuestion{
		Incident: camera.Incident{Position: q.Incident.Position, From: scenario.At(q.Incident.From), To: scenario.At(q.Incident.To)},
		Mode:     q.Mode, From: scenario.At(q.Window.From), To: scenario.At(q.Window.To), Seed: seed,
	}
	for _, c := range cameras {
		question.Cameras = append(question.Cameras, camera.TraceCamera{
			ID: c.ID, Views: []camera.View{c.View}, Footage: []camera.Interval{{From: question.From, To: question.To}},
		})
	}
	t, err := trace.New(ctx, network, question, p, nil)
	if err != nil {
		return nil, fmt.Errorf("start trace: %w", err)
	}
	return &engine{trace: t, nothing: peer.NewNearest(q, cameras)}, nil
}

// Propose is observer.Arm.
func (e *engine) Propose() (observer.Proposal, error) {
	all := e.trace.Proposals(1)
	if len(all) == 0 { // all was shown often: the rules want it to start over
		p, err := e.nothing.Propose()
		p.Reason = "nothing"
		return p, err
	}
	p := all[0]
	return observer.Proposal{
		Clip: observer.Clip{Camera: p.Camera, Span: scenario.Span{From: scenario.Seconds(p.From), To: scenario.Seconds(p.To)}},

		Probability: p.Probability, Reason: string(p.Reason.Code), Detail: detail(p.Reason),
	}, nil
}

func detail(r camera.Reason) string {
	text := "from the incident"
	if r.After != "" {
		text = "after " + string(r.After)
	}
	if r.Until != "" {
		text += " before " + string(r.Until)
	}
	text += fmt.Sprintf(", heading %.0f", r.Heading)
	if r.Metres > 0 {
		text += fmt.Sprintf(", %.1f km", r.Metres/1000)
	}
	if r.Latest > 0 {
		text += fmt.Sprintf(", in %.0f-%.0f s", r.Soonest.Seconds(), r.Latest.Seconds())
	}
	if r.Road != "" {
		text += ", " + string(r.Road)
	}
	return text
}

// Answer is observer.Arm.
func (e *engine) Answer(a observer.Answer) {
	mark := camera.Mark{Kind: camera.MarkNotSeen, Camera: a.Camera, From: scenario.At(a.From), To: scenario.At(a.To)}
	if len(a.Seen) == 0 {
		e.marks++
		mark.ID = fmt.Sprintf("n%d", e.marks)
		e.trace.Mark(mark, time.Time{})
	}
	for _, s := range a.Seen {
		mark.ID, mark.Kind, mark.At, mark.Heading = s.ID, camera.MarkSeen, scenario.At(s.At), &s.Heading
		e.trace.Mark(mark, time.Time{})
	}
}

// Withdraw is observer.Arm.
func (e *engine) Withdraw(id string) { e.trace.Undo(id) }
