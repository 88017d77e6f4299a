package camera_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func TestPastCheck(t *testing.T) {
	span := func(from, to int) camera.Interval {
		return camera.Interval{From: t0.Add(time.Duration(from) * time.Minute), To: t0.Add(time.Duration(to) * time.Minute)}
	}
	for name, c := range map[string]struct {
		spans []camera.Interval
		ok    bool
	}{
		"none": {nil, true}, "two": {[]camera.Interval{span(0, 1), span(1, 5)}, true}, "empty": {[]camera.Interval{span(1, 1)}, false},
		"overlap": {[]camera.Interval{span(0, 2), span(1, 5)}, false}, "disorder": {[]camera.Interval{span(3, 4), span(0, 1)}, false},
		"too many": {make([]camera.Interval, camera.PastSpansMost+1), false},
	} {
		p := camera.CameraPast{Camera: camera.NewCameraID("h", "S", 0), Spans: c.spans}
		if err := p.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	away := camera.CameraPast{Camera: camera.NewCameraID("h", "S", 0), Offset: camera.Millis(-2 * camera.RecorderAway)}
	if away.Check() == nil {
		t.Error("a clock that was never set passes")
	}
}

func receipt() camera.Receipt {
	return camera.Receipt{
		Camera: camera.NewCameraID("h", "S", 0), Text: "2026-11", TextHash: camera.Hash{1}, Language: "vi", Method: "household-page", At: t0,
		Consent: camera.Consent{
			Level: camera.ConsentLive, Hours: camera.Hours{From: 1, To: 2}, Until: t0.Add(time.Hour), Paused: true,
			For: camera.Levels{Criminal: camera.ConsentClip, Administrative: camera.ConsentNone, Missing: camera.ConsentAsk, Emergency: camera.ConsentLive},
		},
	}
}

// TestReceiptPayload: whatever is changed in a receipt, what was signed is something else.
func TestReceiptPayload(t *testing.T) {
	signed := receipt().Payload()
	n := 0
	var walk func(at reflect.Value, change func() camera.Receipt)
	full := receipt()
	walk = func(at reflect.Value, now func() camera.Receipt) {
		if at.Kind() == reflect.Struct && at.Type() != reflect.TypeFor[time.Time]() {
			for i := range at.NumField() {
				if name := at.Type().Field(i).Name; name != "V" && name != "Signature" {
					walk(at.Field(i), now)
				}
			}
			return
		}
		old := reflect.New(at.Type()).Elem()
		old.Set(at)
		at.Set(reflect.Zero(at.Type()))
		n++
		if bytes.Equal(now().Payload(), signed) {
			t.Errorf("field %d (%s) is not signed", n, at.Type())
		}
		at.Set(old)
	}
	walk(reflect.ValueOf(&full).Elem(), func() camera.Receipt { return full })
	if n < 14 {
		t.Errorf("%d fields", n)
	}
}

func TestReceiptCheck(t *testing.T) {
	if err := receipt().Check(); err != nil {
		t.Fatal(err)
	}
	for i, spoil := range []func(*camera.Receipt){
		func(r *camera.Receipt) { r.Camera = "x" }, func(r *camera.Receipt) { r.Consent.Level = "all" }, func(r *camera.Receipt) { r.Text = "" },
		func(r *camera.Receipt) { r.Language = "fr" }, func(r *camera.Receipt) { r.TextHash = camera.Hash{} },
		func(r *camera.Receipt) { r.Consent.Until = r.At.Add(2 * camera.ConsentLongest) },
	} {
		r := receipt()
		spoil(&r)
		if camera.CodeOf(r.Check()) != camera.CodeBadClaim {
			t.Errorf("%d passes", i)
		}
	}
}

func TestAnswerPayload(t *testing.T) {
	a := camera.Answer{Want: "w1", Granted: true, At: t0}
	for i, other := range []camera.Answer{{Want: "w2", Granted: true, At: t0}, {Want: "w1", At: t0}, {Want: "w1", Granted: true, At: t0.Add(time.Millisecond)}} {
		if bytes.Equal(a.Payload(), other.Payload()) {
			t.Errorf("%d is signed alike", i)
		}
	}
}
