package agent

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/link"
)

// house is an agent with a book of one recorder with two cameras, of which nothing
// answers.
type house struct {
	*agent
	t    *testing.T
	gate camera.CameraID
	yard camera.CameraID
}

func newHouse(t *testing.T, change func(*home.Book)) *house {
	t.Helper()
	cfg := Default()
	cfg.Data, cfg.Metrics, cfg.Simulated = t.TempDir(), "", true
	store, err := home.Open(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := link.LoadOrCreateIdentity(cfg.Data + "/" + seedFile)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, gate: camera.NewCameraID("h", "NVR-1", 0), yard: camera.NewCameraID("h", "NVR-1", 1)}
	clip := camera.Consent{Level: camera.ConsentClip}
	view := &camera.View{FOV: 90, Range: 50}
	h.book(store, func(b *home.Book) {
		b.Recorders = []home.Recorder{{ID: "r1", Serial: "NVR-1", Address: "127.0.0.1", HTTPPort: 1, RTSPPort: 1, Channels: []home.Channel{
			{Number: 0, MainURL: "rtsp://127.0.0.1:1/0"}, {Number: 1, MainURL: "rtsp://127.0.0.1:1/1"},
		}}}
		b.Cameras = []home.Camera{
			{ID: h.gate, Recorder: "r1", Label: "cổng", View: view, Consent: clip},
			{ID: h.yard, Recorder: "r1", Channel: 1, Label: "sân", View: view, Consent: clip},
		}
		if change != nil {
			change(b)
		}
	})
	h.agent, err = openAgent(cfg, Membership{Household: "h", Hub: "http://127.0.0.1:1", identity: identity}, store, lan.New(lan.Config{Loopback: true}), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.publisher.Close(); h.spool.Close() })
	return h
}

func (h *house) book(store *home.Store, change func(*home.Book)) {
	h.t.Helper()
	if err := store.Update(func(b *home.Book) error { change(b); return nil }); err != nil {
		h.t.Fatal(err)
	}
}

// begin keeps the cameras until stop.
func (h *house) begin() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.keep(ctx) }()
	<-h.arranged
	return func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	}
}

func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for !holds() {
		if h.t.Context().Err() != nil {
			h.t.Fatal(what)
		}
		runtime.Gosched()
	}
}

func (h *house) state(id camera.CameraID) camera.CameraStatus {
	r, ok := h.cameras.get(id)
	if !ok {
		return camera.CameraStatus{}
	}
	return r.status()
}

// TestCamerasAreThereBeforeTheHubHears: a hello without them would take them back.
func TestCamerasAreThereBeforeTheHubHears(t *testing.T) {
	h := newHouse(t, nil)
	defer h.begin()()
	if n := len(h.hello().Cameras); n != 2 {
		t.Errorf("%d cameras in the first hello", n)
	}
	if h.required(h.gate, camera.StreamMain) != true {
		t.Error("footage that the hub may wait for is given up")
	}
}

// TestBookComesTrueByItself: nobody waits for a pause whose phone has gone, and the
// daily check's finding is in the next status.
func TestBookComesTrueByItself(t *testing.T) {
	h := newHouse(t, nil)
	defer h.begin()()
	h.book(h.store, func(b *home.Book) {
		to := b.Cameras[0].Consent
		to.Paused = true
		b.Cameras[0].Agree(to, time.Now().UTC())
		b.Cameras[1].Aim.Aim = camera.Aim{State: camera.AimTurned, At: noon}
	})
	h.until("the pause", func() bool { return h.state(h.gate).State == camera.RecordState(camera.CausePaused) })
	h.until("the aim", func() bool { return h.state(h.yard).Aim.State == camera.AimTurned })
	if err := h.mayUploadSome(h.gate); camera.CodeOf(err) != camera.CodePaused {
		t.Errorf("a paused camera's bytes: %v", err)
	}
}

