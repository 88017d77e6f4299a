package fleet

import (
	"context"
	"encoding/json"

	camera "xulang.vn/camera"
)

// answer does what a device asks. Whatever it sent, there is an answer.
func (f *Fleet) answer(ctx context.Context, id camera.DeviceID, verb string, payload []byte) any {
	m, err := decode(verb, payload)
	if err == nil && verb != camera.VerbHello { // hello tells by itself how the device stands
		err = f.believed(ctx, id)
	}
	if err != nil {
		f.few.Do(func() {
			f.log.Warn("message refused", "device", id, "verb", verb, "code", camera.CodeOf(err), "err", err)
		})
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
	case camera.ClockProbe:
		return camera.ClockReply{V: camera.LinkVersion, Hub: f.now().UTC()}
	case camera.Probe: // its bytes have arrived: that is all
		return refusal(nil)
	}
	return f.answerHome(ctx, id, m)
}

// answerHome is for what comes from the household's page.
func (f *Fleet) answerHome(ctx context.Context, id camera.DeviceID, m any) any {
	switch m := m.(type) {
	case camera.PastNotice:
		return refusal(f.facts.Past(ctx, id, m.Cameras))
	case camera.RoadsRequest:
		r := f.facts.Roads(ctx, id, m)
		r.V = camera.LinkVersion
		return r
	case camera.SeenRequest:
		r := f.facts.Seen(ctx, id, m.View)
		r.V = camera.LinkVersion
		return r
	case camera.Receipt:
		r := f.facts.Consent(ctx, id, m)
		r.V = camera.LinkVersion
		return r
	case camera.Answer:
		return refusal(f.facts.Answer(ctx, id, m))
	case camera.SelfTest:
		return refusal(f.facts.SelfTest(ctx, id, m))
	default: // camera.LeaveNotice
		return refusal(f.facts.Leave(ctx, id))
	}
}

// believed looks the device up for every message: a revocation or a quarantine counts
// from the next one on, also when this hub did not make it. The look-up is one
// row by its key; what it is for writes many.
func (f *Fleet) believed(ctx context.Context, id camera.DeviceID) error {
	standing, err := f.standing(ctx, id)
	switch {
	case err != nil:
		f.log.Error("look up device", "device", id, "err", err)
		return camera.Errorf(camera.CodeUnavailable, "the hub cannot look the device up now")
	case standing == camera.CodeQuarantined:
		return camera.Errorf(standing, "two boxes came with this device's identity: join again with a new invitation")
	case standing != "":
		return camera.Errorf(standing, "the device was revoked or has left")
	}
	return nil
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
	case camera.VerbPast:
		return read(payload, checkPast)
	case camera.VerbRoads:
		return read(payload, checkRoads)
	case camera.VerbSeen:
		return read(payload, func(m camera.SeenRequest) error { return m.View.Check() })
	case camera.VerbConsent:
		return read(payload, checkReceipt)
	case camera.VerbAnswer:
		return read(payload, checkAnswer)
	case camera.VerbProbe:
		return read(payload, func(camera.Probe) error { return nil })
	case camera.VerbSelfTest:
		return read(payload, checkSelfTest)
	case camera.VerbLeave:
		return read(payload, func(camera.LeaveNotice) error { return nil })
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
