package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/db/dbtest"
)

// joiningPage is the browser test in which home-19 joins.
const joiningPage = "joining.test.mjs"

// TestJoining is the first evening of a household: it joins on a phone, and at once its
// recorder's past is there for a case. Beside the village, whose agents are processes of
// their own, two households with recorders live in the test itself. The hub stands on
// PostgreSQL, that of TestVillage on SQLite.
func TestJoining(t *testing.T) {
	v := begin(t, dbtest.Postgres(t), "10s", "10m", "home-08", "home-09", "home-10", "home-19")
	moving, copied := newMember(t, v, 201), newMember(t, v, 202)
	v.await("the households of the village", 90*time.Second, v.joinedHomes)
	t.Run("at once", func(t *testing.T) {
		for name, run := range map[string]func(*testing.T, *story){
			"an hour ago, hikvision": func(t *testing.T, v *story) { hourAgo(t, v, "home-10", -7*time.Minute) },
			"an hour ago, dahua":     func(t *testing.T, v *story) { hourAgo(t, v, "home-09", -51*time.Second) },
			"an hour ago, onvif":     func(t *testing.T, v *story) { hourAgo(t, v, "home-08", 3*time.Minute) },
			"on a phone":             phone,
			"recorder moves, pause, leave": func(t *testing.T, v *story) {
				moves(t, v, moving)
				pauses(t, v, moving)
				leaves(t, v, moving)
			},
			"clone, anew, revoked": func(t *testing.T, v *story) {
				clones(t, v, copied)
				revoked(t, v, copied)
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := *v
				own.box = v.of(t)
				run(t, &own)
			})
		}
	})
	t.Run("no password outside of its home", func(t *testing.T) { canaries(t, v) })
}

// of is the same box for a part of the test.
func (b *box) of(t *testing.T) *box {
	own := *b
	own.t = t
	return &own
}

// joinedHomes is nil once every home of the village but home-19 has its camera at the hub.
func (v *story) joinedHomes() error {
	var cameras []gen.Camera
	if err := v.get("/cameras", &cameras); err != nil {
		return err
	}
	there := map[string]bool{}
	for _, c := range cameras {
		there[c.Label] = true
	}
	for _, label := range []string{"Nhà 08", "Nhà 09", "Nhà 10"} {
		if !there[label] {
			return fmt.Errorf("%s is not there: %v", label, there)
		}
	}
	return nil
}

// phone joins home-19 in a browser, and pauses while an officer looks.
func phone(t *testing.T, v *story) {
	folder := v.path("village/home-19")
	v.await("the page of home-19", time.Minute, func() error {
		if _, err := os.Stat(filepath.Join(folder, "install-code")); err != nil {
			return err
		}
		resp, err := http.Get("http://" + v.net + ".119.1:9471/")
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	})
	code, err := os.ReadFile(filepath.Join(folder, "install-code"))
	if err != nil {
		t.Fatal(err)
	}
	v.node(t, []string{"--test", "--test-reporter=spec", "e2e/" + joiningPage},
		"XULANG_PAGE=http://"+v.net+".119.1:9471", "XULANG_CODE="+strings.TrimSpace(string(code)),
		"XULANG_RECORDER="+v.net+".119.20", "XULANG_PASSWORD="+typed, "XULANG_ANSWERS="+v.path("answers-browser"))
}

// typed is what somebody types who tries home-19 out.
const typed = "thu-nha-19"

// crash makes an agent tell all that its goroutines do.
func (v *story) crash(home string, with syscall.Signal) {
	v.t.Helper()
	log := v.path("village/" + home + "/agent.log")
	v.killAgent(home, with)
	v.await("the crash output of "+home, 10*time.Second, func() error {
		text, err := os.ReadFile(log)
		if err == nil && !strings.Contains(string(text), "\ngoroutine 1 ") {
			err = fmt.Errorf("no stack in %d bytes", len(text))
		}
		return err
	})
}
