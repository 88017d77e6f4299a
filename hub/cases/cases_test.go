package cases_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func window(cases.Case) cases.Question {
	return cases.Question{Stretch: camera.Stretch{Road: "r1", From: 0, To: 3000}, From: noon.Add(-time.Hour), To: noon}
}

// recorded puts one stored segment into the village's past.
func (v *village) recorded(c cases.Camera) camera.SegmentID {
	s := camera.Segment{
		SegmentID: camera.SegmentID{Camera: c.ID, Run: "0123456789abcdef", Seq: 0},
		Start:     noon.Add(-time.Minute), End: noon.Add(-54 * time.Second), Size: 1000, InitSize: 100,
		KeySize: int64(len(picture)), KeySHA256: sha256.Sum256(picture),
	}
	v.footage = append(v.footage, cases.Footage{Segment: s, State: camera.StateStored})
	v.spans = []cases.Span{
		{From: noon.Add(-time.Hour), To: s.Start, Cause: camera.CauseCameraOff},
		{From: s.Start, To: s.End, State: camera.StateStored},
		{From: s.End, To: noon, Cause: camera.CauseAgentOff},
	}
	return s.SegmentID
}

// looks are all the ways to see anything, each as the given officer and case.
func (v *village) looks(cam cases.Camera, seg camera.SegmentID) map[string]func(context.Context, cases.Officer, string) error {
	return map[string]func(context.Context, cases.Officer, string) error{
		"search": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := v.Search(ctx, o, id, window(cases.Case{}))
			return err
		},
		"playback": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := v.Playlist(ctx, o, id, cam.ID, noon.Add(-time.Hour), noon)
			return err
		},
		"segment": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := v.SegmentLink(ctx, o, id, seg)
			return err
		},
		"still": func(ctx context.Context, o cases.Officer, id string) error {
			_, _, err := v.Still(ctx, o, id, cam.ID, noon.Add(-57*time.Second))
			return err
		},
		"request": func(ctx context.Context, o cases.Officer, id string) error {
			_, err := v.Request(ctx, o, id, cam.ID, noon.Add(-time.Hour), noon)
			return err
		},
		"live": func(ctx context.Context, o cases.Officer, id string) error {
			_, _, err := v.WatchLive(ctx, o, id, cam.ID, "v=0")
			return err
		},
	}
}

func TestEveryLookIsLoggedBeforeItIsAnswered(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	seg := v.recorded(cam)
	c := v.open(t, "1/2026")
	for name, look := range v.looks(cam, seg) {
		before, handed := len(v.records), v.handed
		if err := look(t.Context(), officer, c.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(v.records) != before+1 || v.records[before].Action != name || v.records[before].Refused != "" || v.handed == handed {
			t.Errorf("%s: %d records, %d answers", name, len(v.records)-before, v.handed-handed)
		}
	}
}

func TestNothingIsAnsweredWithoutTheLog(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	seg := v.recorded(cam)
	c := v.open(t, "1/2026")
	v.auditErr = errHung
	for name, look := range v.looks(cam, seg) {
		err := look(t.Context(), officer, c.ID)
		if camera.CodeOf(err) != camera.CodeUnavailable || !errors.Is(err, errHung) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.OpenCase(t.Context(), officer, cases.Case{Number: "2", Kind: "criminal", LegalBasis: "x"}); camera.CodeOf(err) != camera.CodeUnavailable {
		t.Errorf("open case: %v", err)
	}
	if v.handed != 0 {
		t.Errorf("%d answers left the house without a line", v.handed)
	}
	if wants, err := v.WantsOf(t.Context(), []camera.CameraID{cam.ID}); err != nil || len(wants) > 0 {
		t.Errorf("something is held without a line: %v, %s", err, minutes(wants...))
	}
}

func TestRefusals(t *testing.T) {
	admin, other := officer, officer
	admin.Watches = false
	other.Unit = "Xã B"
	for name, c := range map[string]struct {
		who   cases.Officer
		spoil func(v *village, c *cases.Case)
		want  map[string]camera.Code // by look; "" is for every one that is not named
	}{
		"no case":      {officer, func(_ *village, c *cases.Case) { c.ID = "" }, map[string]camera.Code{"": camera.CodeNoCase}},
		"unknown case": {officer, func(_ *village, c *cases.Case) { c.ID = "vxyz" }, map[string]camera.Code{"": camera.CodeNotFound}},
		"other unit":   {other, func(*village, *cases.Case) {}, map[string]camera.Code{"": camera.CodeNotFound}},
		"admin":        {admin, func(*village, *cases.Case) {}, map[string]camera.Code{"": camera.CodeForbidden}},
		"registry only": {officer, func(v *village, _ *cases.Case) { v.cams[0].Consent.Level = camera.ConsentRegistry },
			map[string]camera.Code{"": camera.CodeNoConsent, "search": "-"}},
		"clip only": {officer, func(v *village, _ *cases.Case) { v.cams[0].Consent.Level = camera.ConsentClip },
			map[string]camera.Code{"": "-", "live": camera.CodeNoConsent}},
		"paused": {officer, func(v *village, _ *cases.Case) { v.cams[0].Consent.Paused = true },
			map[string]camera.Code{"": "-", "live": camera.CodePaused}},
		"withdrawn": {officer, func(v *village, _ *cases.Case) { v.cams[0].Shared = false },
			map[string]camera.Code{"": camera.CodeNoConsent, "search": "-"}},
		"agent away": {officer, func(v *village, _ *cases.Case) { v.cams[0].Linked = false },
			map[string]camera.Code{"": "-", "live": camera.CodeUnreachable}},
		"h265": {officer, func(v *village, _ *cases.Case) { v.cams[0].Codec = "h265" },
			map[string]camera.Code{"": "-", "live": camera.CodeLiveCodec}},
		"bytes at home": {officer, func(v *village, _ *cases.Case) { v.footage[0].State = camera.StateHome },
			map[string]camera.Code{"": camera.CodeNoFootage, "search": "-", "live": "-", "still": "-", "request": "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVillage(t)
			cam := v.house("Nhà 01", 500, camera.ConsentLive)
			seg := v.recorded(cam)
			one := v.open(t, "1/2026")
			c.spoil(v, &one)
			for look, f := range v.looks(cam, seg) {
				want, ok := c.want[look]
				if !ok {
					want = c.want[""]
				}
				if want == "-" {
					want = ""
				}
				before := len(v.records)
				err := f(t.Context(), c.who, one.ID)
				if camera.CodeOf(err) != want {
					t.Errorf("%s: %v, want code %q", look, err, want)
				}
				if len(v.records) != before+1 {
					t.Errorf("%s: %d records", look, len(v.records)-before)
				} else if r := v.records[before]; want != camera.CodeNoFootage && r.Refused != want {
					t.Errorf("%s: logged as %q", look, r.Refused)
				}
			}
		})
	}
}

func TestClosedCase(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	seg := v.recorded(cam)
	c := v.open(t, "1/2026")
	closed, err := v.CloseCase(t.Context(), officer, c.ID)
	if err != nil || closed.Open() {
		t.Fatal(err, closed)
	}
	if again, err := v.CloseCase(t.Context(), officer, c.ID); err != nil || !again.Closed.Equal(closed.Closed) {
		t.Errorf("closing twice: %v, %v", err, again.Closed)
	}
	for name, look := range v.looks(cam, seg) {
		if err := look(t.Context(), officer, c.ID); camera.CodeOf(err) != camera.CodeCaseClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadQuestions(t *testing.T) {
	v := newVillage(t)
	c := v.open(t, "1/2026")
	for name, x := range map[string]struct {
		spoil func(*cases.Question)
		code  camera.Code
	}{
		"inverted window":         {func(q *cases.Question) { q.From, q.To = q.To, q.From }, camera.CodeBadWindow},
		"empty window":            {func(q *cases.Question) { q.To = q.From }, camera.CodeBadWindow},
		"long window":             {func(q *cases.Question) { q.To = q.From.Add(7 * time.Hour) }, camera.CodeBadWindow},
		"no window":               {func(q *cases.Question) { q.From = time.Time{} }, camera.CodeBadWindow},
		"less than a millisecond": {func(q *cases.Question) { q.To = q.From.Add(999 * time.Microsecond) }, camera.CodeBadWindow},
		"before 1970":             {func(q *cases.Question) { q.From, q.To = time.Time{}.Add(time.Hour), time.Time{}.Add(2*time.Hour) }, camera.CodeBadWindow},
		"year 10000 in UTC": {func(q *cases.Question) {
			q.To = time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600))
			q.From = q.To.Add(-time.Minute)
		}, camera.CodeBadWindow},
		"unknown road":  {func(q *cases.Question) { q.Stretch.Road = "nowhere" }, camera.CodeUnknownRoad},
		"no road":       {func(q *cases.Question) { q.Stretch.Road = "" }, camera.CodeUnknownRoad},
		"inverted road": {func(q *cases.Question) { q.Stretch.To = -1 }, camera.CodeBadStretch},
		"long road":     {func(q *cases.Question) { q.Stretch.To = 5001 }, camera.CodeTooLarge},
	} {
		q := window(c)
		x.spoil(&q)
		_, err := v.Search(t.Context(), officer, c.ID, q)
		if camera.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %s", name, err, x.code)
		}
		if last := v.records[len(v.records)-1]; last.Refused != x.code {
			t.Errorf("%s: logged as %q", name, last.Refused)
		}
	}
}

// TestBrokenDatabaseIsNotTheAskersFault: a failure while the case is looked up must
// not hide behind another refusal, and its text must not travel with one.
func TestBrokenDatabaseIsNotTheAskersFault(t *testing.T) {
	v := newVillage(t)
	c := v.open(t, "1/2026")
	if err := v.DB.Close(); err != nil {
		t.Fatal(err)
	}
	q := window(c)
	q.From, q.To = q.To, q.From
	if _, err := v.Search(t.Context(), officer, c.ID, q); camera.CodeOf(err) != camera.CodeInternal {
		t.Errorf("%v", err)
	}
}

func TestCaseNumbersAreUnique(t *testing.T) {
	v := newVillage(t)
	first := v.open(t, "1/2026")
	if _, err := v.OpenCase(t.Context(), officer, cases.Case{Number: " 1/2026 ", Kind: "missing", LegalBasis: "x"}); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("second of the same number: %v", err)
	}
	if last := v.records[len(v.records)-1]; last.Action != "open-case" || last.Refused != camera.CodeConflict {
		t.Errorf("the log says %+v of a case that was not opened", last)
	}
	long := strings.Repeat("ữ", 2001)
	for _, bad := range []cases.Case{{Number: long[:183], Kind: "criminal", LegalBasis: "x"}, {Number: "2", Kind: "criminal", LegalBasis: long[:903]},
		{Number: "2", Kind: "criminal", LegalBasis: "x", Summary: long}, {Kind: "criminal", LegalBasis: "x"}, {Number: "2", LegalBasis: "x"}, {Number: "2", Kind: "revenge", LegalBasis: "x"}, {Number: "2", Kind: "criminal", LegalBasis: "  "}} {
		if _, err := v.OpenCase(t.Context(), officer, bad); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	all, err := v.List(t.Context(), officer)
	if err != nil || len(all) != 1 || all[0] != first {
		t.Errorf("list: %v, %+v, want %+v", err, all, first)
	}
}

func TestLogFoldsSegments(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	seg := v.recorded(cam)
	c := v.open(t, "1/2026")
	looks := v.looks(cam, seg)
	for _, name := range []string{"playback", "segment", "segment", "segment", "live", "segment", "still", "still", "segment", "still", "request", "request"} {
		if err := looks[name](t.Context(), officer, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	log, err := v.Log(t.Context(), officer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range log {
		got = append(got, r.Action)
	}
	if s := strings.Join(got, " "); s != "request request still segment still segment live segment playback open-case" {
		t.Errorf("log: %s", s)
	}
	if len(v.records) != 13 { // what stands there as one line was written for each look
		t.Errorf("%d records", len(v.records))
	}
}
