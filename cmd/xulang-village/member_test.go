package main_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent"
	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/web"
)

// member is a household with a recorder that lives in the test itself. The embedded box
// speaks to the household's own page.
type member struct {
	*box
	label, net string
	household  string // at the hub
	nvr        *simnvr.Recorder
	end        func() // of its agent
}

// secret is the password of such a household's recorder.
func secret(number int) string { return fmt.Sprintf("Sân & ngõ #%d?", number) }

// newMember starts the recorder and the agent of a household, and goes the way of a
// family through its page.
func newMember(t *testing.T, v *story, number int) *member {
	t.Helper()
	m := &member{label: fmt.Sprintf("Nhà %d", number), net: fmt.Sprintf("%s.%d", v.net, number)}
	home, err := scene.Load("home-13")
	if err != nil {
		t.Fatal(err)
	}
	m.nvr, err = simnvr.New(simnvr.Config{
		IP: m.net + ".20", HTTPPort: 8080, RTSPPort: 8554, Dialect: simnvr.Hikvision, Serial: fmt.Sprintf("SIMHIK%d", number),
		User: "admin", Password: secret(number), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Channels: []simnvr.Channel{{Name: "Cổng", Home: home, Passes: func(time.Time, time.Time) []simcam.Pass { return nil }, Online: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	background(t, "recorder of "+m.label, m.nvr.Run)
	m.box, m.end = v.family(t, v.path("members/"+m.label), m.net)
	admin := v.administrator(t)
	var household gen.Household
	if err := admin.post("/households", map[string]any{"label": m.label, "place": far}, &household); err != nil {
		t.Fatal(err)
	}
	m.household = household.Id
	m.settle(t, admin, number)
	return m
}

// far is a place beside the road where no home of the test stands.
var far = map[string]float64{"lon": 106.6939949, "lat": 21.9676882}

// family runs an agent in the test, and signs in at its page.
func (v *story) family(t *testing.T, data, net string) (page *box, end func()) {
	t.Helper()
	cfg := agent.Default()
	cfg.Data, cfg.Name, cfg.Page, cfg.Simulated, cfg.Metrics = data, "Hộp "+net, net+".1:9471", true, ""
	cfg.Spool = agent.Spool{Bytes: 1 << 30, Days: 2}
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(data, "agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	end = background(t, cfg.Name, func(ctx context.Context) error {
		return agent.Run(ctx, cfg, agent.Outside{Page: web.Household(), Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now})
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page = v.of(t)
	page.hubURL, page.client = "http://"+cfg.Page, &http.Client{Jar: jar, Timeout: 2 * time.Minute}
	page.await("the page of "+cfg.Name, time.Minute, func() error {
		code, err := os.ReadFile(filepath.Join(data, agent.CodeFile))
		if err != nil {
			return err
		}
		return page.post("/session", map[string]string{"code": strings.TrimSpace(string(code))}, nil)
	})
	return page, end
}

// background runs something until it is told to end, or the test has.
func background(t *testing.T, name string, run func(context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var group errgroup.Group
	group.Go(func() error { return run(ctx) })
	end = func() {
		cancel()
		if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Cleanup(end)
	return end
}

// settle goes from the invitation to a camera that records.
func (m *member) settle(t *testing.T, admin *box, number int) {
	t.Helper()
	m.pair(t, admin)
	m.must(m.call(http.MethodPut, "/networks", map[string][]string{"confirmed": {m.net + ".0/24"}}, nil))
	m.must(m.post("/search", nil, nil))
	m.await("the recorder", time.Minute, func() error {
		var s struct {
			Running bool
			Found   []struct{ Address, Brand string }
		}
		if err := m.get("/search", &s); err != nil {
			return err
		}
		for _, f := range s.Found {
			if f.Address == m.net+".20" && !s.Running {
				return nil
			}
		}
		return fmt.Errorf("found %+v", s)
	})
	m.must(m.post("/recorders", map[string]string{"address": m.net + ".20", "username": "admin", "password": secret(number)}, nil))
	m.share(t)
}

// share gives the recorder's one channel to the commune.
func (m *member) share(t *testing.T) {
	t.Helper()
	m.must(m.call(http.MethodPut, "/recorders/"+m.now().Recorders[0].ID+"/chosen", map[string][]int{"channels": {0}}, nil))
	camera := "/cameras/" + m.now().Cameras[0].ID
	view := map[string]any{"position": far, "heading": 76, "fov": 70, "range": 60}
	m.must(m.call(http.MethodPut, camera+"/aim", map[string]any{"label": m.label, "view": view, "before": true}, nil))
	m.must(m.call(http.MethodPut, camera+"/consent", map[string]any{
		"consent": map[string]any{"level": "clip", "until": time.Now().Add(200 * 24 * time.Hour).UTC().Truncate(time.Second)},
		"text":    "thu", "words": "Nhà thử đồng ý.", "language": "vi",
	}, nil))
	m.await("a camera that records", time.Minute, func() error { return m.recording("") })
}

func (m *member) pair(t *testing.T, admin *box) {
	t.Helper()
	var invitation gen.Invitation
	m.must(admin.post("/households/"+m.household+"/invitations", nil, &invitation))
	m.must(m.post("/pair", map[string]string{"link": invitation.Link}, nil))
}

// state is what the page shows, as far as the test looks at it.
type state struct {
	Step, Trouble string
	Linked        bool
	Recorders     []struct{ ID, Address string }
	Cameras       []struct {
		ID, State string
		Verified  time.Time
		Consent   camera.Consent
	}
}

func (m *member) now() (s state) {
	m.t.Helper()
	m.must(m.get("/state", &s))
	return s
}

func (m *member) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// recording is nil when the household's one camera, of this id, records now and the hub
// is there.
func (m *member) recording(id string) error {
	s := m.now()
	if len(s.Cameras) != 1 || s.Cameras[0].State != "recording" || s.Cameras[0].Verified.IsZero() || !s.Linked || id != "" && s.Cameras[0].ID != id {
		return fmt.Errorf("page says %+v", s)
	}
	return nil
}

// at is the household as the hub tells it to the administrator.
func (m *member) at(admin *box) (gen.Household, error) {
	var all []gen.Household
	if err := admin.get("/households", &all); err != nil {
		return gen.Household{}, err
	}
	for _, h := range all {
		if h.Id == m.household {
			return h, nil
		}
	}
	return gen.Household{}, fmt.Errorf("no household %s", m.label)
}

func (m *member) of(t *testing.T) *member {
	own := *m
	own.box = m.box.of(t)
	return &own
}
