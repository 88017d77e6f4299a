package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func (l *lab) left(got cases.Trace) string {
	var texts []string
	for _, x := range got.Left {
		texts = append(texts, x.Label+" "+string(x.Code))
	}
	return fmt.Sprintf("%d: %s; %d hidden", got.Cameras, strings.Join(texts, ", "), got.Hidden)
}

// of is what the newest engine knows of a camera; ok is false when it is none of its.
func (l *lab) of(id camera.CameraID) (camera.TraceCamera, bool) {
	for _, c := range l.questions[len(l.questions)-1].Cameras {
		if c.ID == id {
			return c, true
		}
	}
	return camera.TraceCamera{}, false
}

// footage writes intervals as minutes before noon.
func footage(c camera.TraceCamera) string {
	var texts []string
	for _, i := range c.Footage {
		texts = append(texts, minutes(camera.Want{From: i.From, To: i.To}))
	}
	return strings.Join(texts, " ")
}

// TestWhoIsLeftOut of a trace, why, and who has a name there.
func TestWhoIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*lab, *cases.Camera)
		left  string
		known bool // to the engine, though never proposed
	}{
		"shares clips":       {func(*lab, *cases.Camera) {}, "3: ; 0 hidden", true},
		"asked each time":    {func(_ *lab, c *cases.Camera) { c.Consent.Level = camera.ConsentAsk }, "3: ; 0 hidden", true},
		"outside of hours":   {func(_ *lab, c *cases.Camera) { c.Consent.Hours = camera.Hours{From: 1, To: 2} }, "3: ; 0 hidden", true},
		"agent has no link":  {func(_ *lab, c *cases.Camera) { c.Linked = false }, "3: ; 0 hidden", true},
		"shares stills":      {func(_ *lab, c *cases.Camera) { c.Consent.Level = camera.ConsentStills }, "2: Nhà 02 no-consent; 0 hidden", false},
		"stands on the map":  {func(_ *lab, c *cases.Camera) { c.Consent.Level = camera.ConsentRegistry }, "2: Nhà 02 no-consent; 0 hidden", false},
		"not for this kind":  {func(_ *lab, c *cases.Camera) { c.Consent.For.Criminal = camera.ConsentNone }, "2: Nhà 02 no-consent; 0 hidden", false},
		"shares nothing":     {func(_ *lab, c *cases.Camera) { c.Consent.Level = camera.ConsentNone }, "2: ; 1 hidden", false},
		"consent has ended":  {func(_ *lab, c *cases.Camera) { c.Consent.Until = noon }, "2: ; 1 hidden", false},
		"not shared":         {func(_ *lab, c *cases.Camera) { c.Shared = false }, "2: ; 0 hidden", false},
		"paused":             {func(_ *lab, c *cases.Camera) { c.Consent.Paused = true }, "2: Nhà 02 paused; 0 hidden", false},
		"sees no road":       {func(_ *lab, c *cases.Camera) { c.View.Heading = 180 }, "2: Nhà 02 off-road; 0 hidden", true},
		"recorded nothing":   {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.CauseCameraOff) }, "2: Nhà 02 no-footage; 0 hidden", true},
		"all of it is gone":  {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.StateExpired) }, "2: Nhà 02 no-footage; 0 hidden", true},
		"lost":               {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.StateLost) }, "2: Nhà 02 no-footage; 0 hidden", true},
		"withheld":           {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.StateWithheld) }, "2: Nhà 02 no-footage; 0 hidden", true},
		"at home":            {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.StateHome) }, "3: ; 0 hidden", true},
		"in the recorder":    {func(l *lab, c *cases.Camera) { l.covered(c.ID, camera.StateRecorder) }, "3: ; 0 hidden", true},
		"paused, no footage": {func(l *lab, c *cases.Camera) { c.Consent.Paused = true; l.covered(c.ID, camera.CausePaused) }, "2: Nhà 02 paused; 0 hidden", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			c.spoil(l, &l.cams[1])
			got := l.start(t)
			if text := l.left(got); text != c.left {
				t.Errorf("left out of %s, want %s", text, c.left)
			}
			for _, x := range got.Left {
				if x.Camera != l.cams[1].ID {
					t.Errorf("left out is %s", x.Camera)
				}
			}
			if _, known := l.of(l.cams[1].ID); known != c.known {
				t.Errorf("the engine knows it: %v", known)
			}
			if proposed := strings.Contains(l.proposed(t), "Nhà 02"); proposed != (got.Cameras == 3) {
				t.Errorf("proposed: %v", proposed)
			}
		})
	}
}

