package cases_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// asking is a village with one household that is asked for each window, and one case.
func asking(t *testing.T) (*village, cases.Camera, cases.Case) {
	t.Helper()
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentAsk)
	v.recorded(cam)
	v.footage[0].State = camera.StateHome
	return v, cam, v.open(t, "1/2026")
}

// atBox writes a box's wants: "60-50 pending".
func (v *village) atBox(t *testing.T, cam cases.Camera) string {
	t.Helper()
	all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID})
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, w := range all {
		text := minutes(w)
		if w.Ask != nil {
			text += " " + cmp.Or(string(w.Ask.Answer), "pending")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// newest is what a box was asked for last.
func (v *village) newest(t *testing.T, cam cases.Camera) camera.Want {
	t.Helper()
	all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID})
	if err != nil || len(all) == 0 || all[len(all)-1].Ask == nil {
		t.Fatalf("%+v, %v", all, err)
	}
	return all[len(all)-1]
}

func (v *village) say(t *testing.T, cam cases.Camera, w camera.Want, yes bool) error {
	t.Helper()
	return v.Answer(t.Context(), []camera.CameraID{cam.ID}, camera.Answer{V: camera.LinkVersion, Want: w.ID, Granted: yes, At: v.now, Signature: camera.Signature{1}})
}

