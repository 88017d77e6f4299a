package cases_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// ask requests the minutes before noon.
func (v *village) ask(t *testing.T, c cases.Case, cam cases.Camera, from, to float64) (cases.Requested, error) {
	t.Helper()
	at := func(m float64) time.Time { return noon.Add(-time.Duration(m * float64(time.Minute))) }
	return v.Request(t.Context(), officer, c.ID, cam.ID, at(from), at(to))
}

func (v *village) wants(t *testing.T, cam cases.Camera) string {
	t.Helper()
	all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID})
	if err != nil {
		t.Fatal(err)
	}
	return minutes(all...)
}

// TestRequest: the want stands before the box at home looks, and whether it looks
// decides nothing but what the officer is told.
func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		err error
		ack bool
	}{
		"linked":      {nil, true},
		"unreachable": {camera.Errorf(camera.CodeUnreachable, "no link"), false},
		"deaf":        {context.DeadlineExceeded, false},
		"its fault":   {errors.New("its disk"), false},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		one := v.open(t, "1/2026")
		v.lookErr = c.err
		got, err := v.ask(t, one, cam, 60, 30)
		if err != nil || got != (cases.Requested{Segments: 3, Acknowledged: c.ack}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if s := strings.Join(append(v.asked, v.looked...), ", "); s != "request 60-30, 60-30" || v.wants(t, cam) != "60-30" {
			t.Errorf("%s: %s; wanted %s", name, s, v.wants(t, cam))
		}
		if r := v.records[len(v.records)-1]; r.Action != "request" || r.Camera != cam.ID || r.Case != one.ID || r.Detail != "2026-11-22T04:00:00Z/2026-11-22T04:30:00Z" {
			t.Errorf("%s: logged %+v", name, r)
		}
	}
}

func TestRequestThatTheIndexDoesNotTake(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	v.askErr = errors.New("database is on fire")
	if _, err := v.ask(t, one, cam, 60, 30); !errors.Is(err, v.askErr) {
		t.Errorf("%v", err)
	}
	v.askErr = nil
	if got, err := v.ask(t, one, cam, 60, 30); err != nil || !got.Acknowledged || v.wants(t, cam) != "60-30" {
		t.Errorf("asked again: %+v, %v, wanted %s", got, err, v.wants(t, cam))
	}
}

func TestRequestWindows(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	for name, c := range map[string]struct {
		from, to float64
		code     camera.Code
	}{
		"inverted": {30, 60, camera.CodeBadWindow}, "empty": {30, 30, camera.CodeBadWindow}, "long": {361, 0, camera.CodeBadWindow},
		"to come": {-1, -30, camera.CodeBadWindow}, "longest": {360, 0, ""}, "under way": {30, -30, ""},
	} {
		_, err := v.ask(t, one, cam, c.from, c.to)
		if r := v.records[len(v.records)-1]; camera.CodeOf(err) != c.code || r.Action != "request" || r.Refused != c.code {
			t.Errorf("%s: %v, logged as %q", name, err, r.Refused)
		}
	}
}

// TestMeanwhile: what was decided is decided again when it is done.
func TestMeanwhile(t *testing.T) {
	for code, meanwhile := range map[camera.Code]func(*village, cases.Case, cases.Camera){
		camera.CodeCaseClosed: func(v *village, c cases.Case, _ cases.Camera) {
			if _, err := v.CloseCase(t.Context(), officer, c.ID); err != nil {
				t.Error(err)
			}
		},
		camera.CodeTooMany: func(v *village, c cases.Case, cam cases.Camera) { fill(t, v, c, cam, 0, 100) },
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		one := v.open(t, "1/2026")
		v.between = func() { meanwhile(v, one, cam) }
		if _, err := v.ask(t, one, cam, 60, 50); camera.CodeOf(err) != code {
			t.Errorf("%v, want %q", err, code)
		}
		if s := v.wants(t, cam); strings.Contains(s, "60-50") || len(v.asked)+len(v.looked) > 0 {
			t.Errorf("%s: wanted %s, told %v %v", code, s, v.asked, v.looked)
		}
	}
}

