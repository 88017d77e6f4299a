package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/fleet"
)

var segment = camera.SegmentID{Camera: camera.NewCameraID("h1", "s", 1), Run: "0123456789abcdef", Seq: 3}

func TestVerbs(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	hello := ask[camera.HelloReply](t, a, camera.VerbHello, camera.Hello{V: 1, Version: "v1"})
	if e := next(t, h.facts.calls); hello.V != 1 || e.id != a.id || e.m.(camera.Hello).Version != "v1" {
		t.Fatalf("hello %+v became %+v", hello, e)
	}
	announce := ask[camera.AnnounceReply](t, a, camera.VerbAnnounce, camera.Announce{V: 1, Segments: []camera.Segment{{SegmentID: segment}}})
	if e := next(t, h.facts.calls); announce.V != 1 || announce.RefusedGaps[0].Code != camera.CodeBadClaim || e.m.(camera.Announce).Segments[0].SegmentID != segment {
		t.Fatalf("announce %+v became %+v", announce, e)
	}
	slot := ask[camera.SlotReply](t, a, camera.VerbSlot, camera.SlotRequest{V: 1, SegmentID: segment})
	if e := next(t, h.facts.calls); slot.V != 1 || slot.URL == "" || slot.Header["If-None-Match"] != "*" || e.m != segment {
		t.Fatalf("slot %+v became %+v", slot, e)
	}
	stored := ask[camera.StoredReply](t, a, camera.VerbStored, camera.StoredNotice{V: 1, SegmentID: segment})
	if e := next(t, h.facts.calls); stored.V != 1 || stored.Code != camera.CodeUnknownSegment || e.m != segment {
		t.Fatalf("stored %+v became %+v", stored, e)
	}
	wantCode(t, a, "")
	before := time.Now()
	clock := ask[camera.ClockReply](t, a, camera.VerbClock, camera.ClockProbe{V: 1, Sent: before})
	if clock.V != 1 || clock.Hub.Before(before.Round(0)) || clock.Hub.After(time.Now().Round(0)) {
		t.Fatalf("clock %+v", clock)
	}
}

func TestBadMessages(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	many := camera.Announce{V: 1, Gaps: make([]camera.Gap, camera.AnnounceMost+1)}
	crowd := camera.Hello{V: 1, Cameras: make([]camera.CameraNote, 300)}
	long := camera.Status{V: 1, Cameras: []camera.CameraStatus{{Camera: segment.Camera, Detail: strings.Repeat("x", 201)}}}
	cases := []struct {
		name, verb string
		payload    any
		code       camera.Code
	}{
		{"empty", "status", []byte{}, camera.CodeBadRequest},
		{"no JSON", "hello", []byte("{"), camera.CodeBadRequest},
		{"another form", "announce", []byte(`[1]`), camera.CodeBadRequest},
		{"version a word", "status", []byte(`{"v":"1"}`), camera.CodeBadRequest},
		{"field of another type", "announce", []byte(`{"v":1,"segments":{}}`), camera.CodeBadRequest},
		{"deep", "status", bytes.Repeat([]byte("["), 100_000), camera.CodeBadRequest},
		{"as large as may be", "status", bytes.Repeat([]byte(" "), camera.MessageLargest), camera.CodeBadRequest},
		{"bad hash", "announce", []byte(`{"v":1,"segments":[{"sha256":"zz"}]}`), camera.CodeBadRequest},
		{"no version", "status", []byte(`{}`), camera.CodeBadVersion},
		{"next version", "status", []byte(`{"v":2,"cameras":"another form"}`), camera.CodeBadVersion},
		{"unknown verb", "dance", []byte(`{"v":1}`), camera.CodeBadRequest},
		{"too many gaps", "announce", many, camera.CodeTooLarge},
		{"too many cameras", "hello", crowd, camera.CodeTooLarge},
		{"no segment", "slot", []byte(`{"v":1}`), camera.CodeBadRequest},
		{"bad segment", "stored", []byte(`{"v":1,"camera":"../x","run":"0123456789abcdef"}`), camera.CodeBadRequest},
		{"long detail", "status", long, camera.CodeBadRequest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := ask[camera.Ack](t, a, c.verb, c.payload)
			if r.Code != c.code || r.V != camera.LinkVersion || r.Message == "" || len(r.Message) > 200 {
				t.Fatalf("%+v, want %s", r, c.code)
			}
		})
	}
	if len(h.facts.calls) != 0 {
		t.Fatalf("a bad message went through: %+v", <-h.facts.calls)
	}
	wantCode(t, a, "") // the connection lives
}

func TestOversize(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	if a.MaxPayload() != camera.MessageLargest {
		t.Fatalf("server takes %d bytes", a.MaxPayload())
	}
	err := a.Publish(camera.UpSubject(a.id, "status"), make([]byte, camera.MessageLargest+1))
	if !errors.Is(err, nats.ErrMaxPayload) {
		t.Fatalf("%v", err)
	}
	wantCode(t, a, "")
}

