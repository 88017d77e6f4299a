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
	if err := s.Agent.Pair(ctx, link, hub, code); err != nil {
		return nil, hush(err, "join the hub")
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
	if _, joined := s.Agent.Member(); !joined {
		return nil, camera.Errorf(camera.CodeConflict, "this box has no household")
	}
	now := s.moment()
	ids := []camera.CameraID{}
	if err := s.Store.Update(func(b *home.Book) error {
		for i := range b.Cameras {
			c := &b.Cameras[i]
			ids = append(ids, c.ID)
			if taken, ok := takenBack(*c, now); ok {
				c.Receipts = append(c.Receipts, taken)
			}
			c.Consent = camera.Consent{Level: camera.ConsentNone}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return nil, err
	}
	s.deliver(ctx, receiptWithin)
	leaving, cancel := context.WithTimeout(ctx, pairWithin)
	defer cancel()
	if err := s.Agent.Leave(leaving, anew, erase); err != nil {
		return nil, hush(err, "leave the hub")
	}
	if err := s.Store.Update(func(b *home.Book) error {
		left := home.Book{Tries: b.Tries}
		if anew {
			left.Networks, left.Recorders = b.Networks, b.Recorders
		}
		*b = left
		return nil
	}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := s.Store.SetReference(id, nil); err != nil {
			return nil, err
		}
	}
	return gen.Leave200JSONResponse{StateJSONResponse: s.state()}, s.Agent.Apply(ctx)
}

// moment is now as the book keeps it.
func (s *server) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }
