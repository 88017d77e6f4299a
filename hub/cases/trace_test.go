package cases_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// asks are all that can be done with a case's trace, each as the given officer and case,
// by the action that the audit must have.
func (l *lab) asks(mark string) map[string]func(context.Context, cases.Officer, string) error {
	return map[string]func(context.Context, cases.Officer, string) error{
		"trace": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.TraceOf(ctx, o, id)
			return err
		},
		"mark": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.Mark(ctx, o, id, notSeen(l.cams[0].ID, 30))
			return err
		},
		"unmark": func(ctx context.Context, o cases.Officer, id string) error { return l.Unmark(ctx, o, id, mark) },
		"proposals": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.Proposals(ctx, o, id, 5)
			return err
		},
		"belief": func(ctx context.Context, o cases.Officer, id string) error {
			_, _, err := l.TraceBelief(ctx, o, id, time.Minute)
			return err
		},
		"branches": func(ctx context.Context, o cases.Officer, id string) error {
			_, _, err := l.Branches(ctx, o, id)
			return err
		},
		"route": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.TraceRoute(ctx, o, id)
			return err
		},
		"route-geojson": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.ExportRoute(ctx, o, id, cases.FormatGeoJSON)
			return err
		},
		"route-gpx": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.ExportRoute(ctx, o, id, cases.FormatGPX)
			return err
		},
		"follow": func(ctx context.Context, o cases.Officer, id string) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			_, err := l.FollowTrace(ctx, o, id)
			return err
		},
		"trace-start": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := l.StartTrace(ctx, o, id, order())
			return err
		},
	}
}

func TestEveryTraceLookIsLoggedBeforeItIsAnswered(t *testing.T) {
	for name := range newLab(t).asks("") {
		t.Run(name, func(t *testing.T) {
			l := traced(t)
			made := l.mark(t, officer, seen(l.cams[0].ID, 40))
			before, engines := len(l.records), l.begun()
			version := l.version(t)

			l.auditErr = errHung
			err := l.asks(made.ID)[name](t.Context(), officer, l.one.ID)
			if camera.CodeOf(err) != camera.CodeUnavailable || !errors.Is(err, errHung) {
				t.Errorf("without the log: %v", err)
			}
			if l.begun() != engines || l.version(t) != version {
				t.Errorf("without the log: %d engines were built, version %d", l.begun()-engines, l.version(t))
			}

			l.auditErr = nil
			if err := l.asks(made.ID)[name](t.Context(), officer, l.one.ID); err != nil {
				t.Fatal(err)
			}
			if len(l.records) != before+1 {
				t.Fatalf("%d records", len(l.records)-before)
			}
			if r := l.records[before]; r.Action != name || r.Refused != "" || r.Case != l.one.ID || r.Actor.ID != officer.ID {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// version is the trace's in the table.
func (l *lab) version(t *testing.T) (v int64) {
	t.Helper()
	if err := l.DB.Read().QueryRow(`SELECT version FROM traces WHERE case_id = $1`, l.one.ID).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTraceRefusals(t *testing.T) {
	admin, other := officer, officer
	admin.Watches = false
	other.Unit = "Xã B"
	for name, c := range map[string]struct {
		who   cases.Officer
		spoil func(*testing.T, *lab)
		code  camera.Code
		but   map[string]camera.Code
	}{
		"no case":      {officer, func(_ *testing.T, l *lab) { l.one.ID = "" }, camera.CodeNoCase, nil},
		"unknown case": {officer, func(_ *testing.T, l *lab) { l.one.ID = "vxyz" }, camera.CodeNotFound, nil},
		"other unit":   {other, func(*testing.T, *lab) {}, camera.CodeNotFound, nil},
		"admin":        {admin, func(*testing.T, *lab) {}, camera.CodeForbidden, nil},
		"closed": {officer, func(t *testing.T, l *lab) {
			if _, err := l.CloseCase(t.Context(), officer, l.one.ID); err != nil {
				t.Fatal(err)
			}
		}, camera.CodeCaseClosed, nil},
		"no trace": {officer, func(t *testing.T, l *lab) { l.one = l.open(t, "2/2026") }, camera.CodeNotFound,
			map[string]camera.Code{"trace-start": "", "follow": ""}},
		"no engine": {officer, func(_ *testing.T, l *lab) { l.Tracer = nil }, camera.CodeUnavailable, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := traced(t)
			made := l.mark(t, officer, seen(l.cams[0].ID, 40))
			c.spoil(t, l)
			engines := l.begun()
			for _, look := range []string{"trace", "mark", "unmark", "proposals", "belief", "branches", "route", "follow", "trace-start"} {
				want := c.code
				if code, ok := c.but[look]; ok {
					want = code
				}
				before := len(l.records)
				err := l.asks(made.ID)[look](t.Context(), c.who, l.one.ID)
				if camera.CodeOf(err) != want {
					t.Errorf("%s: %v, want code %q", look, err, want)
				}
				if len(l.records) != before+1 {
					t.Errorf("%s: %d records", look, len(l.records)-before)
				} else if r := l.records[before]; r.Refused != want || r.Action != look {
					t.Errorf("%s: logged as %s %q", look, r.Action, r.Refused)
				}
				if want != "" && l.begun() != engines {
					t.Errorf("%s: an engine was built", look)
				}
			}
		})
	}
}

func TestBadTraceOrders(t *testing.T) {
	l := newLab(t)
	for name, x := range map[string]struct {
		spoil func(*cases.TraceOrder)
		code  camera.Code
	}{
		"fine":             {func(*cases.TraceOrder) {}, ""},
		"left at a moment": {func(o *cases.TraceOrder) { o.Incident.To = o.Incident.From }, ""},
		"window goes on":   {func(o *cases.TraceOrder) { o.To = noon.Add(time.Hour) }, ""},
		"window inverted":  {func(o *cases.TraceOrder) { o.From, o.To = o.To, o.From }, camera.CodeBadWindow},
		"window too long":  {func(o *cases.TraceOrder) { o.From = o.To.Add(-cases.WindowLongest - time.Millisecond) }, camera.CodeBadWindow},
		"no window":        {func(o *cases.TraceOrder) { o.From, o.To = time.Time{}, time.Time{} }, camera.CodeBadWindow},
		"window in the future": {func(o *cases.TraceOrder) {
			o.From, o.To = noon.Add(time.Second), noon.Add(time.Hour)
			o.Incident.From, o.Incident.To = noon.Add(time.Second), noon.Add(time.Second)
		}, camera.CodeBadWindow},
		"no mode":             {func(o *cases.TraceOrder) { o.Mode = "" }, camera.CodeBadRequest},
		"unknown mode":        {func(o *cases.TraceOrder) { o.Mode = "horse" }, camera.CodeBadRequest},
		"no place":            {func(o *cases.TraceOrder) { o.Incident.Position.Lat = 91 }, camera.CodeBadRequest},
		"incident inverted":   {func(o *cases.TraceOrder) { o.Incident.To = o.Incident.From.Add(-time.Second) }, camera.CodeBadWindow},
		"incident unknown":    {func(o *cases.TraceOrder) { o.Incident.From, o.Incident.To = time.Time{}, time.Time{} }, camera.CodeBadWindow},
		"incident too long":   {func(o *cases.TraceOrder) { o.Incident.From = o.Incident.To.Add(-6*time.Hour - time.Millisecond) }, camera.CodeBadWindow},
		"incident in future":  {func(o *cases.TraceOrder) { o.Incident.To = noon.Add(time.Millisecond) }, camera.CodeBadWindow},
		"incident after it":   {func(o *cases.TraceOrder) { o.To = o.Incident.From }, camera.CodeBadWindow},
		"incident before it":  {func(o *cases.TraceOrder) { o.From = o.Incident.To.Add(time.Millisecond) }, camera.CodeBadWindow},
		"incident at its end": {func(o *cases.TraceOrder) { o.From = o.Incident.To }, ""},
	} {
		o := order()
		x.spoil(&o)
		engines := l.begun()
		_, err := l.StartTrace(t.Context(), officer, l.one.ID, o)
		if camera.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %q", name, err, x.code)
		}
		if last := l.records[len(l.records)-1]; last.Refused != x.code || last.Action != "trace-start" {
			t.Errorf("%s: logged as %+v", name, last)
		}
		if (l.begun() > engines) != (x.code == "") {
			t.Errorf("%s: %d engines", name, l.begun()-engines)
		}
	}
}

func TestTraceAsItWasStarted(t *testing.T) {
	l := newLab(t)
	o := order()
	o.Incident.From = o.Incident.From.Add(7 * time.Microsecond) // finer than the table
	got, err := l.StartTrace(t.Context(), officer, l.one.ID, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.TraceOf(t.Context(), second, l.one.ID)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("%v, %+v, want %+v", err, again, got)
	}
	if got.TraceOrder != order() || got.Place.Lon != 106.51 || got.Metres != 40 || got.Cameras != 3 || got.Version != 1 ||
		got.Officer != officer.Name || !got.Made.Equal(noon) || got.Marks == nil || len(got.Left) != 0 || got.Hidden != 0 {
		t.Errorf("%+v", got)
	}
	if l.begun() != 1 || strings.Join(l.around, "; ") != "106.5,22.25 60000 60-0 10000" {
		t.Errorf("%d engines, cameras around %s", l.begun(), l.around)
	}
	if detail := l.records[len(l.records)-2].Detail; detail != "motorbike from 106.500000,22.250000, left 2026-11-22T04:00:00Z/2026-11-22T04:05:00Z, 2026-11-22T04:00:00Z/2026-11-22T05:00:00Z" {
		t.Errorf("the log says %s", detail)
	}
}

// TestIncidentOffTheRoads: only the engine knows, after the line was written.
func TestIncidentOffTheRoads(t *testing.T) {
	l := traced(t)
	l.begins = func(context.Context, func(int, int)) error { return camera.Errorf(camera.CodeOffRoad, "600 m") }
	before := len(l.records)
	o := order()
	o.Mode = camera.ModeCar
	_, err := l.StartTrace(t.Context(), officer, l.one.ID, o)
	if camera.CodeOf(err) != camera.CodeOffRoad {
		t.Errorf("%v", err)
	}
	if lines := l.records[before:]; len(lines) != 2 || lines[0].Refused != "" || lines[1].Refused != camera.CodeOffRoad || lines[1].Detail != lines[0].Detail {
		t.Errorf("the log says %+v", lines)
	}
	l.begins = nil
	if got, err := l.TraceOf(t.Context(), officer, l.one.ID); err != nil || got.Version != 1 || got.Mode != camera.ModeMotorbike {
		t.Errorf("the trace of before: %v, %+v", err, got)
	}
}

// TestNewTrace takes the place of the old one.
func TestNewTrace(t *testing.T) {
	l := traced(t)
	made := l.mark(t, second, seen(l.cams[0].ID, 40))
	l.now = noon.Add(time.Minute)
	o := order()
	o.Mode = camera.ModeFoot
	got, err := l.StartTrace(t.Context(), officer, l.one.ID, o)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode != camera.ModeFoot || got.Version != 3 || len(got.Marks) != 1 {
		t.Fatalf("%+v", got)
	}
	if m := got.Marks[0]; m.ID != made.ID || !m.Withdrawn.Equal(l.now) || m.WithdrawnBy != officer.Name || m.Officer != second.Name {
		t.Errorf("its mark %+v", m)
	}
	if l.questions[0].Seed == l.questions[1].Seed {
		t.Error("both have one seed")
	}
	if l.proposed(t); l.told() != "seen "+made.ID {
		t.Errorf("engines were told %s", l.told())
	}
}
