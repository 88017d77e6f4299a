package agent

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/lan"
)

// uploads are the segments that would leave now.
func (b *bench) uploads() int {
	return len(sharedSpool{b.agent.spool, b.agent}.Uploads(100, nil))
}

// TestBytesWaitForTheClass: before the hub has told its policy no main stream leaves,
// which the policy may keep at home, but what a case asks for does.
func TestBytesWaitForTheClass(t *testing.T) {
	b := newBench(t)
	b.share(camera.Consent{Level: camera.ConsentClip})
	b.agent.cameras.set([]*recorder{b.recorder})
	b.agent.spool.SetPolicy(b.agent.required)
	b.start()
	b.must(b.film(20 * time.Second))
	b.Stop(camera.CauseReconnect, "connection broken")
	var ids []camera.SegmentID
	segments, _ := b.agent.spool.Unannounced(100)
	for _, s := range segments {
		ids = append(ids, s.SegmentID)
	}
	b.must(b.agent.spool.Announced(ids, nil))
	if n := b.uploads(); n != 0 {
		t.Errorf("%d segments leave, and the class is not known", n)
	}
	b.must(b.agent.spool.SetWants([]camera.Want{{Camera: b.id, From: noon, To: noon.Add(time.Second), Fetch: true}}))
	if n := b.uploads(); n != 1 {
		t.Errorf("a case asks for one segment, %d leave", n)
	}
	b.agent.policy.set(camera.UplinkAll)
	if n := b.uploads(); n != len(ids) {
		t.Errorf("class all: %d segments leave, want %d", n, len(ids))
	}
	b.agent.policy.set(camera.UplinkRequest) // and the spool has not heard of it yet
	if n := b.uploads(); n != 1 {
		t.Errorf("class on-request: %d segments leave, want the one that is asked for", n)
	}
}

// TestPolicyIsRemembered by a box that starts while the hub is away.
func TestPolicyIsRemembered(t *testing.T) {
	dir := t.TempDir()
	var first, again, broken policy
	if err := first.load(dir); err != nil || first.hub.value != "" {
		t.Errorf("before the hub has told: %q, %v", first.hub.value, err)
	}
	if !first.set(camera.UplinkSub) || first.save() != nil {
		t.Fatal("not taken")
	}
	if err := again.load(dir); err != nil || again.hub.value != camera.UplinkSub {
		t.Errorf("after a start: %q, %v", again.hub.value, err)
	}
	if err := os.WriteFile(filepath.Join(dir, policyFile), []byte("everything"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := broken.load(dir); err != nil || broken.hub.value != "" {
		t.Errorf("what is no class: %q, %v", broken.hub.value, err)
	}
}

// TestAgentStartsWithThePolicy that it was told before.
func TestAgentStartsWithThePolicy(t *testing.T) {
	cfg := Default()
	cfg.Data, cfg.Metrics = t.TempDir(), ""
	p := policy{dir: cfg.Data, hub: watched[camera.Uplink]{value: camera.UplinkSub}}
	if err := p.save(); err != nil {
		t.Fatal(err)
	}
	store, err := home.Open(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := openAgent(cfg, Membership{Hub: "http://127.0.0.1:1"}, store, lan.New(lan.Config{}), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.spool.Close()
	if class, _ := a.class(Camera{SubURL: "rtsp://127.0.0.1/sub"}); class != camera.UplinkSub {
		t.Errorf("class %q", class)
	}
}

// TestWhatMayNotLeaveNeedNot: the household's own days count for it.
func TestWhatMayNotLeaveNeedNot(t *testing.T) {
	b := newBench(t)
	b.agent.cameras.set([]*recorder{b.recorder})
	b.agent.policy.set(camera.UplinkAll)
	for _, c := range []struct {
		consent camera.Consent
		want    bool
	}{
		{camera.Consent{Level: camera.ConsentClip}, true},
		{camera.Consent{Level: camera.ConsentClip, Paused: true}, true},
		{camera.Consent{Level: camera.ConsentClip, Until: noon}, false},
		{camera.Consent{Level: camera.ConsentRegistry}, false},
		{camera.Consent{Level: camera.ConsentAsk}, false},
	} {
		b.share(c.consent)
		if got := b.agent.required(b.id, camera.StreamMain); got != c.want {
			t.Errorf("%+v: required %v", c.consent, got)
		}
	}
	if b.agent.required(camera.NewCameraID("h", "gone", 0), camera.StreamMain) {
		t.Error("footage of a camera that is not here any more has to reach the hub")
	}
}

func TestTheDayIsNotKnownBeforeTheHub(t *testing.T) {
	if b := newBench(t); b.agent.knowsTheDay() || (&agent{}).knowsTheDay() {
		t.Error("a clock that nobody has confirmed is trusted with days")
	}
}
