package setup

import (
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// standing is how long consent lasts to which the household named no end, where
// footage leaves without a question.
const standing = 365 * 24 * time.Hour

// Consent is in force before the hub hears of it, and written with its receipt in one
// piece: there is no consent without words that were agreed to.
func (s *server) Consent(ctx context.Context, r gen.ConsentRequestObject) (gen.ConsentResponseObject, error) {
	a, now := r.Body, s.moment()
	given, err := agreed(*a, now)
	if err != nil {
		return nil, err
	}
	uplink := camera.Uplink(value(a.Uplink))
	if uplink != "" && !uplink.Valid() {
		return nil, camera.Errorf(camera.CodeBadRequest, "unknown uplink class")
	}
	if err := s.Store.Update(func(b *home.Book) error {
		c := b.Camera(camera.CameraID(r.Camera))
		switch {
		case c == nil:
			return camera.Errorf(camera.CodeNotFound, "no such camera")
		case c.View == nil && given.Level != camera.ConsentNone:
			return camera.Errorf(camera.CodeConflict, "aim the camera first")
		}
		if a.Consent.Paused == nil {
			given.Paused = c.Consent.Paused
		}
		if given.Level == camera.ConsentNone {
			given = camera.Consent{Level: camera.ConsentNone}
		}
		if a.Sound != nil {
			c.Sound = *a.Sound
		}
		if a.Uplink != nil {
			c.Uplink = uplink
		}
		c.Agree(given, now)
		c.Receipts = append(c.Receipts, receipt(*c, given, a.Text, a.Words, string(a.Language), now))
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return nil, err
	}
	s.deliver(ctx, receiptWithin)
	return gen.Consent200JSONResponse{StateJSONResponse: s.state()}, nil
}

// agreed reads what the household agrees to.
func agreed(a gen.Agreement, now time.Time) (camera.Consent, error) {
	c := consentOf(a.Consent)
	switch {
	case a.Text == "" || len(a.Text) > 40 || a.Words == "" || len(a.Words) > 8000 || !a.Language.Valid():
		return c, camera.Errorf(camera.CodeBadRequest, "the words that were agreed to are needed, with version and language")
	case !c.Valid():
		return c, camera.Errorf(camera.CodeBadRequest, "unknown level or hours")
	case !c.Until.IsZero() && !c.Until.After(now):
		return c, camera.Errorf(camera.CodeBadRequest, "consent ends before it begins")
	case c.Until.Sub(now) > camera.ConsentLongest && !c.Until.IsZero():
		return c, camera.Errorf(camera.CodeBadRequest, "consent is for more than a year")
	}
	if c.Until.IsZero() && (c.Level == camera.ConsentClip || c.Level == camera.ConsentLive) {
		c.Until = now.Add(standing)
	}
	return c, nil
}

// SetKeep is told to the hub at once, or as soon as it is there.
func (s *server) SetKeep(ctx context.Context, r gen.SetKeepRequestObject) (gen.SetKeepResponseObject, error) {
	days := r.Body.Days
	if days == 0 {
		return nil, camera.Errorf(camera.CodeBadRequest, "no days given")
	}
	err := s.Store.Update(func(b *home.Book) error {
		b.Keep = days
		return nil
	})
	if err == nil {
		err = s.Agent.Apply(ctx)
	}
	if err != nil {
		return nil, err
	}
	return gen.SetKeep200JSONResponse{StateJSONResponse: s.state()}, nil
}

// Pause is at once: when the answer comes nothing leaves the house any more.
func (s *server) Pause(ctx context.Context, r gen.PauseRequestObject) (gen.PauseResponseObject, error) {
	one, now := camera.CameraID(value(r.Body.Camera)), s.moment()
	if err := s.Store.Update(func(b *home.Book) error {
		if one != "" && b.Camera(one) == nil {
			return camera.Errorf(camera.CodeNotFound, "no such camera")
		}
		for i := range b.Cameras {
			if one == "" || b.Cameras[i].ID == one {
				to := b.Cameras[i].Consent
				to.Paused = r.Body.Paused
				b.Cameras[i].Agree(to, now)
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.Agent.Apply(ctx); err != nil {
		return nil, err
	}
	return gen.Pause200JSONResponse{StateJSONResponse: s.state()}, nil
}
