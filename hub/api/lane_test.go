package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/index"
)

// second is another officer of the officer's unit.
const second = "second officer"

// lane is the house with homes along the whole road, from whose western end somebody
// left 40 minutes ago.
type lane struct {
	*house
	began time.Time // of the window, which lasts windowLasts
	cams  map[string]camera.CameraID
	runs  int
}

const windowLasts = 30 * time.Minute

// member is a home of the lane.
type member struct {
	label   string
	lon     float64 // beside the road
	heading float64 // 180 looks onto the road
	consent camera.Consent
	footage bool
}

func members() []member {
	clip := camera.Consent{Level: camera.ConsentClip}
	return []member{
		{"A", 106.704, 180, clip, true},
		{"B", 106.712, 180, clip, true},
		{"C", 106.718, 180, camera.Consent{Level: camera.ConsentAsk}, true},
		{"paused", 106.707, 180, camera.Consent{Level: camera.ConsentClip, Paused: true}, true},
		{"stills", 106.708, 180, camera.Consent{Level: camera.ConsentStills}, true},
		{"nothing", 106.709, 180, camera.Consent{Level: camera.ConsentNone}, true},
		{"yard", 106.711, 0, clip, true},
		{"broken", 106.714, 180, clip, false},
	}
}

func newLane(t *testing.T, change ...func(*api.Config)) *lane {
	t.Helper()
	l := &lane{
		house: newHouse(t, change...), cams: map[string]camera.CameraID{},
		began: time.Now().UTC().Truncate(time.Second).Add(-40 * time.Minute),
	}
	for _, m := range members() {
		l.join(m)
	}
	l.users[second] = must(l.cfg.Auth.CreateUser(t.Context(), "canbo3", "Cán bộ thứ hai", auth.Officer, "Xã A", password))
	l.signIn(second)
	return l
}

func (l *lane) signIn(who string) {
	resp := l.do(stranger, http.MethodPost, "/api/v1/session", `{"login":"`+l.users[who].Login+`","password":"`+password+`"}`)
	if resp.status != http.StatusOK || len(resp.cookies) != 1 {
		l.t.Fatalf("sign in %s: %d %s", who, resp.status, resp.body)
	}
	l.cookies[who] = resp.cookies[0]
}

// join makes a home a member, with footage of the whole window or none.
func (l *lane) join(m member) {
	ctx, r := l.t.Context(), l.cfg.Registry
	home := must(r.CreateHousehold(ctx, "Nhà "+m.label, nil))
	code := must(r.Invite(ctx, home.ID)).Secret
	key := must(nkeys.CreateUser())
	d := camera.DeviceID(must(key.PublicKey()))
	sig := must(key.Sign(camera.EnrolPayload(code, d)))
	must(r.Enrol(ctx, camera.EnrolRequest{Code: code, Device: d, Signature: base64.StdEncoding.EncodeToString(sig)}))
	id := camera.NewCameraID(home.ID, "S1", 0)
	l.cams[m.label] = id
	must(r.Hello(ctx, d, camera.Hello{V: camera.LinkVersion, Cameras: []camera.CameraNote{{
		Camera: id, Serial: "S1", Label: m.label, Consent: m.consent,
		View: camera.View{Position: camera.Position{Lon: m.lon, Lat: 21.9001}, Heading: m.heading, FOV: 90, Range: 50, From: l.began.Add(-time.Hour)},
	}}}))
	if m.footage {
		l.record(id)
	}
}

func (l *lane) record(id camera.CameraID) {
	l.runs++
	run := camera.RunID(fmt.Sprintf("%016x", l.runs))
	known := l.cfg.Past.(*index.Index)
	var all []camera.Segment
	for n := range int(windowLasts / time.Minute) {
		at := l.began.Add(time.Duration(n) * time.Minute)
		s := camera.Segment{
			SegmentID: camera.SegmentID{Camera: id, Run: run, Seq: uint32(n)}, Start: at, End: at.Add(time.Minute), Size: 1000, InitSize: 10,
			SHA256: camera.Hash{byte(n + 1), byte(l.runs)}, Codec: "avc1.64001f", Signature: camera.Signature{1},
			Clock: camera.Clock{Synchronised: true, Bound: camera.Millis(50 * time.Millisecond)},
		}
		if n > 0 {
			s.Prev = all[n-1].SHA256
		}
		all = append(all, s)
	}
	must(known.Put(l.t.Context(), camera.Announce{V: camera.LinkVersion, Segments: all}, believed{}))
	for _, s := range all {
		if err := known.SetState(l.t.Context(), s.SegmentID, camera.StateStored); err != nil {
			l.t.Fatal(err)
		}
	}
}

// at is a moment of the window.
func (l *lane) at(after time.Duration) string { return l.began.Add(after).Format(time.RFC3339Nano) }

// order is what an officer asks: who left at that latitude of the road's western end.
func (l *lane) order(lat float64) string {
	return fmt.Sprintf(`{"incident":{"position":{"lon":106.7005,"lat":%v},"from":"%s","to":"%s"},"mode":"motorbike","from":"%s","to":"%s"}`,
		lat, l.at(0), l.at(time.Minute), l.at(0), l.at(windowLasts))
}

// clip is a mark of a camera.
func (l *lane) clip(kind, label string, from, to time.Duration, more string) string {
	return fmt.Sprintf(`{"kind":"%s","camera":"%s","from":"%s","to":"%s"%s}`, kind, l.cams[label], l.at(from), l.at(to), more)
}

// ask calls an operation under the case's trace and reads its answer into out.
func (l *lane) ask(who, method, under, body string, want int, out any) answer {
	l.t.Helper()
	got := l.do(who, method, "/api/v1/cases/"+l.caseID+"/trace"+under, body)
	if got.status != want {
		l.t.Fatalf("%s %s: %d %s, want %d", method, under, got.status, got.body, want)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(got.body), out); err != nil {
			l.t.Fatalf("%s %s: %v in %s", method, under, err, got.body)
		}
	}
	return got
}

// start begins a trace on the road.
func (l *lane) start() (begun gen.Trace) {
	l.t.Helper()
	l.ask(officer, http.MethodPut, "", l.order(21.9), http.StatusOK, &begun)
	return begun
}
