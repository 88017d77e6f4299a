package cases_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func piece(cam camera.CameraID, run string, seq uint32, from, to int, state camera.ByteState) cases.Footage {
	return cases.Footage{State: state, Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: cam, Run: camera.RunID(run), Seq: seq},
		Start:     noon.Add(time.Duration(from) * time.Millisecond), End: noon.Add(time.Duration(to) * time.Millisecond),
		Size: 5000, InitSize: 700,
	}}
}

func TestPlaylistText(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	c := v.open(t, "1/2026")
	a, b := "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	v.footage = []cases.Footage{
		piece(cam.ID, a, 7, -2000, 4010, camera.StateStored),
		piece(cam.ID, a, 8, 4020, 10000, camera.StateStored),
		piece(cam.ID, a, 9, 10000, 16000, camera.StateHome), // not here yet: stands as a gap
		piece(cam.ID, b, 0, 20000, 26500, camera.StateHeld),
	}
	v.spans = []cases.Span{{From: noon, To: noon.Add(30 * time.Second), State: camera.StateStored}}
	got, err := v.Playlist(t.Context(), officer, c.ID, cam.ID, noon, noon.Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"#EXTM3U", "#EXT-X-VERSION:8", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-TARGETDURATION:7", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-INDEPENDENT-SEGMENTS",
		`#EXT-X-MAP:URI="segments/aaaaaaaaaaaaaaaa/7",BYTERANGE="700@0"`, "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T04:59:58.000Z",
		"#EXTINF:6.020,", "#EXT-X-BYTERANGE:4300@700", "segments/aaaaaaaaaaaaaaaa/7",
		"#EXTINF:5.980,", "#EXT-X-BYTERANGE:4300@700", "segments/aaaaaaaaaaaaaaaa/8",
		"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T05:00:10.000Z",
		"#EXT-X-GAP", "#EXTINF:6.000,", "gap", "#EXT-X-GAP", "#EXTINF:4.000,", "gap",
		"#EXT-X-DISCONTINUITY", `#EXT-X-MAP:URI="segments/bbbbbbbbbbbbbbbb/0",BYTERANGE="700@0"`, "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T05:00:20.000Z",
		"#EXTINF:6.500,", "#EXT-X-BYTERANGE:4300@700", "segments/bbbbbbbbbbbbbbbb/0",
		"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T05:00:26.500Z", "#EXT-X-GAP", "#EXTINF:3.500,", "gap",
		"#EXT-X-ENDLIST", "",
	}, "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// entries are the playlist's segments with the time stamp that stands before them,
// or "-"; gaps are their length.
func entries(text string) (list []string) {
	stamp := "-"
	for _, line := range strings.Split(text, "\n") {
		if at, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T"); ok {
			stamp = at
		}
		if length, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			list = append(list, length)
		}
		if strings.HasPrefix(line, "segments/") {
			list[len(list)-1] += strings.TrimLeft(line[len("segments/"):], "abcdef0123456789")[1:] + " " + line[9:10] + " " + stamp
			stamp = "-"
		}
	}
	return list
}

// TestPlaylistOfAClockThatWasSetBack: both runs are there, whole, and the time that
// the first one covered is no gap after the second.
func TestPlaylistOfAClockThatWasSetBack(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	c := v.open(t, "1/2026")
	a, b := "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	v.footage = []cases.Footage{
		piece(cam.ID, a, 0, 0, 6000, camera.StateStored),
		piece(cam.ID, b, 0, 1000, 3000, camera.StateStored), // ends while the first segment goes on
		piece(cam.ID, b, 1, 3000, 9000, camera.StateStored),
		piece(cam.ID, a, 1, 6000, 12000, camera.StateStored),
	}
	v.spans = []cases.Span{{From: noon, To: noon.Add(14 * time.Second), State: camera.StateStored}}
	got, err := v.Playlist(t.Context(), officer, c.ID, cam.ID, noon, noon.Add(14*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"6.000,0 a 05:00:00.000Z", "6.000,1 a -", "2.000,0 b 05:00:01.000Z", "6.000,1 b -", "2.000,"}
	if s := entries(got); strings.Join(s, "|") != strings.Join(want, "|") {
		t.Errorf("entries %q\nwant    %q\n%s", s, want, got)
	}
}

