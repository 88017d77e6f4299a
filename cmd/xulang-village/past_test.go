package main_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/hub/api/gen"
)

// hourAgo asks for an incident from before the village was there. Only the household's
// recorder has it, whose clock is wrong; the rider has to be where the truth says.
func hourAgo(t *testing.T, v *story, home string, clock time.Duration) {
	label := "Nhà " + strings.TrimPrefix(home, "home-")
	p := v.longAgo(t, home)
	from, to := p.Enter.Add(-20*time.Second), p.Leave.Add(20*time.Second)
	var at gen.CameraAnswer
	v.await("what is in the recorder", 2*time.Minute, func() error {
		got, err := v.askUp(from, to)
		at = answerOf(got, label)
		if err == nil && lasting(at, "recorder") < to.Sub(from)-time.Second {
			err = fmt.Errorf("%s in the recorder: %+v", lasting(at, "recorder"), at.Spans)
		}
		return err
	})
	if at.Playlist != nil || at.Home == nil || !*at.Home {
		t.Errorf("what nobody has fetched can be played (%v), or cannot be asked for", at.Playlist)
	}
	if c := at.Recorder; c == nil || c.BoundMs > 500 || (time.Duration(c.OffsetMs)*time.Millisecond-clock).Abs() > 2*time.Second {
		t.Errorf("recorder's clock %+v, want %s", c, clock)
	}
	began := time.Now()
	var asked gen.Requested
	if err := v.post("/cases/"+v.opened.Id+"/cameras/"+at.Camera.Id+"/requests", map[string]any{"from": from, "to": to}, &asked); err != nil {
		t.Fatal(err)
	}
	if !asked.Acknowledged {
		t.Errorf("asked: %+v", asked)
	}
	v.await("the minutes from the recorder", 2*time.Minute, func() error {
		got, err := v.askUp(from, to)
		at = answerOf(got, label)
		if err == nil && lasting(at, "stored") < to.Sub(from)-time.Second {
			err = fmt.Errorf("%s stored: %+v", lasting(at, "stored"), at.Spans)
		}
		return err
	})
	t.Logf("%s of %s were there %s after they were asked for", to.Sub(from), label, time.Since(began).Round(100*time.Millisecond))
	v.shows(t, at, p)
}

// longAgo is the rider's last pass at a home of at least an hour before the start.
func (v *story) longAgo(t *testing.T, home string) (last pass) {
	t.Helper()
	for _, p := range v.truth(t) {
		if p.Home == home && p.Leave.Before(v.began.Add(-time.Hour)) {
			last = p
		}
	}
	if last.Home == "" {
		t.Fatalf("nobody rode by at %s an hour ago", home)
	}
	return last
}

// askUp searches where home-08, home-09 and home-10 stand, and beyond.
func (v *story) askUp(from, to time.Time) (got gen.SearchResult, err error) {
	err = v.post("/cases/"+v.opened.Id+"/search", map[string]any{
		"stretch": map[string]any{"road": "ql4a", "from": 3000, "to": 7900}, "from": from, "to": to,
	}, &got)
	return got, err
}

// shows looks for the rider's coded pictures in what can be played: each within a second
// of the time at which it was seen, but for what is not known of the recorder's clock. A
// playback begins with the group of pictures that holds the asked time; one that tells no
// times of its own leaves half a group open, and a picture is no point in time.
func (v *story) shows(t *testing.T, at gen.CameraAnswer, p pass) {
	t.Helper()
	if at.Playlist == nil {
		t.Fatal("nothing can be played")
	}
	var list []byte
	if err := v.get(*at.Playlist, &list); err != nil {
		t.Fatal(err)
	}
	home, err := scene.Load(p.Home)
	if err != nil {
		t.Fatal(err)
	}
	clip := home.Clip(scene.Rider, scene.Direction(p.Way))
	began := p.Enter.Round(scene.GOPDuration) // a clip begins with a group of pictures, and those are counted since 1970
	most := scene.GOPDuration/2 + time.Duration(at.Recorder.BoundMs)*time.Millisecond + time.Second/scene.FPS
	found, starts := map[int]time.Time{}, segmentStarts(t, list)
	links := segmentLinks(t, *at.Playlist, list)
	if len(starts) != len(links) {
		t.Fatalf("%d segments, %d times", len(links), len(starts))
	}
	for i, link := range links {
		var file []byte
		if err := v.get(link, &file); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{3, len(clip) / 2, len(clip) - 3} {
			picture := clip[n].NALUs
			if after, ok := pictureAt(t, file, picture[len(picture)-1]); ok {
				found[n] = starts[i].Add(after)
			}
		}
	}
	for _, n := range []int{3, len(clip) / 2, len(clip) - 3} {
		want := began.Add(time.Duration(n) * time.Second / scene.FPS)
		off := found[n].Sub(want)
		if found[n].IsZero() || off.Abs() > most {
			t.Errorf("picture %d of the rider at %s: found at %s, was there at %s", n, p.Home, found[n].Format(time.StampMilli), want.Format(time.StampMilli))
			continue
		}
		t.Logf("picture %d of the rider is off by %s", n, off.Round(time.Millisecond))
	}
}

// segmentStarts are the wall-clock times of a playlist's segments, gaps left out.
func segmentStarts(t *testing.T, list []byte) (all []time.Time) {
	t.Helper()
	var at time.Time
	var lasts time.Duration // of the segment or gap whose line comes next
	var err error
	for line := range strings.SplitSeq(string(list), "\n") {
		if stamp, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
			at, err = time.Parse(time.RFC3339, stamp)
		}
		if strings.HasPrefix(line, "segments/") {
			all = append(all, at)
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			at = at.Add(lasts)
		}
		if length, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			lasts, err = time.ParseDuration(strings.TrimSuffix(length, ",") + "s")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// pictureAt is how long after the file's first picture one with these bytes comes.
func pictureAt(t *testing.T, file, nalu []byte) (time.Duration, bool) {
	t.Helper()
	if !bytes.Contains(file, nalu) {
		return 0, false
	}
	var head fmp4.Init
	var parts fmp4.Parts
	if err := head.Unmarshal(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if err := parts.Unmarshal(file); err != nil {
		t.Fatal(err)
	}
	track, scale := head.Tracks[0].ID, head.Tracks[0].TimeScale
	var first *uint64
	for _, part := range parts {
		i := slices.IndexFunc(part.Tracks, func(p *fmp4.PartTrack) bool { return p.ID == track })
		if i < 0 {
			continue
		}
		at := part.Tracks[i].BaseTime
		if first == nil {
			first = &at
		}
		for _, s := range part.Tracks[i].Samples {
			if bytes.Contains(s.Payload, nalu) {
				return time.Duration(float64(at-*first) / float64(scale) * float64(time.Second)), true
			}
			at += uint64(s.Duration)
		}
	}
	return 0, false
}
