package cases_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// may is what an officer finds with one consent, written as one line: what the camera is
// listed with, and how each look comes out.
func (v *village) may(t *testing.T, one cases.Case, cam cases.Camera, from, to time.Time) string {
	t.Helper()
	q := window(one)
	q.From, q.To = from, to
	listed, err := v.Search(t.Context(), officer, one.ID, q)
	if err != nil {
		t.Fatal(err)
	}
	text := "not listed"
	if len(listed.Cameras) > 0 {
		f := listed.Cameras[0]
		text = fmt.Sprintf("%s playable=%v home=%v moved=%v", f.Consent, f.Playable, f.Home, f.Activity.Values != nil)
	}
	_, played := v.Playlist(t.Context(), officer, one.ID, cam.ID, from, to)
	_, segment := v.SegmentLink(t.Context(), officer, one.ID, v.footage[0].SegmentID)
	_, _, still := v.Still(t.Context(), officer, one.ID, cam.ID, v.footage[0].Start)
	_, _, live := v.WatchLive(t.Context(), officer, one.ID, cam.ID, "v=0")
	for name, err := range map[string]error{"play": played, "segment": segment, "still": still, "live": live} {
		if r := v.line(name); r.Refused != camera.CodeOf(err) && camera.CodeOf(err) != camera.CodeNoFootage {
			t.Errorf("%s was %v, and is logged as %q", name, err, r.Refused)
		}
	}
	show := func(err error) string { return cmp.Or(string(camera.CodeOf(err)), "yes") }
	return fmt.Sprintf("%s; play %s, segment %s, still %s, live %s", text, show(played), show(segment), show(still), show(live))
}

// line is the newest record of a look.
func (v *village) line(name string) cases.Record {
	action := cmp.Or(map[string]string{"play": "playback"}[name], name)
	for i := len(v.records) - 1; i >= 0; i-- {
		if v.records[i].Action == action {
			return v.records[i]
		}
	}
	return cases.Record{}
}

// The window is 11:00 to 12:00 in Vietnam, the one segment of 11:59 lies in it.
var (
	allOfIt   = camera.Hours{From: 10 * 60, To: 12 * 60}
	firstHalf = camera.Hours{From: 10 * 60, To: 11*60 + 30}
	lastHalf  = camera.Hours{From: 11*60 + 30, To: 9 * 60} // over midnight
	evening   = camera.Hours{From: 18 * 60, To: 22 * 60}
)

// TestLevelsPurposesWindowsAnswers goes through all of them. What has to come out is
// read from a few sentences, not from the table of consent:
//
//   - the level for the purpose is the lesser of the camera's and the one for the purpose;
//   - a camera shared as registry at least is listed, and nothing more is said of it;
//   - stills need stills within the hours, or ask or clip and a yes that covers them;
//   - footage needs clip within the hours, or ask or clip and a yes that covers it;
//   - live needs live, now, within the hours.
func TestLevelsPurposesWindowsAnswers(t *testing.T) {
	levels := []camera.ConsentLevel{camera.ConsentNone, camera.ConsentRegistry, camera.ConsentStills, camera.ConsentAsk, camera.ConsentClip, camera.ConsentLive}
	hours := map[string]camera.Hours{"all day": {}, "all of it": allOfIt, "first half": firstHalf, "last half": lastHalf, "evening": evening}
	answers := map[string]struct {
		answer   string
		from, to float64 // minutes before noon
		other    bool    // of another case
		over     bool    // and has ended since
	}{
		"not asked": {}, "pending": {from: 60}, "granted": {answer: "granted", from: 60}, "refused": {answer: "refused", from: 60}, "silent": {answer: "silent", from: 60},
		"granted its end": {answer: "granted", from: 10}, "granted its beginning": {answer: "granted", from: 60, to: 50}, "granted before": {answer: "granted", from: 120, to: 60},
		"granted, and ended":      {answer: "granted", from: 60, over: true},
		"granted to another case": {answer: "granted", from: 60, other: true},
	}
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	v.recorded(cam)
	rows := 0
	for _, purpose := range camera.Purposes {
		one, other := v.openOf(t, string(purpose), purpose), v.openOf(t, string(purpose)+" too", purpose)
		for answer, a := range answers {
			write(t, v, `DELETE FROM wants`)
			if a.from > 0 {
				c := one
				if a.other {
					c = other
				}
				at := func(m float64) int64 { return noon.Add(-time.Duration(m * float64(time.Minute))).UnixMilli() }
				write(t, v, `INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms, asked_ms, answer, answered_ms, ended_ms)
					VALUES ('w1', $1, $2, $3, $4, true, 'u1', $5, $5, $6, $7, $8)`, c.ID, cam.ID, at(a.from), at(a.to), noon.UnixMilli(), a.answer, said(a.answer), ended(a.answer, a.over))
			}
			for _, level := range levels {
				for _, forThis := range append(levels, "") {
					for within, h := range hours {
						if forThis != "" && forThis != camera.ConsentAsk && forThis != camera.ConsentRegistry && within != "all day" {
							continue // the two have nothing to do with one another
						}
						v.cams[0].Consent = camera.Consent{Level: level, Hours: h, For: forPurpose(purpose, forThis)}
						got := v.may(t, one, cam, noon.Add(-time.Hour), noon)
						if want := mayOracle(levels, level, forThis, within, answer); got != want {
							t.Errorf("%s %q, for %s %q, hours %s, %s:\n got %s\nwant %s", cam.Label, level, purpose, forThis, within, answer, got, want)
						}
						rows++
					}
				}
			}
		}
	}
	if rows < 4000 {
		t.Errorf("%d combinations", rows)
	}
}