// covered sets what a camera has in all of the window: a state or a cause.
func (l *lab) covered(id camera.CameraID, what any) {
	s := cases.Span{From: noon.Add(-time.Hour), To: noon}
	switch what := what.(type) {
	case camera.ByteState:
		s.State = what
	case camera.GapCause:
		s.Cause = what
	}
	l.parts(id, s)
}

func (l *lab) parts(id camera.CameraID, spans ...cases.Span) {
	if l.spans == nil {
		l.spans = map[camera.CameraID][]cases.Span{}
	}
	l.spans[id] = spans
}

// TestGapsAreUnknown: what can be watched is told as it is, in one piece where states
// change.
func TestGapsAreUnknown(t *testing.T) {
	l := newLab(t)
	at := func(before int) time.Time { return noon.Add(-time.Duration(before) * time.Minute) }
	l.parts(l.cams[0].ID, cases.Span{From: at(60), To: at(50), State: camera.StateStored}, cases.Span{From: at(50), To: at(45), State: camera.StateHome},
		cases.Span{From: at(45), To: at(40), Cause: camera.CauseAgentOff}, cases.Span{From: at(40), To: at(30), State: camera.StateRecorder},
		cases.Span{From: at(30), To: at(20), State: camera.StateExpired}, cases.Span{From: at(20), To: at(10), State: camera.StateUploading},
		cases.Span{From: at(10), To: at(5), State: camera.StateHeld}, cases.Span{From: at(5), To: at(0), Cause: camera.CausePending})
	l.start(t)
	if c, _ := l.of(l.cams[0].ID); footage(c) != "60-45 40-30 20-5" || len(c.Views) != 1 || c.Views[0] != l.cams[0].View {
		t.Errorf("footage %s, views %+v", footage(c), c.Views)
	}
}

// TestNoNameAnyMore: a household that was named as one that does not share goes off the
// map.
func TestNoNameAnyMore(t *testing.T) {
	l := newLab(t)
	l.cams[1].Consent.Level = camera.ConsentRegistry
	l.start(t)
	l.cams[1].Consent.Level = camera.ConsentNone
	if got, err := l.TraceOf(t.Context(), officer, l.one.ID); err != nil || l.left(got) != "2: ; 1 hidden" {
		t.Errorf("%v, %s", err, l.left(got))
	}
}

// TestMarkedAndLeftOut: what was seen at a camera stays known when its household has
// changed its mind. It is not proposed, and not named otherwise.
func TestMarkedAndLeftOut(t *testing.T) {
	l := traced(t)
	made := l.mark(t, officer, seen(l.cams[1].ID, 40))
	l.cams[1].Consent.Paused = true
	if got := l.proposed(t); got != "Nhà 01, Nhà 03" {
		t.Errorf("proposed %s", got)
	}
	if c, known := l.of(l.cams[1].ID); !known || len(c.Footage) != 0 || len(c.Views) != 1 {
		t.Errorf("the engine knows %v %+v", known, c)
	}
	if told := "seen " + made.ID + ", seen " + made.ID; l.told() != told {
		t.Errorf("engines were told %s", l.told())
	}
	_, belief, err := l.TraceBelief(t.Context(), officer, l.one.ID, time.Minute)
	if err != nil || len(belief) != 2 || belief[0].Camera == l.cams[1].ID || belief[1].Camera == l.cams[1].ID {
		t.Errorf("belief %v, %+v", err, belief)
	}
	_, branches, err := l.Branches(t.Context(), officer, l.one.ID)
	if err != nil || len(branches) != 1 || len(branches[0].Cameras) != 2 {
		t.Errorf("branches %v, %+v", err, branches)
	}
	route, err := l.TraceRoute(t.Context(), officer, l.one.ID)
	if err != nil || len(route.Legs) != 1 {
		t.Errorf("route %v, %+v", err, route)
	}
}

// TestMarkAtOneThatWasLeftOut makes it known from then on.
func TestMarkAtOneThatWasLeftOut(t *testing.T) {
	l := newLab(t)
	l.cams[1].Consent.Paused = true
	l.start(t)
	l.mark(t, officer, seen(l.cams[1].ID, 40))
	if _, known := l.of(l.cams[1].ID); !known || l.begun() != 2 {
		t.Errorf("known: %v, %d engines", known, l.begun())
	}
}

func TestClockBounds(t *testing.T) {
	ms := func(n int) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }
	for name, c := range map[string]struct {
		ledger, footage *camera.Clock
		own             camera.Millis // of the recorder, as it stands now
		fetched         camera.Millis // when something was fetched from it
		state           camera.ByteState
		want            camera.Millis
	}{
		"nothing is known":     {nil, nil, 0, 0, camera.StateStored, ms(30_000)},
		"footage":              {nil, &camera.Clock{Offset: ms(-20), Bound: ms(7)}, 0, 0, camera.StateStored, ms(27)},
		"ledger":               {&camera.Clock{Offset: ms(100), Bound: ms(9)}, nil, 0, 0, camera.StateStored, ms(109)},
		"the worst":            {&camera.Clock{Offset: ms(100), Bound: ms(9)}, &camera.Clock{Bound: ms(700)}, 0, 0, camera.StateStored, ms(700)},
		"never measured":       {nil, &camera.Clock{}, 0, 0, camera.StateStored, ms(30_000)},
		"in the recorder":      {&camera.Clock{Bound: ms(9)}, nil, ms(500), 0, camera.StateRecorder, ms(509)},
		"recorder's not asked": {&camera.Clock{Bound: ms(9)}, nil, ms(500), 0, camera.StateStored, ms(9)},
		"fetched from it":      {&camera.Clock{Bound: ms(9)}, nil, 0, ms(800), camera.StateStored, ms(809)},
		"both":                 {&camera.Clock{Bound: ms(9)}, nil, ms(500), ms(800), camera.StateRecorder, ms(809)},
		"an absurd clock":      {&camera.Clock{Bound: camera.Millis(10 * 365 * 24 * time.Hour)}, nil, 0, 0, camera.StateStored, camera.Millis(6 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			id := l.cams[0].ID
			if c.ledger != nil {
				l.clocks[id] = *c.ledger
			}
			if c.footage != nil {
				l.footage = []cases.Footage{{Segment: camera.Segment{Clock: *c.footage}}}
			}
			l.own, l.fetch = map[camera.CameraID]cases.RecorderClock{id: {Bound: c.own}}, map[camera.CameraID]camera.Millis{id: c.fetched}
			l.covered(id, c.state)
			l.start(t)
			if got, _ := l.of(id); got.Clock != c.want {
				t.Errorf("bound %s, want %s", time.Duration(got.Clock), time.Duration(c.want))
			}
		})
	}
}

// TestHouseholdThatSaidNo is left alone until it can be asked again: what it shares
// without being asked, has agreed to or thinks about stays.
func TestHouseholdThatSaidNo(t *testing.T) {
	const later = 24*time.Hour - time.Minute
	for name, c := range map[string]struct {
		consent camera.Consent
		asks    [][2]float64 // minutes before noon
		says    []any        // of each: yes, no, or nothing
		after   time.Duration
		footage string
		left    string
	}{
		"nothing was asked":   {camera.Consent{Level: camera.ConsentAsk}, nil, nil, 0, "60-0", "3: ; 0 hidden"},
		"it thinks":           {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{40, 30}}, []any{nil}, 0, "60-0", "3: ; 0 hidden"},
		"yes":                 {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{40, 30}}, []any{true}, 0, "60-0", "3: ; 0 hidden"},
		"no":                  {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{40, 30}}, []any{false}, 0, "", "2: Nhà 01 ask-owner; 0 hidden"},
		"no, the day after":   {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{40, 30}}, []any{false}, 24 * time.Hour, "60-0", "3: ; 0 hidden"},
		"no, nearly so":       {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{40, 30}}, []any{false}, later, "", "2: Nhà 01 ask-owner; 0 hidden"},
		"no, yes and nothing": {camera.Consent{Level: camera.ConsentAsk}, [][2]float64{{60, 50}, {40, 30}, {10, 5}}, []any{nil, true, false}, 0, "60-50 40-30", "3: ; 0 hidden"},
		// Noon here is 12:00 in Vietnam: 60 to 15.5 minutes before it lie within the hours, up to a minute.
		"no, and hours": {camera.Consent{Level: camera.ConsentClip, Hours: camera.Hours{From: 9 * 60, To: 11*60 + 44}}, [][2]float64{{10, 0}}, []any{false}, 0, "60-16", "3: ; 0 hidden"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.cams[0].Consent = c.consent
			for i, a := range c.asks {
				if _, err := l.ask(t, l.one, l.cams[0], a[0], a[1]); err != nil {
					t.Fatal(err)
				}
				if yes, ok := c.says[i].(bool); ok {
					l.must(t, l.say(t, l.cams[0], l.newest(t, l.cams[0]), yes))
				}
				l.now = l.now.Add(time.Second)
			}
			l.now = noon.Add(c.after)
			got := l.start(t)
			if text := l.left(got); text != c.left {
				t.Errorf("left out of %s, want %s", text, c.left)
			}
			if of, _ := l.of(l.cams[0].ID); footage(of) != c.footage {
				t.Errorf("footage %q, want %q", footage(of), c.footage)
			}
		})
	}
}