// TestPlaylistOfARunThatIsNone: what an agent claims may be nonsense. A hole within
// a run is a gap and no segment of an hour; times that run backwards are named.
func TestPlaylistOfARunThatIsNone(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	c := v.open(t, "1/2026")
	a := "aaaaaaaaaaaaaaaa"
	v.footage = []cases.Footage{
		piece(cam.ID, a, 3, 0, 2000, camera.StateStored),
		piece(cam.ID, a, 1, 4000, 6000, camera.StateStored),
		piece(cam.ID, a, 2, 6000+3600e3, 6000+3602e3, camera.StateStored),
	}
	v.spans = []cases.Span{{From: noon, To: noon.Add(2 * time.Hour), State: camera.StateStored}}
	got, err := v.Playlist(t.Context(), officer, c.ID, cam.ID, noon, noon.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "#EXT-X-TARGETDURATION:6\n") {
		t.Errorf("one claim stretched the list:\n%.300s", got)
	}
	var segments []string
	for _, e := range entries(got) {
		if strings.Contains(e, " a ") {
			segments = append(segments, e)
		}
	}
	want := "2.000,1 a 05:00:04.000Z|2.000,2 a 06:00:06.000Z|2.000,3 a 05:00:00.000Z"
	if s := strings.Join(segments, "|"); s != want {
		t.Errorf("segments %s\nwant     %s", s, want)
	}
}

// TestPlaylistOfTwoStreams: small segments stand where less than half of them is
// covered by large ones that can be played.
func TestPlaylistOfTwoStreams(t *testing.T) {
	const a, b, c = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
	stored, home := camera.StateStored, camera.StateHome
	for name, x := range map[string]struct {
		large, small []cases.Footage
		want         string
	}{
		"only large ones": {[]cases.Footage{piece("", a, 0, 0, 6000, stored)}, nil, "6.000,0 a 05:00:00.000Z"},
		"only small ones": {nil, []cases.Footage{piece("", b, 0, 0, 6000, stored), piece("", b, 1, 6000, 12000, stored)}, "6.000,0 b 05:00:00.000Z|6.000,1 b -"},
		"the large ones are at home": {
			[]cases.Footage{piece("", a, 0, 0, 6000, home), piece("", a, 1, 6000, 12000, home)},
			[]cases.Footage{piece("", b, 0, 0, 6000, stored), piece("", b, 1, 6050, 12000, stored)},
			"6.050,0 b 05:00:00.000Z|5.950,1 b -",
		},
		"all is covered": {
			[]cases.Footage{piece("", a, 0, 0, 6000, stored), piece("", a, 1, 6000, 12000, stored)},
			[]cases.Footage{piece("", b, 0, 1000, 7000, stored)}, "6.000,0 a 05:00:00.000Z|6.000,1 a -",
		},
		"a hole in the middle": {
			[]cases.Footage{piece("", a, 0, 0, 6000, stored), piece("", a, 1, 6000, 12000, home), piece("", a, 2, 12000, 18000, home), piece("", a, 3, 18000, 24000, stored)},
			[]cases.Footage{piece("", b, 0, 0, 6000, stored), piece("", b, 1, 6000, 12000, stored), piece("", b, 2, 12000, 18000, stored), piece("", b, 3, 18000, 24000, stored)},
			"6.000,0 a 05:00:00.000Z|6.000,1 b 05:00:06.000Z|6.000,2 b -|6.000,3 a 05:00:18.000Z",
		},
		"half covered is covered": {
			[]cases.Footage{piece("", a, 0, 0, 6000, stored)}, []cases.Footage{piece("", b, 0, 3000, 9000, stored)}, "6.000,0 a 05:00:00.000Z",
		},
		"less than half": {
			[]cases.Footage{piece("", a, 0, 0, 6000, stored), piece("", a, 1, 20000, 26000, stored)}, []cases.Footage{piece("", b, 0, 3001, 9001, stored)},
			"6.000,0 a 05:00:00.000Z|6.000,0 b 05:00:03.001Z|6.000,1 a 05:00:20.000Z",
		},
		"covered by two that overlap": {
			[]cases.Footage{piece("", a, 0, 0, 2000, stored), piece("", c, 0, 0, 2000, stored)}, []cases.Footage{piece("", b, 0, 0, 6000, stored)},
			"2.000,0 a 05:00:00.000Z|2.000,0 c 05:00:00.000Z|6.000,0 b 05:00:00.000Z",
		},
		"covered from both ends": {
			[]cases.Footage{piece("", a, 0, 0, 2000, stored), piece("", c, 0, 5000, 9000, stored)}, []cases.Footage{piece("", b, 0, 0, 6000, stored)},
			"2.000,0 a 05:00:00.000Z|4.000,0 c 05:00:05.000Z",
		},
		"a small one at home": {nil, []cases.Footage{piece("", b, 0, 0, 6000, home), piece("", b, 1, 6000, 12000, stored)}, "6.000,1 b 05:00:06.000Z"},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		one := v.open(t, "1/2026")
		v.footage = x.large
		for _, f := range x.small {
			f.Stream = camera.StreamSub
			v.footage = append(v.footage, f)
		}
		v.spans = []cases.Span{{From: noon, To: noon.Add(30 * time.Second), State: stored}}
		text, err := v.Playlist(t.Context(), officer, one.ID, cam.ID, noon, noon.Add(30*time.Second))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		played := slices.DeleteFunc(entries(text), func(e string) bool { return strings.HasSuffix(e, ",") })
		if got := strings.Join(played, "|"); got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, x.want)
		}
	}
}

