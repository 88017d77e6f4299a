package setup_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

// chosenHouse has a camera that is not aimed yet.
func chosenHouse(t *testing.T) (*house, camera.CameraID) {
	t.Helper()
	h := newHouse(t)
	h.signIn()
	h.pair()
	h.find()
	return h, h.choose(h.open())
}

func TestAiming(t *testing.T) {
	h, id := chosenHouse(t)
	path := "/cameras/" + string(id) + "/aim"
	if r := h.api(http.StatusNotFound, "GET", "/cameras/"+string(id)+"/reference", ""); r.code() != "not-found" {
		t.Errorf("before: %s", r.code())
	}
	for name, body := range map[string]string{
		"fov":          aiming(strings.Replace(view, "90", "200", 1), "Cổng", day),
		"range":        aiming(strings.Replace(view, "40", "900", 1), "Cổng", day),
		"no label":     aiming(view, "  ", day),
		"long label":   aiming(view, strings.Repeat("ổ", 101), day),
		"outline":      strings.Replace(aiming(view, "Cổng", day), `"x":0.1`, `"x":1.1`, 1),
		"no JPEG":      aiming(view, "Cổng", []byte("GIF89a")),
		"damaged JPEG": aiming(view, "Cổng", day[:len(day)/2]),
	} {
		if r := h.do("PUT", "/api/v1"+path, body); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	// A head that promises more pixels than a small box can hold.
	for _, size := range [][2]uint16{{65500, 65500}, {4600, 4600}, {5000, 100}} {
		r := h.do("PUT", "/api/v1"+path, aiming(view, "Cổng", pretend(size[0], size[1])))
		if r.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%v pixels: %d %s", size, r.status, r.body)
		}
	}
	if r := h.do("PUT", "/api/v1"+path, aiming(view, "Cổng", bytes.Repeat([]byte{1}, 900_000))); r.code() != "too-large" {
		t.Errorf("a large body: %d %s", r.status, r.body)
	}
	if c := h.state().Cameras[0]; c.View != nil {
		t.Errorf("refused, and aimed: %+v", c)
	}
	h.aim(id)
	r := h.api(http.StatusOK, "GET", "/cameras/"+string(id)+"/reference", "")
	if !bytes.Equal(r.body, day) || r.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("reference of %d bytes", len(r.body))
	}
	// Another name for the same view keeps picture and time, another view neither.
	h.clock.add(time.Hour)
	h.api(http.StatusOK, "PUT", path, aiming(view, "Cổng chính", nil))
	if c := h.state().Cameras[0]; c.Label != "Cổng chính" || !c.View.From.Equal(noon) || h.agent.calls("Seen") != 1 {
		t.Errorf("renamed: %+v", c)
	}
	h.api(http.StatusOK, "GET", "/cameras/"+string(id)+"/reference", "")
	h.api(http.StatusOK, "PUT", path, aiming(strings.Replace(view, "12.5", "200", 1), "Cổng", nil))
	if c := h.state().Cameras[0]; !c.View.From.Equal(noon.Add(time.Hour)) || h.agent.calls("Seen") != 2 {
		t.Errorf("turned: %+v", c.View)
	}
	h.api(http.StatusNotFound, "GET", "/cameras/"+string(id)+"/reference", "")
	h.api(http.StatusNotFound, "PUT", "/cameras/x/aim", aiming(view, "Cổng", day))
}

// pretend is a JPEG whose head says it has another size (ITU-T T.81, B.2.2).
func pretend(w, h uint16) []byte {
	b := bytes.Clone(day)
	i := bytes.Index(b, []byte{0xff, 0xc0})
	b[i+5], b[i+6], b[i+7], b[i+8] = byte(h>>8), byte(h), byte(w>>8), byte(w)
	return b
}

func TestItLookedThereBefore(t *testing.T) {
	for name, c := range map[string]struct {
		before bool
		past   time.Time // start of the recorder's past; zero: not known
		from   time.Time
	}{
		"no":              {false, noon.AddDate(0, 0, -9), noon},
		"as far as it is": {true, noon.AddDate(0, 0, -9), noon.AddDate(0, 0, -9)},
		"not known yet":   {true, time.Time{}, noon.Add(-camera.PastLongest + time.Hour)},
		"too far":         {true, noon.AddDate(-1, 0, 0), noon.Add(-camera.PastLongest + time.Hour)},
		"clock ahead":     {true, noon.Add(time.Hour), noon},
	} {
		h, id := chosenHouse(t)
		h.agent.set(func() {
			h.agent.recorders = []setupRecorder{{ID: "another", PastFrom: noon.Add(-time.Minute)}, {ID: h.store.Book().Recorders[0].ID, PastFrom: c.past}}
		})
		body := strings.Replace(aiming(view, "Cổng", day), "{", fmt.Sprintf(`{"before":%t,`, c.before), 1)
		body = strings.Replace(body, `"range":40`, `"range":40,"from":"2001-01-01T00:00:00Z"`, 1) // the page's word is not asked
		h.api(http.StatusOK, "PUT", "/cameras/"+string(id)+"/aim", body)
		if v := h.agent.book().Camera(id).View; !v.From.Equal(c.from) || v.Check() != nil {
			t.Errorf("%s: from %s, want %s", name, v.From, c.from)
		}
	}
}

