package setup

import (
	"context"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Choose keeps the channels that see the road. Of the others only the names stay:
// nothing can contact them again before the household signs in anew.
func (s *server) Choose(ctx context.Context, r gen.ChooseRequestObject) (gen.ChooseResponseObject, error) {
	if len(r.Body.Channels) > 32 {
		return nil, camera.Errorf(camera.CodeTooMany, "%d channels, at most 32", len(r.Body.Channels))
	}
	s.joining.RLock()
	defer s.joining.RUnlock()
	member, joined := s.Agent.Member()
	if !joined {
		return nil, camera.Errorf(camera.CodeConflict, "join the hub first")
	}
	var gone []camera.CameraID
	if err := s.Store.Update(func(b *home.Book) error {
		rec := b.Recorder(r.Recorder)
		if rec == nil {
			return camera.Errorf(camera.CodeNotFound, "no such recorder")
		}
		gone = s.unpick(b, rec.ID, r.Body.Channels)
		for _, number := range r.Body.Channels {
			channel := rec.Channel(number)
			switch {
			case channel == nil:
				return camera.Errorf(camera.CodeNotFound, "recorder has no channel %d", number)
			case chosen(*b, rec.ID, number) != nil:
				continue
			case !channel.Reachable():
				return camera.Errorf(camera.CodeConflict, "channel %d was not chosen: sign in at the recorder again", number)
			}
			label := firstLabel(member.Label, channel.Name, number)
			id := camera.NewCameraID(member.Household, rec.Serial, number)
			b.Cameras = append(b.Cameras, home.Camera{
				ID: id, Recorder: rec.ID, Channel: number, Label: label,
				Consent: camera.Consent{Level: camera.ConsentNone}, Withheld: b.Recall(id),
			})
		}
		for i := range rec.Channels {
			if !slices.Contains(r.Body.Channels, rec.Channels[i].Number) {
				rec.Channels[i].Forget()
			}
		}
		rec.Chosen = true
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.letGo(ctx, gone); err != nil {
		return nil, err
	}
	return gen.Choose200JSONResponse{StateJSONResponse: s.state()}, nil
}

func (s *server) ForgetRecorder(ctx context.Context, r gen.ForgetRecorderRequestObject) (gen.ForgetRecorderResponseObject, error) {
	var gone []camera.CameraID
	if err := s.Store.Update(func(b *home.Book) error {
		if b.Recorder(r.Recorder) == nil {
			return camera.Errorf(camera.CodeNotFound, "no such recorder")
		}
		gone = s.unpick(b, r.Recorder, nil)
		b.Recorders = slices.DeleteFunc(b.Recorders, func(rec home.Recorder) bool { return rec.ID == r.Recorder })
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.letGo(ctx, gone); err != nil {
		return nil, err
	}
	return gen.ForgetRecorder200JSONResponse{StateJSONResponse: s.state()}, nil
}

// unpick takes the cameras of a recorder out of the book whose channels are not
// among the ones to keep. What the household had agreed to is taken back.
func (s *server) unpick(b *home.Book, recorder string, keep []int) (gone []camera.CameraID) {
	now := s.moment()
	b.Cameras = slices.DeleteFunc(b.Cameras, func(c home.Camera) bool {
		if c.Recorder != recorder || slices.Contains(keep, c.Channel) {
			return false
		}
		gone = append(gone, c.ID)
		b.SetApart(c, now)
		for _, r := range c.Receipts {
			if r.Number == "" {
				b.Withdrawn = append(b.Withdrawn, r)
			}
		}
		if taken, ok := takenBack(c, now); ok {
			b.Withdrawn = append(b.Withdrawn, taken)
		}
		return true
	})
	return gone
}

// letGo makes the book true and removes what is left of cameras that are out of it.
func (s *server) letGo(ctx context.Context, gone []camera.CameraID) error {
	if err := s.Agent.Apply(ctx); err != nil {
		return err
	}
	for _, id := range gone {
		if err := s.Store.SetReference(id, nil); err != nil {
			return err
		}
	}
	s.poke()
	return nil
}

// labelLetters fit into what the book keeps of a label.
const labelLetters = 60

// firstLabel is what a camera is called until the household says otherwise. Every house
// has a gate: an officer has to see whose.
func firstLabel(household, channel string, number int) string {
	if channel == "" {
		channel = fmt.Sprintf("Camera %d", number+1)
	}
	letters := []rune(household + " · " + channel)
	return string(letters[:min(len(letters), labelLetters)])
}