// TestPlaylistOfARecorder: what was fetched from a recorder stands where the agent has
// nothing in full, and before what is small.
func TestPlaylistOfARecorder(t *testing.T) {
	const a, b, c = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
	stored := camera.StateStored
	fetched := func(f cases.Footage) cases.Footage { f.Origin = camera.OriginRecorder; return f }
	small := func(f cases.Footage) cases.Footage { f.Stream = camera.StreamSub; return f }
	own := piece("", a, 0, 6000, 12000, stored)
	for name, x := range map[string]struct {
		footage []cases.Footage
		want    string
	}{
		"alone":          {[]cases.Footage{fetched(piece("", b, 0, 0, 6000, stored)), fetched(piece("", b, 1, 6000, 12000, stored))}, "6.000,0 b 05:00:00.000Z|6.000,1 b -"},
		"before its own": {[]cases.Footage{fetched(piece("", b, 0, 0, 7000, stored)), own}, "7.000,0 b 05:00:00.000Z|6.000,0 a 05:00:06.000Z"},
		"covered":        {[]cases.Footage{fetched(piece("", b, 0, 4000, 10000, stored)), own}, "6.000,0 a 05:00:06.000Z"},
		"after its own":  {[]cases.Footage{own, fetched(piece("", b, 0, 11000, 17000, stored))}, "6.000,0 a 05:00:06.000Z|6.000,0 b 05:00:11.000Z"},
		"small is behind": {[]cases.Footage{small(piece("", c, 0, 0, 6000, stored)), fetched(piece("", b, 0, 0, 6000, stored)), own, small(piece("", c, 1, 12000, 18000, stored))},
			"6.000,0 b 05:00:00.000Z|6.000,0 a 05:00:06.000Z|6.000,1 c 05:00:12.000Z"},
		"not here yet": {[]cases.Footage{small(piece("", c, 0, 0, 6000, stored)), fetched(piece("", b, 0, 0, 6000, camera.StateHome)), own}, "6.000,0 c 05:00:00.000Z|6.000,0 a 05:00:06.000Z"},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		one := v.open(t, "1/2026")
		v.footage = x.footage
		v.spans = []cases.Span{{From: noon, To: noon.Add(30 * time.Second), State: stored}}
		text, err := v.Playlist(t.Context(), officer, one.ID, cam.ID, noon, noon.Add(30*time.Second))
		played := slices.DeleteFunc(entries(text), func(e string) bool { return strings.HasSuffix(e, ",") })
		if got := strings.Join(played, "|"); err != nil || got != x.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, x.want)
		}
	}
}

