package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// TestHostileAnswers: an answer counts once, in time, and of one's own household.
func TestHostileAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		before func(t *testing.T, v *village, cam cases.Camera, one cases.Case, w *camera.Want)
		yes    bool
		code   camera.Code
		want   string // of the box in the end
	}{
		"of nothing": {func(_ *testing.T, _ *village, _ cases.Camera, _ cases.Case, w *camera.Want) { w.ID = "" }, true, camera.CodeNotFound, "[60-50] pending"},
		"of what was never": {func(_ *testing.T, _ *village, _ cases.Camera, _ cases.Case, w *camera.Want) {
			w.ID = "w'; DROP TABLE wants"
		}, true, camera.CodeNotFound, "[60-50] pending"},
		"of what was not asked": {func(t *testing.T, v *village, cam cases.Camera, one cases.Case, w *camera.Want) {
			write(t, v, `INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms) VALUES ('w1', $1, $2, $3, $4, false, 'u1', 0)`, one.ID, cam.ID, noon.UnixMilli(), noon.Add(time.Minute).UnixMilli())
			w.ID = "w1"
		}, true, camera.CodeNotFound, "[0--1], [60-50] pending"},
		"of another household": {func(t *testing.T, v *village, cam cases.Camera, one cases.Case, w *camera.Want) {
			other := v.house("Nhà 02", 600, camera.ConsentAsk)
			if _, err := v.ask(t, one, other, 30, 20); err != nil {
				t.Fatal(err)
			}
			w.ID = v.newest(t, other).ID
		}, true, camera.CodeNotFound, "[60-50] pending"},
		"yes twice": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w *camera.Want) {
			v.must(t, v.say(t, cam, *w, true))
		}, true, "", "60-50 granted"},
		"no twice": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w *camera.Want) {
			v.must(t, v.say(t, cam, *w, false))
		}, false, "", ""},
		"yes after no": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w *camera.Want) {
			v.must(t, v.say(t, cam, *w, false))
		}, true, camera.CodeConflict, ""},
		"yes, no, and yes again": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w *camera.Want) {
			v.must(t, v.say(t, cam, *w, true))
			v.must(t, v.say(t, cam, *w, false))
		}, true, camera.CodeConflict, ""},
		"late": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.now = noon.Add(24 * time.Hour)
		}, true, camera.CodeConflict, ""},
		"just in time": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.now = noon.Add(24*time.Hour - 1)
		}, true, "", "60-50 granted"},
		"no, late": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.now = noon.Add(24 * time.Hour)
		}, false, camera.CodeConflict, ""},
		"late, and it was noted": {func(t *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.now = noon.Add(30 * time.Hour)
			v.ReviewAsks(t.Context())
		}, true, camera.CodeConflict, ""},
		"after the case":     {func(t *testing.T, v *village, _ cases.Camera, one cases.Case, _ *camera.Want) { v.end(t, one) }, true, camera.CodeCaseClosed, ""},
		"no, after the case": {func(t *testing.T, v *village, _ cases.Camera, one cases.Case, _ *camera.Want) { v.end(t, one) }, false, camera.CodeCaseClosed, ""},
		"taken back after it": {func(t *testing.T, v *village, cam cases.Camera, one cases.Case, w *camera.Want) {
			v.must(t, v.say(t, cam, *w, true))
			v.end(t, one)
		}, false, camera.CodeCaseClosed, ""},
		"stills only, meanwhile": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.cams[0].Consent.Level = camera.ConsentStills
		}, true, camera.CodeNoConsent, ""},
		"no is always understood": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) {
			v.cams[0].Consent.Level = camera.ConsentStills
		}, false, "", ""},
		"the camera is forgotten": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case, _ *camera.Want) { v.cams[0].ID = "other" }, true, camera.CodeNotFound, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			v, cam, one := asking(t)
			if _, err := v.ask(t, one, cam, 60, 50); err != nil {
				t.Fatal(err)
			}
			w := v.newest(t, cam)
			c.before(t, v, cam, one, &w)
			records, index := len(v.records), len(v.asked)
			if err := v.say(t, cam, w, c.yes); camera.CodeOf(err) != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
			if c.code != "" && (len(v.records) != records || len(v.asked) != index) {
				t.Errorf("%+v was written, the index told %v", v.records[records:], v.asked[index:])
			}
			if c.want == "-" {
				return
			}
			if got := v.atBox(t, cam); got != c.want {
				t.Errorf("the box has %q, want %q", got, c.want)
			}
		})
	}
}

func (v *village) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (v *village) end(t *testing.T, one cases.Case) {
	t.Helper()
	_, err := v.CloseCase(t.Context(), officer, one.ID)
	v.must(t, err)
}

// TestAnswersAreKept: what the household said, as its box signed it.
func TestAnswersAreKept(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	a := camera.Answer{Want: v.newest(t, cam).ID, Granted: true, At: noon.Add(time.Minute), Signature: camera.Signature{1, 2, 3}}
	v.now = noon.Add(2 * time.Minute)
	kept := func() (answer, signature string, signed, answered sql.NullInt64) {
		t.Helper()
		v.must(t, v.DB.Read().QueryRow(`SELECT answer, signature, signed_ms, answered_ms FROM wants WHERE id = $1`, a.Want).Scan(&answer, &signature, &signed, &answered))
		return answer, signature, signed, answered
	}
	v.must(t, v.Answer(t.Context(), []camera.CameraID{cam.ID}, a))
	text, err := a.Signature.MarshalText()
	v.must(t, err)
	if answer, sig, signed, answered := kept(); answer != "granted" || sig != string(text) || signed.Int64 != a.At.UnixMilli() || answered.Int64 != v.now.UnixMilli() {
		t.Errorf("%s, %s, %v, %v", answer, sig, signed, answered)
	}
	v.cams[0].Consent.Level = camera.ConsentNone // what nobody signed has no signature
	v.ReviewAsks(t.Context())
	if answer, sig, signed, _ := kept(); answer != "refused" || sig != "" || signed.Valid {
		t.Errorf("after it was withdrawn: %s, %q, %v", answer, sig, signed)
	}
}

