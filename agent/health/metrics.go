package health

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	camera "xulang.vn/camera"
)

// namespace is the prefix of every name.
const namespace = "xulang_agent"

// The names, in base units (seconds, bytes). A camera is told by its id alone:
// its label and the detail of its state belong to the household.
var (
	stateDesc    = perCamera("camera_state", "1 for the state that the camera is in, 0 for every other one: recording, or the cause of its gap.", "state")
	sinceDesc    = perCamera("camera_state_since_timestamp_seconds", "When the camera came into its state, Unix time.")
	verifiedDesc = perCamera("camera_verified_timestamp_seconds", "End of the newest segment whose file was read back and made sense, Unix time; 0: none yet.")
	segmentsDesc = perCamera("camera_segments_total", "Segments recorded since the agent started.")
	bytesDesc    = perCamera("camera_recorded_bytes_total", "Bytes of the segments recorded since the agent started.")
	gapDesc      = perCamera("camera_gap_seconds_total", "Time without footage since the agent started, by cause.", "cause")
	lostDesc     = perCamera("camera_packets_lost_total", "RTP packets that never came since the agent started.")

	usedDesc    = whole("spool_used_bytes", "Bytes of recordings on the disk.")
	limitDesc   = whole("spool_limit_bytes", "Bytes that recordings may take.")
	heldDesc    = whole("spool_held_bytes", "Bytes of recordings that a case holds.")
	reachDesc   = whole("spool_reach_seconds", "How far back the recordings reach when the disk is full, at the present rate; 0: not known yet.")
	waitingDesc = whole("spool_waiting_segments", "Segments that have to reach the hub and have not.")

	rateDesc   = whole("uplink_sent_bytes_per_second", "Bytes sent to the hub, over the last minute.")
	budgetDesc = whole("uplink_budget_bytes_per_second", "Bytes that may be sent now; 0: no limit.")

	offsetDesc = whole("clock_offset_seconds", "This machine's clock minus the hub's.")
	boundDesc  = whole("clock_bound_seconds", "The error of the clock offset is at most this.")
	syncDesc   = whole("clock_synchronised", "1 when the clock's offset is known and small, else 0.")

	temperatureDesc = whole("temperature_celsius", "Hottest sensor of the machine; absent when it has none.")
)

func perCamera(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, append([]string{"camera"}, more...), nil)
}

func whole(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil)
}

// states are all values of the label state; a camera has one series for each.
var states = []camera.RecordState{
	camera.StateRecording,
	camera.RecordState(camera.CauseCameraOff), camera.RecordState(camera.CauseWrongPassword), camera.RecordState(camera.CauseBadCodec),
	camera.RecordState(camera.CauseNoKeyFrame), camera.RecordState(camera.CauseAgentOff), camera.RecordState(camera.CauseClockStep),
	camera.RecordState(camera.CauseDisk), camera.RecordState(camera.CauseHeldFull), camera.RecordState(camera.CausePaused),
	camera.RecordState(camera.CauseReconnect),
}

// handler answers scrapes. The process's own figures are among them: they are
// read from /proc at a scrape and cost nothing in between.
func handler(cfg Config) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector(cfg.Snapshot), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{Namespace: namespace}))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesMost, Timeout: answerWithin - time.Second, DisableCompression: true,
	})
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, metrics) // and HEAD
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r.Host) {
			http.Error(w, "only for programs on this machine", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// local tells whether a request was meant for this machine. A web page that had
// its own name point here (DNS rebinding) asks with that name.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// collector makes metrics of a snapshot, taken at each scrape.
type collector func() Snapshot

// Describe implements prometheus.Collector. It names nothing: which cameras there
// are is known at a scrape only.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c()
	for _, one := range s.Cameras {
		if one.Camera.Valid() { // a label of any other form would end the program
			collectCamera(out, one, s.Counters[one.Camera])
		}
	}
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	gauge(usedDesc, float64(s.Spool.Used))
	gauge(limitDesc, float64(s.Spool.Most))
	gauge(heldDesc, float64(s.Spool.Held))
	gauge(reachDesc, s.Spool.Days*(24*time.Hour).Seconds())
	gauge(waitingDesc, float64(s.Spool.Waiting))
	gauge(rateDesc, float64(s.Uplink.Rate))
	gauge(budgetDesc, float64(s.Uplink.Budget))
	gauge(offsetDesc, time.Duration(s.Clock.Offset).Seconds())
	gauge(boundDesc, time.Duration(s.Clock.Bound).Seconds())
	gauge(syncDesc, truth(s.Clock.Synchronised))
	if s.Temperature != nil {
		gauge(temperatureDesc, *s.Temperature)
	}
}

func collectCamera(out chan<- prometheus.Metric, one camera.CameraStatus, n Counters) {
	id := string(one.Camera)
	put := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, append([]string{id}, labels...)...)
	}
	for _, state := range states {
		put(stateDesc, prometheus.GaugeValue, truth(one.State == state), string(state))
	}
	put(sinceDesc, prometheus.GaugeValue, unix(one.Since))
	put(verifiedDesc, prometheus.GaugeValue, unix(one.Verified))
	put(segmentsDesc, prometheus.CounterValue, float64(n.Segments))
	put(bytesDesc, prometheus.CounterValue, float64(n.Bytes))
	for cause, length := range n.Gaps {
		if cause.Announced() {
			put(gapDesc, prometheus.CounterValue, length.Seconds(), string(cause))
		}
	}
	if n.Lost != nil {
		put(lostDesc, prometheus.CounterValue, float64(*n.Lost))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix is 0 for the zero time, as is the habit of such metrics.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
