package registry_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/registry"
)

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// hub is a registry on a real file with a clock that tests move.
type hub struct {
	*registry.Registry
	db    *db.DB
	mu    sync.Mutex
	clock time.Time
}

func (h *hub) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *hub) wait(d time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
	return h.clock
}

func open(t *testing.T) *hub {
	t.Helper()
	d := dbtest.Open(t)
	h := &hub{db: d, clock: start}
	h.Registry = registry.New(d, h.now)
	return h
}

// key is a device's key pair.
type key struct {
	nkeys.KeyPair
	id camera.DeviceID
}

func newKey(t *testing.T) key {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key{pair, camera.DeviceID(public)}
}

func (k key) request(code string) camera.EnrolRequest {
	signature, err := k.Sign(camera.EnrolPayload(code, k.id))
	if err != nil {
		panic(err)
	}
	return camera.EnrolRequest{Code: code, Device: k.id, Name: "hộp sau nhà", Signature: base64.StdEncoding.EncodeToString(signature)}
}

func (h *hub) household(t *testing.T) camera.HouseholdID {
	t.Helper()
	home, err := h.CreateHousehold(t.Context(), "Nhà số 1", nil)
	if err != nil {
		t.Fatal(err)
	}
	return home.ID
}

func (h *hub) invite(t *testing.T, home camera.HouseholdID) string {
	t.Helper()
	made, err := h.Invite(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	return camera.Invitation{Secret: made.Secret}.Code()
}

func (h *hub) device(t *testing.T, home camera.HouseholdID) camera.DeviceID {
	t.Helper()
	k := newKey(t)
	if _, err := h.Enrol(t.Context(), k.request(h.invite(t, home))); err != nil {
		t.Fatal(err)
	}
	return k.id
}

func note(home camera.HouseholdID, channel int) camera.CameraNote {
	return camera.CameraNote{
		Camera: camera.NewCameraID(home, "SN-1", channel), Serial: "SN-1", Channel: channel, Label: fmt.Sprintf("Cổng %03d", channel),
		Consent: camera.Consent{Level: camera.ConsentClip},
		View:    camera.View{Position: camera.Position{Lon: 106.5, Lat: 22}, Heading: 90, FOV: 80, Range: 40},
	}
}

func hello(notes ...camera.CameraNote) camera.Hello {
	return camera.Hello{V: camera.LinkVersion, Version: "1.0", Cameras: notes}
}

func (h *hub) hello(t *testing.T, d camera.DeviceID, notes ...camera.CameraNote) {
	t.Helper()
	reply, _ := h.Hello(t.Context(), d, hello(notes...))
	if reply.Err() != nil || len(reply.Refused) > 0 {
		t.Fatalf("hello refused: %+v", reply)
	}
}

func want(t *testing.T, what string, err error, code camera.Code) {
	t.Helper()
	if got := camera.CodeOf(err); got != code {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, code)
	}
}

func TestHouseholdLabels(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		label string
		code  camera.Code
	}{
		{"Nhà bác Ba", ""}, {"", camera.CodeBadRequest}, {" \t", camera.CodeBadRequest},
		{strings.Repeat("ắ", 200), ""}, {strings.Repeat("a", 201), camera.CodeBadRequest}, {"\xff", camera.CodeBadRequest},
	} {
		_, err := h.CreateHousehold(t.Context(), c.label, nil)
		want(t, fmt.Sprintf("label %.20q", c.label), err, c.code)
	}
}

func TestOneInvitationHundredRacers(t *testing.T) {
	h := open(t)
	home := h.household(t)
	code := h.invite(t, home)
	const racers = 100
	replies, errs := make([]camera.EnrolReply, racers), make([]error, racers)
	requests := make([]camera.EnrolRequest, racers)
	for i := range racers {
		requests[i] = newKey(t).request(code)
	}
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-begin
			replies[i], errs[i] = h.Enrol(t.Context(), requests[i])
		})
	}
	close(begin)
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if replies[i].Household != home || replies[i].Label != "Nhà số 1" {
				t.Errorf("winner heard %+v", replies[i])
			}
			continue
		}
		want(t, "loser", err, camera.CodeUsedCode)
	}
	if won != 1 {
		t.Errorf("%d racers won, want exactly one", won)
	}
	list, err := h.Households(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Devices) != 1 {
		t.Errorf("households %+v, %v: want one with one device", list, err)
	}
}

