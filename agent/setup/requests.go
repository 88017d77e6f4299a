package setup

import (
	"context"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Answer is in the book before the hub hears of it. A yes can be taken back while the
// request is there; a no stays a no.
func (s *server) Answer(ctx context.Context, r gen.AnswerRequestObject) (gen.AnswerResponseObject, error) {
	now := s.moment()
	wants := s.Agent.Wants()
	i := slices.IndexFunc(wants, func(w camera.Want) bool { return w.ID == r.Want && w.ID != "" && w.Ask != nil })
	if i < 0 {
		return nil, camera.Errorf(camera.CodeNotFound, "no such request")
	}
	ask := wants[i].Ask
	if err := s.Store.Update(func(b *home.Book) error {
		before := reply(ask.Answer, b.Answer(r.Want))
		switch {
		case before == camera.ReplyRefused && !r.Body.Granted || before == camera.ReplyGranted && r.Body.Granted:
			return nil // pressed twice
		case before == camera.ReplyGranted: // taken back
		case before != "" || !now.Before(ask.Until):
			return camera.Errorf(camera.CodeConflict, "the request is over")
		}
		b.Answers = slices.DeleteFunc(b.Answers, func(a home.Answer) bool { return a.Want == r.Want })
		b.Answers = append(b.Answers, home.Answer{
			Want: r.Want, Camera: wants[i].Camera, From: wants[i].From, To: wants[i].To, Granted: r.Body.Granted, At: now,
		})
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return nil, err
	}
	s.deliver(ctx, receiptWithin)
	return gen.Answer200JSONResponse{StateJSONResponse: s.state()}, nil
}

// reply is what counts: the household's own word before what the hub says of it.
func reply(hub camera.Reply, own *home.Answer) camera.Reply {
	switch {
	case own == nil:
		return hub
	case own.Granted:
		return camera.ReplyGranted
	}
	return camera.ReplyRefused
}

// requestsJSON has the open ones first, the newest of each kind before the others.
func requestsJSON(b home.Book, wants []camera.Want) []gen.Request {
	out := []gen.Request{}
	for _, w := range wants {
		if w.Ask == nil || w.ID == "" {
			continue
		}
		label := ""
		if c := b.Camera(w.Camera); c != nil {
			label = c.Label
		}
		out = append(out, gen.Request{
			Id: w.ID, Camera: label, From: w.From, To: w.To, Purpose: gen.RequestPurpose(w.Purpose), Unit: w.Ask.Unit, Case: w.Ask.Case,
			Asked: w.Ask.Asked, Until: w.Ask.Until, Answer: optional(gen.RequestAnswer(reply(w.Ask.Answer, b.Answer(w.ID)))),
		})
	}
	slices.SortStableFunc(out, func(a, b gen.Request) int {
		if (a.Answer == nil) != (b.Answer == nil) {
			if a.Answer == nil {
				return -1
			}
			return 1
		}
		return b.Asked.Compare(a.Asked)
	})
	return out
}