func TestHandlerErrors(t *testing.T) {
	f := newFacts()
	f.status = func(context.Context, camera.DeviceID, camera.Status) error {
		return fmt.Errorf("open the secret database")
	}
	f.hello = func(camera.DeviceID, camera.Hello) camera.HelloReply { panic("one agent's message") }
	h := start(t, f, fleet.Config{}, time.Now)
	a, _ := h.join(t)
	r := ask[camera.Ack](t, a, camera.VerbStatus, status())
	if r.Code != camera.CodeInternal || strings.Contains(r.Message, "secret") {
		t.Fatalf("%+v", r)
	}
	hello := ask[camera.HelloReply](t, a, camera.VerbHello, camera.Hello{V: 1})
	if hello.Code != camera.CodeInternal || !strings.Contains(h.log.String(), "panicked") {
		t.Fatalf("%+v", hello)
	}
	wantCode(t, a, camera.CodeInternal)
}

// TestRateLimit has a clock that stands still: what is spent is spent.
func TestRateLimit(t *testing.T) {
	at := time.Now()
	h := start(t, newFacts(), fleet.Config{Rate: 1, Burst: 20}, func() time.Time { return at })
	a, key := h.join(t)
	for range 20 {
		wantCode(t, a, "")
	}
	wantCode(t, a, camera.CodeTooMany)
	other, _ := h.join(t)
	wantCode(t, other, "")
	large := bytes.Repeat([]byte(" "), 700<<10) // costs 11
	if r := ask[camera.Ack](t, other, "status", large); r.Code != camera.CodeBadRequest {
		t.Fatalf("first large message: %+v", r)
	}
	if r := ask[camera.Ack](t, other, "status", large); r.Code != camera.CodeTooMany {
		t.Fatalf("second large message: %+v", r)
	}
	a.Close()
	h.wantEvents(t, a.id, "unlinked")
	again, err := h.dial(key, a.id)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	wantCode(t, again, camera.CodeTooMany) // a new link buys nothing
}

// TestOneCannotStarveOthers blocks every worker of one device.
func TestOneCannotStarveOthers(t *testing.T) {
	f := newFacts()
	var blocked camera.DeviceID
	release := make(chan struct{})
	f.status = func(ctx context.Context, id camera.DeviceID, _ camera.Status) error {
		if id == blocked {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return nil
	}
	h := start(t, f, fleet.Config{}, time.Now)
	key, id := newKey(t)
	blocked = id
	h.devices.set(id, true)
	a, err := h.dial(key, id)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	h.wantEvents(t, id, "linked")
	inbox := a.NewInbox()
	sub, err := a.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	const most = fleet.WorkersEach + fleet.WaitingMost
	for range most + 5 {
		if err := a.PublishRequest(camera.UpSubject(id, "status"), inbox, []byte(`{"v":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	codes := func(n int) (ok, tooMany int) {
		for range n {
			m, err := sub.NextMsg(soon)
			if err != nil {
				t.Fatal(err)
			}
			var r camera.Ack
			if err := json.Unmarshal(m.Data, &r); err != nil {
				t.Fatal(err)
			}
			switch r.Code {
			case "":
				ok++
			case camera.CodeTooMany:
				tooMany++
			}
		}
		return ok, tooMany
	}
	if ok, tooMany := codes(5); ok != 0 || tooMany != 5 {
		t.Fatalf("%d answered, %d refused while blocked", ok, tooMany)
	}
	other, _ := h.join(t)
	wantCode(t, other, "")
	close(release)
	if ok, tooMany := codes(most); ok != most || tooMany != 0 {
		t.Fatalf("%d answered, %d refused after that", ok, tooMany)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("hello", []byte(`{"v":1,"cameras":[{"camera":"c","view":{}}]}`))
	f.Add("announce", []byte(`{"v":1,"segments":[{"media":6000,"sha256":"00"}],"gaps":[{"start":"2026-11-22T00:00:00Z"}]}`))
	f.Add("slot", []byte(`{"v":1,"camera":"caaaaaaaaaaaaaaaa","run":"0123456789abcdef","seq":4294967296}`))
	f.Add("status", []byte(`{"v":1,"cameras":[{"camera":"caaaaaaaaaaaaaaaa"}]}`))
	f.Add("clock", []byte(`{"v":1,"sent":"2026-11-22T00:00:00+07:00"}`))
	f.Fuzz(func(t *testing.T, verb string, payload []byte) {
		m, err := fleet.Decode(verb, payload)
		if (m == nil) == (err == nil) {
			t.Fatalf("%v and %v", m, err)
		}
		if err != nil {
			if code := camera.CodeOf(err); code == camera.CodeInternal || len(err.Error()) > 200 {
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
