package fleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

// devices is the register of enrolled devices.
type devices struct {
	mu     sync.Mutex
	stands map[camera.DeviceID]camera.Code // CodeForbidden for those that are not in it
	broken error
}

func (d *devices) Device(_ context.Context, id camera.DeviceID) (camera.HouseholdID, camera.Code, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	standing, ok := d.stands[id]
	if !ok {
		standing = camera.CodeForbidden
	}
	return "h1", standing, d.broken
}

func (d *devices) set(id camera.DeviceID, standing camera.Code) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stands[id] = standing
}

func (d *devices) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// asked are good messages, one of each verb.
func asked() map[string]any {
	cam := segment.Camera
	noon := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	view := camera.View{Position: camera.Position{Lon: 106.7, Lat: 21.97}, Heading: 90, FOV: 80, Range: 40}
	v := camera.LinkVersion
	return map[string]any{
		camera.VerbHello:    camera.Hello{V: v, Boot: "0123456789abcdef"},
		camera.VerbAnnounce: camera.Announce{V: v, Segments: []camera.Segment{{SegmentID: segment}}},
		camera.VerbSlots:    camera.SlotsRequest{V: v, Segments: []camera.SegmentID{segment}},
		camera.VerbStored:   camera.StoredNotice{V: v, Segments: []camera.SegmentID{segment}},
		camera.VerbWants:    camera.WantsRequest{V: v},
		camera.VerbStatus:   status(),
		camera.VerbClock:    camera.ClockProbe{V: v, Sent: noon},
		camera.VerbPast: camera.PastNotice{V: v, Cameras: []camera.CameraPast{{
			Camera: cam, At: noon, Spans: []camera.Interval{{From: noon.Add(-6 * time.Hour), To: noon}}, Offset: camera.Millis(-7 * time.Minute), Bound: camera.Millis(time.Second),
		}}},
		camera.VerbRoads: camera.RoadsRequest{V: v, Near: &view.Position, Radius: camera.RoadsRadius},
		camera.VerbSeen:  camera.SeenRequest{V: v, View: view},
		camera.VerbConsent: camera.Receipt{
			V: v, Camera: cam, Consent: camera.Consent{Level: camera.ConsentAsk}, Text: "vi-1", TextHash: camera.Hash{1},
			Language: "vi", Method: "household-page", At: noon, Signature: camera.Signature{2},
		},
		camera.VerbAnswer:   camera.Answer{V: v, Want: "w1", Granted: true, At: noon, Signature: camera.Signature{3}},
		camera.VerbProbe:    camera.Probe{V: v, Data: []byte{1, 2, 3}},
		camera.VerbSelfTest: camera.SelfTest{V: v, At: noon, Lines: []camera.TestLine{{Name: camera.TestUplink, OK: true, Number: 250_000}}},
		camera.VerbLeave:    camera.LeaveNotice{V: v},
	}
}

// TestQuarantinedSaysHelloOnly: it links, and whatever it says but hello comes to
// nobody. Footage that it announces is not believed.
func TestQuarantinedSaysHelloOnly(t *testing.T) {
	f := newFacts()
	f.hello = func(camera.DeviceID, camera.Hello) camera.HelloReply {
		return camera.HelloReply{Refusal: camera.Refusal{Code: camera.CodeQuarantined, Message: "two boxes"}}
	}
	h := start(t, f, fleet.Config{}, time.Now)
	key, id := newKey(t)
	h.devices.set(id, camera.CodeQuarantined)
	a, err := h.dial(key, id)
	if err != nil {
		t.Fatalf("it cannot link to be told: %v", err)
	}
	t.Cleanup(a.Close)
	h.wantEvents(t, id, "linked")
	for verb, m := range asked() {
		r := ask[camera.Ack](t, a, verb, m)
		if r.Code != camera.CodeQuarantined || r.V != camera.LinkVersion || r.Message == "" {
			t.Errorf("%s: %+v", verb, r)
		}
	}
	if e := next(t, f.calls); e.what != "hello" || len(f.calls) != 0 {
		t.Errorf("%+v went through, and %d more", e, len(f.calls))
	}
	for what, err := range map[string]error{
		"live": h.Live(t.Context(), id, camera.LiveCommand{}),
		"look": h.Look(t.Context(), id),
	} {
		if camera.CodeOf(err) != camera.CodeQuarantined {
			t.Errorf("%s of a box that is not believed: %v", what, err)
		}
	}
}

// TestStandingCountsAtOnce: what becomes of a device while it is linked counts from
// its next message on, before anybody cuts the link.
func TestStandingCountsAtOnce(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	other, _ := h.join(t)
	for _, standing := range []camera.Code{"", camera.CodeQuarantined, "", camera.CodeForbidden} {
		h.devices.set(a.id, standing)
		wantCode(t, a, standing)
		wantCode(t, other, "")
	}
	h.devices.fail(errors.New("the secret database is locked"))
	wantCode(t, other, camera.CodeUnavailable)
	if err := h.Look(t.Context(), other.id); camera.CodeOf(err) != camera.CodeInternal {
		t.Errorf("look: %v", err)
	}
	h.devices.fail(nil)
	wantCode(t, other, "")
}

