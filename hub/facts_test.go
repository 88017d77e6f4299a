package hub_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

var object = []byte(strings.Repeat("footage ", 100))

// TestUploadSurvivesTheHub: the bytes came while the hub was away. Whatever the
// agent does next, notify or ask again, the segment becomes stored.
func TestUploadSurvivesTheHub(t *testing.T) {
	for name, next := range map[string]func(*testing.T, *home, camera.SegmentID){
		"asks for a slot again": func(t *testing.T, h *home, id camera.SegmentID) {
			if r := h.Slot(t.Context(), h.device, id); r.Err() != nil || !r.Stored || r.URL != "" {
				t.Errorf("slot: %+v, want stored", r)
			}
		},
		"notifies": func(t *testing.T, h *home, id camera.SegmentID) {
			if r := h.Stored(t.Context(), h.device, id); r.Err() != nil {
				t.Errorf("stored: %+v", r)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			s := h.announced(t, object)
			if r := h.Slot(t.Context(), h.device, s.SegmentID); r.Err() != nil || r.Stored || r.URL == "" {
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
	stored := func() camera.Code { return h.Stored(t.Context(), h.device, s.SegmentID).Code }
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
	hello := camera.Hello{V: camera.LinkVersion, Cameras: []camera.CameraNote{h.note}}
	announce := h.Announce(ctx, d, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{later}})
	for doing, got := range map[string]camera.Code{
		"write hello":        h.Hello(ctx, d, hello).Code,
		"write announcement": announce.Code,
		"give slot":          h.Slot(ctx, d, s.SegmentID).Code,
		"take stored":        h.Stored(ctx, d, s.SegmentID).Code,
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
	if r := h.Slot(t.Context(), h.device, s.SegmentID); r.Code != camera.CodeNoConsent || r.URL != "" {
		t.Errorf("slot: %+v", r)
	}
	paused := h.note
	paused.Consent.Paused = true
	h.hello(t, paused)
	if r := h.Slot(t.Context(), h.device, s.SegmentID); r.Code != camera.CodePaused || r.URL != "" {
		t.Errorf("slot: %+v", r)
	}
	h.hello(t, h.note)
	if r := h.Slot(t.Context(), h.device, s.SegmentID); r.Err() != nil || r.URL == "" {
		t.Errorf("slot of the shared camera: %+v", r)
	}
}

func TestAnotherDevicesCameraIsForeign(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, object)
	other := camera.DeviceID("UOTHER")
	for what, got := range map[string]camera.Code{
		"announce": h.Announce(t.Context(), other, camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{s}}).RefusedSegments[0].Code,
		"slot":     h.Slot(t.Context(), other, s.SegmentID).Code,
		"stored":   h.Stored(t.Context(), other, s.SegmentID).Code,
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
			if r := h.Stored(t.Context(), h.device, s.SegmentID); r.Err() != nil {
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
