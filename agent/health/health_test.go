package health_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/health"
)

var (
	gate = camera.NewCameraID("h1", "S-1", 0)
	road = camera.NewCameraID("h1", "S-1", 1)
)

// secret stands wherever a person or a camera could have put one.
const secret = "p4ss-w0rd"

func snapshot() health.Snapshot {
	warm, lost := 61.5, int64(7)
	at := time.Date(2026, 11, 22, 7, 5, 9, 250e6, time.UTC)
	return health.Snapshot{
		Status: camera.Status{
			V: camera.LinkVersion, At: at,
			Cameras: []camera.CameraStatus{
				{Camera: gate, State: camera.StateRecording, Since: at, Verified: at, Detail: secret, Codec: secret},
				{Camera: road, State: camera.RecordState(camera.CauseHeldFull), Since: at, Detail: secret},
				{Camera: camera.CameraID("\xff" + secret), State: camera.RecordState(secret)},
			},
			Spool:  camera.SpoolStatus{Used: 3 << 30, Most: 20 << 30, Held: 1 << 30, Waiting: 12, Days: 2.5},
			Uplink: camera.UplinkStatus{Rate: 125_000, Budget: 250_000},
			Clock: camera.Clock{
				Synchronised: true, Offset: camera.Millis(-1500 * time.Millisecond), Bound: camera.Millis(20 * time.Millisecond),
			},
			Temperature: &warm,
		},
		Counters: map[camera.CameraID]health.Counters{
			gate: {
				Segments: 40, Bytes: 120 << 20, Lost: &lost,
				Gaps: map[camera.GapCause]time.Duration{camera.CauseReconnect: 1500 * time.Millisecond, secret: time.Hour},
			},
		},
	}
}

