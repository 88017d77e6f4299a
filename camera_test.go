package camera_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
)

var t0 = time.Date(2026, 11, 22, 7, 5, 9, 123e6, time.UTC)

func segment() camera.Segment {
	return camera.Segment{
		SegmentID: camera.SegmentID{Camera: camera.NewCameraID("hx", "S1", 0), Run: "0123456789abcdef"},
		Start:     t0, End: t0.Add(6 * time.Second), Media: camera.Millis(6 * time.Second),
		Size: 1000, InitSize: 100, SHA256: camera.Hash{1}, Codec: "avc1.64001f",
	}
}

func TestKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := segment()
		s.Seq = rapid.Uint32().Draw(t, "seq")
		s.Start = time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		got, err := camera.ParseKey(s.Key().String())
		if err != nil || got != s.Key() {
			t.Fatalf("%v, %v", got, err)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(segment().Key().String())
	f.Add("caaaaaaaaaaaaaaaa/2026/11/22/07/1-0123456789abcdef-0.mp4")
	f.Add("../../etc/passwd/x-y-z.mp4")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := camera.ParseKey(s)
		if err == nil && k.String() != s {
			t.Fatalf("%q is read as %q", s, k)
		}
	})
}

func TestCameraIDDependsOnAllParts(t *testing.T) {
	ids := map[camera.CameraID]bool{}
	for _, h := range []camera.HouseholdID{"h1", "h2"} {
		for _, serial := range []string{"A", "B", "A\n0"} {
			for ch := range 3 {
				id := camera.NewCameraID(h, serial, ch)
				if !id.Valid() || ids[id] {
					t.Errorf("%s %q %d: id %s", h, serial, ch, id)
				}
				ids[id] = true
			}
		}
	}
	if camera.CameraID("c../../../../etc/").Valid() {
		t.Error("a path is taken for an id")
	}
}

func TestSegmentCheck(t *testing.T) {
	if err := segment().Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*camera.Segment)
		code  camera.Code
	}{
		"no camera":      {func(s *camera.Segment) { s.Camera = "" }, camera.CodeBadClaim},
		"bad run":        {func(s *camera.Segment) { s.Run = "../x" }, camera.CodeBadClaim},
		"upper-case run": {func(s *camera.Segment) { s.Run = "0123456789ABCDEF" }, camera.CodeBadClaim},
		"inverted":       {func(s *camera.Segment) { s.End = s.Start }, camera.CodeBadClaim},
		"too long":       {func(s *camera.Segment) { s.End = s.Start.Add(time.Hour) }, camera.CodeTooLarge},
		"empty":          {func(s *camera.Segment) { s.Size = 0 }, camera.CodeTooLarge},
		"huge":           {func(s *camera.Segment) { s.Size = 1 << 40 }, camera.CodeTooLarge},
		"no init":        {func(s *camera.Segment) { s.InitSize = 0 }, camera.CodeBadClaim},
		"only init":      {func(s *camera.Segment) { s.InitSize = s.Size }, camera.CodeBadClaim},
		"no hash":        {func(s *camera.Segment) { s.SHA256 = camera.Hash{} }, camera.CodeBadClaim},
		"first chained":  {func(s *camera.Segment) { s.Prev = camera.Hash{2} }, camera.CodeBadClaim},
		"later loose":    {func(s *camera.Segment) { s.Seq = 4 }, camera.CodeBadClaim},
		"codec text":     {func(s *camera.Segment) { s.Codec = strings.Repeat("x", 200) }, camera.CodeBadClaim},
	} {
		s := segment()
		c.spoil(&s)
		if got := camera.CodeOf(s.Check()); got != c.code {
			t.Errorf("%s: code %q, want %q", name, got, c.code)
		}
	}
}

func TestGapCheck(t *testing.T) {
	good := camera.Gap{Camera: "c", Start: t0, End: t0.Add(time.Second), Cause: camera.CauseCameraOff}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, cause := range []camera.GapCause{"", "whatever", camera.CauseFuture, camera.CauseUnreported, camera.CauseWithheld} {
		bad := good
		bad.Cause = cause
		if camera.CodeOf(bad.Check()) != camera.CodeBadClaim {
			t.Errorf("an agent may announce cause %q", cause)
		}
	}
}

