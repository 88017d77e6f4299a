package api_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/index"
)

const stillPath = "/api/v1/cases/{case}/cameras/{camera}/still?at={to}"

// earlier announces a segment that is still at home, a minute before the stored one.
func (h *house) earlier() camera.Segment {
	s := h.segment
	s.Run, s.Start, s.End = "fedcba9876543210", s.Start.Add(-time.Minute), s.End.Add(-time.Minute)
	reply := must(h.cfg.Past.(*index.Index).Put(h.t.Context(), camera.Announce{V: camera.LinkVersion, Segments: []camera.Segment{s}}, believed{}))
	if len(reply.RefusedSegments) > 0 {
		h.t.Fatal(reply.RefusedSegments)
	}
	return s
}

func read[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	return v
}

func TestStillIsAPictureWithItsTime(t *testing.T) {
	h := newHouse(t)
	home := h.earlier()
	for at, want := range map[time.Time]time.Time{h.segment.End: h.segment.Start, home.Start.Add(time.Second): home.Start} {
		path := strings.Replace(stillPath, "{to}", at.Format(time.RFC3339Nano), 1)
		got := h.do(officer, http.MethodGet, h.fill(path), "")
		if got.status != http.StatusOK || got.body != picture {
			t.Fatalf("%s: %d %q", path, got.status, got.body)
		}
		for name, value := range map[string]string{
			"Content-Type": "video/mp4", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Length": strconv.Itoa(len(picture)), "Xulang-Time": want.UTC().Format(time.RFC3339Nano),
		} {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s %q, want %q", path, name, got.header.Get(name), value)
			}
		}
	}
	h.away = true
	if got := h.do(officer, http.MethodGet, h.fill(stillPath), ""); got.status != http.StatusOK {
		t.Errorf("stored, and the home is away: %d", got.status)
	}
	path := strings.Replace(stillPath, "{to}", home.Start.Format(time.RFC3339Nano), 1)
	if got := h.do(officer, http.MethodGet, h.fill(path), ""); got.status != http.StatusServiceUnavailable || got.problem.Code != "unreachable" || got.header.Get("Xulang-Time") != "" {
		t.Errorf("at home, and the home is away: %d %s", got.status, got.body)
	}
}

// TestRequestFromTheSearchOn: an officer sees that there is something at home, and
// asks for it.
func TestRequestFromTheSearchOn(t *testing.T) {
	h := newHouse(t)
	home := h.earlier()
	search := func() gen.CameraAnswer {
		t.Helper()
		body := `{"points":{"a":{"lon":106.705,"lat":21.9},"b":{"lon":106.715,"lat":21.9}},"from":"` + home.Start.Format(time.RFC3339Nano) + `","to":"{to}"}`
		found := read[gen.SearchResult](t, h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/search"), h.fill(body)))
		if len(found.Cameras) != 1 {
			t.Fatalf("%+v", found)
		}
		return found.Cameras[0]
	}
	got := search()
	if got.Home == nil || !*got.Home || got.Playlist == nil {
		t.Errorf("home %v, playlist %v", got.Home, got.Playlist)
	}
	if a := got.Activity; a == nil || a.StepMs != 1000 || len(a.Values) != 66 || string(a.Values[60:]) != string(h.segment.Activity) || a.Values[6] != 0 {
		t.Errorf("activity %+v", a)
	}
	request := func() gen.Requested {
		t.Helper()
		body := `{"from":"` + home.Start.Format(time.RFC3339Nano) + `","to":"{to}"}`
		return read[gen.Requested](t, h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/cameras/{camera}/requests"), h.fill(body)))
	}
	if got := request(); got != (gen.Requested{Segments: 1, Acknowledged: true}) || h.looked != 1 {
		t.Errorf("%+v, looked %d times", got, h.looked)
	}
	if got := search(); got.Home == nil || !*got.Home || *got.Spans[0].State != gen.SpanStateRequested {
		t.Errorf("home %v, %+v", got.Home, got.Spans)
	}
	h.away = true
	if got := request(); got.Acknowledged {
		t.Errorf("%+v from a home that is away", got)
	}
	want := camera.Want{Camera: h.camera, From: home.Start, To: h.segment.End, Fetch: true, Purpose: camera.PurposeCriminal}
	wants, err := h.cfg.Cases.WantsOf(t.Context(), []camera.CameraID{h.camera})
	if len(wants) == 1 {
		want.ID = wants[0].ID
	}
	if err != nil || len(wants) != 1 || wants[0] != want || want.ID == "" {
		t.Errorf("%+v, %v", wants, err)
	}
	// What has been asked for is let go when the case is closed.
	h.looked = 0
	read[gen.Case](t, h.do(officer, http.MethodPost, h.fill("/api/v1/cases/{case}/close"), ""))
	e, err := h.cfg.Past.(*index.Index).Segment(t.Context(), home.SegmentID)
	if wants := must(h.cfg.Cases.WantsOf(t.Context(), []camera.CameraID{h.camera})); err != nil || e.State != camera.StateHome || len(wants) > 0 || h.looked != 1 {
		t.Errorf("after the end: %s, %v, %+v, looked %d times", e.State, err, wants, h.looked)
	}
}

// TestHealthOfABox: what it last told, with what it does not know left out.
func TestHealthOfABox(t *testing.T) {
	h := newHouse(t)
	device := func() gen.Device {
		t.Helper()
		return read[[]gen.Household](t, h.do(admin, http.MethodGet, "/api/v1/households", ""))[0].Devices[0]
	}
	if d := device(); d.Health != nil || d.Cameras[0].Verified != nil || d.Cameras[0].Uplink != nil {
		t.Errorf("before it told anything: %+v", d)
	}
	m := camera.Status{
		V: camera.LinkVersion, At: time.Now(),
		Cameras: []camera.CameraStatus{{Camera: h.camera, State: camera.StateRecording, Since: h.segment.Start, Verified: h.segment.End, Uplink: camera.UplinkSub}},
		Spool:   camera.SpoolStatus{Used: 5, Most: 10, Held: 2, Waiting: 3},
		Uplink:  camera.UplinkStatus{Rate: 7},
		Clock:   camera.Clock{Synchronised: true, Offset: camera.Millis(-4 * time.Millisecond), Bound: camera.Millis(9 * time.Millisecond)},
	}
	tell := func() gen.Device {
		t.Helper()
		if err := h.cfg.Registry.SetStatus(t.Context(), camera.DeviceID(h.device), m); err != nil {
			t.Fatal(err)
		}
		return device()
	}
	want := gen.DeviceHealth{SpoolUsed: 5, SpoolMost: 10, SpoolHeld: 2, Waiting: 3, UplinkRate: 7, Clock: gen.Clock{Synchronised: true, OffsetMs: -4, BoundMs: 9}}
	d := tell()
	if d.Health == nil || *d.Health != want {
		t.Errorf("%+v, want %+v", d.Health, want)
	}
	if c := d.Cameras[0]; c.Verified == nil || !c.Verified.Equal(h.segment.End) || c.Uplink == nil || *c.Uplink != gen.Sub {
		t.Errorf("verified %v, uplink %v", c.Verified, c.Uplink)
	}
	degrees := 0.0 // is a temperature
	m.Temperature, m.Spool.Days, m.Uplink.Budget = &degrees, 9.5, 100
	got := tell().Health
	if got.Temperature == nil || *got.Temperature != 0 || got.SpoolDays == nil || *got.SpoolDays != 9.5 || got.UplinkBudget == nil || *got.UplinkBudget != 100 {
		t.Errorf("%+v", got)
	}
}