// TestSightsComeLater: the hub was away while the camera was aimed.
func TestSightsComeLater(t *testing.T) {
	h, id := chosenHouse(t)
	h.agent.set(func() { h.agent.fail["Seen"] = camera.Errorf(camera.CodeUnreachable, "no link") })
	h.aim(id)
	if s := h.state(); s.Cameras[0].Sights != nil || s.Step != gen.StateStepConsent {
		t.Errorf("without the hub: %+v", s)
	}
	h.restart()
	h.agent.set(func() { delete(h.agent.fail, "Seen") })
	h.page.Poke()
	h.eventually("the sights come", func() bool { s := h.state().Cameras[0].Sights; return s != nil && len(*s) == 1 })
}

func TestChecking(t *testing.T) {
	h, id := chosenHouse(t)
	path := "/cameras/" + string(id) + "/check"
	jpeg := func(r *http.Request) { r.Header.Set("Content-Type", "image/jpeg") }
	check := func(body []byte) (aim gen.Aim) {
		t.Helper()
		if err := json.Unmarshal(h.api(http.StatusOK, "POST", path, string(body), jpeg).body, &aim); err != nil {
			t.Fatal(err)
		}
		return aim
	}
	if r := h.do("POST", "/api/v1"+path, string(day), jpeg); r.code() != "not-found" {
		t.Errorf("without a reference: %s", r.code())
	}
	h.aim(id)
	if a := check(day); a.State != "same" || *a.Likeness != 1 || a.Shift != nil || !a.At.Equal(noon) {
		t.Errorf("posted: %+v", a)
	}
	if a := check(night); a.State != "dark" {
		t.Errorf("posted at night: %+v", a)
	}
	h.restart()
	if a := h.state().Cameras[0].Aim; a == nil || a.State != "dark" {
		t.Errorf("the finding is not kept: %+v", a)
	}
	if a := check(nil); a.State != "same" || h.finder.pictures[0] != 1 {
		t.Errorf("asked the camera: %+v", a)
	}
	if b := h.store.Book(); b.Camera(id).Aim.State != camera.AimSame {
		t.Errorf("book: %+v", b.Camera(id).Aim)
	}
	for name, body := range map[string][]byte{"no JPEG": []byte("hello"), "damaged": day[:200], "huge": pretend(60000, 60000), "long": bytes.Repeat([]byte{1}, 3<<20)} {
		if r := h.do("POST", "/api/v1"+path, string(body), jpeg); r.status != http.StatusBadRequest && r.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	h.finder.set(func() { h.finder.snapshot = false })
	if r := h.do("POST", "/api/v1"+path, ""); r.code() != "no-picture" {
		t.Errorf("a camera without JPEGs: %s", r.code())
	}
	h.api(http.StatusNotFound, "POST", "/cameras/x/check", "")
	h.aim(id)
	if a := h.state().Cameras[0].Aim; a != nil {
		t.Errorf("aimed anew, and still %+v", a)
	}
}

// TestDailyCheck: by day, once a day, of what is shared and not paused.
func TestDailyCheck(t *testing.T) {
	h, id := shared(t)
	fetched := func() int {
		h.finder.mu.Lock()
		defer h.finder.mu.Unlock()
		return h.finder.pictures[0]
	}
	// look lets the page look, and waits for the look after it: then the first is done.
	look := func() {
		t.Helper()
		for range 2 {
			n := h.agent.calls("Receipt")
			if err := h.store.Update(unnumber(id, h.clock.now())); err != nil {
				t.Fatal(err)
			}
			h.page.Poke()
			h.eventually("a look", func() bool { return h.agent.calls("Receipt") > n })
		}
	}
	look()
	if n := fetched(); n != 0 {
		t.Fatalf("%d pictures within a day of aiming", n)
	}
	h.finder.set(func() { h.finder.seen[0] = night })
	h.clock.add(10 * time.Hour) // midnight
	look()
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":true}`)
	h.clock.add(11 * time.Hour) // 11:00 of the next day
	look()
	if n := fetched(); n != 0 {
		t.Fatalf("%d pictures at night or of a paused camera", n)
	}
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":false}`)
	look()
	h.eventually("the camera is found covered in darkness", func() bool { b := h.store.Book(); return b.Camera(id).Aim.State == camera.AimDark })
	look()
	if n := fetched(); n != 1 {
		t.Errorf("%d pictures a day", n)
	}
}