// TestAskingAHousehold follows a request from the officer to the household and back.
func TestAskingAHousehold(t *testing.T) {
	for name, c := range map[string]struct {
		then   func(*testing.T, *village, cases.Camera, cases.Case)
		wants  string // of the box, in the end
		asks   string // as the officer sees it
		play   camera.Code
		index  string
		action string // last line of the audit
	}{
		"nothing yet": {func(*testing.T, *village, cases.Camera, cases.Case) {}, "[60-0] pending", "pending", camera.CodeAskOwner, "", "ask"},
		"yes": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case) {
			if err := v.say(t, cam, v.newest(t, cam), true); err != nil {
				t.Error(err)
			}
		}, "60-0 granted", "granted 05:10", "", "request 60-0", "answer granted"},
		"no": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case) {
			if err := v.say(t, cam, v.newest(t, cam), false); err != nil {
				t.Error(err)
			}
		}, "", "refused 05:10", camera.CodeAskOwner, "", "answer refused"},
		"yes, and taken back": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case) {
			w := v.newest(t, cam)
			if err := v.say(t, cam, w, true); err != nil {
				t.Error(err)
			}
			v.now = v.now.Add(time.Hour)
			if err := v.say(t, cam, w, false); err != nil {
				t.Error(err)
			}
		}, "", "refused 06:10", camera.CodeAskOwner, "request 60-0, unrequest 60-0 keep ", "answer refused"},
		"a moment before the time is over": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.now = noon.Add(24*time.Hour - time.Millisecond)
			v.ReviewAsks(t.Context())
		}, "[60-0] pending", "pending", camera.CodeAskOwner, "", "ask"},
		"silence that nobody noted": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) { v.now = noon.Add(24 * time.Hour) },
			"", "silent 05:00", camera.CodeAskOwner, "", "ask"},
		"silence": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.now = noon.Add(25 * time.Hour)
			v.ReviewAsks(t.Context())
			v.ReviewAsks(t.Context())
		}, "", "silent 05:00", camera.CodeAskOwner, "", "answer silent"},
		"paused": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) { v.cams[0].Consent.Paused = true },
			"[60-0] pending", "pending", camera.CodeAskOwner, "", "ask"},
		"paused, and yes": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case) {
			v.cams[0].Consent.Paused = true
			if err := v.say(t, cam, v.newest(t, cam), true); err != nil {
				t.Error(err)
			}
		}, "[60-0] granted", "granted 05:10", "", "request 60-0", "answer granted"},
		"stills from now on": {func(t *testing.T, v *village, cam cases.Camera, _ cases.Case) {
			if err := v.say(t, cam, v.newest(t, cam), true); err != nil {
				t.Error(err)
			}
			v.cams[0].Consent.Level = camera.ConsentStills
			v.ReviewAsks(t.Context())
			v.cams[0].Consent.Level = camera.ConsentAsk // and shares it again: what was said before is worth nothing
		}, "", "refused 05:10", camera.CodeAskOwner, "request 60-0, unrequest 60-0 keep ", "answer withdrawn"},
		"not shared for a while": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.cams[0].Shared = false
			v.ReviewAsks(t.Context())
			v.cams[0].Shared = true
		}, "", "refused 05:10", camera.CodeAskOwner, "", "answer withdrawn"},
		"none for criminal cases": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.cams[0].Consent.For.Criminal = camera.ConsentNone
			v.ReviewAsks(t.Context())
			v.cams[0].Consent.For.Criminal = ""
		}, "", "refused 05:10", camera.CodeAskOwner, "", "answer withdrawn"},
		"none for other cases": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.cams[0].Consent.For.Missing = camera.ConsentNone
			v.ReviewAsks(t.Context())
		}, "[60-0] pending", "pending", camera.CodeAskOwner, "", "ask"},
		"a standing consent from now on": {func(_ *testing.T, v *village, _ cases.Camera, _ cases.Case) {
			v.cams[0].Consent.Level = camera.ConsentClip
			v.ReviewAsks(t.Context())
		}, "[60-0] pending", "pending", "", "", "ask"},
	} {
		t.Run(name, func(t *testing.T) {
			v, cam, one := asking(t)
			got, err := v.ask(t, one, cam, 60, 0)
			if err != nil || got != (cases.Requested{Segments: 1, Asked: true, Acknowledged: true}) {
				t.Fatalf("%+v, %v", got, err)
			}
			v.now = noon.Add(10 * time.Minute)
			c.then(t, v, cam, one)
			line := v.records[len(v.records)-1]
			if a := line.Action + " " + strings.Fields(line.Detail)[0]; !strings.HasPrefix(a, c.action) || line.Case != one.ID || line.Camera != cam.ID || line.Refused != "" {
				t.Errorf("the last line is %+v", line)
			}
			if got := v.atBox(t, cam); got != c.wants {
				t.Errorf("the box has %q, want %q", got, c.wants)
			}
			if got := strings.Join(v.asked, ", "); got != c.index {
				t.Errorf("the index was told %q, want %q", got, c.index)
			}
			found := v.found(t, one)
			if len(found.Asks) != 1 || sawAsk(found.Asks[0]) != c.asks || found.Asks[0].By != officer.Name || !found.Asks[0].Until.Equal(noon.Add(camera.AskFor)) {
				t.Errorf("the officer sees %+v, want %s", found.Asks, c.asks)
			}
			v.footage[0].State = camera.StateStored
			_, err = v.Playlist(t.Context(), officer, one.ID, cam.ID, noon.Add(-time.Hour), noon)
			if camera.CodeOf(err) != c.play {
				t.Errorf("playback: %v, want %q", err, c.play)
			}
			if _, err := v.SegmentLink(t.Context(), officer, one.ID, v.footage[0].SegmentID); camera.CodeOf(err) != c.play {
				t.Errorf("segment: %v, want %q", err, c.play)
			}
		})
	}
}

func sawAsk(a cases.OwnerAsk) string {
	if a.Answered.IsZero() {
		return cmp.Or(string(a.Answer), "pending")
	}
	return string(a.Answer) + a.Answered.Format(" 15:04")
}

// found is what the one camera of a village has.
func (v *village) found(t *testing.T, one cases.Case) cases.Found {
	t.Helper()
	got, err := v.Search(t.Context(), officer, one.ID, window(one))
	if err != nil || len(got.Cameras) != 1 || got.Purpose != one.Purpose() {
		t.Fatalf("%+v, %v", got, err)
	}
	return got.Cameras[0]
}