// said and ended are what the table holds of an answer.
func said(answer string) any {
	if answer == "" {
		return nil
	}
	return noon.UnixMilli()
}

func ended(answer string, over bool) any {
	if !over && (answer == "" || answer == "granted") {
		return nil
	}
	return noon.UnixMilli()
}

func forPurpose(p camera.Purpose, l camera.ConsentLevel) (all camera.Levels) {
	switch p {
	case camera.PurposeCriminal:
		all.Criminal = l
	case camera.PurposeAdministrative:
		all.Administrative = l
	case camera.PurposeMissing:
		all.Missing = l
	case camera.PurposeEmergency:
		all.Emergency = l
	}
	return all
}

func mayOracle(levels []camera.ConsentLevel, level, forThis camera.ConsentLevel, within, answer string) string {
	rank := slices.Index(levels, level)
	if forThis != "" {
		rank = min(rank, slices.Index(levels, forThis))
	}
	const registry, stills, ask, clip, live = 1, 2, 3, 4, 5
	if rank < registry {
		return "not listed; play no-consent, segment no-consent, still no-consent, live no-consent"
	}
	code := func(ok bool, no string) string {
		if ok {
			return "yes"
		}
		return no
	}
	// All of the window, a part of it, and the one segment at its end.
	standing := rank >= clip && (within == "all day" || within == "all of it")
	part := rank >= clip && within != "evening" || rank >= ask && (answer == "granted" || answer == "granted its end" || answer == "granted its beginning")
	segment := rank >= clip && within != "evening" && within != "first half" || rank >= ask && (answer == "granted" || answer == "granted its end")
	shares := levels[rank]
	if rank >= clip && !standing {
		shares = camera.ConsentAsk
	}
	playNo := "ask-owner"
	if part {
		playNo = "no-footage" // nothing that may be shown is there
	}
	if rank < ask {
		playNo = "no-consent"
	}
	segmentNo := "ask-owner"
	if rank < ask {
		segmentNo = "no-consent"
	}
	still := rank >= stills && within != "evening" && within != "first half" || segment
	// Now is noon, the end of the hours "all of it".
	liveNow := rank >= live && (within == "all day" || within == "all of it" || within == "last half")
	return fmt.Sprintf("%s playable=%v home=%v moved=%v; play %s, segment %s, still %s, live %s", shares, segment, false, segment,
		code(segment, playNo), code(segment, segmentNo), code(still, segmentNo), code(liveNow, "no-consent"))
}

// TestRequestByLevel: what becomes of a request with each consent.
func TestRequestByLevel(t *testing.T) {
	for level, want := range map[camera.ConsentLevel]string{
		camera.ConsentNone: "no-consent request ", camera.ConsentRegistry: "no-consent request ", camera.ConsentStills: "no-consent request ",
		camera.ConsentAsk: "asked ask [60-0] pending", camera.ConsentClip: "standing request 60-0", camera.ConsentLive: "standing request 60-0",
	} {
		for within, c := range map[string]struct {
			hours camera.Hours
			asks  bool
		}{"all day": {}, "all of it": {allOfIt, false}, "first half": {firstHalf, true}, "evening": {evening, true}} {
			v := newVillage(t)
			cam := v.house("Nhà 01", 500, level)
			v.cams[0].Consent.Hours = c.hours
			one := v.open(t, "1/2026")
			got, err := v.ask(t, one, cam, 60, 0)
			expect := want
			if c.asks && (level == camera.ConsentClip || level == camera.ConsentLive) {
				expect = "asked ask [60-0] pending"
			}
			kind := "standing"
			if got.Asked {
				kind = "asked"
			}
			text := fmt.Sprint(cmp.Or(string(camera.CodeOf(err)), kind), " ", v.records[len(v.records)-1].Action, " ", v.atBox(t, cam))
			if text != expect {
				t.Errorf("%s, %s: %s, want %s", level, within, text, expect)
			}
		}
	}
}

