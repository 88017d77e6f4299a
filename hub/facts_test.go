package hub_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/registry"
)

var object = []byte(strings.Repeat("footage ", 100))

// TestUploadSurvivesTheHub: the bytes came while the hub was away. Whatever the
// agent does next, notify or ask again, the segment becomes stored.
func TestUploadSurvivesTheHub(t *testing.T) {
	for name, next := range map[string]func(*testing.T, *home, camera.SegmentID){
		"asks for a slot again": func(t *testing.T, h *home, id camera.SegmentID) {
			if r := h.slot(t, h.device, id); r.Err() != nil || !r.Stored || r.URL != "" {
				t.Errorf("slot: %+v, want stored", r)
			}
		},
		"notifies": func(t *testing.T, h *home, id camera.SegmentID) {
			if r := h.stored(t, h.device, id); r.Err() != nil {
				t.Errorf("stored: %+v", r)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			s := h.announced(t, object)
			if r := h.slot(t, h.device, s.SegmentID); r.Err() != nil || r.Stored || r.URL == "" {
				t.Fatalf("slot: %+v", r)
			}
			h.wantState(t, s.SegmentID, camera.StateUploading)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h.bucket.put(s, object)
			h.open(t)
			next(t, h, s.SegmentID)
			h.wantState(t, s.SegmentID, camera.StateStored)
		})
	}
}

func TestTheStoreIsBelievedAndNotTheAgent(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	stored := func() camera.Code { return h.stored(t, h.device, s.SegmentID).Code }
	if code := stored(); code != camera.CodeNotFound {
		t.Errorf("nothing was put: %q", code)
	}
	h.bucket.fail(true)
	if code := stored(); code != camera.CodeUnavailable {
		t.Errorf("the store is broken: %q", code)
	}
	h.bucket.fail(false)
	h.bucket.put(s, append([]byte("X"), object[1:]...))
	if code := stored(); code != camera.CodeBadClaim {
		t.Errorf("other bytes: %q", code)
	}
	h.wantState(t, s.SegmentID, camera.StateHome)
	h.bucket.put(s, object)
	if code := stored(); code != "" {
		t.Errorf("the bytes: %q", code)
	}
	h.wantState(t, s.SegmentID, camera.StateStored)
}

// TestBrokenDatabaseLosesNothing: agents drop what is refused by a code of theirs
// for good. The hub's own failure must not look like one, and stands in its log.
func TestBrokenDatabaseLosesNothing(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	if err := h.BreakDatabase(); err != nil {
		t.Fatal(err)
	}
	ctx, d := t.Context(), h.device
	later := s
	later.Seq, later.Prev = 1, s.SHA256
	later.Signature = sign(t, h.key, later.Payload())
	hello := camera.Hello{V: camera.LinkVersion, Cameras: []camera.CameraNote{h.note}}
	announce := h.Announce(ctx, d, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{later}})
	for doing, got := range map[string]camera.Code{
		"write hello":        h.Hello(ctx, d, hello).Code,
		"write announcement": announce.Code,
		"give slot":          h.slot(t, d, s.SegmentID).Code,
		"take stored":        h.stored(t, d, s.SegmentID).Code,
		"read wants":         h.Wants(ctx, d).Code,
		"write status":       camera.CodeOf(h.Status(ctx, d, camera.Status{V: camera.LinkVersion, At: time.Now()})),
	} {
		if got != camera.CodeInternal {
			t.Errorf("%s: code %q, want %q", doing, got, camera.CodeInternal)
		}
		if !strings.Contains(h.log.String(), `msg="`+doing+`"`) {
			t.Errorf("%s: no line in the log", doing)
		}
	}
	if len(announce.RefusedSegments) > 0 {
		t.Errorf("refused for good: %+v", announce.RefusedSegments)
	}
}

