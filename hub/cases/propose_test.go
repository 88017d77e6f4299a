package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// TestConsentBetweenProposals: no camera is named whose household refuses by then, be it
// before the engine is asked or while it thinks; one that shares again comes back.
func TestConsentBetweenProposals(t *testing.T) {
	for name, change := range map[string]func(*cases.Camera){
		"withdrawn":     func(c *cases.Camera) { c.Consent.Level = camera.ConsentNone },
		"only stills":   func(c *cases.Camera) { c.Consent.Level = camera.ConsentStills },
		"not for these": func(c *cases.Camera) { c.Consent.For.Criminal = camera.ConsentRegistry },
		"paused":        func(c *cases.Camera) { c.Consent.Paused = true },
		"left":          func(c *cases.Camera) { c.Shared = false },
		"ended":         func(c *cases.Camera) { c.Consent.Until = noon },
	} {
		for _, when := range []string{"before", "while it thinks"} {
			l := traced(t)
			events := l.follow(t, second)
			<-events
			was := l.cams[1]
			if when == "before" {
				change(&l.cams[1])
			} else {
				l.thinks = func() { change(&l.cams[1]) }
			}
			if got := l.proposed(t); got != "Nhà 01, Nhà 03" || l.begun() != 2 {
				t.Errorf("%s %s: proposed %s, %d engines", name, when, got, l.begun())
			}
			if e := <-events; e.Kind != cases.EventChanged || e.Version != 1 || e.By != "" {
				t.Errorf("%s %s: the others are told %+v", name, when, e)
			}
			if got := l.proposed(t); got != "Nhà 01, Nhà 03" || l.begun() != 2 {
				t.Errorf("%s %s: then %s, %d engines", name, when, got, l.begun())
			}
			l.cams[1] = was
			l.now = l.now.Add(2 * time.Minute) // one that was away is looked for then
			if got := l.proposed(t); got != "Nhà 01, Nhà 02, Nhà 03" {
				t.Errorf("%s %s: again %s", name, when, got)
			}
		}
	}
}

// TestRefusedWhileProposed: a household says no to the window that stands on the page.
func TestRefusedWhileProposed(t *testing.T) {
	l := newLab(t)
	l.cams[0].Consent.Level = camera.ConsentAsk
	l.start(t)
	if _, err := l.ask(t, l.one, l.cams[0], 60, 50); err != nil {
		t.Fatal(err)
	}
	got, err := l.Proposals(t.Context(), officer, l.one.ID, 1)
	if err != nil || len(got.List) != 1 {
		t.Fatalf("%v, %+v", err, got)
	}
	if p := got.List[0]; p.Label != "Nhà 01" || p.Consent != camera.ConsentAsk || len(p.Asks) != 1 || p.Asks[0].Answer != "" {
		t.Errorf("asked: %+v", p)
	}
	l.must(t, l.say(t, l.cams[0], l.newest(t, l.cams[0]), false))
	if got := l.proposed(t); got != "Nhà 02, Nhà 03" {
		t.Errorf("refused: %s", got)
	}
}

