package fleet

import (
	"context"
	"encoding/json"

	camera "xulang.vn/camera"
)

// answer does what a device asks. Whatever it sent, there is an answer.
func (f *Fleet) answer(ctx context.Context, id camera.DeviceID, verb string, payload []byte) any {
	m, err := decode(verb, payload)
	if err != nil {
		f.few.Do(func() { f.log.Warn("message refused", "device", id, "code", camera.CodeOf(err), "err", err) })
		return refusal(err)
	}
	switch m := m.(type) {
	case camera.Hello:
		r := f.facts.Hello(ctx, id, m)
		r.V = camera.LinkVersion
		return r
	case camera.Announce:
		r := f.facts.Announce(ctx, id, m)
		r.V = camera.LinkVersion
		return r
	case camera.SlotsRequest:
		r := f.facts.Slots(ctx, id, m.Segments)
		r.V = camera.LinkVersion
		return r
	case camera.StoredNotice:
		r := f.facts.Stored(ctx, id, m.Segments)
		r.V = camera.LinkVersion
		return r
	case camera.WantsRequest:
		return f.wants(ctx, id)
	case camera.Status:
		return refusal(f.facts.Status(ctx, id, m))
	default: // camera.ClockProbe
		return camera.ClockReply{V: camera.LinkVersion, Hub: f.now().UTC()}
	}
}

// wants never gives a part of them: the device would let go of the rest.
func (f *Fleet) wants(ctx context.Context, id camera.DeviceID) any {
	r := f.facts.Wants(ctx, id)
	if len(r.Wants) > camera.WantsMost {
		f.log.Error("too many wants for one device", "device", id, "wants", len(r.Wants))
		return refusal(camera.Errorf(camera.CodeTooLarge, "%d wants, at most %d", len(r.Wants), camera.WantsMost))
	}
	r.V = camera.LinkVersion
	return r
}

// refusal is the plain reply. Every reply with a code reads as one; nil is
// agreement.
func refusal(err error) camera.Ack {
	return camera.Ack{V: camera.LinkVersion, Refusal: camera.Refuse(err)}
}

// decode reads a message of a verb. The version comes first: another version's
// message may have another form.
func decode(verb string, payload []byte) (any, error) {
	switch verb {
	case camera.VerbHello:
		return read(payload, func(m camera.Hello) error { return atMost("cameras", len(m.Cameras), camerasMost) })
	case camera.VerbAnnounce:
		return read(payload, func(m camera.Announce) error {
			return atMost("segments and gaps", len(m.Segments)+len(m.Gaps), camera.AnnounceMost)
		})
	case camera.VerbSlots:
		return read(payload, func(m camera.SlotsRequest) error { return checkSegments(m.Segments) })
	case camera.VerbStored:
		return read(payload, func(m camera.StoredNotice) error { return checkSegments(m.Segments) })
	case camera.VerbWants:
		return read(payload, func(camera.WantsRequest) error { return nil })
	case camera.VerbStatus:
		return read(payload, checkStatus)
	case camera.VerbClock:
		return read(payload, func(camera.ClockProbe) error { return nil })
	}
	return nil, camera.Errorf(camera.CodeBadRequest, "no such verb")
}

// read never repeats the input in an error: the text goes into logs and replies.
func read[M any](payload []byte, check func(M) error) (any, error) {
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(payload, &head); err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "a message of %d bytes that cannot be read", len(payload))
	}
	if err := camera.CheckVersion(head.V); err != nil {
		return nil, err
	}
	var m M
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "a message of %d bytes with a field that cannot be read", len(payload))
	}
	if err := check(m); err != nil {
		return nil, err
	}
	return m, nil
}
