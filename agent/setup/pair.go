package setup

import (
	"context"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Times that a person waits for the hub.
const (
	pairWithin    = time.Minute
	hubWithin     = 15 * time.Second
	receiptWithin = 5 * time.Second // the receipt's number can come later
)

func (s *server) Pair(ctx context.Context, r gen.PairRequestObject) (gen.PairResponseObject, error) {
	link, hub, code := strings.TrimSpace(value(r.Body.Link)), strings.TrimSpace(value(r.Body.Hub)), value(r.Body.Code)
	switch {
	case len(link) > 500 || len(hub) > 200 || len(code) > 100:
		return nil, camera.Errorf(camera.CodeTooLarge, "invitation is too long")
	case (link == "") == (hub == "" || code == ""):
		return nil, camera.Errorf(camera.CodeBadRequest, "a link, or an address and a code")
	case link != "" && (hub != "" || code != ""):
		return nil, camera.Errorf(camera.CodeBadRequest, "a link, or an address and a code")
	}
	if link != "" {
		if _, err := camera.ParseInvitation(link); err != nil {
			return nil, err
		}
	}
	s.joining.Lock()
	defer s.joining.Unlock()
	if _, joined := s.Agent.Member(); joined {
		return nil, camera.Errorf(camera.CodeConflict, "this box has a household already: leave first")
	}
	ctx, cancel := context.WithTimeout(ctx, pairWithin)
	defer cancel()
	if len(s.Store.Book().Cameras) > 0 { // of a household that was left, as far as the hub and the agent go
		if err := s.forget(true); err != nil {
			return nil, err
		}
	}
	if err := s.Agent.Pair(ctx, link, hub, code); err != nil {
		return nil, s.hush(err, "join the hub")
	}
	return gen.Pair200JSONResponse{StateJSONResponse: s.state()}, nil
}

// Leave first takes every camera back, at once and durably; then the hub is told; then
// the rest is forgotten. Wherever it stops, nothing is shared, and pressing again ends it.
// With anew the recorders stay: the household means to come back under a new key.
func (s *server) Leave(ctx context.Context, r gen.LeaveRequestObject) (gen.LeaveResponseObject, error) {
	anew, erase := value(r.Params.Anew), value(r.Params.Erase)
	s.joining.Lock()
	defer s.joining.Unlock()
	if _, joined := s.Agent.Member(); joined {
		if err := s.leave(ctx, anew, erase); err != nil {
			return nil, err
		}
	} else if len(s.Store.Book().Cameras) == 0 {
		return nil, camera.Errorf(camera.CodeConflict, "this box has no household")
	}
	if err := s.forget(anew); err != nil {
		return nil, err
	}
	return gen.Leave200JSONResponse{StateJSONResponse: s.state()}, s.Agent.Apply(ctx)
}

func (s *server) leave(ctx context.Context, anew, erase bool) error {
	now := s.moment()
	if err := s.Store.Update(func(b *home.Book) error {
		for i := range b.Cameras {
			c := &b.Cameras[i]
			if taken, ok := takenBack(*c, now); ok {
				c.Receipts = append(c.Receipts, taken)
			}
			c.Agree(camera.Consent{Level: camera.ConsentNone}, now)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return err
	}
	s.deliver(ctx, receiptWithin)
	ctx, cancel := context.WithTimeout(ctx, pairWithin)
	defer cancel()
	if err := s.Agent.Leave(ctx, anew, erase); err != nil {
		return s.hush(err, "leave the hub")
	}
	return nil
}

// forget drops what was decided for a household that was left; how often a password
// was tried stays.
func (s *server) forget(keepRecorders bool) error {
	var gone []home.Camera
	now := s.moment()
	if err := s.Store.Update(func(b *home.Book) error {
		gone = b.Cameras
		left := home.Book{Tries: b.Tries}
		if keepRecorders {
			for _, c := range gone { // the next household may be the same one
				b.SetApart(c, now)
			}
			left.Networks, left.Recorders, left.Apart = b.Networks, b.Recorders, b.Apart
		}
		*b = left
		return nil
	}); err != nil {
		return err
	}
	for _, c := range gone {
		if err := s.Store.SetReference(c.ID, nil); err != nil {
			return err
		}
	}
	return nil
}

// moment is now as the book keeps it.
func (s *server) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }
