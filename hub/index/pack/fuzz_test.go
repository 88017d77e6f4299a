package pack_test

import (
	"reflect"
	"slices"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// What a decoder takes is written again and read as the same; and nothing takes more
// memory than its input or SegmentsMost allow.

func FuzzHour(f *testing.F) {
	d := newDay(11)
	for _, breaks := range []int{0, 3} {
		m := d.manifest(breaks, camera.StreamMain, camera.StreamSub)
		m.Facts = slices.Delete(m.Facts, 150, len(m.Facts)-20)
		h, err := pack.NewHour(m, d.states(len(m.Facts)))
		if err != nil {
			f.Fatal(err)
		}
		b, err := h.Append(nil, hour)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h, back pack.Hour
		err := h.Decode(b, hour)
		if cap(h.Segments) > 2*pack.SegmentsMost || len(h.Shapes) > len(b) || len(h.Gaps) > len(b) {
			t.Fatalf("room for %d segments, %d shapes, %d gaps of %d bytes", cap(h.Segments), len(h.Shapes), len(h.Gaps), len(b))
		}
		if err != nil {
			return
		}
		again, err := h.Append(nil, hour)
		if err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		if err := back.Decode(again, hour); err != nil {
			t.Fatal(err)
		}
		same(t, &h, &back)
	})
}

func FuzzManifest(f *testing.F) {
	m := newDay(12).manifest(3, camera.StreamMain)
	m.Facts = m.Facts[:5]
	b, _, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := pack.DecodeManifest(b)
		if err != nil {
			return
		}
		again, root, err := m.Encode()
		if err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		back, found, err := pack.DecodeManifest(again)
		if err != nil || found != root || !reflect.DeepEqual(back, m) {
			t.Fatalf("%+v\nwant %+v: %v", back, m, err)
		}
	})
}

func FuzzFact(f *testing.F) {
	f.Add(pack.AppendFact(nil, newDay(13).segment(camera.StreamMain, 1000, nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if wrong := hotIs(&pack.HotFact{}, b); wrong != "" {
			t.Fatal(wrong)
		}
		fact, err := pack.DecodeFact(b)
		if err != nil {
			return
		}
		if back, err := pack.DecodeFact(pack.AppendFact(nil, fact)); err != nil || back != fact {
			t.Fatalf("%+v\nwant %+v: %v", back, fact, err)
		}
	})
}

func FuzzJournal(f *testing.F) {
	m := newDay(14).manifest(30, camera.StreamMain)
	f.Add(pack.AppendJournal(nil, m.Facts[:2], m.Gaps[:3]))
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, gaps, err := pack.DecodeJournal(b)
		if err != nil {
			return
		}
		again, more, err := pack.DecodeJournal(pack.AppendJournal(nil, facts, gaps))
		if err != nil || !slices.Equal(again, facts) || !slices.Equal(more, gaps) {
			t.Fatalf("%v %v\nwant %v %v: %v", again, more, facts, gaps, err)
		}
	})
}

func FuzzActivity(f *testing.F) {
	f.Add(pack.ActivityOf(hour, newDay(15).manifest(0, camera.StreamMain).Facts[:20]).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := pack.ReadActivity(b)
		if err != nil {
			return
		}
		back, err := pack.ReadActivity(a.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := -1; i < 2000; i++ {
			for _, s := range streams {
				want, known := a.At(s, i)
				if got, is := back.At(s, i); got != want || is != known {
					t.Fatalf("cell %d: %d %t, want %d %t", i, got, is, want, known)
				}
			}
		}
	})
}

func FuzzNames(f *testing.F) {
	var keys []camera.Key
	for _, fact := range newDay(16).manifest(90, streams...).Facts[:40] {
		keys = append(keys, fact.Key())
	}
	f.Add(pack.AppendNames(nil, keys))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := pack.ReadNames(b)
		if err != nil {
			return
		}
		if back, err := pack.ReadNames(pack.AppendNames(nil, keys)); err != nil || !slices.Equal(back, keys) {
			t.Fatalf("%v\nwant %v: %v", back, keys, err)
		}
	})
}
