package cases_test

import (
	"database/sql"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func TestRequestsBecomeOne(t *testing.T) {
	for name, c := range map[string]struct {
		asks [][2]float64
		want string
	}{
		"apart":           {[][2]float64{{60, 50}, {40, 30}}, "60-50 40-30"},
		"the same":        {[][2]float64{{60, 50}, {60, 50}, {60, 50}}, "60-50"},
		"within":          {[][2]float64{{60, 30}, {50, 40}}, "60-30"},
		"around":          {[][2]float64{{50, 40}, {60, 30}}, "60-30"},
		"overlap":         {[][2]float64{{60, 40}, {50, 30}}, "60-30"},
		"touch":           {[][2]float64{{60, 50}, {50, 40}}, "60-40"},
		"bridge of three": {[][2]float64{{60, 50}, {40, 30}, {20, 10}, {55, 15}}, "60-10"},
		"bridge of two":   {[][2]float64{{60, 50}, {40, 30}, {20, 10}, {55, 35}}, "60-30 20-10"},
	} {
		v := newVillage(t)
		cam, other := v.house("Nhà 01", 500, camera.ConsentClip), v.house("Nhà 02", 600, camera.ConsentClip)
		one, two := v.open(t, "1/2026"), v.open(t, "2/2026")
		if _, err := v.ask(t, one, other, 61, 1); err != nil {
			t.Fatal(err)
		}
		v.now = v.now.Add(time.Second)
		for _, a := range c.asks {
			v.now = v.now.Add(time.Second)
			if _, err := v.ask(t, one, cam, a[0], a[1]); err != nil {
				t.Fatal(err)
			}
		}
		if got := v.wants(t, cam); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		v.now = v.now.Add(time.Second)
		if _, err := v.ask(t, two, cam, 55, 45); err != nil { // another case has its own
			t.Fatal(err)
		}
		if got := v.wants(t, cam) + ", " + v.wants(t, other); got != c.want+" 55-45, 61-1" {
			t.Errorf("%s: %s with another case", name, got)
		}
	}
}

func TestRequestLimits(t *testing.T) {
	v := newVillage(t)
	cam, other := v.house("Nhà 01", 500, camera.ConsentClip), v.house("Nhà 02", 600, camera.ConsentClip)
	away := v.house("Nhà 03", 700, camera.ConsentClip)
	one, two, three := v.open(t, "1/2026"), v.open(t, "2/2026"), v.open(t, "3/2026")
	write(t, v, `INSERT INTO households (id, label, created_ms) VALUES ('h', 'Nhà', 0)`)
	for device, cams := range map[string][]cases.Camera{"box": {cam, other}, "other box": {away}} {
		write(t, v, `INSERT INTO devices (id, household_id, name, version, enrolled_ms) VALUES ($1, 'h', '', '', 0)`, device)
		for _, c := range cams {
			write(t, v, `INSERT INTO cameras (id, household_id, device_id, serial, channel, label, consent, paused, sound, shared, state, detail, codec, registered_ms)
				VALUES ($1, 'h', $2, $1, 0, '', 'clip', false, false, true, '', '', '', 0)`, c.ID, device)
		}
	}
	expect := func(when string, c cases.Case, cam cases.Camera, from, to float64, code camera.Code) {
		t.Helper()
		_, err := v.ask(t, c, cam, from, to)
		if r := v.records[len(v.records)-1]; camera.CodeOf(err) != code || r.Refused != code {
			t.Errorf("%s: %v, logged as %q, want %q", when, err, r.Refused, code)
		}
	}
	fill(t, v, one, cam, 0, 99)
	expect("the hundredth", one, cam, 60, 50, "")
	expect("one more", one, cam, 40, 30, camera.CodeTooMany)
	expect("a part of one", one, cam, 55, 45, "")
	expect("another camera", one, other, 60, 50, "")
	expect("another case", two, cam, 60, 50, "")
	fill(t, v, three, other, 0, camera.WantsMost-103)
	expect("the box's last", two, other, 60, 50, "")
	expect("too many for the box", two, cam, 40, 30, camera.CodeTooMany)
	expect("another box", two, away, 40, 30, "")
	if _, err := v.CloseCase(t.Context(), officer, one.ID); err != nil {
		t.Fatal(err)
	}
	expect("what has ended makes room", two, cam, 40, 30, "")

	fill(t, v, three, other, 1000, camera.WantsMost) // as when a camera comes to another box
	all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID, other.ID, away.ID})
	if err != nil || len(all) != camera.WantsMost {
		t.Errorf("%d wants for one box, %v", len(all), err)
	}
}

// fill makes wants of a second each, a day before those that are asked for.
func fill(t *testing.T, v *village, c cases.Case, cam cases.Camera, from, n int) {
	t.Helper()
	write(t, v, `WITH RECURSIVE i (n) AS (SELECT CAST($3 AS bigint) UNION ALL SELECT n + 1 FROM i WHERE n < $4)
		INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms)
		SELECT $1 || $2 || n, $1, $2, CAST($5 AS bigint) + n * 2000, CAST($5 AS bigint) + n * 2000 + 1000, true, 'u1', 0 FROM i`,
		c.ID, cam.ID, from, from+n-1, noon.Add(-24*time.Hour).UnixMilli())
}

func write(t *testing.T, v *village, query string, args ...any) {
	t.Helper()
	err := v.DB.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(query, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// TestWantsOf: a box hears of what its household still shares.
func TestWantsOf(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*village)
		want   string
	}{
		"shared":              {func(*village) {}, "60-50"},
		"live":                {func(v *village) { v.cams[0].Consent.Level = camera.ConsentLive }, "60-50"},
		"paused":              {func(v *village) { v.cams[0].Consent.Paused = true }, "[60-50]"},
		"narrowed":            {func(v *village) { v.cams[0].Consent.Level = camera.ConsentRegistry }, ""},
		"withdrawn":           {func(v *village) { v.cams[0].Consent.Level = camera.ConsentNone }, ""},
		"and paused":          {func(v *village) { v.cams[0].Consent = camera.Consent{Level: camera.ConsentNone, Paused: true} }, ""},
		"ended":               {func(v *village) { v.cams[0].Consent.Until = v.now }, ""},
		"case closed by hand": {func(v *village) { write(t, v, `UPDATE cases SET closed_ms = 1`) }, ""},
		"not there any more":  {func(v *village) { v.cams[0].Shared = false }, ""},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		if _, err := v.ask(t, v.open(t, "1/2026"), cam, 60, 50); err != nil {
			t.Fatal(err)
		}
		c.change(v)
		if got := v.wants(t, cam); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestWantsOfAnUnknownCamera: when it cannot be decided, nothing is given out, and
// the box keeps what it has.
func TestWantsOfAnUnknownCamera(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	if _, err := v.ask(t, v.open(t, "1/2026"), cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	v.cams = nil
	if all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID}); err == nil {
		t.Errorf("%s", minutes(all...))
	}
}