// TestWhatIsProposed tells what is to be known before a clip is played.
func TestWhatIsProposed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil          func(*lab)
		consent        camera.ConsentLevel
		playable, home bool
	}{
		"stored":    {func(*lab) {}, camera.ConsentClip, true, false},
		"at home":   {func(l *lab) { l.footage[0].State = camera.StateHome }, camera.ConsentClip, false, true},
		"ask first": {func(l *lab) { l.cams[0].Consent.Level = camera.ConsentAsk }, camera.ConsentAsk, false, false},
		"in the recorder": {func(l *lab) {
			l.footage = nil
			l.village.spans = []cases.Span{{From: noon.Add(-time.Hour), To: noon, State: camera.StateRecorder}}
		}, camera.ConsentClip, false, true},
		"out of hours": {func(l *lab) { l.cams[0].Consent.Hours = camera.Hours{From: 1, To: 2} }, camera.ConsentAsk, false, false},
	} {
		l := newLab(t)
		l.recorded(l.cams[0])
		c.spoil(l)
		l.start(t)
		l.mark(t, officer, notSeen(l.cams[2].ID, 40))
		got, err := l.Proposals(t.Context(), officer, l.one.ID, 1)
		if err != nil || len(got.List) != 1 || got.Version != 2 {
			t.Fatalf("%s: %v, %+v", name, err, got)
		}
		if p := got.List[0]; p.Camera != l.cams[0].ID || p.Label != "Nhà 01" || p.Consent != c.consent || p.Playable != c.playable || p.Home != c.home || p.Probability != 0.5 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestHowManyProposals(t *testing.T) {
	l := traced(t)
	for most, want := range map[int]int{-1: 1, 0: 1, 2: 2, 3: 3, 1_000_000: 3} {
		if got, err := l.Proposals(t.Context(), officer, l.one.ID, most); err != nil || len(got.List) != want {
			t.Errorf("%d: %v, %d", most, err, len(got.List))
		}
	}
}

func TestBeliefSteps(t *testing.T) {
	l := traced(t)
	for step, code := range map[time.Duration]camera.Code{
		cases.StepLeast: "", time.Minute: "", cases.StepMost: "",
		0: camera.CodeBadRequest, cases.StepLeast - 1: camera.CodeBadRequest, cases.StepMost + 1: camera.CodeBadRequest,
	} {
		version, got, err := l.TraceBelief(t.Context(), officer, l.one.ID, step)
		if camera.CodeOf(err) != code || code == "" && (version != 1 || len(got) != 3 || got[0].Step != step) {
			t.Errorf("%s: %v, version %d, %+v", step, err, version, got)
		}
		if last := l.records[len(l.records)-1]; last.Refused != code || last.Action != "belief" {
			t.Errorf("%s: logged as %+v", step, last)
		}
	}
}

// TestRouteOfSightings: those that count, by time, each with what its camera saw then.
func TestRouteOfSightings(t *testing.T) {
	l := newLab(t)
	l.clocks[l.cams[0].ID] = camera.Clock{Bound: camera.Millis(40 * time.Millisecond)}
	l.start(t)
	if got, err := l.TraceRoute(t.Context(), officer, l.one.ID); err != nil || got.Mode != camera.ModeMotorbike || got.Legs != nil || len(l.routes) != 0 {
		t.Errorf("without a sighting: %v, %+v", err, got)
	}
	late := l.mark(t, officer, seen(l.cams[1].ID, 20))
	gone := l.mark(t, officer, seen(l.cams[2].ID, 30))
	l.mark(t, officer, notSeen(l.cams[2].ID, 30))
	early := l.mark(t, second, seen(l.cams[0].ID, 50))
	l.mark(t, officer, seen(l.cams[0].ID, 100)) // its view was not true then
	if err := l.Unmark(t.Context(), officer, l.one.ID, gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.TraceRoute(t.Context(), officer, l.one.ID); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range l.routes[0] {
		got = append(got, fmt.Sprintf("%s %s %s %g %v", p.Mark, minutes(camera.Want{From: p.At, To: p.At}), p.Bound, *p.Heading, p.View))
	}
	want := []string{fmt.Sprintf("%s 50-50 40ms 90 %v", early.ID, l.cams[0].View), fmt.Sprintf("%s 20-20 30s 90 %v", late.ID, l.cams[1].View)}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("through\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLogFoldsWhatAPagePolls, by one officer in a row, and nothing else.
func TestLogFoldsWhatAPagePolls(t *testing.T) {
	l := traced(t)
	asks := l.asks("m0")
	do := func(who cases.Officer, names ...string) {
		t.Helper()
		for _, name := range names {
			if err := asks[name](t.Context(), who, l.one.ID); err != nil && name != "unmark" {
				t.Fatal(err)
			}
		}
	}
	do(officer, "follow", "trace", "proposals", "belief", "branches", "proposals", "belief", "branches")
	do(officer, "mark", "proposals", "belief", "proposals", "unmark", "proposals")
	do(second, "proposals", "proposals")
	do(officer, "proposals", "route", "proposals", "route")
	log, err := l.Log(t.Context(), officer, l.one.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range log {
		got = append(got, r.Action+" "+r.Actor.ID)
	}
	want := "route u1, proposals u1, proposals u2, proposals u1, unmark u1, proposals u1, belief u1, mark u1, " +
		"branches u1, belief u1, proposals u1, trace u1, follow u1, trace-start u1, open-case u1"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("log: %s, want\n%s", s, want)
	}
	if len(l.records) != 22 { // what stands there as one line was written for each look
		t.Errorf("%d records", len(l.records))
	}
}
