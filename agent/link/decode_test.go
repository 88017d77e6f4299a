package link_test

import (
	"encoding/json"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

// FuzzDecode: whatever comes over the link is refused with a code or is a message
// of our version that can be written again; in hand it costs no more than its size.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"v":2,"refused_segments":{"0":{"code":"bad-claim"}},"refused_gaps":{"-1":{}}}`,
		`{"v":2,"slots":[{"url":"/o/x","header":{"a":"b"},"expires":"2026-11-22T05:00:00Z"},{"stored":true},{"code":"paused"}]}`,
		`{"v":2,"refused":{"31":{"code":"not-found","message":"no bytes"}}}`,
		`{"v":2,"wants":[{"camera":"caaaaaaaaaaaaaaaa","from":"2026-11-22T05:00:00Z","to":"2026-11-22T06:00:00+07:00","fetch":true}]}`,
		`{"v":2,"refused":{"caaaaaaaaaaaaaaaa":{"code":"foreign-camera"}},"uplink":"sub"}`,
		`{"v":2,"camera":"caaaaaaaaaaaaaaaa","run":"00112233aabbccdd","seq":4294967295}`,
		`{"v":2,"camera":"caaaaaaaaaaaaaaaa","start":true,"path":"/whip/x","token":"t"}`,
		`{"v":2,"sketch":true,"place":{"lat":22,"lon":106},"roads":[{"id":"4a","name":"QL 4A","line":[[106,22],[106.1]]}]}`,
		`{"v":2,"sights":[{"road":"4a","from":1,"to":2,"name":"QL 4A","metres":40,"side":"right"}]}`,
		`{"v":2,"number":"7","at":"2026-11-22T05:00:00Z"}`,
		`{"v":2,"hub":"2026-11-22T05:00:00.123Z"}`,
		`{"v":1}`, `{"v":2}`, `{"v":2.0}`, `{"v":"2"}`, `{"V":2}`, `{"v":2,"v":1}`, `{"v":2}{"v":2}`, `null`, `[`, ``, "\xff\xfe",
		`{"v":2,"seq":-1}`, `{"v":2,"wants":{}}`, `{"v":2,"refused":{"9999999999999999999999":{}}}`, strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check[camera.AnnounceReply](t, b, func(m camera.AnnounceReply) int { return m.V })
		check[camera.SlotsReply](t, b, func(m camera.SlotsReply) int { return m.V })
		check[camera.StoredReply](t, b, func(m camera.StoredReply) int { return m.V })
		check[camera.WantsReply](t, b, func(m camera.WantsReply) int { return m.V })
		check[camera.HelloReply](t, b, func(m camera.HelloReply) int { return m.V })
		check[camera.RoadsReply](t, b, func(m camera.RoadsReply) int { return m.V })
		check[camera.SeenReply](t, b, func(m camera.SeenReply) int { return m.V })
		check[camera.ReceiptReply](t, b, func(m camera.ReceiptReply) int { return m.V })
		check[camera.ClockReply](t, b, func(m camera.ClockReply) int { return m.V })
		check[camera.LiveCommand](t, b, func(m camera.LiveCommand) int { return m.V })
		check[camera.LookCommand](t, b, func(m camera.LookCommand) int { return m.V })
		check[camera.StillCommand](t, b, func(m camera.StillCommand) int { return m.V })
	})
}

func check[M any](t *testing.T, b []byte, version func(M) int) {
	var m M
	err := link.Decode(b, &m)
	if err != nil {
		if code := camera.CodeOf(err); code != camera.CodeBadRequest && code != camera.CodeBadVersion && code != camera.CodeTooLarge {
			t.Errorf("%T refused with %q: %v", m, code, err)
		}
		return
	}
	if version(m) != camera.LinkVersion {
		t.Errorf("%T of version %d accepted", m, version(m))
	}
	if _, err := json.Marshal(m); err != nil {
		t.Errorf("%T cannot be written again: %v", m, err)
	}
}

func TestDecodeTooLarge(t *testing.T) {
	var m camera.AnnounceReply
	body := []byte(`{"v":2,"message":"` + strings.Repeat("x", camera.MessageLargest) + `"}`)
	if err := link.Decode(body, &m); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("%d bytes: %v", len(body), err)
	}
}
