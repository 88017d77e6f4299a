package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// How often a household is asked. A case has so many windows of a camera before its
// household at a time. After a no, or after silence, it asks again for that camera when
// askAgain has passed since it asked: one no a day at most.
const (
	asksMost = 10
	askAgain = 24 * time.Hour
)

// OwnerAsk is a window that a household was asked for, and what it said.
type OwnerAsk struct {
	From, To     time.Time
	Asked, Until time.Time
	By           string       // the officer's name
	Answer       camera.Reply // "" while there is none
	Answered     time.Time
}

// asksOf gives all windows that a case ever asked a camera's household for, in that order.
func asksOf(ctx context.Context, q querier, caseID string, id camera.CameraID) ([]wanted, error) {
	return wantsWhere(ctx, q, `w.case_id = $1 AND w.camera_id = $2 AND w.asked_ms IS NOT NULL`, caseID, id)
}

// answerAt is what stands at a moment, also when nobody has written yet that the
// household said nothing in time. What was asked for is asked for once more as soon as
// its time is over.
func (w wanted) answerAt(now time.Time) camera.Reply {
	if w.Ask.Answer == "" && !now.Before(w.Ask.Until) {
		return camera.ReplySilent
	}
	return w.Ask.Answer
}

// mayAsk refuses to bother a household more often than it should be.
func (p permit) mayAsk() error {
	if n := len(p.asked("")); n >= asksMost {
		return camera.Errorf(camera.CodeTooMany, "the household has %d windows of this case to answer, at most %d", n, asksMost)
	}
	if again := p.againAt(); !again.IsZero() {
		return camera.Errorf(camera.CodeTooMany, "the household was asked for this case and did not say yes; it can be asked again at %s", stamp(again))
	}
	return nil
}

// againAt is when a household that was asked and did not say yes may be asked again for
// this case; zero when it may be asked now.
func (p permit) againAt() (at time.Time) {
	for _, w := range p.asks {
		again := w.Ask.Asked.Add(askAgain)
		if a := w.answerAt(p.now); (a == camera.ReplyRefused || a == camera.ReplySilent) && p.now.Before(again) {
			at = later(at, again)
		}
	}
	return at
}

// asksIn are those of a window, as they stand now.
func (p permit) asksIn(from, to time.Time) []OwnerAsk {
	var in []OwnerAsk
	for _, w := range p.asks {
		if !w.From.Before(to) || !w.To.After(from) {
			continue
		}
		one := OwnerAsk{From: w.From, To: w.To, Asked: w.Ask.Asked, Until: w.Ask.Until, By: w.by, Answer: w.answerAt(p.now), Answered: w.answered}
		if one.Answer == camera.ReplySilent {
			one.Answered = w.Ask.Until
		}
		in = append(in, one)
	}
	return in
}

// ReviewAsks ends what households were asked for and did not answer in time, and what
// they said yes to but share no footage any more, for cases of that kind. Boxes are told
// of that, and of what was answered since.
func (c *Cases) ReviewAsks(ctx context.Context) {
	c.mu.Lock()
	changed := c.untold
	c.untold = nil
	c.mu.Unlock()
	open, err := wantsWhere(ctx, c.DB.Read(), `w.asked_ms IS NOT NULL AND w.ended_ms IS NULL AND c.closed_ms IS NULL`)
	if err != nil {
		c.Logger.Error("read what households were asked for", "err", err)
	}
	for _, w := range open {
		ended, err := c.reviewAsk(ctx, w)
		if err != nil && ctx.Err() == nil {
			c.Logger.Error("end what a household was asked for", "camera", w.Camera, "err", err)
		}
		if ended {
			changed = append(changed, w)
		}
	}
	if len(changed) > 0 {
		c.tell(ctx, changed)
	}
}

func (c *Cases) reviewAsk(ctx context.Context, w wanted) (ended bool, err error) {
	end := ending{id: w.ID, from: w.Ask.Answer, to: w.answerAt(c.Now()), at: w.Ask.Until}
	detail := string(camera.ReplySilent)
	if end.to == w.Ask.Answer {
		cam, err := c.Cameras.Camera(ctx, w.Camera)
		if err != nil {
			return false, fmt.Errorf("find camera: %w", err)
		}
		if sharesFootage(cam, w, c.Now()) {
			return false, nil
		}
		end.to, end.at, detail = camera.ReplyRefused, c.Now(), "withdrawn"
	}
	line := Record{Actor: Officer{Role: "hub"}, Action: actAnswer, Case: w.caseID, Camera: w.Camera, Detail: detail + " " + windowText(w.From, w.To)}
	if err := c.log(ctx, line); err != nil {
		return false, err
	}
	err = c.answer(ctx, w, end)
	return err == nil, err
}

// sharesFootage tells whether a household shares footage for a case of that kind at
// all, be it that it wants to be asked.
func sharesFootage(cam Camera, w wanted, now time.Time) bool {
	p := permit{cam: cam, purpose: w.Purpose, now: now}
	return slices.Contains([]camera.Code{"", camera.CodeAskOwner}, camera.CodeOf(p.decide(w.From, w.To, false)))
}
