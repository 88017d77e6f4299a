package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// onRoads is a home at a hub that knows these roads.
func onRoads(t *testing.T, drawing string) *home {
	t.Helper()
	h := newHome(t)
	h.cfg.Roads = filepath.Join(t.TempDir(), "roads.osm")
	if err := os.WriteFile(h.cfg.Roads, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	h.reopen(t)
	return h
}

// TestAroundAnIncident: nearest first, by where cameras stood in the window, with the
// views of that time; what is not shared any more is not there.
func TestAroundAnIncident(t *testing.T) {
	h := onRoads(t, twoRoads)
	now := time.Now().UTC().Truncate(time.Millisecond)
	ago := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	note := func(channel int, lon float64, since time.Time) camera.CameraNote {
		n := h.note
		n.Camera, n.Channel = camera.NewCameraID(h.house, "S1", channel), channel
		n.View.Position.Lon, n.View.From = lon, since
		return n
	}
	// 1 stood 1 km away and was carried beside the incident; 2 is 300 m away, 3 is new.
	first, second, third := note(1, 106.71, ago(20)), note(2, 106.703, ago(20)), note(3, 106.701, ago(1))
	h.hello(t, first, second, third)
	first.View.Position.Lon, first.View.From = 106.7001, ago(5)
	h.hello(t, first, second, third)
	place := camera.Position{Lon: 106.7, Lat: 21.9}
	for name, c := range map[string]struct {
		metres   float64
		from, to time.Time
		most     int
		want     string // channels with the number of their views
	}{
		"as it was carried":    {500, ago(8), ago(2), 10, "1/2 2/1"},
		"before":               {500, ago(8), ago(6), 10, "2/1"},
		"before, farther":      {2000, ago(8), ago(6), 10, "2/1 1/1"},
		"to the moment":        {500, ago(8), ago(5), 10, "2/1"},
		"from the moment":      {500, ago(5), ago(4), 10, "1/1 2/1"},
		"now":                  {500, ago(1), now, 10, "1/1 3/1 2/1"},
		"the nearest":          {500, ago(8), ago(2), 1, "1/2"},
		"the nearest but none": {500, ago(8), ago(2), 0, ""},
		"before all":           {60_000, ago(40), ago(30), 10, ""},
	} {
		if got := h.around(t, place, c.metres, c.from, c.to, c.most); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	h.hello(t, second)
	if got := h.around(t, place, 500, ago(8), ago(2), 1); got != "2/1" {
		t.Errorf("when only one is shared: %q", got)
	}
}

func (h *home) around(t *testing.T, p camera.Position, metres float64, from, to time.Time, most int) string {
	t.Helper()
	got, err := h.Reach().Around(t.Context(), p, metres, from, to, most)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, r := range got {
		for channel := range 4 {
			if r.Camera.ID == camera.NewCameraID(h.house, "S1", channel) {
				text = append(text, string(rune('0'+channel))+"/"+string(rune('0'+len(r.Views))))
			}
		}
	}
	return strings.Join(text, " ")
}

// TestCoverIsWhatSearchTells of footage and clocks, without the footage.
func TestCoverIsWhatSearchTells(t *testing.T) {
	h := newHome(t)
	s := h.announced(t, []byte("the bytes of a segment"))
	from, to := s.Start.Add(-6*time.Second), s.End
	cam := cases.Camera{ID: h.note.Camera, Registered: from.Add(-time.Hour)}
	stranger := cases.Camera{ID: camera.NewCameraID(h.house, "S1", 9)}
	cover := func() []cases.Cover {
		got, err := h.Reach().Cover(t.Context(), []cases.Camera{stranger, cam}, from, to)
		if err != nil || len(got) != 2 {
			t.Fatalf("%d, %v", len(got), err)
		}
		return got
	}
	got := cover()
	if spans := got[0].Spans; len(spans) != 1 || spans[0].State != "" || got[0].Clock != nil {
		t.Errorf("of a camera without footage: %+v", got[0])
	}
	spans := got[1].Spans
	if len(spans) != 2 || spans[0].State != "" || spans[0].Cause == "" || spans[1].State != camera.StateHome || !spans[1].From.Equal(s.Start) || !spans[1].To.Equal(s.End) {
		t.Errorf("spans: %+v", spans)
	}
	if got[1].Clock == nil || got[1].Recorder != 0 {
		t.Errorf("clocks: %+v", got[1])
	}
}

// TestWhereThereAreNoRoads nothing is traced, and it is told why.
func TestWhereThereAreNoRoads(t *testing.T) {
	h := newHome(t)
	tracer, paths := h.Tracing()
	now := time.Now()
	from := camera.Incident{Position: h.note.View.Position, From: now.Add(-time.Hour), To: now}
	_, err := tracer.Begin(t.Context(), camera.TraceQuestion{Incident: from, Mode: camera.ModeCar, From: from.From, To: from.To}, nil)
	if camera.CodeOf(err) != camera.CodeOffRoad {
		t.Errorf("begin: %v", err)
	}
	route, err := paths.Recover(t.Context(), from, camera.ModeCar, []cases.Passage{{Mark: "m1", Camera: h.note.Camera, At: now, View: h.note.View}})
	if err == nil && (len(route.Legs) != 1 || !route.Legs[0].Broken) {
		t.Errorf("route: %+v", route)
	}
	if err != nil && camera.CodeOf(err) == camera.CodeInternal {
		t.Errorf("route: %v", err)
	}
}

// TestOddRoadsAreTold at the import.
func TestOddRoadsAreTold(t *testing.T) {
	h := onRoads(t, twoRoads)
	text := h.log.String()
	for _, want := range []string{"roads are loaded", "the roads are in pieces", "pieces=2", "roads without a speed", "ways=2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not tell %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "one-way") {
		t.Errorf("there is no one-way street:\n%s", text)
	}
}
