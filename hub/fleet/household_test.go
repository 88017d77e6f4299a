package fleet_test

import (
	"encoding/json"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

// TestVerbsOfTheHousehold: what comes from its page reaches the hub as it was said.
func TestVerbsOfTheHousehold(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	messages := asked()
	heard := func(what string) any {
		t.Helper()
		e := next(t, h.facts.calls)
		if e.what != what || e.id != a.id {
			t.Fatalf("%s became %+v", what, e)
		}
		return e.m
	}
	same := func(what string, got, sent any) {
		t.Helper()
		g, gotErr := json.Marshal(got)
		s, sentErr := json.Marshal(sent)
		if gotErr != nil || sentErr != nil || string(g) != string(s) {
			t.Errorf("%s: heard %s, sent %s", what, g, s)
		}
	}
	if r := ask[camera.Ack](t, a, camera.VerbPast, messages[camera.VerbPast]); r.Code != "" || r.V != camera.LinkVersion {
		t.Errorf("past: %+v", r)
	}
	same("past", heard("past"), messages[camera.VerbPast].(camera.PastNotice).Cameras)
	if r := ask[camera.RoadsReply](t, a, camera.VerbRoads, messages[camera.VerbRoads]); r.V != camera.LinkVersion || !r.Sketch || len(r.Roads) != 1 {
		t.Errorf("roads: %+v", r)
	}
	same("roads", heard("roads"), messages[camera.VerbRoads])
	if r := ask[camera.SeenReply](t, a, camera.VerbSeen, messages[camera.VerbSeen]); r.V != camera.LinkVersion || len(r.Sights) != 1 || r.Sights[0].Metres != 40 {
		t.Errorf("seen: %+v", r)
	}
	same("seen", heard("seen"), messages[camera.VerbSeen].(camera.SeenRequest).View)
	if r := ask[camera.ReceiptReply](t, a, camera.VerbConsent, messages[camera.VerbConsent]); r.V != camera.LinkVersion || r.Number != "ABCD-EFGH-JKLM" || r.At.IsZero() {
		t.Errorf("consent: %+v", r)
	}
	same("consent", heard("consent"), messages[camera.VerbConsent])
	if r := ask[camera.Ack](t, a, camera.VerbAnswer, messages[camera.VerbAnswer]); r.V != camera.LinkVersion || r.Code != camera.CodeNotFound {
		t.Errorf("answer: %+v", r)
	}
	same("answer", heard("answer"), messages[camera.VerbAnswer])
	if r := ask[camera.Ack](t, a, camera.VerbSelfTest, messages[camera.VerbSelfTest]); r.Code != "" {
		t.Errorf("self-test: %+v", r)
	}
	same("self-test", heard("selftest"), messages[camera.VerbSelfTest])
	if r := ask[camera.Ack](t, a, camera.VerbLeave, messages[camera.VerbLeave]); r.Code != "" {
		t.Errorf("leave: %+v", r)
	}
	heard("leave")
}

// TestHouseholdBounds: what makes no sense is refused where it comes in.
func TestHouseholdBounds(t *testing.T) {
	beyond := time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600))
	long := string(make([]byte, 201))
	tooFar := camera.Position{Lon: 200}
	for name, c := range map[string]struct {
		verb   string
		change func(map[string]any)
		code   camera.Code
	}{
		"past of no camera":      {camera.VerbPast, edit(func(m *camera.PastNotice) { m.Cameras[0].Camera = camera.CameraID(long) }), camera.CodeBadClaim},
		"past backwards":         {camera.VerbPast, edit(func(m *camera.PastNotice) { m.Cameras[0].Spans[0].To = m.Cameras[0].Spans[0].From }), camera.CodeBadClaim},
		"past beyond":            {camera.VerbPast, edit(func(m *camera.PastNotice) { m.Cameras[0].Spans[0].To = beyond }), camera.CodeBadClaim},
		"past asked beyond":      {camera.VerbPast, edit(func(m *camera.PastNotice) { m.Cameras[0].At = beyond }), camera.CodeBadClaim},
		"past of many cameras":   {camera.VerbPast, edit(func(m *camera.PastNotice) { m.Cameras = make([]camera.CameraPast, 257) }), camera.CodeTooLarge},
		"map of nowhere":         {camera.VerbRoads, edit(func(m *camera.RoadsRequest) { m.Near = &tooFar }), camera.CodeBadRequest},
		"map of a country":       {camera.VerbRoads, edit(func(m *camera.RoadsRequest) { m.Radius = camera.RoadsRadius + 1 }), camera.CodeBadRequest},
		"map of less than none":  {camera.VerbRoads, edit(func(m *camera.RoadsRequest) { m.Radius = -1 }), camera.CodeBadRequest},
		"view that is none":      {camera.VerbSeen, edit(func(m *camera.SeenRequest) { m.View.FOV = 200 }), camera.CodeBadRequest},
		"receipt not signed":     {camera.VerbConsent, edit(func(m *camera.Receipt) { m.Signature = camera.Signature{} }), camera.CodeBadClaim},
		"receipt for ever":       {camera.VerbConsent, edit(func(m *camera.Receipt) { m.Consent.Until = beyond }), camera.CodeBadClaim},
		"receipt in no language": {camera.VerbConsent, edit(func(m *camera.Receipt) { m.Language = "xx" }), camera.CodeBadClaim},
		"answer to nothing":      {camera.VerbAnswer, edit(func(m *camera.Answer) { m.Want = "" }), camera.CodeBadRequest},
		"answer to a novel":      {camera.VerbAnswer, edit(func(m *camera.Answer) { m.Want = long }), camera.CodeBadRequest},
		"answer not signed":      {camera.VerbAnswer, edit(func(m *camera.Answer) { m.Signature = camera.Signature{} }), camera.CodeBadRequest},
		"test of many lines":     {camera.VerbSelfTest, edit(func(m *camera.SelfTest) { m.Lines = make([]camera.TestLine, camera.TestsMost+1) }), camera.CodeTooLarge},
		"test with a novel":      {camera.VerbSelfTest, edit(func(m *camera.SelfTest) { m.Lines[0].Fix = long }), camera.CodeBadRequest},
		"test beyond":            {camera.VerbSelfTest, edit(func(m *camera.SelfTest) { m.At = beyond }), camera.CodeBadRequest},
		"test off the scale":     {camera.VerbSelfTest, edit(func(m *camera.SelfTest) { m.Lines[0].Number = -1e300 }), camera.CodeBadRequest},
		"leave of another time":  {camera.VerbLeave, edit(func(m *camera.LeaveNotice) { m.V = 1 }), camera.CodeBadVersion},
		"aim beyond": {camera.VerbStatus, edit(func(m *camera.Status) {
			m.Cameras = []camera.CameraStatus{{Camera: segment.Camera, Aim: camera.Aim{State: camera.AimSame, At: beyond}}}
		}), camera.CodeBadRequest},
	} {
		messages := asked()
		good, err := json.Marshal(messages[c.verb])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fleet.Decode(c.verb, good); err != nil {
			t.Errorf("%s before the change: %v", c.verb, err)
		}
		c.change(messages)
		payload, err := json.Marshal(messages[c.verb])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := fleet.Decode(c.verb, payload); camera.CodeOf(err) != c.code || len(err.Error()) > 200 {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// edit changes the one message of its kind.
func edit[M any](change func(*M)) func(map[string]any) {
	return func(all map[string]any) {
		for verb, m := range all {
			if m, ok := m.(M); ok {
				change(&m)
				all[verb] = m
			}
		}
	}
}