func TestEnrolRefusals(t *testing.T) {
	h := open(t)
	home := h.household(t)
	other := h.household(t)
	code := h.invite(t, home)
	k, stranger := newKey(t), newKey(t)
	with := func(change func(*camera.EnrolRequest)) camera.EnrolRequest {
		r := k.request(code)
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		req  camera.EnrolRequest
		code camera.Code
	}{
		"unknown code":        {k.request("AAAA-BBBB"), camera.CodeUsedCode},
		"empty code":          {k.request(""), camera.CodeUsedCode},
		"somebody else's key": {with(func(r *camera.EnrolRequest) { r.Device = stranger.id }), camera.CodeForbidden},
		"no signature":        {with(func(r *camera.EnrolRequest) { r.Signature = "" }), camera.CodeForbidden},
		"not base64":          {with(func(r *camera.EnrolRequest) { r.Signature = "%%%" }), camera.CodeBadRequest},
		"signed another code": {with(func(r *camera.EnrolRequest) { r.Signature = k.request("X").Signature }), camera.CodeForbidden},
		"no key at all":       {with(func(r *camera.EnrolRequest) { r.Device = "Uabc" }), camera.CodeBadRequest},
		"long name":           {with(func(r *camera.EnrolRequest) { r.Name = strings.Repeat("n", 201) }), camera.CodeTooLarge},
	} {
		_, err := h.Enrol(t.Context(), c.req)
		want(t, name, err, c.code)
	}
	// None of these used the code up; a person may type it in his own way.
	if _, err := h.Enrol(t.Context(), k.request(" "+strings.ToLower(strings.ReplaceAll(code, "-", " ")))); err != nil {
		t.Errorf("good request after the bad ones: %v", err)
	}
	if _, err := h.Enrol(t.Context(), k.request(code)); err != nil {
		t.Errorf("the winner asked again: %v", err)
	}
	_, err := h.Enrol(t.Context(), stranger.request(code))
	want(t, "used code", err, camera.CodeUsedCode)
	_, err = h.Enrol(t.Context(), k.request(h.invite(t, other)))
	want(t, "device of another household", err, camera.CodeConflict)

	late := h.invite(t, home)
	h.wait(registry.InvitationLife)
	_, err = h.Enrol(t.Context(), stranger.request(late))
	want(t, "late code", err, camera.CodeUsedCode)
	_, err = h.Enrol(t.Context(), k.request(code))
	want(t, "the winner after the code's end", err, camera.CodeUsedCode)
	_, err = h.Invite(t.Context(), "hnobody")
	want(t, "invitation of nobody", err, camera.CodeNotFound)
}

func TestRevoke(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	k := newKey(t)
	if _, err := h.Enrol(ctx, k.request(h.invite(t, home))); err != nil {
		t.Fatal(err)
	}
	h.hello(t, k.id, note(home, 1))
	if got, standing, err := h.Device(ctx, k.id); got != home || standing != "" || err != nil {
		t.Errorf("device: %v %q %v", got, standing, err)
	}
	if err := h.Linked(ctx, k.id, h.now()); err != nil {
		t.Fatal(err)
	}
	h.wait(time.Minute)
	for range 2 {
		if err := h.Revoke(ctx, k.id); err != nil {
			t.Fatal(err)
		}
	}
	if _, standing, err := h.Device(ctx, k.id); standing != camera.CodeForbidden || err != nil {
		t.Errorf("revoked device: %q %v", standing, err)
	}
	want(t, "hello", refused(h.Hello(ctx, k.id, hello(note(home, 1)))), camera.CodeForbidden)
	want(t, "status", h.SetStatus(ctx, k.id, camera.Status{V: camera.LinkVersion}), camera.CodeForbidden)
	want(t, "link", h.Linked(ctx, k.id, h.now()), camera.CodeForbidden)
	want(t, "revoke nobody", h.Revoke(ctx, "Unobody"), camera.CodeNotFound)
	_, err := h.Enrol(ctx, k.request(h.invite(t, home)))
	want(t, "enrol again", err, camera.CodeForbidden)
	c, err := h.Camera(ctx, note(home, 1).Camera)
	if err != nil || c.Shared {
		t.Errorf("camera of a revoked device: %+v, %v", c, err)
	}
	if p, err := h.Presence(ctx, k.id, start, start.Add(time.Hour)); err != nil || len(p) != 1 || p[0].To != start.Add(time.Minute) {
		t.Errorf("presence %v, %v", p, err)
	}
	// The household's next box takes its cameras over, with their past.
	next := h.device(t, home)
	h.hello(t, next, note(home, 1))
	c, err = h.Camera(ctx, note(home, 1).Camera)
	if err != nil || !c.Shared || c.Device != next || c.Registered != start || c.View.From != start {
		t.Errorf("camera after the change of boxes: %+v, %v", c, err)
	}
}

func TestHouseholdsHoldDevicesAndCameras(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	h.hello(t, d, note(home, 2), note(home, 1))
	list, err := h.Households(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Devices) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	got := list[0].Devices[0]
	if got.ID != d || got.Household != home || got.Name != "hộp sau nhà" || got.Revoked || got.Left || got.Quarantined || got.SelfTest != nil ||
		got.LastSeen != start || got.Enrolled != start || got.Version != "1.0" {
		t.Errorf("device %+v", got)
	}
	if len(got.Cameras) != 2 || got.Cameras[0].Label != "Cổng 001" || got.Cameras[1].Label != "Cổng 002" {
		t.Errorf("cameras %+v", got.Cameras)
	}
}

// refused is the refusal of a whole hello.
func refused(r camera.HelloReply, _ error) error { return r.Err() }

func TestHelloTellsTheHubWhatFailed(t *testing.T) {
	h := open(t)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	reply, err := h.Hello(t.Context(), newKey(t).id, hello())
	if err == nil || reply.Code != camera.CodeInternal || strings.Contains(reply.Message, "database") {
		t.Errorf("%v, %+v", err, reply)
	}
}
