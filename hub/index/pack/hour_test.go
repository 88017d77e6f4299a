package pack_test

import (
	"reflect"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

func TestHourComesBack(t *testing.T) {
	d := newDay(1)
	both := []camera.Stream{camera.StreamMain, camera.StreamSub}
	for _, streams := range [][]camera.Stream{nil, both[:1], both[1:], both} {
		for breaks := range 4 {
			m := d.manifest(breaks*breaks, streams...)
			h, err := pack.NewHour(m, d.states(len(m.Facts)))
			if err != nil {
				t.Fatal(err)
			}
			b, err := h.Append(nil, hour)
			if err != nil {
				t.Fatal(err)
			}
			var back pack.Hour
			if err := back.Decode(b, hour); err != nil {
				t.Fatal(err)
			}
			same(t, h, &back)
			t.Logf("%d streams, %d breaks: %d segments, %d gaps, %d bytes", len(streams), breaks*breaks, len(h.Segments), len(h.Gaps), len(b))
		}
	}
}

// same compares hours; no slice and an empty one are the same.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, want, got *pack.Hour) {
	t.Helper()
	if want.Clock != got.Clock || len(want.Shapes) != len(got.Shapes) || len(want.Segments) != len(got.Segments) || len(want.Gaps) != len(got.Gaps) {
		t.Fatalf("%d shapes, %d segments, %d gaps, %v; want %d, %d, %d, %v", len(got.Shapes), len(got.Segments), len(got.Gaps), got.Clock,
			len(want.Shapes), len(want.Segments), len(want.Gaps), want.Clock)
	}
	if len(want.Shapes) > 0 && !reflect.DeepEqual(want.Shapes, got.Shapes) {
		t.Fatalf("shapes %+v, want %+v", got.Shapes, want.Shapes)
	}
	for i, s := range want.Segments {
		if got.Segments[i] != s {
			t.Fatalf("segment %d: %+v, want %+v", i, got.Segments[i], s)
		}
	}
	for i, g := range want.Gaps {
		if got.Gaps[i] != g {
			t.Fatalf("gap %d: %+v, want %+v", i, got.Gaps[i], g)
		}
	}
}

func TestStatesHaveNames(t *testing.T) {
	for s := pack.Home; s <= pack.Withheld; s++ {
		if back, ok := pack.StateOf(s.Byte()); !ok || back != s || s.Playable() != s.Byte().Playable() {
			t.Errorf("state %d is %q, which is %d", s, s.Byte(), back)
		}
	}
	for _, none := range []camera.ByteState{"", camera.StateRecorder, "gone"} {
		if s, ok := pack.StateOf(none); ok {
			t.Errorf("%q is state %d", none, s)
		}
	}
	if pack.State(0).Byte() != "" || pack.State(200).Byte() != "" {
		t.Error("a number that is no state has a name")
	}
}
