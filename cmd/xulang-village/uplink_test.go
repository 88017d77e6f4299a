package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xulang.vn/camera/hub/api/gen"
)

// uplinkClasses gives a household a camera whose bytes stay at home until a case
// asks, and one that sends its small stream only. The officer sees what is there,
// looks at a still of it, asks for the footage and gets it.
func uplinkClasses(t *testing.T, v *story) {
	admin := v.administrator(t)
	waits, small := sim(v.t), sim(v.t) // for the browser as well
	v.write("uplink.yml", fmt.Sprintf(uplinkConfig, v.path("uplink"), waits.URL(), small.URL(), subURL(small)))
	admin.join(t, "uplink")
	v.start("uplink", func() *exec.Cmd {
		return exec.Command(filepath.Join(v.bin, "xulang-agent"), "run", "-config", v.path("uplink.yml"))
	})
	began := time.Now()
	var waiting, sending gen.CameraAnswer
	admin.await("footage of both cameras", time.Minute, func() error {
		got, err := v.askFar(began, time.Now())
		if err != nil {
			return err
		}
		waiting, sending = answerOf(got, "chờ"), answerOf(got, "nhỏ")
		if lasting(waiting, "home") < 15*time.Second || lasting(sending, "stored") < 15*time.Second {
			return fmt.Errorf("%s at home, %s stored", lasting(waiting, "home"), lasting(sending, "stored"))
		}
		return nil
	})
	if waiting.Playlist != nil || waiting.Home == nil || !*waiting.Home || sending.Playlist == nil {
		t.Errorf("what waits can be played (%v) or not asked for, what is sent cannot (%v)", waiting.Playlist, sending.Playlist)
	}
	if a := waiting.Activity; a == nil || len(a.Values) == 0 {
		t.Error("nothing is known of what moved at home")
	}
	at := began.Add(10 * time.Second)
	v.still(t, waiting.Camera.Id, at)
	v.still(t, sending.Camera.Id, at)
	var asked gen.Requested
	window := map[string]any{"from": began, "to": began.Add(12 * time.Second)}
	if err := v.post("/cases/"+v.opened.Id+"/cameras/"+waiting.Camera.Id+"/requests", window, &asked); err != nil {
		t.Fatal(err)
	}
	if asked.Segments == 0 || !asked.Acknowledged {
		t.Errorf("asked: %+v", asked)
	}
	admin.await("the footage that was asked for", time.Minute, func() error {
		got, err := v.askFar(began, began.Add(12*time.Second))
		if err == nil && lasting(answerOf(got, "chờ"), "stored") < 6*time.Second {
			err = fmt.Errorf("%s stored", lasting(answerOf(got, "chờ"), "stored"))
		}
		return err
	})
	got, err := v.askFar(began, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if rest := answerOf(got, "chờ"); lasting(rest, "home") == 0 {
		t.Error("footage left the house that nobody asked for")
	}
	v.still(t, waiting.Camera.Id, at)
}

// Both stand where no home of the test does, beyond the stretch of the others.
const uplinkConfig = `data: %s
name: Hộp đường truyền
networks: [127.0.0.0/24]
simulated: true
page: ""
metrics: ""
cameras:
  - {serial: U1, channel: 0, label: chờ, url: "%s", username: xem, password: "bí mật 1", uplink: on-request, view: &v {position: {lon: 106.6939949, lat: 21.9676882}, heading: 76, fov: 70, range: 60}, consent: {level: clip}}
  - {serial: U2, channel: 0, label: nhỏ, url: "%s", sub_url: "%s", username: xem, password: "bí mật 1", uplink: sub, view: *v, consent: {level: clip}}
`

// askFar searches beyond the other homes.
func (v *story) askFar(from, to time.Time) (got gen.SearchResult, err error) {
	err = v.post("/cases/"+v.opened.Id+"/search", map[string]any{
		"stretch": map[string]any{"road": "ql4a", "from": 5500, "to": 9000}, "from": from, "to": to,
	}, &got)
	return got, err
}

func answerOf(got gen.SearchResult, label string) gen.CameraAnswer {
	i := slices.IndexFunc(got.Cameras, func(c gen.CameraAnswer) bool { return c.Camera.Label == label })
	if i < 0 {
		return gen.CameraAnswer{}
	}
	return got.Cameras[i]
}

// lasting is how long a camera's footage is in a state.
func lasting(c gen.CameraAnswer, state gen.SpanState) (sum time.Duration) {
	for _, s := range c.Spans {
		if s.State != nil && *s.State == state {
			sum += s.To.Sub(s.From)
		}
	}
	return sum
}

// still fetches one picture, which ffmpeg must find to be exactly one.
func (v *story) still(t *testing.T, camera string, at time.Time) {
	t.Helper()
	query := url.Values{"at": {at.UTC().Format(time.RFC3339Nano)}}
	resp, err := v.client.Get(v.hubURL + "/api/v1/cases/" + v.opened.Id + "/cameras/" + camera + "/still?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	picture, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("still: %s %v %.200s", resp.Status, err, picture)
	}
	taken, err := time.Parse(time.RFC3339, resp.Header.Get("Xulang-Time"))
	if err != nil || taken.After(at) || at.Sub(taken) > 10*time.Second {
		t.Errorf("still of %s was taken at %s, %v", at, taken, err)
	}
	v.write("still.mp4", string(picture))
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", v.path("still.mp4")).CombinedOutput()
	if err != nil || string(out) != "1\n" {
		t.Errorf("still of %d bytes: %v %s", len(picture), err, out)
	}
}