func TestCloseCaseLetsGo(t *testing.T) {
	for name, broken := range map[string]error{"all well": nil, "nobody answers": errors.New("away")} {
		v := newVillage(t)
		cam, other := v.house("Nhà 01", 500, camera.ConsentClip), v.house("Nhà 02", 600, camera.ConsentClip)
		one, two := v.open(t, "1/2026"), v.open(t, "2/2026")
		for _, a := range []struct {
			c        cases.Case
			cam      cases.Camera
			from, to float64
		}{{one, cam, 60, 40}, {one, cam, 30, 20}, {one, other, 60, 50}, {two, cam, 50, 25}} {
			v.now = v.now.Add(time.Second)
			if _, err := v.ask(t, a.c, a.cam, a.from, a.to); err != nil {
				t.Fatal(err)
			}
		}
		v.asked, v.looked, v.askErr, v.lookErr = nil, nil, broken, broken
		closed, err := v.CloseCase(t.Context(), officer, one.ID)
		if err != nil || closed.Open() {
			t.Errorf("%s: %v", name, err)
		}
		slices.Sort(v.looked)
		if s := strings.Join(v.asked, ", "); s != "unrequest 60-40 keep 50-25, unrequest 30-20 keep 50-25, unrequest 60-50 keep " {
			t.Errorf("%s: %s", name, s)
		}
		if s := strings.Join(v.looked, ", "); s != ", 50-25" { // the other camera's home finds nothing any more
			t.Errorf("%s: homes found %q", name, s)
		}
		if _, err := v.CloseCase(t.Context(), officer, one.ID); err != nil || len(v.asked) != 3 {
			t.Errorf("%s: closed twice: %v, %v", name, err, v.asked)
		}
	}
}

// TestCloseCaseIsOneStep: a case cannot end without what it holds.
func TestCloseCaseIsOneStep(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"wants", "cases"} {
		breaks, mends := `BEGIN SELECT RAISE(ABORT, 'disk'); END`, ``
		if v.DB.Postgres() {
			breaks, mends = `FOR EACH ROW EXECUTE FUNCTION refuse('disk')`, ` ON `+table
		}
		write(t, v, `CREATE TRIGGER broken BEFORE UPDATE ON `+table+` `+breaks)
		v.asked, v.looked = nil, nil
		if _, err := v.CloseCase(t.Context(), officer, one.ID); err == nil {
			t.Errorf("%s cannot be written, and the case is closed", table)
		}
		got, err := v.Get(t.Context(), officer, one.ID)
		if err != nil || !got.Open() || v.wants(t, cam) != "60-50" || len(v.asked)+len(v.looked) > 0 {
			t.Errorf("%s: %+v, %v, wanted %q, told %v %v", table, got, err, v.wants(t, cam), v.asked, v.looked)
		}
		write(t, v, `DROP TRIGGER broken`+mends)
	}
}

// TestManyAskAtOnce: what stands in the end is as if they had come one after the
// other, and a closed case holds nothing.
func TestManyAskAtOnce(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	second := officer
	second.ID = "u2"
	askAll := func(also func()) {
		var all sync.WaitGroup
		for i := range 12 {
			who := []cases.Officer{officer, second}[i%2]
			all.Go(func() {
				from := noon.Add(-time.Hour + time.Duration(i%3)*time.Minute)
				_, err := v.Request(t.Context(), who, one.ID, cam.ID, from, from.Add(10*time.Minute))
				if code := camera.CodeOf(err); code != "" && code != camera.CodeCaseClosed {
					t.Errorf("%v", err)
				}
			})
		}
		all.Go(also)
		all.Wait()
	}
	askAll(func() {})
	if got := v.wants(t, cam); got != "60-48" {
		t.Errorf("wanted %s", got)
	}
	askAll(func() {
		if _, err := v.CloseCase(t.Context(), officer, one.ID); err != nil {
			t.Error(err)
		}
	})
	var open int
	if err := v.DB.Read().QueryRow(`SELECT count(*) FROM wants WHERE ended_ms IS NULL`).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d wants of a closed case, %v", open, err)
	}
	if last := v.asked[len(v.asked)-1]; !strings.HasPrefix(last, "unrequest") {
		t.Errorf("%s after the case was closed", last)
	}
}
