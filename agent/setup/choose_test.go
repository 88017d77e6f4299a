package setup_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

func picturePath(recorder string, channel int) string {
	return fmt.Sprintf("/recorders/%s/channels/%d/picture", recorder, channel)
}

// TestUnpickedChannelsAreNeverContactedAgain: of what was not chosen nothing is left
// by which anybody could, until the household signs in anew.
func TestUnpickedChannelsAreNeverContactedAgain(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.pair()
	h.find()
	recorder := h.open()
	for channel := range 3 {
		r := h.api(http.StatusOK, "GET", picturePath(recorder, channel), "")
		if r.header.Get("Content-Type") != "image/jpeg" || len(r.body) != len(day) || r.header.Get("Xulang-Time") != "2026-11-22T07:00:00Z" {
			t.Errorf("channel %d: %v", channel, r.header)
		}
	}
	id := h.choose(recorder)
	for range 2 {
		for channel := 1; channel < 3; channel++ {
			if r := h.api(http.StatusForbidden, "GET", picturePath(recorder, channel), ""); r.code() != "forbidden" {
				t.Errorf("channel %d: %s", channel, r.code())
			}
		}
		h.api(http.StatusOK, "GET", picturePath(recorder, 0), "")
		b := h.store.Book()
		for _, c := range b.Recorders[0].Channels {
			if c.Reachable() != (c.Number == 0) || c.Name == "" {
				t.Errorf("channel %d %q: reachable %t", c.Number, c.Name, c.Reachable())
			}
		}
		h.restart()
	}
	if n := h.finder.pictures; n[1] != 1 || n[2] != 1 || n[0] != 3 {
		t.Errorf("pictures by channel: %v", n)
	}
	if r := h.api(http.StatusConflict, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[0,1]}`); r.code() != "conflict" {
		t.Errorf("choosing another one without a sign-in: %s", r.code())
	}
	h.aim(id)
	h.consent(id, "clip")
	if again := h.open(); again != recorder {
		t.Errorf("the same recorder is now %s", again)
	}
	h.api(http.StatusOK, "GET", picturePath(recorder, 1), "")
	if c := h.state().Cameras; len(c) != 1 || c[0].Consent.Level != "clip" {
		t.Errorf("signing in changed what is shared: %+v", c)
	}
	h.api(http.StatusOK, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[0,1]}`)
	if c := h.state().Cameras; len(c) != 2 || c[0].View == nil || c[1].View != nil {
		t.Errorf("chosen: %+v", c)
	}
}

func TestChoosingLessTakesBack(t *testing.T) {
	h, id := shared(t)
	recorder := h.store.Book().Recorders[0].ID
	h.api(http.StatusOK, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[]}`)
	if b := h.agent.book(); len(b.Cameras) != 0 || b.Recorders[0].Channel(0).Reachable() {
		t.Errorf("the agent was told of %+v", b.Cameras)
	}
	if _, err := h.store.Reference(id); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("the reference picture stays: %v", err)
	}
	h.eventually("the hub has the receipt", func() bool {
		h.agent.mu.Lock()
		defer h.agent.mu.Unlock()
		n := len(h.agent.receipts)
		return n == 2 && h.agent.receipts[1].Consent.Level == camera.ConsentNone && h.agent.receipts[1].Check() == nil
	})
	h.eventually("and its number is kept", func() bool { w := h.store.Book().Withdrawn; return len(w) == 1 && w[0].Number == "BN-2" })
	if s := h.state(); s.Step != gen.StateStepChoose {
		t.Errorf("step %s", s.Step)
	}
}

// TestPauseOutlivesTheChoice: what was withheld stays withheld when the camera is not
// chosen for a while, and when the household leaves and comes back.
func TestPauseOutlivesTheChoice(t *testing.T) {
	h, id := shared(t)
	again := func(times int) {
		t.Helper()
		h.choose(h.open())
		h.aim(id)
		if w := h.store.Book().Cameras[0].Withheld; len(w) != times || !w[times-1].To.IsZero() {
			t.Fatalf("not shared yet, withheld %v", w)
		}
		h.consent(id, "clip")
		if w := h.store.Book().Cameras[0].Withheld; len(w) != times || w[times-1].To.IsZero() {
			t.Errorf("withheld %v", w)
		}
	}
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":true}`)
	h.api(http.StatusOK, "PUT", "/pause", `{"paused":false}`)
	h.api(http.StatusOK, "PUT", "/recorders/"+h.store.Book().Recorders[0].ID+"/chosen", `{"channels":[]}`)
	again(2)
	h.api(http.StatusOK, "DELETE", "/pair?anew=true", "")
	h.restart()
	h.pair()
	again(3)
}