// TestNarrowedToAsking: what was wanted by a standing consent is held, and goes nowhere,
// and can be asked for.
func TestNarrowedToAsking(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	one := v.open(t, "1/2026")
	for range 2 {
		if _, err := v.ask(t, one, cam, 60, 50); err != nil {
			t.Fatal(err)
		}
		v.cams[0].Consent.Level = camera.ConsentAsk
		v.now = v.now.Add(time.Second)
	}
	if got := v.atBox(t, cam); got != "[60-50], [60-50] pending" {
		t.Errorf("the box has %s", got)
	}
	v.must(t, v.say(t, cam, v.newest(t, cam), true))
	if got := v.atBox(t, cam); got != "[60-50], 60-50 granted" {
		t.Errorf("the box has %s", got)
	}
}

// TestWidenedWhileAsked: what was asked for stays as it was, and the rest needs no asking.
func TestWidenedWhileAsked(t *testing.T) {
	v, cam, one := asking(t)
	if _, err := v.ask(t, one, cam, 60, 50); err != nil {
		t.Fatal(err)
	}
	v.cams[0].Consent.Level = camera.ConsentClip
	v.now = v.now.Add(time.Second)
	got, err := v.ask(t, one, cam, 55, 45)
	if s := v.atBox(t, cam); err != nil || got.Asked || s != "[60-50] pending, 55-45" {
		t.Errorf("%+v, %v; the box has %s", got, err, s)
	}
}

// TestPlaylistOfWhatWasGranted: the rest of the window stands as gaps. A file at the
// edge of a granted window belongs to it.
func TestPlaylistOfWhatWasGranted(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentAsk)
	one := v.open(t, "1/2026")
	a := "aaaaaaaaaaaaaaaa"
	for i := range 5 {
		v.footage = append(v.footage, piece(cam.ID, a, uint32(i), 6000*i, 6000*(i+1), camera.StateStored))
	}
	v.spans = []cases.Span{{From: noon, To: noon.Add(30 * time.Second), State: camera.StateStored}}
	v.now = noon.Add(time.Minute)
	if _, err := v.Request(t.Context(), officer, one.ID, cam.ID, noon.Add(8*time.Second), noon.Add(18*time.Second)); err != nil {
		t.Fatal(err)
	}
	v.must(t, v.say(t, cam, v.newest(t, cam), true))
	got, err := v.Playlist(t.Context(), officer, one.ID, cam.ID, noon, noon.Add(30*time.Second))
	if want := []string{"6.000,", "6.000,1 a 05:00:06.000Z", "6.000,2 a -", "6.000,", "6.000,"}; err != nil || !slices.Equal(entries(got), want) {
		t.Errorf("%v, entries %q, want %q", err, entries(got), want)
	}
	for i, f := range v.footage {
		_, err := v.SegmentLink(t.Context(), officer, one.ID, f.SegmentID)
		if shown := i == 1 || i == 2; shown != (err == nil) || !shown && camera.CodeOf(err) != camera.CodeAskOwner {
			t.Errorf("segment %d: %v", i, err)
		}
	}
	if _, err := v.Playlist(t.Context(), officer, one.ID, cam.ID, noon.Add(18*time.Second), noon.Add(30*time.Second)); camera.CodeOf(err) != camera.CodeAskOwner {
		t.Errorf("a window of which nothing was granted: %v", err)
	}
}

// TestPurposeGoesAlong to whoever decides once more.
func TestPurposeGoesAlong(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	v.recorded(cam)
	v.footage[0].State = camera.StateHome
	for _, p := range camera.Purposes {
		one := v.openOf(t, string(p), p)
		_, _, err := v.WatchLive(t.Context(), officer, one.ID, cam.ID, "v=0")
		v.must(t, err)
		_, _, err = v.Still(t.Context(), officer, one.ID, cam.ID, v.footage[0].Start)
		v.must(t, err)
		if n := len(v.purposes); n < 2 || v.purposes[n-1] != p || v.purposes[n-2] != p {
			t.Errorf("%s: %v", p, v.purposes)
		}
	}
	// Without a case: whether it can be live for any.
	v.cams[0].Consent.For = camera.Levels{Criminal: camera.ConsentNone, Administrative: camera.ConsentClip, Missing: camera.ConsentStills}
	for purpose, code := range map[camera.Purpose]camera.Code{"": "", camera.PurposeEmergency: "", camera.PurposeCriminal: camera.CodeNoConsent, camera.PurposeAdministrative: camera.CodeNoConsent, "revenge": camera.CodeNoConsent} {
		if err := v.LiveRefusal(v.cams[0], purpose); camera.CodeOf(err) != code {
			t.Errorf("live for %q: %v, want %q", purpose, err, code)
		}
	}
}
