package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	hello := ask[camera.HelloReply](t, a, camera.VerbHello, camera.Hello{V: camera.LinkVersion, Version: "v1"})
	if e := next(t, h.facts.calls); hello.V != camera.LinkVersion || e.id != a.id || e.m.(camera.Hello).Version != "v1" {
		t.Fatalf("hello %+v became %+v", hello, e)
	}
	announce := ask[camera.AnnounceReply](t, a, camera.VerbAnnounce, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{{SegmentID: segment}}})
	if e := next(t, h.facts.calls); announce.V != camera.LinkVersion || announce.RefusedGaps[0].Code != camera.CodeBadClaim || e.m.(camera.Announce).Segments[0].SegmentID != segment {
		t.Fatalf("announce %+v became %+v", announce, e)
	}
	other := segment
	other.Seq++
	names := []camera.SegmentID{segment, other, segment}
	slots := ask[camera.SlotsReply](t, a, camera.VerbSlots, camera.SlotsRequest{V: camera.LinkVersion, Segments: names})
	if e := next(t, h.facts.calls); slots.V != camera.LinkVersion || len(slots.Slots) != 3 || slots.Slots[0].Header["If-None-Match"] != "*" ||
		!slots.Slots[1].Stored || slots.Slots[2].Code != camera.CodeNoConsent || !slices.Equal(e.m.([]camera.SegmentID), names) {
		t.Fatalf("slots %+v became %+v", slots, e)
	}
	stored := ask[camera.StoredReply](t, a, camera.VerbStored, camera.StoredNotice{V: camera.LinkVersion, Segments: names})
	if e := next(t, h.facts.calls); stored.V != camera.LinkVersion || stored.Refused[1].Code != camera.CodeUnknownSegment || !slices.Equal(e.m.([]camera.SegmentID), names) {
		t.Fatalf("stored %+v became %+v", stored, e)
	}
	wantCode(t, a, "")
	before := time.Now()
	clock := ask[camera.ClockReply](t, a, camera.VerbClock, camera.ClockProbe{V: camera.LinkVersion, Sent: before})
	if clock.V != camera.LinkVersion || clock.Hub.Before(before.Round(0)) || clock.Hub.After(time.Now().Round(0)) {
		t.Fatalf("clock %+v", clock)
	}
}

// TestWants: a device hears of all its wants or, when they are too many, of none:
// a part of them would make it let go of the rest.
func TestWants(t *testing.T) {
	for n, code := range map[int]camera.Code{0: "", camera.WantsMost: "", camera.WantsMost + 1: camera.CodeTooLarge} {
		f := newFacts()
		for i := range n {
			f.wants = append(f.wants, camera.Want{Camera: segment.Camera, From: time.UnixMilli(int64(i)).UTC(), To: time.UnixMilli(int64(i + 1)).UTC(), Fetch: true})
		}
		h := start(t, f, fleet.Config{}, time.Now)
		a, _ := h.join(t)
		got := ask[camera.WantsReply](t, a, camera.VerbWants, camera.WantsRequest{V: camera.LinkVersion})
		if e := next(t, h.facts.calls); e.what != "wants" || e.id != a.id || got.V != camera.LinkVersion || got.Code != code {
			t.Errorf("%d wants: %+v, %q %s", n, e, got.Code, got.Message)
		}
		if code == "" && !slices.Equal(got.Wants, f.wants) || code != "" && len(got.Wants) > 0 {
			t.Errorf("%d wants became %d", n, len(got.Wants))
		}
	}
}

