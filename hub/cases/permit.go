package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// permit decides looks at one camera's footage for one case: by what the household
// shares beforehand, and by the windows to which it has said yes.
type permit struct {
	cam     Camera
	purpose camera.Purpose
	now     time.Time
	asks    []wanted // all that this case ever asked of it, in that order
}

func (c *Cases) permit(ctx context.Context, one Case, cam Camera) (permit, error) {
	asks, err := asksOf(ctx, c.DB.Read(), one.ID, cam.ID)
	if err != nil {
		return permit{}, fmt.Errorf("read what was asked of %s: %w", cam.ID, err)
	}
	return permit{cam: cam, purpose: one.Purpose(), now: c.Now(), asks: asks}, nil
}

// permitted finds case and camera of a look, and what permits it.
func (c *Cases) permitted(ctx context.Context, who Officer, caseID string, id camera.CameraID) (Case, permit, error) {
	one, cam, err := c.enter(ctx, who, caseID, id)
	if err != nil {
		return one, permit{}, err
	}
	p, err := c.permit(ctx, one, cam)
	return one, p, err
}

func (p permit) decide(from, to time.Time, granted bool) error {
	return p.of(camera.ActionPlayback, from, to, granted)
}

func (p permit) of(action camera.Action, from, to time.Time, granted bool) error {
	return decide(p.cam, action, camera.Asker{
		Officer: true, CaseOpen: true, Purpose: p.purpose, From: from, To: to, Granted: granted,
	}, p.now)
}

// window decides about all of a window.
func (p permit) window(from, to time.Time) error {
	return p.decide(from, to, covers(p.asked(camera.ReplyGranted), from, to))
}

// part decides about a window of which a part is enough: CodeAskOwner when there is none.
func (p permit) part(from, to time.Time) error {
	err := p.window(from, to)
	if camera.CodeOf(err) != camera.CodeAskOwner {
		return err
	}
	if slices.ContainsFunc(p.asked(camera.ReplyGranted), func(w wanted) bool { return w.From.Before(to) && w.To.After(from) }) {
		return nil
	}
	// Hours begin and end with a minute.
	for at := from; at.Before(to); at = at.Truncate(time.Minute).Add(time.Minute) {
		if p.decide(at, at.Add(time.Millisecond), false) == nil {
			return nil
		}
	}
	return err
}

// segment decides about one file. It cannot be cut: a yes to a window is one to the
// files in which it lies, as it is for the box at home (camera.Want.Grants).
func (p permit) segment(s camera.Segment) error {
	granted := slices.ContainsFunc(p.asked(camera.ReplyGranted), func(w wanted) bool { return w.Covers(s) })
	return p.decide(s.Start, s.End, granted)
}

// moment decides about one picture, before it is known which file begins with it.
func (p permit) moment(at time.Time) error {
	granted := slices.ContainsFunc(p.asked(camera.ReplyGranted), func(w wanted) bool { return !w.From.After(at) && w.To.After(at) })
	return p.of(camera.ActionStill, at, at, granted)
}

// picture decides about the picture with which a file begins.
func (p permit) picture(action camera.Action, s camera.Segment) error {
	granted := slices.ContainsFunc(p.asked(camera.ReplyGranted), func(w wanted) bool { return w.Covers(s) })
	return p.of(action, s.Start, s.Start, granted)
}

// shown keeps the footage that may be shown.
func (p permit) shown(footage []Footage) []Footage {
	return slices.DeleteFunc(slices.Clone(footage), func(f Footage) bool { return p.segment(f.Segment) != nil })
}

// level is what the household shares of a window: each time it is asked, where the
// window leaves the hours of a standing consent.
func (p permit) level(from, to time.Time) camera.ConsentLevel {
	if camera.CodeOf(p.decide(from, to, false)) == camera.CodeAskOwner {
		return camera.ConsentAsk
	}
	return p.cam.Consent.LevelFor(p.purpose)
}

// asked are the asks with one of these answers that still say something.
func (p permit) asked(answers ...camera.Reply) []wanted {
	return slices.DeleteFunc(slices.Clone(p.asks), func(w wanted) bool { return !w.open || !slices.Contains(answers, w.answerAt(p.now)) })
}

// covers tells whether windows cover all of [from, to].
func covers(windows []wanted, from, to time.Time) bool {
	byStart := slices.Clone(windows)
	slices.SortFunc(byStart, func(a, b wanted) int { return a.From.Compare(b.From) })
	for _, w := range byStart {
		if !w.From.After(from) && w.To.After(from) {
			from = w.To
		}
	}
	return !from.Before(to)
}