// TestRecheck: nobody called Drop.
func TestRecheck(t *testing.T) {
	h := prepare(t, newFacts(), fleet.Config{}, time.Now)
	tick := make(chan time.Time)
	h.RecheckOn(tick)
	h.serve(t)
	closed := make(chan struct{})
	gone, key := h.join(t, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	doubled, _ := h.join(t)
	fine, _ := h.join(t)
	h.devices.set(gone.id, camera.CodeForbidden)
	h.devices.set(doubled.id, camera.CodeQuarantined)
	again := func() { // the second is taken when the round of the first is over
		tick <- time.Now()
		tick <- time.Now()
	}
	h.devices.fail(errors.New("locked"))
	again()
	for _, id := range []camera.DeviceID{gone.id, doubled.id, fine.id} {
		if !h.Linked(id) {
			t.Errorf("%s was cut though nobody knows how it stands", id)
		}
	}
	h.devices.fail(nil)
	again()
	next(t, closed)
	h.wantEvents(t, gone.id, "unlinked")
	if h.Linked(gone.id) || !h.Linked(doubled.id) || !h.Linked(fine.id) {
		t.Error("not exactly the revoked one was cut")
	}
	if _, err := h.dial(key, gone.id); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("it came back: %v", err)
	}
}

// TestNotNowIsNoRefusal: an agent takes "Authorization Violation" for the word that
// it was revoked. A hub that cannot tell does not say so.
func TestNotNowIsNoRefusal(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	key, id := newKey(t)
	h.devices.set(id, "")
	h.devices.fail(errors.New("locked"))
	if a, err := h.dial(key, id); err == nil {
		a.Close()
		t.Error("let in")
	} else if errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("refused for good: %v", err)
	}
	h.devices.fail(nil)
	a, err := h.dial(key, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	h.wantEvents(t, id, "linked")
	wantCode(t, a, "")
}

func TestCost(t *testing.T) {
	probe, err := json.Marshal(camera.Probe{V: camera.LinkVersion, Data: make([]byte, 512<<10)})
	if err != nil {
		t.Fatal(err)
	}
	if len(probe) > camera.MessageLargest || 8*fleet.Cost(camera.VerbProbe, len(probe)) > fleet.DefaultBurst {
		t.Errorf("a probe of %d bytes costs %d", len(probe), fleet.Cost(camera.VerbProbe, len(probe)))
	}
	for verb := range asked() {
		if c := fleet.Cost(verb, 0); c < 1 || c > fleet.DefaultBurst/10 {
			t.Errorf("%s costs %d", verb, c)
		}
	}
	if fleet.Cost(camera.VerbConsent, 300) <= fleet.Cost(camera.VerbStatus, 300) {
		t.Error("agreeing is as cheap as a status")
	}
}

// TestProbe sends what an agent's self-test sends, all at once.
func TestProbe(t *testing.T) {
	at := time.Now()
	h := start(t, newFacts(), fleet.Config{}, func() time.Time { return at })
	a, _ := h.join(t)
	sub, err := a.SubscribeSync(a.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(camera.Probe{V: camera.LinkVersion, Data: make([]byte, 512<<10)})
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if err := a.PublishRequest(camera.UpSubject(a.id, camera.VerbProbe), sub.Subject, payload); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		m, err := sub.NextMsg(soon)
		if err != nil {
			t.Fatal(err)
		}
		var r camera.Ack
		if err := json.Unmarshal(m.Data, &r); err != nil || r.Code != "" {
			t.Errorf("%s, %v", m.Data, err)
		}
	}
	if len(h.facts.calls) != 0 {
		t.Error("a probe is a fact")
	}
}

// TestEarlierRunIsNotHeardLater: what waits from a link that was replaced is not
// worked on; the hello of a program's earlier run would look like a second box.
func TestEarlierRunIsNotHeardLater(t *testing.T) {
	f := newFacts()
	release := make(chan struct{})
	f.status = func(ctx context.Context, _ camera.DeviceID, _ camera.Status) error {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	}
	h := start(t, f, fleet.Config{}, time.Now)
	other, _ := h.join(t)
	old, key := h.join(t)
	send := func(a *agent, verb string, m any) {
		t.Helper()
		payload, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.PublishRequest(camera.UpSubject(a.id, verb), a.NewInbox(), payload); err != nil {
			t.Fatal(err)
		}
	}
	for range fleet.WorkersEach {
		send(old, camera.VerbStatus, status())
		next(t, f.calls)
	}
	send(old, camera.VerbHello, camera.Hello{V: camera.LinkVersion, Boot: "the-earlier-run"})
	if err := old.Flush(); err != nil {
		t.Fatal(err)
	}
	ask[camera.ClockReply](t, other, camera.VerbClock, camera.ClockProbe{V: camera.LinkVersion}) // the hub has taken what came before
	newer, err := h.dial(key, old.id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(newer.Close)
	h.wantEvents(t, old.id, "unlinked", "linked")
	close(release)
	ask[camera.HelloReply](t, newer, camera.VerbHello, camera.Hello{V: camera.LinkVersion, Boot: "the-newer-run"})
	if e := next(t, f.calls); e.what != "hello" || e.m.(camera.Hello).Boot != "the-newer-run" || len(f.calls) != 0 {
		t.Errorf("heard %+v, and %d more", e, len(f.calls))
	}
}

// TestPastsAreDear: a notice of all that fits into a message is thousands of rows in the
// one database. A household's own, even of a large recorder, is a small message.
func TestPastsAreDear(t *testing.T) {
	span := len(`{"from":"2026-11-22T05:00:00Z","to":"2026-11-22T05:00:00Z"},`)
	if c := fleet.Cost(camera.VerbPast, camera.MessageLargest); c < fleet.DefaultRate {
		t.Errorf("one of %d bytes costs %d: more than one a second", camera.MessageLargest, c)
	}
	if c := fleet.Cost(camera.VerbPast, 16*20*span); c > 20 {
		t.Errorf("one of 16 cameras with 20 spans costs %d", c)
	}
}
