package setup

import (
	"context"
	"image"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// The daily check runs by day (Vietnam's time, UTC+7): at night every camera is dark.
const (
	checkEvery = 20 * time.Hour // from the last finding, or from when it was aimed
	checkAgain = time.Hour      // after one that came to nothing
	dayBegins  = 8              // o'clock
	dayEnds    = 16
)

var vietnam = time.FixedZone("UTC+7", 7*60*60)

func (s *server) Check(ctx context.Context, r gen.CheckRequestObject) (gen.CheckResponseObject, error) {
	b := s.Store.Book()
	c := b.Camera(camera.CameraID(r.Camera))
	if c == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "no such camera")
	}
	now, err := posted(r.Body)
	if err != nil {
		return nil, err
	}
	if len(now) == 0 {
		p, err := s.snap(ctx, b, c.Recorder, c.Channel)
		if err != nil {
			return nil, err
		}
		if p.kind != "image/jpeg" || checkJPEG(p.data) != nil {
			return nil, camera.Errorf(camera.CodeNoPicture, "camera gives no JPEG that can be read")
		}
		now = p.data
	}
	aim, err := s.compare(c.ID, now)
	if err != nil {
		return nil, err
	}
	return gen.Check200JSONResponse(*aimJSON(aim)), nil
}

// compare holds a picture against the reference and keeps what it finds; the next
// status tells the hub.
func (s *server) compare(id camera.CameraID, now []byte) (home.Aim, error) {
	reference, err := s.Store.Reference(id)
	if err != nil {
		return home.Aim{}, err
	}
	f, err := s.finding(reference, now)
	if err != nil {
		return home.Aim{}, err
	}
	aim := home.Aim{Aim: camera.Aim{State: f.State, At: s.moment()}, Shift: found(f.Shift), Likeness: found(f.Likeness), Brightness: found(f.Brightness)}
	if !gen.AimState(aim.State).Valid() {
		return home.Aim{}, camera.Errorf(camera.CodeInternal, "comparison found %q", aim.State)
	}
	return aim, s.Store.Update(func(b *home.Book) error {
		c := b.Camera(id)
		if c == nil {
			return camera.Errorf(camera.CodeNotFound, "no such camera")
		}
		c.Aim = aim
		return nil
	})
}

func (s *server) finding(reference, now []byte) (Finding, error) {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	before, err := s.decode(reference)
	if err != nil {
		return Finding{}, err
	}
	after, err := s.decode(now)
	if err != nil {
		return Finding{}, err
	}
	return s.Compare(before, after), nil
}

func (s *server) decodeAlone(data []byte) (image.Image, error) {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	return s.decode(data)
}

// checkDaily looks whether shared cameras that give JPEGs still look where they were
// aimed. A paused camera is left alone.
func (s *server) checkDaily(ctx context.Context) {
	now := s.moment()
	if hour := now.In(vietnam).Hour(); hour < dayBegins || hour >= dayEnds {
		return
	}
	b := s.Store.Book()
	for _, c := range b.Cameras {
		last := c.Aim.At
		if last.Before(c.Aimed) {
			last = c.Aimed
		}
		channel := b.Recorder(c.Recorder).Channel(c.Channel)
		if ctx.Err() != nil || !c.Shared() || c.Consent.Paused || channel.SnapshotURL == "" ||
			now.Sub(last) < checkEvery || now.Sub(s.checked[string(c.ID)]) < checkAgain {
			continue
		}
		s.checked[string(c.ID)] = now
		if _, err := s.Store.Reference(c.ID); err != nil {
			continue // nothing to compare with
		}
		p, err := s.snap(ctx, b, c.Recorder, c.Channel)
		if err == nil && p.kind == "image/jpeg" {
			_, err = s.compare(c.ID, p.data)
		}
		if err != nil {
			s.Log.Info("check where a camera looks", "camera", string(c.ID), "code", string(camera.CodeOf(err)))
		}
	}
}