// TestTakenBackWhileAnotherAsks: what one case lost is not on its way because another has
// asked for it and waits for an answer.
func TestTakenBackWhileAnotherAsks(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	w := v.newest(t, cam)
	v.must(t, v.say(t, cam, w, true))
	if _, err := v.ask(t, v.open(t, "02/2030"), cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	v.must(t, v.say(t, cam, w, false))
	if got := v.asked[len(v.asked)-1]; got != "unrequest 60-50 keep " {
		t.Errorf("the index was told %q", got)
	}
}

// TestAnswerWithoutTheLog changes nothing, and can be told again.
func TestAnswerWithoutTheLog(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	w := v.newest(t, cam)
	v.auditErr = errHung
	if err := v.say(t, cam, w, true); camera.CodeOf(err) != camera.CodeUnavailable || v.atBox(t, cam) != "[60-50] pending" || len(v.asked) > 0 {
		t.Errorf("%v; the box has %s, the index was told %v", err, v.atBox(t, cam), v.asked)
	}
	v.auditErr = nil
	v.must(t, v.say(t, cam, w, true))
	if got := v.atBox(t, cam); got != "60-50 granted" {
		t.Errorf("the box has %s", got)
	}
}

// TestAnswerMeanwhile: between the line in the audit and the answer the world goes on.
func TestAnswerMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, v *village, cam cases.Camera, one cases.Case, w camera.Want)
		code      camera.Code
		want      string
	}{
		"the case is closed": {func(t *testing.T, v *village, _ cases.Camera, one cases.Case, _ camera.Want) { v.end(t, one) }, camera.CodeConflict, ""},
		"a no from another phone": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w camera.Want) {
			v.must(t, v.say(t, cam, w, false))
		}, camera.CodeConflict, ""},
		"a yes from another phone": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case, w camera.Want) {
			v.must(t, v.say(t, cam, w, true))
		}, "", "60-50 granted"},
	} {
		v, cam, one := asking(t)
		if _, err := v.ask(t, one, cam, 60, 50); err != nil {
			t.Fatal(err)
		}
		w := v.newest(t, cam)
		v.between = func() { c.meanwhile(t, v, cam, one, w) }
		if err := v.say(t, cam, w, true); camera.CodeOf(err) != c.code || v.atBox(t, cam) != c.want {
			t.Errorf("%s: %v; the box has %s", name, err, v.atBox(t, cam))
		}
	}
}

// TestBoxesHearOfAnswers soon, without the box that answered waiting for itself.
func TestBoxesHearOfAnswers(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	v.onLook = func() { close(told) }
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { v.must(t, v.Run(ctx)) })
	v.must(t, v.say(t, cam, v.newest(t, cam), true))
	<-told
	cancel()
	run.Wait()
	if last := v.looked[len(v.looked)-1]; last != "60-50" {
		t.Errorf("the home found %q", last)
	}
}

// TestAnswersAtOnce: whatever comes at the same moment, in the end the index asks just
// for what a yes stands to, and a closed case holds nothing.
func TestAnswersAtOnce(t *testing.T) {
	for round := range 12 {
		v, cam, one := asking(t)
		if _, err := v.ask(t, one, cam, 60, 50); err != nil {
			t.Fatal(err)
		}
		w := v.newest(t, cam)
		var all sync.WaitGroup
		say := func(yes bool) {
			err := v.say(t, cam, w, yes)
			if code := camera.CodeOf(err); code != "" && code != camera.CodeConflict && code != camera.CodeCaseClosed {
				t.Errorf("%v", err)
			}
		}
		for range 3 {
			all.Go(func() { say(true) })
			all.Go(func() { v.ReviewAsks(t.Context()) })
			all.Go(func() {
				if _, err := v.Playlist(t.Context(), officer, one.ID, cam.ID, w.From, w.To); err == nil {
					t.Error("what is at home was played")
				}
			})
		}
		if round%3 > 0 {
			all.Go(func() { say(false) })
		}
		if round%2 > 0 {
			all.Go(func() { v.end(t, one) })
		}
		all.Wait()
		var answer string
		var open bool
		v.must(t, v.DB.Read().QueryRow(`SELECT answer, ended_ms IS NULL FROM wants`).Scan(&answer, &open))
		if open != (answer == "granted" && round%2 == 0) {
			t.Errorf("round %d: %q, open %v", round, answer, open)
		}
		requested := len(v.asked) > 0 && strings.HasPrefix(v.asked[len(v.asked)-1], "request ")
		if requested != open {
			t.Errorf("round %d: %q, open %v, the index was told %v", round, answer, open, v.asked)
		}
	}
}

// TestAnswerThatTheIndexDoesNotTake says so.
func TestAnswerThatTheIndexDoesNotTake(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	v.askErr = errors.New("database is on fire")
	if err := v.say(t, cam, v.newest(t, cam), true); !errors.Is(err, v.askErr) || v.atBox(t, cam) != "60-50 granted" {
		t.Errorf("%v; the box has %s", err, v.atBox(t, cam))
	}
}