// TestApplyAfterTheEnd has nothing to do, and keeps nobody waiting.
func TestApplyAfterTheEnd(t *testing.T) {
	h := newHouse(t, nil)
	h.begin()()
	if err := h.apply(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAddressThatNobodyCanDial is told as what it is, and the others go on.
func TestAddressThatNobodyCanDial(t *testing.T) {
	h := newHouse(t, func(b *home.Book) { b.Recorders[0].Channels[0].MainURL = "http://127.0.0.1:1/0" })
	defer h.begin()()
	h.until("the state", func() bool { return h.state(h.gate).Detail == "its address cannot be used" })
	if s := h.state(h.gate); s.State != camera.RecordState(camera.CauseCameraOff) {
		t.Errorf("state %+v", s)
	}
}

// TestSharedAgain: the days in which the household did not share a camera are its own
// decision, and no failure of the box.
func TestSharedAgain(t *testing.T) {
	h := newHouse(t, nil)
	old := camera.Gap{Camera: h.gate, Start: time.Now().Add(-2 * time.Hour), End: time.Now().Add(-time.Hour), Cause: camera.CauseCameraOff}
	if err := h.spool.AddGap(old); err != nil {
		t.Fatal(err)
	}
	h.book(h.store, func(b *home.Book) { b.Cameras[0].Consent.Level = camera.ConsentNone })
	defer h.begin()()
	h.book(h.store, func(b *home.Book) { b.Cameras[0].Consent.Level = camera.ConsentClip })
	if err := h.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, _ := h.cameras.get(h.gate)
	if s := r.status().State; s == camera.RecordState(camera.CausePaused) {
		t.Error("it is shared again, and shown as paused")
	}
	r.extendGap()
	_, gaps := h.spool.Unannounced(10)
	for _, g := range gaps {
		if g.Cause == camera.CauseAgentOff {
			t.Errorf("gap %+v", g)
		}
	}
}

// TestPasswordIsTypedAgain: the same one, after the recorder had refused it for a while.
func TestPasswordIsTypedAgain(t *testing.T) {
	h := newHouse(t, nil)
	defer h.begin()()
	before, _ := h.cameras.get(h.gate)
	before.lost(camera.CauseWrongPassword, "refused")
	h.book(h.store, func(b *home.Book) { b.Recorders[0].SignedIn = noon })
	if err := h.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, _ := h.cameras.get(h.gate); after == before {
		t.Error("the camera is not tried again")
	}
}

// TestPauseHoldsForTheRecorderToo: what it recorded in a pause is not fetched after it,
// nor told to the hub.
func TestPauseHoldsForTheRecorderToo(t *testing.T) {
	from, to := noon, noon.Add(time.Hour)
	h := newHouse(t, func(b *home.Book) {
		b.Cameras[0].Withheld = []camera.Interval{{From: from, To: to}, {From: to.Add(3 * time.Hour)}}
	})
	defer h.begin()()
	for _, c := range []struct {
		from, to time.Duration
		may      bool
	}{
		{-time.Hour, -time.Minute, true},
		{-time.Minute, time.Minute, false},
		{20 * time.Minute, 21 * time.Minute, false},
		{59 * time.Minute, 2 * time.Hour, false},
		{time.Hour, time.Hour + time.Minute, false}, // its playback would begin before it
		{time.Hour + 2*time.Minute, 2 * time.Hour, true},
		{5 * time.Hour, 6 * time.Hour, false}, // a pause that has not ended
	} {
		if err := h.mayCopy(h.gate, noon.Add(c.from), noon.Add(c.to)); (err == nil) != c.may {
			t.Errorf("from %s to %s: %v", c.from, c.to, err)
		}
	}
	told := h.shown(camera.CameraPast{Camera: h.gate, Spans: []camera.Interval{{From: noon.Add(-time.Hour), To: noon.Add(6 * time.Hour)}}})
	if err := told.Check(); err != nil || len(told.Spans) != 2 || !told.Spans[0].To.Equal(from) || !told.Spans[1].From.Equal(to) || !told.Spans[1].To.Equal(to.Add(3*time.Hour)) {
		t.Errorf("told %v, %v", told.Spans, err)
	}
}

// TestPurposeAtTheLastGate: what a case may ask for depends on its kind, and a hub that
// does not tell the kind gets what every kind may have.
func TestPurposeAtTheLastGate(t *testing.T) {
	h := newHouse(t, func(b *home.Book) {
		b.Cameras[0].Uplink = camera.UplinkRequest
		b.Cameras[0].Consent.For = camera.Levels{Administrative: camera.ConsentStills, Missing: camera.ConsentAsk, Emergency: camera.ConsentRegistry}
		b.Answers = []home.Answer{{Want: "w", Camera: b.Cameras[0].ID, From: noon, To: noon.Add(time.Minute), Granted: true, At: noon}}
	})
	defer h.begin()()
	for _, c := range []struct {
		purpose       camera.Purpose
		clip, granted camera.Code
	}{
		{camera.PurposeCriminal, "", ""},
		{camera.PurposeAdministrative, camera.CodeNoConsent, camera.CodeNoConsent},
		{camera.PurposeMissing, camera.CodeAskOwner, ""},
		{camera.PurposeEmergency, camera.CodeNoConsent, camera.CodeNoConsent},
		{"", camera.CodeNoConsent, camera.CodeNoConsent},
	} {
		for at, want := range map[time.Time]camera.Code{noon.Add(time.Hour): c.clip, noon: c.granted} {
			s := camera.Segment{SegmentID: camera.SegmentID{Camera: h.gate}, Start: at, End: at.Add(6 * time.Second)}
			wants := []camera.Want{{Camera: h.gate, From: at, To: at.Add(time.Second), Fetch: true, Purpose: c.purpose}}
			if err := h.mayGo(s, func() []camera.Want { return wants }); camera.CodeOf(err) != want {
				t.Errorf("clip for %q: %v, want %q", c.purpose, err, want)
			}
			if err := h.mayGo(s, h.spool.Wants); err == nil {
				t.Error("what no case asks for leaves")
			}
		}
	}
}
