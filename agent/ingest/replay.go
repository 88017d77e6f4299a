package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// ReplayConfig says what of a recorder's past to play.
type ReplayConfig struct {
	Config // of URL, credentials, Sound, Control, Gather and Stall

	// Header goes with PLAY, and of it Require with SETUP as well (ONVIF Streaming
	// Specification, "Playback": Require: onvif-replay, Rate-Control: no; RFC 2326:
	// Speed).
	Header map[string]string
	Range  string // of PLAY, as it is sent: "clock=20261122T065300Z-20261122T070000Z"; "": from where the URL says
	Times  Times

	// Proven tells that the recorder took the credentials a moment ago: a refusal
	// means that it is full.
	Proven bool
}

// Times is how media becomes wall time. Start and End are what was asked for, by the
// recorder's own clock.
//
// The recorder's time of a picture is what the recorder says with it (RTP header
// extension 0xABAC, ONVIF Streaming Specification, "RTP header extension"). Without
// one it is where the playback began, and RTP time from there. Where that was tell a
// sender report or the Range in the answer to PLAY, if they say something of the
// past at all. Otherwise it began at the key frame at or before Start: somewhere in
// the last group of pictures before it (or, without footage before Start, in the
// second after it), of which the middle is taken.
type Times struct {
	Start, End time.Time
	Early      time.Duration // how long before Start there is footage: the playback cannot begin earlier
	Ahead      time.Duration // recorder's clock − ours: taken out of Unit.Received

	// Loose is told before each Receiver.Start by how much the times of what follows
	// may be wrong for the reason above; may be nil.
	Loose func(bound time.Duration)
}

func (t Times) length() time.Duration { return t.End.Sub(t.Start) }

// Replay plays a recorder's past once. It returns nil when the recorder has played
// what it has of the time that was asked for; who wants to know how much that was
// looks at the units.
//
// The receiver is called as by Run, with Unit.Received as the true time (UTC,
// without a monotonic reading, before the next unit's by the media time between
// them) and without Unit.NTP. Where the recorder's footage has a hole it is stopped,
// and started again behind it. Units come as fast as the recorder and the receiver
// can; the recorder waits for a slow receiver.
//
// Errors have CodeWrongPassword, CodeRecorderFull (453, or a 401 although the
// password is right), CodeNoFootage (404, 457: not there, or not any more),
// CodeNoPicture, CodeOutsideLAN or CodeUnreachable (anything that broke); the
// receiver's own error, and the end of ctx, are wrapped as they are.
func Replay(ctx context.Context, cfg ReplayConfig, r Receiver, now func() time.Time, log *slog.Logger) error {
	address, err := parseAddress(cfg.URL)
	if err != nil {
		return camera.Errorf(camera.CodeBadRequest, "play recording: %w", err)
	}
	if cfg.Times.length() <= 0 {
		return camera.Errorf(camera.CodeBadRequest, "play recording: no time is asked for")
	}
	i := New(cfg.Config, r, now, log)
	if cfg.Proven {
		i.accepted(i.login)
	}
	p := &playback{ReplayConfig: cfg}
	out := i.pull(ctx, address, p, (*session).replay)
	if p.open {
		r.Stop(camera.CauseReconnect, "the playback ended")
	}
	switch {
	case out.whole:
		return nil
	case out.err != nil:
		return fmt.Errorf("play recording: %w", out.err)
	case ctx.Err() != nil:
		return fmt.Errorf("play recording: %w", context.Cause(ctx))
	case out.trouble == notThere:
		return camera.Errorf(camera.CodeNoFootage, "play recording: %s", out.detail)
	}
	code := out.code()
	if out.quiet {
		code = camera.CodeUnreachable
	}
	return camera.Errorf(code, "play recording: %s", out.detail)
}

const (
	mostReplayed = 32               // units between the reader of the connection and the receiver
	mostPaused   = 10 * time.Minute // a receiver may take so long for a unit before the connection is given up

	nearEnd = 5 * time.Second // before Times.End: what ends here has ended as it should
	atEnd   = time.Second     // before Times.End: nothing more needs to come,
	lastGap = 2 * time.Second // and is waited for so long
)

// theEnd is queued when the recorder says that nothing follows.
var theEnd = media.Unit{Track: -1}

// replay hands on what the recorder plays until that ends.
func (s *session) replay(ctx context.Context) outcome {
	stall := time.NewTimer(s.i.cfg.Stall)
	defer stall.Stop()
	for {
		select {
		case <-ctx.Done():
			return outcome{}
		case u := <-s.units:
			if out, over := s.replayed(u); over {
				return out
			}
			if u.Track == 0 {
				stall.Reset(s.past.patience(s.i.cfg.Stall))
			}
		case <-stall.C:
			return s.finished(s.past.near(nearEnd), silence(s.i.cfg.Stall))
		case err := <-s.broke:
			for len(s.units) > 0 { // what was read before
				if out, over := s.replayed(<-s.units); over {
					return out
				}
			}
			return s.finished(s.past.near(nearEnd) || dismissed(err), broken(err))
		}
	}
}

func silence(d time.Duration) outcome {
	out := ended(camera.CauseCameraOff, "no video for %s", d)
	out.quiet = true
	return out
}

// replayed takes a unit, and tells whether it was the last.
func (s *session) replayed(u media.Unit) (out outcome, over bool) {
	if u.Track == theEnd.Track {
		return s.finished(true, outcome{}), true
	}
	beyond, err := s.place(u)
	switch {
	case err != nil:
		return outcome{err: err}, true
	case beyond:
		return outcome{whole: true}, true
	}
	return outcome{}, false
}

// finished hands on what was held back, and names the end.
func (s *session) finished(whole bool, otherwise outcome) outcome {
	if _, err := s.release(); err != nil {
		return outcome{err: err}
	}
	if whole {
		return outcome{whole: true}
	}
	return otherwise
}
