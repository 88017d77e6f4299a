package upload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

// farHub asks the hub by HTTP, so that its questions take the same bad line as
// the bytes.
type farHub struct {
	client *http.Client
	base   string
}

func post[Reply any](ctx context.Context, h farHub, verb string, question any) (reply Reply, err error) {
	body, err := json.Marshal(question)
	if err != nil {
		return reply, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/hub/"+verb, bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	res, err := h.client.Do(req)
	if err != nil {
		return reply, err
	}
	defer res.Body.Close()
	return reply, json.NewDecoder(res.Body).Decode(&reply)
}

func (h farHub) Announce(ctx context.Context, m camera.Announce) (camera.AnnounceReply, error) {
	return post[camera.AnnounceReply](ctx, h, camera.VerbAnnounce, m)
}

func (h farHub) Slots(ctx context.Context, ids []camera.SegmentID) (camera.SlotsReply, error) {
	return post[camera.SlotsReply](ctx, h, camera.VerbSlots, camera.SlotsRequest{Segments: ids})
}

func (h farHub) Stored(ctx context.Context, ids []camera.SegmentID) (camera.StoredReply, error) {
	return post[camera.StoredReply](ctx, h, camera.VerbStored, camera.StoredNotice{Segments: ids})
}

// house is the hub's one port: the store and the hub's questions.
func (w *world) house(rw http.ResponseWriter, r *http.Request) {
	verb, hub := strings.CutPrefix(r.URL.Path, "/hub/")
	if !hub {
		w.serve(rw, r)
		return
	}
	var reply any
	var err error
	switch verb {
	case camera.VerbAnnounce:
		var m camera.Announce
		if err = json.NewDecoder(r.Body).Decode(&m); err == nil {
			reply, err = hubSide{w}.Announce(r.Context(), m)
		}
	case camera.VerbSlots:
		var m camera.SlotsRequest
		if err = json.NewDecoder(r.Body).Decode(&m); err == nil {
			reply, err = hubSide{w}.Slots(r.Context(), m.Segments)
		}
	default:
		var m camera.StoredNotice
		if err = json.NewDecoder(r.Body).Decode(&m); err == nil {
			reply, err = hubSide{w}.Stored(r.Context(), m.Segments)
		}
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the question was cut off
	}
	_ = json.NewEncoder(rw).Encode(reply)
}

// badLine puts a proxy with these toxics before a server and gives its address.
func badLine(t *testing.T, upstream string, toxics ...string) string {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "uplink", "127.0.0.1:0", upstream)
	for _, toxic := range toxics {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy.Listen
}

// TestBadLines uploads over lines that are slow, torn, cut and silent, to a store
// that sometimes keeps the bytes and loses the answer. Everything arrives once and
// nothing is refused. The catch-up is the media time that a second carries.
func TestBadLines(t *testing.T) {
	const cut = `{"type":"limit_data","stream":"upstream","attributes":{"bytes":1500000}}`
	for _, line := range []struct {
		name     string
		toxics   []string
		segments int
		size     int           // bytes of a segment of 6 s
		oneLine  bool          // all puts share the line
		alone    bool          // it needs the processor
		close    bool          // a connection for each request
		stall    time.Duration // 0: as it is
		ordered  bool          // what is asked for comes first
		catchUp  float64       // at least; 0: printed only
	}{
		{name: "latency 500 ms each way", segments: 40, size: 3 << 20, ordered: true, catchUp: 4, toxics: []string{
			`{"type":"latency","stream":"upstream","attributes":{"latency":500}}`,
			`{"type":"latency","stream":"downstream","attributes":{"latency":500}}`}},
		{name: "slicer", segments: 16, size: 3 << 20, ordered: true, alone: true, catchUp: 4, toxics: []string{
			`{"type":"slicer","stream":"upstream","attributes":{"average_size":8192,"size_variation":4096,"delay":10}}`,
			`{"type":"slicer","stream":"downstream","attributes":{"average_size":10,"size_variation":5,"delay":10}}`}},
		{name: "bandwidth 256 kbit/s", segments: 14, size: 30_000, oneLine: true, ordered: true, toxics: []string{
			`{"type":"bandwidth","stream":"upstream","attributes":{"rate":32}}`,
			`{"type":"bandwidth","stream":"downstream","attributes":{"rate":32}}`}},
		{name: "resets", segments: 40, size: 400_000, alone: true, toxics: []string{cut,
			`{"type":"reset_peer","stream":"upstream","toxicity":0.4,"attributes":{"timeout":30}}`}},
		{name: "half-open", segments: 40, size: 4000, close: true, stall: 300 * time.Millisecond, toxics: []string{
			`{"type":"timeout","stream":"upstream","toxicity":0.3,"attributes":{"timeout":0}}`}},
		{name: "half-open answers", segments: 40, size: 4000, close: true, stall: 300 * time.Millisecond, toxics: []string{
			`{"type":"timeout","stream":"downstream","toxicity":0.3,"attributes":{"timeout":0}}`}},
	} {
		t.Run(line.name, func(t *testing.T) {
			if !line.alone {
				t.Parallel()
			}
			w := newEmpty(t)
			front := httptest.NewUnstartedServer(http.HandlerFunc(w.house))
			front.Config.SetKeepAlivesEnabled(!line.close)
			front.Start()
			t.Cleanup(front.Close)
			w.base = "http://" + badLine(t, front.Listener.Addr().String(), line.toxics...)
			transport := &http.Transport{}
			if line.oneLine {
				transport.MaxConnsPerHost = 1
			}
			w.client = &http.Client{Transport: transport}
			questions := &http.Transport{MaxConnsPerHost: 1}
			t.Cleanup(questions.CloseIdleConnections)
			w.hub, w.wait = farHub{&http.Client{Transport: questions}, w.base}, 3*time.Minute
			w.tune = func(u *upload.Uploader) {
				upload.SetPace(u, 20*time.Millisecond, 100*time.Millisecond)
				if line.stall > 0 {
					upload.SetPatience(u, line.stall, 2*line.stall)
				}
			}
			w.onPut = func(_ http.ResponseWriter, r *http.Request, n int) bool {
				if n%9 != 0 {
					return false
				}
				w.keep(strings.TrimPrefix(r.URL.Path, "/o/"), r)
				panic(http.ErrAbortHandler)
			}
			var segs []camera.Segment
			for n := range line.segments {
				segs = append(segs, w.add(gateCam, n, line.size))
			}
			w.ask(segs[8], segs[9])
			began := time.Now()
			stop := w.run(nil, nil)
			w.until("all stored", w.all("stored", segs...))
			took := time.Since(began)
			stop()
			w.verify(segs...)
			if len(w.objects) != len(segs) {
				t.Errorf("%d objects of %d segments", len(w.objects), len(segs))
			}
			if first := fmt.Sprint(w.puts[:2]); line.ordered && (!strings.Contains(first, "-8") || !strings.Contains(first, "-9")) {
				t.Errorf("first went %s", first)
			}
			ratio := (time.Duration(line.segments) * camera.SegmentGoal).Seconds() / took.Seconds()
			t.Logf("catch-up %.1f times real time, %d puts for %d segments, %d questions, %d notices",
				ratio, len(w.puts), len(segs), w.questions, w.notices)
			if ratio < line.catchUp {
				t.Errorf("catch-up %.1f, want %.0f", ratio, line.catchUp)
			}
		})
	}
}
