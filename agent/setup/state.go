package setup

import (
	"cmp"
	"context"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

func (s *server) GetState(context.Context, gen.GetStateRequestObject) (gen.GetStateResponseObject, error) {
	return gen.GetState200JSONResponse{StateJSONResponse: s.state()}, nil
}

// step is the first one that is not done, read from the book alone.
func step(b home.Book, member bool) gen.StateStep {
	has := func(f func(home.Camera) bool) bool { return slices.ContainsFunc(b.Cameras, f) }
	switch {
	case !member:
		return gen.StateStepPair
	case len(b.Recorders) == 0:
		return gen.StateStepFind
	case len(b.Cameras) == 0 || slices.ContainsFunc(b.Recorders, func(r home.Recorder) bool { return !r.Chosen }):
		return gen.StateStepChoose
	case has(func(c home.Camera) bool { return c.View == nil }):
		return gen.StateStepAim
	case has(func(c home.Camera) bool { return len(c.Receipts) == 0 }):
		return gen.StateStepConsent
	case has(func(c home.Camera) bool { return c.Shared() && !tested(b, c.ID) }):
		return gen.StateStepSelftest
	}
	return gen.StateStepDone
}

// tested tells whether the last whole self-test was one of this camera as well.
func tested(b home.Book, id camera.CameraID) bool {
	return b.SelfTest != nil && slices.ContainsFunc(b.SelfTest.Lines, func(l camera.TestLine) bool {
		return l.Name == camera.TestRecord && l.Camera == id
	})
}

func (s *server) state() gen.StateJSONResponse {
	b := s.Store.Book()
	member, joined := s.Agent.Member()
	out := gen.StateJSONResponse{
		Step: step(b, joined), Fingerprint: s.Agent.Fingerprint(), Linked: s.Agent.Linked(), Version: optional(s.Version),
		Trouble:  trouble(s.Agent.Trouble()),
		Networks: gen.Networks{Offered: append([]string{}, s.Finder.Networks()...), Confirmed: append([]string{}, b.Networks...)},
		DiskDays: optional(s.Agent.DiskDays()),
		Keep:     cmp.Or(b.Keep, s.Keep, camera.KeepUsual),
		Requests: requestsJSON(b, s.Agent.Wants()),
		Selftest: s.selfTestJSON(b),
	}
	if joined {
		out.Member = &gen.Member{Label: member.Label, Hub: member.Hub, Joined: when(member.Joined)}
	}
	recorders := s.Agent.Recorders()
	out.Recorders = each(b.Recorders, func(r home.Recorder) gen.Recorder { return recorderJSON(b, r, recorders) })
	cameras := s.Agent.Cameras()
	out.Cameras = each(b.Cameras, func(c home.Camera) gen.Camera { return cameraJSON(c, cameras) })
	return out
}

func trouble(code camera.Code) *gen.StateTrouble {
	switch code {
	case camera.CodeQuarantined:
		return optional(gen.Quarantined)
	case camera.CodeForbidden:
		return optional(gen.Revoked)
	case camera.CodeBadCertificate:
		return optional(gen.BadCertificate)
	}
	return nil
}

func recorderJSON(b home.Book, r home.Recorder, states []RecorderState) gen.Recorder {
	out := gen.Recorder{
		Id: r.ID, Address: r.Address, Brand: r.Brand, Model: optional(r.Model),
		DefaultPassword: optional(r.DefaultPassword), Past: optional(r.Past),
	}
	if serial := []rune(r.Serial); len(serial) > 0 {
		out.Serial = optional(string(serial[max(0, len(serial)-4):]))
	}
	if r.ClockAhead != nil {
		seconds := seconds(*r.ClockAhead)
		out.ClockAheadS = &seconds
	}
	if i := slices.IndexFunc(states, func(state RecorderState) bool { return state.ID == r.ID }); i >= 0 {
		state := states[i]
		out.PastFrom, out.Trouble = when(state.PastFrom), optional(string(state.Trouble))
		if state.AheadKnown {
			ahead := state.Ahead.Seconds()
			out.ClockAheadS = &ahead
		}
	}
	out.Channels = each(r.Channels, func(c home.Channel) gen.Channel {
		channel := gen.Channel{Number: c.Number, Name: c.Name, Online: c.Online}
		if cam := chosen(b, r.ID, c.Number); cam != nil {
			channel.Chosen, channel.Camera = true, optional(string(cam.ID))
		}
		return channel
	})
	return out
}

// chosen finds the camera of a channel; nil: the household did not pick it.
func chosen(b home.Book, recorder string, channel int) *home.Camera {
	for i, c := range b.Cameras {
		if c.Recorder == recorder && c.Channel == channel {
			return &b.Cameras[i]
		}
	}
	return nil
}

// off is the state of a camera that is not shared.
const off = "off"

func cameraJSON(c home.Camera, states []CameraState) gen.Camera {
	out := gen.Camera{
		Id: string(c.ID), Label: c.Label, Recorder: c.Recorder, Channel: c.Channel, View: viewJSON(c.View),
		Aim: aimJSON(c.Aim), Consent: consentJSON(c.Consent), Receipt: receiptJSON(c.Receipts), State: off,
	}
	if len(c.Outline) > 0 {
		points := each(c.Outline, func(p home.Point) gen.Point { return gen.Point{X: p.X, Y: p.Y} })
		out.Outline = &points
	}
	if c.Sighted {
		sights := each(c.Sights, sightJSON)
		out.Sights = &sights
	}
	if i := slices.IndexFunc(states, func(state CameraState) bool { return state.ID == c.ID }); i >= 0 && c.Shared() {
		state := states[i]
		out.State, out.Since, out.Verified = state.State, when(state.Since), when(state.Verified)
		out.Watched, out.PastFrom = optional(state.Watched), when(state.PastFrom)
	}
	return out
}

func seconds(m camera.Millis) float64 { return float64(m) / 1e9 }
