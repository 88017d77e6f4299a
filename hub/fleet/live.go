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
	nc := f.nc.Load()
	if nc == nil || !f.presence.linked(id) {
		return camera.Errorf(camera.CodeUnreachable, "the agent has no link now")
	}
	cmd.V = camera.LinkVersion
	data, err := json.Marshal(cmd)
	if err != nil {
		return fmt.Errorf("write live command: %w", err)
	}
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	m, err := nc.RequestWithContext(asked, camera.DownSubject(id, camera.VerbLive), data)
	switch {
	case err == nil:
		return readAck(m.Data)
	case ctx.Err() != nil:
		return fmt.Errorf("ask agent for live: %w", ctx.Err())
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrConnectionClosed):
		return camera.Errorf(camera.CodeUnreachable, "the agent does not answer: %w", err)
	}
	return fmt.Errorf("ask agent for live: %w", err)
}

// readAck takes an agent's answer as hostile as everything that it sends: a code
// and a sentence of bounded length, and nothing that breaks a log line.
func readAck(payload []byte) error {
	m, err := read(payload, func(a camera.Ack) error {
		plain := strings.Trim(string(a.Code), "abcdefghijklmnopqrstuvwxyz-") == ""
		if !plain || len(a.Code) > 40 || (a.Code == "" && a.Message != "") {
			return camera.Errorf(camera.CodeBadRequest, "an answer without a proper code")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read agent's answer: %w", err)
	}
	ack := m.(camera.Ack)
	if ack.Code == "" {
		return nil
	}
	return camera.Errorf(ack.Code, "the agent refuses: %.200q", ack.Message)
}
