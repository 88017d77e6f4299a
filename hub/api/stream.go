package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/cases"
)

const (
	// beatEach is shorter than proxies wait for a silent answer.
	beatEach = 15 * time.Second
	// writeWithin is how long a reader of events may take none.
	writeWithin = 10 * time.Second
	// streamsMost is how many event streams a person may have open, one a page.
	streamsMost = 20
)

// streams counts open event streams by user.
type streams struct {
	mu sync.Mutex
	of map[string]int
}

// enter counts one more for as long as ctx lasts, unless there are too many.
func (s *streams) enter(ctx context.Context, user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[user] >= streamsMost {
		return false
	}
	s.of[user]++
	context.AfterFunc(ctx, func() { s.leave(user) })
	return true
}

func (s *streams) leave(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[user]--; s.of[user] == 0 {
		delete(s.of, user)
	}
}

// eventStream is the answer to followTrace. The generated one hands nothing on before
// the end.
type eventStream func(http.ResponseWriter) error

// VisitFollowTraceResponse writes until the stream ends.
func (write eventStream) VisitFollowTraceResponse(w http.ResponseWriter) error { return write(w) }

func (s *server) FollowTrace(ctx context.Context, r gen.FollowTraceRequestObject) (gen.FollowTraceResponseObject, error) {
	if !s.streams.enter(ctx, userOf(ctx).ID) { // until the request is over
		return nil, camera.Errorf(camera.CodeTooMany, "%d event streams are open, no more", streamsMost)
	}
	events, err := s.Cases.FollowTrace(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return eventStream(func(w http.ResponseWriter) error { return s.tell(ctx, w, events) }), nil
}

// tell writes events as the HTML standard has them (section 9.2, server-sent events),
// until there are none any more, the session is over, the reader is gone or takes
// nothing, or the hub ends.
func (s *server) tell(ctx context.Context, w http.ResponseWriter, events <-chan cases.TraceEvent) error {
	out := http.NewResponseController(w)
	// The bound on the request's body would end the stream, too. There is no body: what
	// comes all the same gets its bound back at the end.
	if err := supported(out.SetReadDeadline(time.Time{})); err != nil {
		return fmt.Errorf("open event stream: %w", err)
	}
	defer func() {
		_ = errors.Join(out.SetReadDeadline(time.Now().Add(s.Within)), out.SetWriteDeadline(time.Time{}))
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy in front must not collect them
	w.WriteHeader(http.StatusOK)
	beat := time.NewTicker(s.Beat)
	defer beat.Stop()
	text := "retry: 2000\n\n"
	for {
		err := supported(out.SetWriteDeadline(time.Now().Add(writeWithin)))
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			s.Log.Debug("event stream ended", "err", err)
			return nil // the reader is gone: there is nobody to tell
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Ending:
			return nil
		case <-beat.C:
			text = ":\n\n"
		case e, ok := <-events:
			if !ok {
				return nil
			}
			if text, err = eventText(e); err != nil {
				return err
			}
		}
		if _, err := s.Auth.Session(ctx, stringOf(ctx, sessionKey)); err != nil {
			return nil //nolint:nilerr // reading anew tells why
		}
	}
}

// supported leaves out that a writer cannot be bounded, as in tests of handlers alone.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

func eventText(e cases.TraceEvent) (string, error) {
	var data any = gen.TraceProgress{Done: e.Done, Of: e.Of}
	if e.Kind == cases.EventChanged {
		data = gen.TraceChanged{Version: e.Version, By: optional(e.By)}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("write event: %w", err)
	}
	return "event: " + e.Kind + "\ndata: " + string(text) + "\n\n", nil
}