func TestBadMessages(t *testing.T) {
	h := start(t, newFacts(), fleet.Config{}, time.Now)
	a, _ := h.join(t)
	many := camera.Announce{V: camera.LinkVersion, Gaps: make([]camera.Gap, camera.AnnounceMost+1)}
	crowd := camera.Hello{V: camera.LinkVersion, Cameras: make([]camera.CameraNote, 300)}
	long := camera.Status{V: camera.LinkVersion, Cameras: []camera.CameraStatus{{Camera: segment.Camera, Detail: strings.Repeat("x", 201)}}}
	crowded := camera.SlotsRequest{V: camera.LinkVersion, Segments: slices.Repeat([]camera.SegmentID{segment}, camera.SlotsMost+1)}
	short := segment
	short.Run = "0123"
	second := camera.StoredNotice{V: camera.LinkVersion, Segments: []camera.SegmentID{segment, short}}
	cases := []struct {
		name, verb string
		payload    any
		code       camera.Code
	}{
		{"empty", "status", []byte{}, camera.CodeBadRequest},
		{"no JSON", "hello", []byte("{"), camera.CodeBadRequest},
		{"another form", "announce", []byte(`[1]`), camera.CodeBadRequest},
		{"version a word", "status", []byte(`{"v":"1"}`), camera.CodeBadRequest},
		{"field of another type", "announce", []byte(`{"v":2,"segments":{}}`), camera.CodeBadRequest},
		{"deep", "status", bytes.Repeat([]byte("["), 100_000), camera.CodeBadRequest},
		{"as large as may be", "status", bytes.Repeat([]byte(" "), camera.MessageLargest), camera.CodeBadRequest},
		{"bad hash", "announce", []byte(`{"v":2,"segments":[{"sha256":"zz"}]}`), camera.CodeBadRequest},
		{"no version", "status", []byte(`{}`), camera.CodeBadVersion},
		{"next version", "status", []byte(`{"v":3,"cameras":"another form"}`), camera.CodeBadVersion},
		{"unknown verb", "dance", []byte(`{"v":2}`), camera.CodeBadRequest},
		{"too many gaps", "announce", many, camera.CodeTooLarge},
		{"too many cameras", "hello", crowd, camera.CodeTooLarge},
		{"version before", "slots", []byte(`{"v":1,"camera":"caaaaaaaaaaaaaaaa","run":"0123456789abcdef"}`), camera.CodeBadVersion},
		{"verb of the version before", "slot", []byte(`{"v":2}`), camera.CodeBadRequest},
		{"no segment", "slots", []byte(`{"v":2}`), camera.CodeBadRequest},
		{"too many segments", "slots", crowded, camera.CodeTooLarge},
		{"too many stored", "stored", crowded, camera.CodeTooLarge},
		{"the second is bad", "stored", second, camera.CodeBadRequest},
		{"bad segment", "stored", []byte(`{"v":2,"segments":[{"camera":"../x","run":"0123456789abcdef"}]}`), camera.CodeBadRequest},
		{"segments a word", "slots", []byte(`{"v":2,"segments":"all"}`), camera.CodeBadRequest},
		{"wants of no version", "wants", []byte(`{}`), camera.CodeBadVersion},
		{"bad signature", "announce", []byte(`{"v":2,"gaps":[{"signature":"AAAA"}]}`), camera.CodeBadRequest},
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
	hello := ask[camera.HelloReply](t, a, camera.VerbHello, camera.Hello{V: camera.LinkVersion})
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
	h.devices.set(id, "")
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
		if err := a.PublishRequest(camera.UpSubject(id, "status"), inbox, []byte(`{"v":2}`)); err != nil {
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
	f.Add("hello", []byte(`{"v":2,"cameras":[{"camera":"c","view":{}}]}`))
	f.Add("announce", []byte(`{"v":2,"segments":[{"media":6000,"sha256":"00"}],"gaps":[{"start":"2026-11-22T00:00:00Z"}]}`))
	f.Add("announce", []byte(`{"v":2,"segments":[{"stream":"sub","key_size":-1,"key_sha256":"","activity":"AP8=","signature":"AA=="}]}`))
	f.Add("slots", []byte(`{"v":2,"segments":[{"camera":"caaaaaaaaaaaaaaaa","run":"0123456789abcdef","seq":4294967295}]}`))
	f.Add("slots", []byte(`{"v":2,"segments":[{"camera":"caaaaaaaaaaaaaaaa","run":"0123456789abcdef","seq":4294967296},null]}`))
	f.Add("stored", []byte(`{"v":2,"segments":[]}`))
	f.Add("wants", []byte(`{"v":2,"wants":[{"from":"9999-12-31T23:59:59-23:59"}]}`))
	f.Add("status", []byte(`{"v":2,"spool":{"days":1e308,"waiting":-1},"uplink":{"rate":9223372036854775807},"clock":{"bound":9223372036854775807},"temperature":-1e308}`))
	f.Add("status", []byte(`{"v":2,"cameras":[{"camera":"caaaaaaaaaaaaaaaa","verified":"9999-12-31T23:59:59-23:59","uplink":"all"}],"temperature":null}`))
	f.Add("status", []byte(`{"v":2,"cameras":[{"camera":"caaaaaaaaaaaaaaaa"}]}`))
	f.Add("past", []byte(`{"v":2,"cameras":[{"camera":"caaaaaaaaaaaaaaaa","at":"2026-11-22T00:00:00Z","spans":[{"from":"2026-11-22T00:00:00Z","to":"9999-12-31T23:59:59-23:59"}],"offset":-420000,"bound":-1}]}`))
	f.Add("roads", []byte(`{"v":2,"near":{"lon":181,"lat":null},"radius":1e308}`))
	f.Add("seen", []byte(`{"v":2,"view":{"position":{"lon":106.7,"lat":21.97},"heading":90,"fov":80,"range":40,"from":"9999-12-31T23:59:59-23:59"}}`))
	f.Add("consent", []byte(`{"v":2,"camera":"caaaaaaaaaaaaaaaa","consent":{"level":"ask","hours":{"from":1e3,"to":5},"until":"9999-12-31T23:59:59-23:59"},"text":"1","text_hash":"00","language":"vi"}`))
	f.Add("answer", []byte(`{"v":2,"want":"w1","granted":true,"at":"2026-11-22T00:00:00Z","signature":"AA=="}`))
	f.Add("probe", []byte(`{"v":2,"data":"AAAA"}`))
	f.Add("selftest", []byte(`{"v":2,"at":"2026-11-22T00:00:00Z","lines":[{"name":"uplink","number":1e308,"fix":"\n"}]}`))
	f.Add("leave", []byte(`{"v":2}`))
	f.Add("clock", []byte(`{"v":2,"sent":"2026-11-22T00:00:00+07:00"}`))
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
		if s, ok := m.(camera.Status); ok { // the hub shows these times in UTC
			for i, c := range s.Cameras {
				s.Cameras[i].Since, s.Cameras[i].Verified = c.Since.UTC(), c.Verified.UTC()
			}
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