// TestPlaylistIsOfOneKind: no browser goes from pictures with sound to pictures without.
func TestPlaylistIsOfOneKind(t *testing.T) {
	const a, b = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	sounding := func(f cases.Footage) cases.Footage { f.Codec += ",mp4a.40.2"; return f }
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	c := v.open(t, "1/2026")
	v.spans = []cases.Span{{From: noon, To: noon.Add(time.Minute), State: camera.StateStored}}
	mute := piece(cam.ID, b, 0, 6000, 12000, camera.StateStored)
	for name, x := range map[string]struct {
		footage []cases.Footage
		want    string
	}{
		"more with sound": {[]cases.Footage{sounding(piece(cam.ID, a, 0, 0, 6000, camera.StateStored)), mute, sounding(piece(cam.ID, a, 2, 12000, 18000, camera.StateStored))}, "a"},
		"more without":    {[]cases.Footage{sounding(piece(cam.ID, a, 0, 0, 6000, camera.StateStored)), mute, piece(cam.ID, b, 1, 12000, 18000, camera.StateStored)}, "b"},
		"sound at home":   {[]cases.Footage{sounding(piece(cam.ID, a, 0, 0, 6000, camera.StateHome)), mute}, "b"},
	} {
		v.footage = x.footage
		got, err := v.Playlist(t.Context(), officer, c.ID, cam.ID, noon, noon.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if with, without := strings.Contains(got, a), strings.Contains(got, b); with != (x.want != "b") || without != (x.want == "b") {
			t.Errorf("%s: with sound %v, without %v", name, with, without)
		}
	}
}

// TestPlaylistKeepsTime sums a day of ragged footage: media time must run along
// with the wall clock, and no entry may be longer than the target duration.
func TestPlaylistKeepsTime(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	c := v.open(t, "1/2026")
	at := 0
	for i := range 300 {
		long := 3000 + i*37%5000
		v.footage = append(v.footage, piece(cam.ID, fmt.Sprintf("%016x", i/7), uint32(i%7), at, at+long, camera.StateStored))
		at += long
		if i%7 == 6 {
			at += i * 613 % 20000
		}
	}
	end := noon.Add(time.Duration(at) * time.Millisecond)
	v.spans = []cases.Span{{From: noon, To: end, State: camera.StateStored}}
	got, err := v.Playlist(t.Context(), officer, c.ID, cam.ID, noon, end)
	if err != nil {
		t.Fatal(err)
	}
	target, _ := strconv.Atoi(regexp.MustCompile(`TARGETDURATION:(\d+)`).FindStringSubmatch(got)[1])
	sum := 0.0
	for _, m := range regexp.MustCompile(`EXTINF:([\d.]+),`).FindAllStringSubmatch(got, -1) {
		s, _ := strconv.ParseFloat(m[1], 64)
		if int(s+0.5) > target {
			t.Errorf("an entry of %v s with a target duration of %d s", s, target)
		}
		sum += s
	}
	if diff := sum - float64(at)/1000; diff > 0.001 || diff < -0.001 {
		t.Errorf("the list is %v s long, the window %v s", sum, float64(at)/1000)
	}
}