func TestBytesOfAWithdrawnCameraStayAtHome(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	h.hello(t) // the camera is left out
	if r := h.slot(t, h.device, s.SegmentID); r.Code != camera.CodeNoConsent || r.URL != "" {
		t.Errorf("slot: %+v", r)
	}
	paused := h.note
	paused.Consent.Paused = true
	h.hello(t, paused)
	if r := h.slot(t, h.device, s.SegmentID); r.Code != camera.CodePaused || r.URL != "" {
		t.Errorf("slot: %+v", r)
	}
	h.hello(t, h.note)
	if r := h.slot(t, h.device, s.SegmentID); r.Err() != nil || r.URL == "" {
		t.Errorf("slot of the shared camera: %+v", r)
	}
}

// TestNoSlotNoUpload: while the store mints no keys to sign with, nothing is called
// uploading that nobody can upload.
func TestNoSlotNoUpload(t *testing.T) {
	h := newHome(t)
	h.cfg.Store.Limited = true
	h.reopen(t)
	s := h.announced(t, []byte("the bytes of a segment"))
	if a := h.slot(t, h.device, s.SegmentID); a.Code != camera.CodeUnavailable || a.URL != "" {
		t.Errorf("slot %+v", a)
	}
	h.wantState(t, s.SegmentID, camera.StateHome)
}

// TestFewerDaysAreLogged, once, with the time from which they count.
func TestFewerDaysAreLogged(t *testing.T) {
	h := newHome(t)
	for range 2 {
		if r := h.Hello(t.Context(), h.device, camera.Hello{V: camera.LinkVersion, Cameras: []camera.CameraNote{h.note}, Keep: 3}); r.Err() != nil {
			t.Fatal(r)
		}
	}
	if n := strings.Count(h.log.String(), "fewer days"); n != 1 {
		t.Errorf("told %d times:\n%s", n, h.log)
	}
}

func TestAnotherDevicesCameraIsForeign(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	thief := newKey(t)
	other := deviceOf(t, thief)
	claimed := s
	claimed.Signature = sign(t, thief, s.Payload())
	for what, got := range map[string]camera.Code{
		"announce": h.Announce(t.Context(), other, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{claimed}}).RefusedSegments[0].Code,
		"slot":     h.slot(t, other, s.SegmentID).Code,
		"stored":   h.stored(t, other, s.SegmentID).Code,
	} {
		if got != camera.CodeForeignCamera {
			t.Errorf("%s: code %q", what, got)
		}
	}
}

// TestNothingPlaysWithoutTheHousehold: what is stored stays behind the household's
// present decision, and every refusal is in the case's log.
func TestNothingPlaysWithoutTheHousehold(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *home){
		"device revoked": func(t *testing.T, h *home) {
			if err := h.Revoke(t.Context(), h.device); err != nil {
				t.Fatal(err)
			}
		},
		"camera left out":   func(t *testing.T, h *home) { h.hello(t) },
		"consent narrowed":  func(t *testing.T, h *home) { h.note.Consent.Level = camera.ConsentRegistry; h.hello(t, h.note) },
		"consent taken all": func(t *testing.T, h *home) { h.note.Consent.Level = camera.ConsentNone; h.hello(t, h.note) },
		"consent is over":   func(t *testing.T, h *home) { h.note.Consent.Until = time.Now(); h.hello(t, h.note) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			s := h.announced(t, object)
			h.bucket.put(s, object)
			if r := h.stored(t, h.device, s.SegmentID); r.Err() != nil {
				t.Fatalf("stored: %+v", r)
			}
			ctx, door := t.Context(), h.Cases()
			who := cases.Officer{ID: "u1", Name: "Cán bộ", Unit: "Xã A", Role: "officer", Watches: true}
			c, err := door.OpenCase(ctx, who, cases.Case{Number: "1", Kind: "criminal", LegalBasis: "x"})
			if err != nil {
				t.Fatal(err)
			}
			looks := func() (codes [2]camera.Code) {
				_, err := door.SegmentLink(ctx, who, c.ID, s.SegmentID)
				codes[0] = camera.CodeOf(err)
				_, err = door.Playlist(ctx, who, c.ID, s.Camera, s.Start, s.End)
				codes[1] = camera.CodeOf(err)
				return codes
			}
			if got := looks(); got != [2]camera.Code{} {
				t.Fatalf("before: %q", got)
			}
			end(t, h)
			if got := looks(); got != [2]camera.Code{camera.CodeNoConsent, camera.CodeNoConsent} {
				t.Errorf("after: %q", got)
			}
			log, err := door.Log(ctx, who, c.ID)
			if err != nil || len(log) < 2 || log[0].Refused != camera.CodeNoConsent || log[1].Refused != camera.CodeNoConsent {
				t.Errorf("log: %v, %+v", err, log)
			}
		})
	}
}