// start runs the room on a port of its own until the test ends.
func start(t *testing.T, take func() health.Snapshot) string {
	t.Helper()
	h, err := health.New(health.Config{Listen: "127.0.0.1:0", Snapshot: take, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	at, err := h.Address(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + at
}

func get(t *testing.T, method, url, host string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}

func scrape(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, text)
	}
	return families
}

// value finds the one sample with these labels, "name=value" each.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	family := families[name]
	if family == nil {
		t.Fatalf("no metric %s", name)
	}
	for _, m := range family.Metric {
		has := map[string]bool{}
		for _, l := range m.Label {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		all := len(has) == len(labels)
		for _, l := range labels {
			all = all && has[l]
		}
		if all {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("%s has no sample with %v", name, labels)
	return 0
}

func TestScrape(t *testing.T) {
	status, text := get(t, http.MethodGet, start(t, snapshot)+health.Path, "")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	families := scrape(t, text)
	cam := "camera=" + string(gate)
	at := float64(snapshot().At.UnixMilli()) / 1000
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"xulang_agent_camera_state", []string{cam, "state=recording"}, 1},
		{"xulang_agent_camera_state", []string{cam, "state=held-full"}, 0},
		{"xulang_agent_camera_state", []string{"camera=" + string(road), "state=held-full"}, 1},
		{"xulang_agent_camera_state_since_timestamp_seconds", []string{cam}, at},
		{"xulang_agent_camera_verified_timestamp_seconds", []string{cam}, at},
		{"xulang_agent_camera_verified_timestamp_seconds", []string{"camera=" + string(road)}, 0},
		{"xulang_agent_camera_segments_total", []string{cam}, 40},
		{"xulang_agent_camera_segments_total", []string{"camera=" + string(road)}, 0},
		{"xulang_agent_camera_recorded_bytes_total", []string{cam}, 120 << 20},
		{"xulang_agent_camera_gap_seconds_total", []string{cam, "cause=reconnect"}, 1.5},
		{"xulang_agent_camera_packets_lost_total", []string{cam}, 7},
		{"xulang_agent_spool_used_bytes", nil, 3 << 30},
		{"xulang_agent_spool_limit_bytes", nil, 20 << 30},
		{"xulang_agent_spool_held_bytes", nil, 1 << 30},
		{"xulang_agent_spool_reach_seconds", nil, 216_000},
		{"xulang_agent_spool_waiting_segments", nil, 12},
		{"xulang_agent_uplink_sent_bytes_per_second", nil, 125_000},
		{"xulang_agent_uplink_budget_bytes_per_second", nil, 250_000},
		{"xulang_agent_clock_offset_seconds", nil, -1.5},
		{"xulang_agent_clock_bound_seconds", nil, 0.02},
		{"xulang_agent_clock_synchronised", nil, 1},
		{"xulang_agent_temperature_celsius", nil, 61.5},
	} {
		if got := value(t, families, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v = %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	for name, family := range families {
		if !strings.HasPrefix(name, "xulang_agent_") || family.GetHelp() == "" {
			t.Errorf("metric %s: name or help", name)
		}
	}
	if n := len(families["xulang_agent_camera_packets_lost_total"].Metric); n != 1 {
		t.Errorf("%d cameras tell lost packets; of one of them they are not known", n)
	}
	if bytes.Contains(text, []byte(secret)) {
		t.Errorf("what belongs to the household is shown:\n%s", text)
	}
}

func TestScrapeOfAnAgentWithoutAnything(t *testing.T) {
	_, text := get(t, http.MethodGet, start(t, func() health.Snapshot { return health.Snapshot{} })+health.Path, "")
	families := scrape(t, text)
	if families["xulang_agent_temperature_celsius"] != nil || families["xulang_agent_camera_state"] != nil {
		t.Errorf("a sensor or a camera that is not there is shown:\n%s", text)
	}
	if got := value(t, families, "xulang_agent_clock_synchronised"); got != 0 {
		t.Errorf("synchronised %v", got)
	}
}

func TestRefused(t *testing.T) {
	base := start(t, snapshot)
	for _, c := range []struct {
		method, path, host string
		want               int
	}{
		{http.MethodGet, health.Path, "localhost:9470", http.StatusOK},
		{http.MethodHead, health.Path, "", http.StatusOK},
		{http.MethodGet, health.Path, "[::1]:9470", http.StatusOK},
		{http.MethodPost, health.Path, "", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", "", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", "", http.StatusNotFound},
		{http.MethodGet, health.Path, "rebound.example:9470", http.StatusForbidden},
		{http.MethodGet, health.Path, "192.168.1.5:9470", http.StatusForbidden},
	} {
		status, text := get(t, c.method, base+c.path, c.host)
		if status != c.want {
			t.Errorf("%s %s of host %q: %d, want %d", c.method, c.path, c.host, status, c.want)
		}
		if status != http.StatusOK && bytes.Contains(text, []byte("xulang_agent_")) {
			t.Errorf("%s %s of host %q shows metrics", c.method, c.path, c.host)
		}
	}
}

func TestListen(t *testing.T) {
	for _, listen := range []string{
		"0.0.0.0:9470", ":9470", "[::]:9470", "192.168.1.5:9470", "localhost:9470", "127.0.0.1", "127.0.0.1:x", "hub.example:80", "[fe80::1%eth0]:80",
	} {
		if _, err := health.New(health.Config{Listen: listen}); err == nil {
			t.Errorf("%q was accepted", listen)
		} else if !strings.Contains(err.Error(), "127.0.0.1:9470") {
			t.Errorf("%q: the error does not say what would do: %v", listen, err)
		}
	}
	for _, listen := range []string{"127.0.0.1:9470", "127.8.9.1:1", "[::1]:9470", "[::ffff:127.0.0.1]:9470", ""} {
		if _, err := health.New(health.Config{Listen: listen, Log: slog.New(slog.DiscardHandler)}); err != nil {
			t.Errorf("%q: %v", listen, err)
		}
	}
}

// TestTakenPort: that the metrics' port is taken does not end the agent.
func TestTakenPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	told := make(chan struct{}, 1)
	log := slog.New(slog.NewTextHandler(writer(func(b []byte) {
		if bytes.Contains(b, []byte("metrics are not served")) {
			told <- struct{}{}
		}
	}), nil))
	h, err := health.New(health.Config{Listen: ln.Addr().String(), Snapshot: snapshot, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	select {
	case <-told:
	case err := <-ended:
		t.Fatalf("run ended: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestOff(t *testing.T) {
	h, err := health.New(health.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := h.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	if at, err := h.Address(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("address %q, %v", at, err)
	}
}

// writer is called with each log line.
type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}