// TestWhatAHouseholdIsTold: who asks, for which case, and until when.
func TestWhatAHouseholdIsTold(t *testing.T) {
	v, cam, _ := asking(t)
	one := v.openOf(t, "7/2026", camera.PurposeMissing)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	w := v.newest(t, cam)
	if want := (camera.Ask{Unit: "Xã A", Case: "7/2026", Asked: noon, Until: noon.Add(24 * time.Hour)}); *w.Ask != want || w.Purpose != camera.PurposeMissing || w.ID == "" || w.Fetch {
		t.Errorf("%+v, %+v", w, *w.Ask)
	}
	v.cams[0].Consent.Level = camera.ConsentClip
	if _, err := v.ask(t, one, cam, 30, 20); err != nil {
		t.Fatal(err)
	}
	all, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID})
	if err != nil || len(all) != 2 || !slices.ContainsFunc(all, func(w camera.Want) bool {
		return w.Ask == nil && w.Fetch && w.ID != "" && w.Purpose == camera.PurposeMissing
	}) {
		t.Errorf("with a standing consent: %+v, %v", all, err)
	}
}

// TestAskedWindowsStayAsTheyWere: what a household thinks about does not change under
// its hands, and nothing is asked twice.
func TestAskedWindowsStayAsTheyWere(t *testing.T) {
	for name, c := range map[string]struct {
		asks  [][2]float64
		yes   int // so many of the first are granted before the last is asked for
		want  string
		asked bool // whether the last one waits for the household
	}{
		"apart":                 {[][2]float64{{60, 50}, {40, 30}}, 0, "[60-50] pending, [40-30] pending", true},
		"the same":              {[][2]float64{{60, 50}, {60, 50}, {60, 50}}, 0, "[60-50] pending", true},
		"within":                {[][2]float64{{60, 30}, {50, 40}}, 0, "[60-30] pending", true},
		"around":                {[][2]float64{{50, 40}, {60, 30}}, 0, "[50-40] pending, [60-30] pending", true},
		"overlap":               {[][2]float64{{60, 40}, {50, 30}}, 0, "[60-40] pending, [50-30] pending", true},
		"touch":                 {[][2]float64{{60, 50}, {50, 40}}, 0, "[60-50] pending, [50-40] pending", true},
		"two cover it":          {[][2]float64{{60, 50}, {50, 40}, {58, 42}}, 0, "[60-50] pending, [50-40] pending", true},
		"two do not quite":      {[][2]float64{{60, 50}, {49, 40}, {58, 42}}, 0, "[60-50] pending, [49-40] pending, [58-42] pending", true},
		"granted":               {[][2]float64{{60, 50}, {60, 50}}, 1, "60-50 granted", false},
		"a part of it":          {[][2]float64{{60, 50}, {55, 54}}, 1, "60-50 granted", false},
		"granted by two":        {[][2]float64{{60, 50}, {50, 40}, {58, 42}}, 2, "60-50 granted, 50-40 granted", false},
		"a part is granted":     {[][2]float64{{60, 50}, {60, 40}}, 1, "60-50 granted, [60-40] pending", true},
		"one yes, one thinking": {[][2]float64{{60, 50}, {50, 40}, {58, 42}}, 1, "60-50 granted, [50-40] pending", true},
	} {
		t.Run(name, func(t *testing.T) {
			v, cam, one := asking(t)
			var got cases.Requested
			for i, a := range c.asks {
				v.now = v.now.Add(time.Second)
				var err error
				if got, err = v.ask(t, one, cam, a[0], a[1]); err != nil {
					t.Fatal(err)
				}
				if i < c.yes {
					if err := v.say(t, cam, v.newest(t, cam), true); err != nil {
						t.Fatal(err)
					}
				}
			}
			if s := v.atBox(t, cam); s != c.want || got.Asked != c.asked {
				t.Errorf("%s, asked %v, want %s", s, got.Asked, c.want)
			}
		})
	}
}

