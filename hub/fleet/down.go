package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

// Live asks an agent to publish a camera, or to stop. The error carries the
// agent's code, or CodeUnreachable when it does not answer.
func (f *Fleet) Live(ctx context.Context, id camera.DeviceID, cmd camera.LiveCommand) error {
	cmd.V = camera.LinkVersion
	data, err := f.ask(ctx, id, camera.VerbLive, cmd)
	if err != nil {
		return err
	}
	return readAck(data)
}

// Look tells an agent that its wants have changed. It asks for them at once; nil
// means that it holds them from now on. Errors as of Live.
func (f *Fleet) Look(ctx context.Context, id camera.DeviceID) error {
	data, err := f.ask(ctx, id, camera.VerbLook, camera.LookCommand{V: camera.LinkVersion})
	if err != nil {
		return err
	}
	return readAck(data)
}

// Still asks an agent for the picture at the head of a segment, at most
// StillLargest bytes. Whether they are the announced ones the caller sees from
// their hash. The purpose is that of the case: the agent decides by it, too. Errors as
// of Live.
func (f *Fleet) Still(ctx context.Context, id camera.DeviceID, seg camera.SegmentID, purpose camera.Purpose) ([]byte, error) {
	data, err := f.ask(ctx, id, camera.VerbStill, camera.StillCommand{V: camera.LinkVersion, SegmentID: seg, Purpose: purpose})
	if err != nil {
		return nil, err
	}
	return readStill(data)
}

// ask sends a command and gives the agent's answer, unread. A device that is not
// believed is not asked: that it holds something would mean nothing.
func (f *Fleet) ask(ctx context.Context, id camera.DeviceID, verb string, cmd any) ([]byte, error) {
	nc := f.nc.Load()
	if nc == nil || !f.presence.linked(id) {
		return nil, camera.Errorf(camera.CodeUnreachable, "the agent has no link now")
	}
	switch standing, err := f.standing(ctx, id); {
	case err != nil:
		return nil, fmt.Errorf("ask agent for %s: %w", verb, err)
	case standing != "":
		return nil, camera.Errorf(standing, "the agent is not believed")
	}
	data, err := json.Marshal(cmd)
	if err != nil {
		return nil, fmt.Errorf("write %s command: %w", verb, err)
	}
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	m, err := nc.RequestWithContext(asked, camera.DownSubject(id, verb), data)
	switch {
	case err == nil:
		return m.Data, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("ask agent for %s: %w", verb, ctx.Err())
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrConnectionClosed):
		return nil, camera.Errorf(camera.CodeUnreachable, "the agent does not answer: %w", err)
	}
	return nil, fmt.Errorf("ask agent for %s: %w", verb, err)
}

// readAck takes an agent's answer as hostile as everything that it sends: a code
// and a sentence of bounded length, and nothing that breaks a log line.
func readAck(payload []byte) error {
	m, err := read(payload, func(a camera.Ack) error { return checkRefusal(a.Refusal) })
	if err != nil {
		return fmt.Errorf("read agent's answer: %w", err)
	}
	return refused(m.(camera.Ack).Refusal)
}

// readStill takes a picture or a refusal, not both and not neither.
func readStill(payload []byte) ([]byte, error) {
	m, err := read(payload, func(r camera.StillReply) error {
		switch {
		case (r.Code == "") == (len(r.Data) == 0):
			return camera.Errorf(camera.CodeBadRequest, "an answer without a picture or a code")
		case len(r.Data) > camera.StillLargest:
			return camera.Errorf(camera.CodeTooLarge, "a picture of %d bytes, at most %d", len(r.Data), camera.StillLargest)
		}
		return checkRefusal(r.Refusal)
	})
	if err != nil {
		return nil, fmt.Errorf("read agent's answer: %w", err)
	}
	r := m.(camera.StillReply)
	return r.Data, refused(r.Refusal)
}

func checkRefusal(r camera.Refusal) error {
	plain := strings.Trim(string(r.Code), "abcdefghijklmnopqrstuvwxyz-") == ""
	if !plain || len(r.Code) > 40 || (r.Code == "" && r.Message != "") {
		return camera.Errorf(camera.CodeBadRequest, "an answer without a proper code")
	}
	return nil
}

func refused(r camera.Refusal) error {
	if r.Code == "" {
		return nil
	}
	return camera.Errorf(r.Code, "the agent refuses: %.200q", r.Message)
}
