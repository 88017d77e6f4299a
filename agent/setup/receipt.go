package setup

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// method is how the household said it.
const method = "household-page"

// Words of a receipt for what is taken back by not choosing a camera any more, by
// forgetting its recorder or by leaving: there is no text to agree to.
const takenBackText = "taken-back-1"

var takenBackWords = map[string]string{
	"vi": "Hộ gia đình thôi chia sẻ camera này.",
	"en": "The household does not share this camera any more.",
}

// receipt is what the household agreed to now. Camera and time name it: two of one
// camera never have the same millisecond.
func receipt(c home.Camera, given camera.Consent, text, words, language string, now time.Time) home.Receipt {
	for slices.ContainsFunc(c.Receipts, func(r home.Receipt) bool { return r.At.Equal(now) }) {
		now = now.Add(time.Millisecond)
	}
	return home.Receipt{Words: words, Receipt: camera.Receipt{
		V: camera.LinkVersion, Camera: c.ID, Consent: given, Text: text, TextHash: sha256.Sum256([]byte(words)),
		Language: language, Method: method, At: now,
	}}
}

// takenBack is the receipt for a camera that ends; none where nothing was given.
func takenBack(c home.Camera, now time.Time) (home.Receipt, bool) {
	if c.Consent.Level == camera.ConsentNone || len(c.Receipts) == 0 {
		return home.Receipt{}, false
	}
	language := c.Receipts[len(c.Receipts)-1].Language
	return receipt(c, camera.Consent{Level: camera.ConsentNone}, takenBackText, takenBackWords[language], language, now), true
}

// receipts are all that the book has, to be changed.
func receipts(b *home.Book) (all []*home.Receipt) {
	for i := range b.Withdrawn {
		all = append(all, &b.Withdrawn[i])
	}
	for i := range b.Cameras {
		for j := range b.Cameras[i].Receipts {
			all = append(all, &b.Cameras[i].Receipts[j])
		}
	}
	return all
}

// deliver brings to the hub what it does not have: receipts, oldest first, answers,
// the self-test. One delivery runs at a time; who comes second leaves it to the first.
func (s *server) deliver(ctx context.Context, within time.Duration) {
	if _, joined := s.Agent.Member(); !joined {
		return
	}
	if !s.delivering.TryLock() {
		s.poke()
		return
	}
	defer s.delivering.Unlock()
	s.bring(ctx, within)
}

// bring does it, with delivering held.
func (s *server) bring(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	b := s.Store.Book()
	linked := s.Agent.Linked()
	for _, r := range receipts(&b) {
		if r.Number == "" && ctx.Err() == nil && (linked || r.Signature.IsZero()) {
			s.deliverReceipt(ctx, *r) // without the hub it is signed at least
		}
	}
	if !linked {
		return
	}
	for _, a := range b.Answers {
		if !a.Told && ctx.Err() == nil {
			s.deliverAnswer(ctx, a)
		}
	}
	if t := b.SelfTest; t != nil && !t.Told && ctx.Err() == nil {
		s.deliverTest(ctx, *t)
	}
	for _, c := range b.Cameras {
		if c.View != nil && !c.Sighted && ctx.Err() == nil {
			s.askSights(ctx, c)
		}
	}
}

func (s *server) deliverReceipt(ctx context.Context, r home.Receipt) {
	signed, reply, err := s.Agent.Receipt(ctx, r.Receipt)
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		s.Log.Debug("bring receipt to the hub", "camera", string(r.Camera), "code", string(camera.CodeOf(err)))
	}
	if signed.Signature.IsZero() {
		return
	}
	s.note(func(b *home.Book) {
		for _, mine := range receipts(b) {
			if mine.Camera == r.Camera && mine.At.Equal(r.At) {
				mine.Signature = signed.Signature
				if err == nil {
					mine.Number, mine.HubAt = reply.Number, reply.At.UTC()
				}
			}
		}
	})
}

func (s *server) deliverAnswer(ctx context.Context, a home.Answer) {
	err := s.Agent.Answer(ctx, a.Want, a.Granted)
	code := camera.CodeOf(err)
	if err != nil {
		s.Log.Debug("bring answer to the hub", "want", a.Want, "code", string(code))
	}
	// The hub does not know the request any more, or has closed it: nobody waits.
	over := code == camera.CodeNotFound || code == camera.CodeConflict || code == camera.CodeCaseClosed || code == camera.CodeBadRequest
	if err != nil && !over {
		return
	}
	s.note(func(b *home.Book) {
		if mine := b.Answer(a.Want); mine != nil && mine.At.Equal(a.At) {
			mine.Told = true
		}
	})
}

func (s *server) deliverTest(ctx context.Context, t home.SelfTest) {
	if err := s.Agent.Report(ctx, camera.SelfTest{V: camera.LinkVersion, At: t.At, Lines: t.Lines}); err != nil {
		s.Log.Debug("bring self-test to the hub", "code", string(camera.CodeOf(err)))
		return
	}
	s.note(func(b *home.Book) {
		if b.SelfTest != nil && b.SelfTest.At.Equal(t.At) {
			b.SelfTest.Told = true
		}
	})
}

// note writes into the book what can be found out again when it cannot be written.
func (s *server) note(change func(*home.Book)) {
	if err := s.Store.Update(func(b *home.Book) error { change(b); return nil }); err != nil {
		s.Log.Error("note in the household's book", "err", err)
	}
}