func TestForgettingARecorder(t *testing.T) {
	h, _ := shared(t)
	recorder := h.store.Book().Recorders[0].ID
	h.api(http.StatusOK, "DELETE", "/recorders/"+recorder, "")
	if b := h.agent.book(); len(b.Cameras) != 0 || len(b.Recorders) != 0 || len(b.Withdrawn) != 1 {
		t.Errorf("%+v", b)
	}
	h.api(http.StatusNotFound, "DELETE", "/recorders/"+recorder, "")
	h.api(http.StatusNotFound, "GET", picturePath(recorder, 0), "")
	if strings.Contains(h.files(), "DS-7604") {
		t.Error("its serial stays in a file")
	}
}

func TestChoosingWhatIsNotThere(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.find()
	recorder := h.open()
	h.api(http.StatusConflict, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[0]}`) // no household yet
	h.pair()
	for body, want := range map[string]string{
		`{"channels":[9]}`:  "not-found",
		`{"channels":[-1]}`: "not-found",
		`{"channels":[0` + strings.Repeat(",0", 40) + `]}`: "too-many",
	} {
		if r := h.do("PUT", "/api/v1/recorders/"+recorder+"/chosen", body); r.code() != want {
			t.Errorf("%s: %d %s", body, r.status, r.code())
		}
	}
	h.api(http.StatusNotFound, "PUT", "/recorders/x/chosen", `{"channels":[0]}`)
	if b := h.store.Book(); b.Recorders[0].Chosen || len(b.Cameras) != 0 {
		t.Errorf("refused, and written: %+v", b)
	}
	h.api(http.StatusOK, "PUT", "/recorders/"+recorder+"/chosen", `{"channels":[0,0]}`)
	if n := len(h.store.Book().Cameras); n != 1 {
		t.Errorf("twice the same channel: %d cameras", n)
	}
}

// TestTheAddressHealsItself: a recorder is its serial, wherever it is.
func TestTheAddressHealsItself(t *testing.T) {
	h, id := shared(t)
	h.finder.set(func() { h.finder.address = "192.168.1.77" })
	h.find()
	h.api(http.StatusOK, "POST", "/recorders", strings.Replace(login, nvr, "192.168.1.77", 1))
	b := h.store.Book()
	if len(b.Recorders) != 1 || b.Recorders[0].Address != "192.168.1.77" || len(b.Cameras) != 1 || b.Cameras[0].ID != id || !b.Cameras[0].Shared() {
		t.Errorf("%+v %+v", b.Recorders, b.Cameras)
	}
}

// TestDevicesThatTellNoSerial are known by where they are: signing in again makes no
// second one, and no second identity of what is shared.
func TestDevicesThatTellNoSerial(t *testing.T) {
	for _, made := range []bool{false, true} {
		h := newHouse(t)
		h.finder.serial, h.finder.made = "", made
		h.signIn()
		h.pair()
		h.find()
		recorder := h.open()
		id := h.choose(recorder)
		serial := h.store.Book().Recorders[0].Serial
		h.restart()
		if again := h.open(); again != recorder {
			t.Errorf("the same one is now %s", again)
		}
		if b := h.store.Book(); len(b.Recorders) != 1 || b.Recorders[0].Serial != serial || serial == "" || b.Camera(id) == nil {
			t.Errorf("%+v, %+v", b.Recorders, b.Cameras)
		}
	}
}

// TestWhatDevicesTellIsCut to what the book holds: one odd channel does not keep the
// household from the others.
func TestWhatDevicesTellIsCut(t *testing.T) {
	h := newHouse(t)
	h.finder.brand = strings.Repeat("ổ", 100) + "\xff"
	h.finder.odd = "rtsp://%zz@x/" + strings.Repeat("a", 600)
	h.signIn()
	h.pair()
	h.find()
	recorder := h.open()
	if r := h.store.Book().Recorders[0]; len(r.Brand) > 100 || !strings.HasPrefix(r.Brand, "ổổ") || r.Channel(2).MainURL != "" {
		t.Errorf("%+v", r)
	}
	h.choose(recorder)
}

func TestPicturesComeOneAtATime(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.pair()
	h.find()
	recorder := h.open()
	var wait sync.WaitGroup
	for channel := range 3 {
		for range 4 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1"+picturePath(recorder, channel), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.AddCookie(h.cookie)
			wait.Go(func() {
				res, err := http.DefaultClient.Do(req)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%v, %v", res, err)
				}
				if err == nil {
					_ = res.Body.Close()
				}
			})
		}
	}
	wait.Wait()
	if h.finder.most != 1 || h.finder.calls()["Picture"] != 12 {
		t.Errorf("%d at once of %d", h.finder.most, h.finder.calls()["Picture"])
	}
}

// TestPictureOfACamera: the device's JPEG, else what is recorded, else a key frame.
func TestPictureOfACamera(t *testing.T) {
	h, id := shared(t)
	path := "/cameras/" + string(id) + "/picture"
	kind := func() string {
		t.Helper()
		return h.api(http.StatusOK, "GET", path, "").header.Get("Content-Type")
	}
	if k := kind(); k != "image/jpeg" || h.agent.calls("KeyFrame") != 0 {
		t.Errorf("%s, %d key frames", k, h.agent.calls("KeyFrame"))
	}
	h.finder.set(func() { h.finder.snapshot = false })
	h.open() // it does not tell of JPEGs any more
	h.choose(h.store.Book().Recorders[0].ID)
	before := h.finder.pictures[0]
	h.agent.set(func() { h.agent.keyFrame = movie })
	if k := kind(); k != "video/mp4" || h.agent.calls("KeyFrame") != 1 || h.finder.pictures[0] != before {
		t.Errorf("%s, %d key frames, %d sessions more", k, h.agent.calls("KeyFrame"), h.finder.pictures[0]-before)
	}
	h.agent.set(func() { h.agent.keyFrame = nil })
	if k := kind(); k != "video/mp4" || h.finder.pictures[0] != before+1 {
		t.Errorf("%s, %d sessions", k, h.finder.pictures[0]-before)
	}
	h.finder.set(func() { h.finder.snapshot, h.finder.seen[0] = true, []byte("<script>alert(1)</script>") })
	h.api(http.StatusNotFound, "GET", path, "") // no picture: it is not passed on
	h.api(http.StatusNotFound, "GET", "/cameras/x/picture", "")
}

func TestExpertAddress(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.pair()
	h.find()
	add := func(body string) (r gen.Recorder) {
		t.Helper()
		if err := json.Unmarshal(h.api(http.StatusOK, "POST", "/recorders/url", body).body, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := add(`{"url":"rtsp://admin:` + password + `@192.168.1.30:554/live/ch1#main"}`)
	if first.Address != "192.168.1.30" || len(first.Channels) != 1 || h.finder.urls[0] != "rtsp://192.168.1.30:554/live/ch1%23main" || h.finder.logins[0] != password {
		t.Errorf("%+v, %v", first, h.finder.urls)
	}
	if again := add(`{"url":"rtsp://192.168.1.30:554/live/ch1#main","username":"admin","password":"` + password + `"}`); again.Id != first.Id {
		t.Errorf("the same address is another recorder: %s, %s", first.Id, again.Id)
	}
	if other := add(`{"url":"rtsp://admin:` + password + `@192.168.1.30:554/live/ch2"}`); other.Id == first.Id {
		t.Error("another address is the same recorder")
	}
	h.api(http.StatusOK, "PUT", "/recorders/"+first.Id+"/chosen", `{"channels":[0]}`)

	before := len(h.store.Book().Recorders)
	h.finder.set(func() { h.finder.fail["Address"] = camera.Errorf(camera.CodeNoPicture, "no video") })
	if r := h.do("POST", "/api/v1/recorders/url", `{"url":"rtsp://192.168.1.31/"}`); r.code() != "no-picture" || len(h.store.Book().Recorders) != before {
		t.Errorf("without a picture: %s", r.code())
	}
	h.finder.set(func() { delete(h.finder.fail, "Address") })
	for i, want := range []string{"wrong-password", "wrong-password", "locked-out"} {
		if r := h.do("POST", "/api/v1/recorders/url", `{"url":"rtsp://admin:sai@192.168.1.32/"}`); r.code() != want {
			t.Errorf("try %d: %s, want %s", i, r.code(), want)
		}
	}
	for url, want := range map[string]string{
		"rtsp://10.9.9.9/": "outside-lan", "rtsp://127.0.0.1/": "outside-lan", "rtsp://a:b@169.254.169.254/": "outside-lan", "rtsp://[::ffff:8.8.8.8]/": "outside-lan",
		"rtsp://camera.local/": "bad-request", "http://192.168.1.30/": "bad-request", "": "bad-request", "file:///etc/passwd": "bad-request",
	} {
		n := h.finder.calls()["Address"]
		if r := h.do("POST", "/api/v1/recorders/url", `{"url":"`+url+`"}`); r.code() != want || h.finder.calls()["Address"] != n {
			t.Errorf("%s: %s, want %s", url, r.code(), want)
		}
	}
}