// TestUnsignedIsRefused: nothing is believed that the device's own key has not signed.
func TestUnsignedIsRefused(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	for name, signature := range map[string]camera.Signature{
		"none": {}, "another key's": sign(t, newKey(t), s.Payload()), "of something else": sign(t, h.key, []byte("x")),
	} {
		next := s
		next.Seq, next.Prev, next.Signature = 1, s.SHA256, signature
		r := h.Announce(t.Context(), h.device, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{next}})
		if r.Err() != nil || r.RefusedSegments[0].Code != camera.CodeBadClaim {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestWantsReachTheHome: what a case asks for is told to the device whose camera it
// is, as long as the camera is shared and the case is open.
func TestWantsReachTheHome(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	ctx, door := t.Context(), h.Cases()
	who := cases.Officer{ID: "u1", Name: "Cán bộ", Unit: "Xã A", Role: "officer", Watches: true}
	c, err := door.OpenCase(ctx, who, cases.Case{Number: "1", Kind: "criminal", LegalBasis: "x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := door.Request(ctx, who, c.ID, s.Camera, s.Start, s.End)
	if err != nil || got.Segments != 1 || got.Acknowledged {
		t.Fatalf("requested: %+v, %v; the box has no link", got, err)
	}
	h.wantState(t, s.SegmentID, camera.StateRequested)
	if r := h.Wants(ctx, h.device); r.Err() != nil || len(r.Wants) != 1 || !r.Wants[0].Fetch || !r.Wants[0].Covers(s) {
		t.Errorf("wants: %+v", r)
	}
	if r := h.Wants(ctx, deviceOf(t, newKey(t))); len(r.Wants) > 0 {
		t.Errorf("another device hears of them: %+v", r)
	}
	h.hello(t)
	if r := h.Wants(ctx, h.device); len(r.Wants) > 0 {
		t.Errorf("of a camera that is not shared: %+v", r)
	}
	h.hello(t, h.note)
	if _, err := door.CloseCase(ctx, who, c.ID); err != nil {
		t.Fatal(err)
	}
	h.wantState(t, s.SegmentID, camera.StateHome)
	if r := h.Wants(ctx, h.device); r.Err() != nil || len(r.Wants) > 0 {
		t.Errorf("after the case: %+v", r)
	}
}

// TestClockLedgerIsFilled by what the agent measures and by the camera's own reports.
func TestClockLedgerIsFilled(t *testing.T) {
	h := newHome(t)
	clock := camera.Clock{Synchronised: true, Offset: camera.Millis(20 * time.Millisecond), Bound: camera.Millis(5 * time.Millisecond)}
	if err := h.Status(t.Context(), h.device, camera.Status{V: camera.LinkVersion, At: time.Now(), Clock: clock}); err != nil {
		t.Fatal(err)
	}
	if got, ok := h.Ledger(t, h.note.Camera, registry.SourceAgent); !ok || got != clock {
		t.Errorf("agent's clock: %+v, %v", got, ok)
	}
	s := h.segment(object)
	s.Clock, s.SenderReport = clock, s.Start.Add(3*time.Minute)
	h.announce(t, s)
	if got, ok := h.Ledger(t, h.note.Camera, registry.SourceSenderReport); !ok || time.Duration(got.Offset) != 3*time.Minute+20*time.Millisecond {
		t.Errorf("camera's clock: %+v, %v", got, ok)
	}
}
