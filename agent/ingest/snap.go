package ingest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Snap takes one key frame of a camera and leaves. It tries once: an error has
// CodeWrongPassword, CodeRecorderFull, CodeUnreachable, CodeOutsideLAN, CodeNoPicture
// or, of an address that cannot be one, CodeBadRequest. The end of ctx is its own
// error.
func Snap(ctx context.Context, cfg Config, now func() time.Time) (media.Session, media.Unit, error) {
	var taken snap
	address, err := parseAddress(cfg.URL)
	if err != nil {
		return taken.session, taken.unit, camera.Errorf(camera.CodeBadRequest, "take picture: %w", err)
	}
	cfg.Sound, cfg.Gather = false, -1
	out := New(cfg, &taken, now, slog.New(slog.DiscardHandler)).session(ctx, address)
	switch {
	case taken.unit.Key:
		return taken.session, taken.unit, nil
	case ctx.Err() != nil:
		return taken.session, taken.unit, context.Cause(ctx)
	}
	return taken.session, taken.unit, camera.Errorf(out.code(), "take picture: %s", out.detail)
}

// code is what the end of a session means to who waits for it.
func (o outcome) code() camera.Code {
	switch {
	case o.trouble == refused:
		return camera.CodeWrongPassword
	case o.trouble == isFull, o.trouble == doubted:
		return camera.CodeRecorderFull
	case o.trouble == outside:
		return camera.CodeOutsideLAN
	case o.trouble == notThere, o.cause == camera.CauseBadCodec, o.cause == camera.CauseNoKeyFrame, o.quiet:
		return camera.CodeNoPicture
	}
	return camera.CodeUnreachable
}

var errTaken = errors.New("the picture is taken")

// snap is a receiver that wants one unit.
type snap struct {
	session media.Session
	unit    media.Unit
}

func (s *snap) Start(session media.Session) error { s.session = session; return nil }

func (s *snap) Unit(u media.Unit) error { s.unit = u; return errTaken }

func (s *snap) Stop(camera.GapCause, string) {}