// TestAskingAgain: one no, or one silence, a day; and not too much at once.
func TestAskingAgain(t *testing.T) {
	v, cam, one := asking(t)
	other, two := v.house("Nhà 02", 600, camera.ConsentAsk), v.open(t, "2/2026")
	day := noon
	expect := func(when string, at time.Duration, c cases.Case, cam cases.Camera, from float64, code camera.Code) {
		t.Helper()
		v.now = day.Add(at)
		_, err := v.ask(t, c, cam, from, from-1)
		if r := v.records[len(v.records)-1]; camera.CodeOf(err) != code || r.Refused != code || r.Action != "ask" {
			t.Errorf("%s: %v, logged %+v, want %q", when, err, r, code)
		}
	}
	expect("first", 0, one, cam, 60, "")
	expect("another window before there is an answer", time.Minute, one, cam, 50, "")
	if err := v.say(t, cam, v.newest(t, cam), false); err != nil {
		t.Fatal(err)
	}
	expect("the same, after a no", time.Hour, one, cam, 50, camera.CodeTooMany)
	expect("another one, after a no", time.Hour, one, cam, 40, camera.CodeTooMany)
	expect("another case", time.Hour, two, cam, 50, "")
	expect("another camera", time.Hour, one, other, 50, "")
	expect("what it still thinks about", time.Hour, one, other, 50, "") // …changes nothing
	expect("just before a day is over", 24*time.Hour+time.Minute-1, one, cam, 50, camera.CodeTooMany)
	// Now there was silence about the first, too, and it was asked for a day ago.
	expect("a day after it was asked for", 24*time.Hour+time.Minute, one, cam, 50, "")
	expect("the silent one, too", 24*time.Hour+2*time.Minute, one, cam, 60, "")
	if got := v.atBox(t, cam); got != "[50-49] pending, [50-49] pending, [60-59] pending" {
		t.Errorf("the box has %s", got)
	}

	day = noon.Add(72 * time.Hour)
	for i := range 10 {
		expect(fmt.Sprint("window ", i), 0, one, other, float64(100+2*i), "")
	}
	expect("the eleventh at a time", 0, one, other, 200, camera.CodeTooMany)
	if err := v.say(t, other, v.newest(t, other), true); err != nil {
		t.Fatal(err)
	}
	expect("one was answered", time.Second, one, other, 200, "")
}

// TestAsksCountAsWants: a box takes no more of them than of any.
func TestAsksCountAsWants(t *testing.T) {
	v, cam, one := asking(t)
	fill(t, v, one, cam, 0, 99)
	for i, code := range []camera.Code{"", camera.CodeTooMany} {
		_, err := v.ask(t, one, cam, float64(60-10*i), float64(55-10*i))
		if r := v.records[len(v.records)-1]; camera.CodeOf(err) != code || r.Refused != code || r.Action != "ask" {
			t.Errorf("want %d: %v, logged %+v", 100+i, err, r)
		}
	}
}

// TestManyAskAHouseholdAtOnce: it is asked once, and not more than it can answer.
func TestManyAskAHouseholdAtOnce(t *testing.T) {
	v, cam, one := asking(t)
	var all sync.WaitGroup
	for i := range 36 {
		all.Go(func() {
			from := noon.Add(-time.Hour + time.Duration(i%12)*2*time.Minute)
			_, err := v.Request(t.Context(), officer, one.ID, cam.ID, from, from.Add(time.Minute))
			if code := camera.CodeOf(err); code != "" && code != camera.CodeTooMany {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	windows := strings.Split(v.atBox(t, cam), ", ")
	slices.Sort(windows)
	if n := len(slices.Compact(windows)); n != 10 || len(windows) != 10 {
		t.Errorf("%d windows, %d different ones: %v", len(windows), n, windows)
	}
}

// TestReviewOfAsksWithoutTheLog: what is not written down does not happen, and the
// household is not asked any more all the same.
func TestReviewOfAsksWithoutTheLog(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	v.now, v.auditErr = noon.Add(25*time.Hour), errHung
	looked := len(v.looked)
	v.ReviewAsks(t.Context())
	var ended int
	if err := v.DB.Read().QueryRow(`SELECT count(*) FROM wants WHERE ended_ms IS NOT NULL`).Scan(&ended); err != nil || ended != 0 || v.atBox(t, cam) != "" {
		t.Errorf("%d ended, %v; the box has %s", ended, err, v.atBox(t, cam))
	}
	v.auditErr = nil
	v.ReviewAsks(t.Context())
	if err := v.DB.Read().QueryRow(`SELECT count(*) FROM wants WHERE ended_ms IS NOT NULL AND answer = 'silent'`).Scan(&ended); err != nil || ended != 1 || len(v.looked) != looked+1 {
		t.Errorf("%d ended, %v; homes were told %d times", ended, err, len(v.looked)-looked)
	}
}