func TestSegmentJSON(t *testing.T) {
	s := segment()
	s.Clock = camera.Clock{Synchronised: true, Offset: camera.Millis(-12 * time.Millisecond), Bound: camera.Millis(3 * time.Millisecond)}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"offset":-12,"bound":3`) || strings.Contains(string(text), "sender_report") {
		t.Errorf("json: %s", text)
	}
	var back camera.Segment
	if err := json.Unmarshal(text, &back); err != nil || back != s {
		t.Errorf("%v\n%+v\n%+v", err, back, s)
	}
	if json.Unmarshal([]byte(`{"sha256":"abcd"}`), &back) == nil {
		t.Error("a short hash is read")
	}
}

func TestGeometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := camera.Position{Lon: rapid.Float64Range(100, 110).Draw(t, "lon"), Lat: rapid.Float64Range(8, 24).Draw(t, "lat")}
		heading := rapid.Float64Range(0, 359.9).Draw(t, "heading")
		metres := rapid.Float64Range(1, 300).Draw(t, "m")
		q := camera.Ahead(p, heading, metres)
		if d := camera.Distance(p, q); math.Abs(d-metres) > 0.01 {
			t.Fatalf("%v m ahead is %v m away", metres, d)
		}
		if turn := camera.Turn(camera.Bearing(p, q), heading); turn > 0.1 {
			t.Fatalf("bearing is off by %v°", turn)
		}
	})
}

func TestViewCheckRefusesNaN(t *testing.T) {
	good := camera.View{Position: camera.Position{Lon: 106.7, Lat: 21.9}, Heading: 0, FOV: 90, Range: 50}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, v := range []camera.View{
		{Position: camera.Position{Lon: nan, Lat: 1}, FOV: 90, Range: 50}, {Heading: nan, FOV: 90, Range: 50},
		{Heading: 360, FOV: 90, Range: 50}, {FOV: nan, Range: 50}, {FOV: 181, Range: 50}, {FOV: 90, Range: 1e9},
	} {
		if v.Check() == nil {
			t.Errorf("%+v passes", v)
		}
	}
}

func TestErrorCodes(t *testing.T) {
	cause := errors.New("disk on fire")
	err := camera.Errorf(camera.CodeUnavailable, "open spool: %w", cause)
	if err.Error() != "open spool: disk on fire" || !errors.Is(err, cause) || camera.CodeOf(err) != camera.CodeUnavailable {
		t.Errorf("%v, %v", err, camera.CodeOf(err))
	}
	if r := camera.Refuse(errors.New("path /secret")); r.Code != camera.CodeInternal || strings.Contains(r.Message, "secret") {
		t.Errorf("an internal error leaks: %+v", r)
	}
	if camera.Refuse(nil).Err() != nil || camera.CodeOf(nil) != "" {
		t.Error("agreement is an error")
	}
}

// TestPayloadCoversTheFingerprint: whatever is changed in a fingerprint, what was
// signed is something else; the way over JSON changes nothing.
func TestPayloadCoversTheFingerprint(t *testing.T) {
	full := segment()
	full.Seq, full.Prev, full.SenderReport = 3, camera.Hash{2}, t0.Add(time.Millisecond)
	full.Origin, full.RecorderOffset, full.RecorderBound = camera.OriginRecorder, camera.Millis(-7*time.Minute), camera.Millis(time.Second)
	full.Clock = camera.Clock{Synchronised: true, Offset: camera.Millis(-12 * time.Millisecond), Bound: camera.Millis(3 * time.Millisecond)}
	full.Width, full.Height, full.KeySize, full.KeySHA256, full.Activity = 640, 360, 300, camera.Hash{3}, "\x00\xff\n"
	if err := full.Check(); err != nil {
		t.Fatal(err)
	}
	changes := []func(*camera.Segment){
		func(s *camera.Segment) { s.Camera = camera.NewCameraID("hx", "S2", 0) }, func(s *camera.Segment) { s.Run = "0123456789abcdee" },
		func(s *camera.Segment) { s.Seq++ }, func(s *camera.Segment) { s.Stream = camera.StreamSub },
		func(s *camera.Segment) { s.Start = s.Start.Add(-time.Millisecond) }, func(s *camera.Segment) { s.End = s.End.Add(time.Millisecond) },
		func(s *camera.Segment) { s.Media++; s.Media += camera.Millis(time.Millisecond) }, func(s *camera.Segment) { s.SenderReport = time.Time{} },
		func(s *camera.Segment) { s.Clock.Synchronised = false }, func(s *camera.Segment) { s.Clock.Offset = 0 }, func(s *camera.Segment) { s.Clock.Bound = 0 },
		func(s *camera.Segment) { s.Size++ }, func(s *camera.Segment) { s.InitSize++ }, func(s *camera.Segment) { s.SHA256[31]++ }, func(s *camera.Segment) { s.Prev[0]++ },
		func(s *camera.Segment) { s.Codec += "\n" }, func(s *camera.Segment) { s.Width++ }, func(s *camera.Segment) { s.Height++ },
		func(s *camera.Segment) { s.KeySize++ }, func(s *camera.Segment) { s.KeySHA256[0]++ }, func(s *camera.Segment) { s.Activity += "\n" },
		func(s *camera.Segment) { s.Origin = camera.OriginCamera },
		func(s *camera.Segment) { s.RecorderOffset += camera.Millis(time.Millisecond) }, func(s *camera.Segment) { s.RecorderBound = 0 },
	}
	// Signature itself is the one field that is not signed.
	if fields := reflect.TypeFor[camera.Segment]().NumField() - 2 + 3 + 2; fields != len(changes) {
		t.Errorf("%d fields are signed, the table has %d", fields, len(changes))
	}
	for i, change := range changes {
		other := full
		change(&other)
		if bytes.Equal(other.Payload(), full.Payload()) {
			t.Errorf("change %d is not seen", i)
		}
	}
	text, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var back camera.Segment
	if err := json.Unmarshal(text, &back); err != nil || back != full || !bytes.Equal(back.Payload(), full.Payload()) {
		t.Errorf("%v\n%+v\n%+v", err, back, full)
	}
	g := camera.Gap{Camera: full.Camera, Start: t0, End: t0.Add(time.Second), Cause: camera.CauseDisk}
	longer := g
	longer.End = longer.End.Add(time.Millisecond)
	if bytes.Equal(g.Payload(), longer.Payload()) {
		t.Error("a longer gap is signed alike")
	}
}

func TestSignatureJSON(t *testing.T) {
	s := camera.Signature{1, 2, 255}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back camera.Signature
	if err := json.Unmarshal(text, &back); err != nil || back != s {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{`""`, `"AAAA"`, `"` + strings.Repeat("A", 200) + `"`, `"!"`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is read as a signature", bad)
		}
	}
}

func TestUplinkRequires(t *testing.T) {
	for _, c := range []struct {
		class     camera.Uplink
		main, sub bool
	}{{camera.UplinkAll, true, false}, {camera.UplinkSub, false, true}, {camera.UplinkRequest, false, false}, {"", false, false}} {
		if c.class.Required(camera.StreamMain) != c.main || c.class.Required(camera.StreamSub) != c.sub {
			t.Errorf("%q", c.class)
		}
	}
}

func TestWantCovers(t *testing.T) {
	s := segment()
	w := camera.Want{Camera: s.Camera, From: s.End.Add(-time.Millisecond), To: s.End.Add(time.Hour)}
	if !w.Covers(s) || w.Check() != nil {
		t.Error("a want that touches a segment does not cover it")
	}
	w.From = s.End
	if w.Covers(s) {
		t.Error("a want covers a segment that ends where it begins")
	}
}
