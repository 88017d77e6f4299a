package main_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/hub/api/gen"
)

// cameraStates gives a household one camera with a changed password, one that is
// not there and one that is switched off and on, and reads what the hub says.
func cameraStates(t *testing.T, v *story) {
	admin := v.administrator(t)
	if err := admin.get("/cases", nil); err == nil {
		t.Error("the administrator may list cases")
	}
	locked, good := sim(t), sim(t)
	locked.SetPassword("another one")
	away := "127.0.0.1:" + fmt.Sprint(freePort(t))
	v.write("states.yml", fmt.Sprintf(stateConfig, v.path("states"), locked.URL(), good.URL(), away))
	admin.join(t, "states")
	log := admin.start("states", func() *exec.Cmd {
		return exec.Command(filepath.Join(v.bin, "xulang-agent"), "run", "-config", v.path("states.yml"))
	})
	admin.await("named states", time.Minute, func() error {
		return admin.states(map[string]string{"khóa": "wrong-password", "tốt": "recording", "vắng": "camera-off"})
	})
	good.SetDown(true)
	admin.await("camera off", time.Minute, func() error {
		return admin.states(map[string]string{"khóa": "wrong-password", "tốt": "camera-off", "vắng": "camera-off"})
	})
	good.SetDown(false)
	admin.await("recording by itself", time.Minute, func() error {
		return admin.states(map[string]string{"tốt": "recording"})
	})
	log.end(9)
}

// administrator is the same box for somebody else.
func (v *story) administrator(t *testing.T) *box {
	t.Helper()
	admin := *v.box
	admin.t = t
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	admin.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	if err := admin.post("/session", map[string]string{"login": "quantri", "password": "quan-tri-lang-mau"}, nil); err != nil {
		t.Fatal(err)
	}
	return &admin
}

// subURL is where a simulated camera has its small stream.
func subURL(cam *simcam.Camera) string { return strings.TrimSuffix(cam.URL(), "main") + "sub" }

// The hub's address comes from the membership.
const stateConfig = `data: %s
name: Hộp thử
networks: [127.0.0.0/24]
simulated: true
page: ""
metrics: ""
cameras:
  - {serial: T1, channel: 0, label: khóa, url: "%s", username: xem, password: "bí mật 1", view: &v {position: {lon: 106.7, lat: 21.95}, heading: 10, fov: 80, range: 40}, consent: {level: clip}}
  - {serial: T1, channel: 1, label: tốt, url: "%s", username: xem, password: "bí mật 1", view: *v, consent: {level: clip}}
  - {serial: T2, channel: 0, label: vắng, url: "rtsp://%s/live", username: xem, password: "bí mật 1", view: *v, consent: {level: clip}}
`

// sim is a camera of its own with one fixed picture.
func sim(t *testing.T) *simcam.Camera {
	t.Helper()
	home, err := scene.Load("home-01")
	if err != nil {
		t.Fatal(err)
	}
	cam := simcam.New(simcam.Config{
		Addr: "127.0.0.1:0", Path: "/live/main", SubPath: "/live/sub", User: "xem", Password: "bí mật 1", Home: home,
		Passes: func(time.Time, time.Time) []simcam.Pass { return nil }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	var group errgroup.Group
	group.Go(func() error { return cam.Run(t.Context()) })
	t.Cleanup(func() {
		if err := group.Wait(); err != nil {
			t.Errorf("camera: %v", err)
		}
	})
	if err := cam.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cam
}

// join enrols the agent with the program itself, and checks that the code works once.
func (b *box) join(t *testing.T, folder string) {
	t.Helper()
	var household gen.Household
	if err := b.post("/households", map[string]string{"label": "Nhà thử"}, &household); err != nil {
		t.Fatal(err)
	}
	var invitation gen.Invitation
	if err := b.post("/households/"+household.Id+"/invitations", nil, &invitation); err != nil {
		t.Fatal(err)
	}
	enrol := func(data string) (string, error) {
		b.write("enrol.yml", "data: "+data+"\n")
		out, err := exec.Command(filepath.Join(b.bin, "xulang-agent"), "enrol", "-config", b.path("enrol.yml"), "-hub", b.hubURL, "-code", invitation.Code).CombinedOutput()
		return string(out), err
	}
	if out, err := enrol(b.path(folder)); err != nil || !strings.Contains(out, "đã ghép: Nhà thử") {
		t.Fatalf("enrol: %v %s", err, out)
	}
	if out, err := enrol(b.path("thief")); err == nil {
		t.Errorf("the code works twice: %s", out)
	}
}

// states is nil when the hub tells these states of the test's household.
func (b *box) states(want map[string]string) error {
	var all []gen.Household
	if err := b.get("/households", &all); err != nil {
		return err
	}
	got := map[string]string{}
	for _, h := range all {
		for _, d := range h.Devices {
			for _, c := range d.Cameras {
				got[c.Label] = c.State
			}
		}
	}
	for label, state := range want {
		if got[label] != state {
			return fmt.Errorf("camera %q is %q, want %q", label, got[label], state)
		}
	}
	return nil
}
