package pack_test

import (
	"crypto/ed25519"
	"reflect"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

func TestManifestComesBack(t *testing.T) {
	m := newDay(2).manifest(3, camera.StreamMain, camera.StreamSub)
	body, root, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, found, err := pack.DecodeManifest(body)
	if err != nil || found != root || !reflect.DeepEqual(back, m) {
		t.Fatalf("root %s, want %s; equal %t: %v", found, root, reflect.DeepEqual(back, m), err)
	}
	t.Logf("%d segments, %d gaps: %d bytes a segment", len(m.Facts), len(m.Gaps), len(body)/len(m.Facts))
	public := device.Public().(ed25519.PublicKey)
	for _, f := range back.Facts {
		if !ed25519.Verify(public, f.Payload(), f.Signature[:]) {
			t.Fatalf("signature of %s", f.SegmentID)
		}
	}
	for _, g := range back.Gaps {
		if !ed25519.Verify(public, g.Payload(), g.Signature[:]) {
			t.Fatalf("signature of the gap at %s", g.Start)
		}
	}
	if f, ok := back.Find(m.Facts[17].SegmentID); !ok || f != m.Facts[17] {
		t.Errorf("found %+v, %t", f, ok)
	}
	if _, ok := back.Find(camera.SegmentID{Camera: mine, Run: "00", Seq: 3}); ok {
		t.Error("found what is not there")
	}
}

func TestFactComesBack(t *testing.T) {
	d := newDay(3)
	whole := d.segment(camera.StreamSub, 5, nil)
	recorder := d.segment(camera.StreamMain, 5, &whole)
	recorder.Origin, recorder.RecorderOffset, recorder.RecorderBound = camera.OriginRecorder, camera.Millis(-7*time.Minute), camera.Millis(time.Second)
	odd := whole
	odd.Camera, odd.Run, odd.Media, odd.Width, odd.Size = "cellar", "r1", camera.Millis(-5*time.Millisecond), -3, -1
	for name, f := range map[string]pack.Fact{"whole": whole, "recorder": recorder, "odd": odd, "nothing": {}} {
		back, err := pack.DecodeFact(pack.AppendFact(nil, f))
		if err != nil || back != f {
			t.Errorf("%s: %+v, want %+v: %v", name, back, f, err)
		}
	}
}

func TestJournalComesBack(t *testing.T) {
	m := newDay(4).manifest(2, camera.StreamMain)
	facts, gaps, err := pack.DecodeJournal(pack.AppendJournal(nil, m.Facts, m.Gaps))
	if err != nil || !reflect.DeepEqual(facts, m.Facts) || !reflect.DeepEqual(gaps, m.Gaps) {
		t.Fatalf("%d facts, %d gaps: %v", len(facts), len(gaps), err)
	}
}

func TestNamesComeBack(t *testing.T) {
	m := newDay(5).manifest(2, camera.StreamMain, camera.StreamSub)
	var keys []camera.Key
	for _, f := range m.Facts {
		keys = append(keys, f.Key())
	}
	b := pack.AppendNames(nil, keys)
	back, err := pack.ReadNames(b)
	if err != nil || !reflect.DeepEqual(back, keys) {
		t.Fatalf("%d of %d names: %v", len(back), len(keys), err)
	}
	t.Logf("%d names in %d bytes", len(keys), len(b))
}

func TestAnotherChainIsWrittenOut(t *testing.T) {
	m := newDay(22).manifest(0, camera.StreamMain)
	m.Facts = m.Facts[:3]
	short, _, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m.Facts[2].Prev = digest("forged")
	long, _, err := m.Encode()
	if err != nil || len(long) != len(short)+32 {
		t.Fatalf("%d bytes, %d with a chain that does not hold: %v", len(short), len(long), err)
	}
	back, _, err := pack.DecodeManifest(long)
	if err != nil || back.Facts[2] != m.Facts[2] || back.Facts[1].Prev != m.Facts[0].SHA256 {
		t.Errorf("%+v: %v", back.Facts[2], err)
	}
	// A chained record by itself is no fingerprint.
	if _, err := pack.DecodeFact(pack.ChainedFact(m.Facts[1])); err == nil {
		t.Error("a record without its chain is read")
	}
}

func TestSortKeepsTheFirst(t *testing.T) {
	d := newDay(23)
	a, b := d.segment(camera.StreamMain, 9000, nil), d.segment(camera.StreamMain, 3000, nil)
	b.Seq = 1
	late := a
	late.Received = late.Received.Add(time.Hour)
	near, far := d.gap(at(100), 200, camera.StreamMain), d.gap(at(100), 300, camera.StreamMain)
	sub := d.gap(at(100), 150, camera.StreamSub)
	m := pack.Manifest{Camera: mine, Hour: hour, Facts: []pack.Fact{a, b, late}, Gaps: []pack.GapFact{sub, near, far, near}}
	if _, _, err := m.Encode(); err == nil {
		t.Error("what is not in order is written")
	}
	m.Sort()
	if len(m.Facts) != 2 || m.Facts[0] != b || m.Facts[1] != a || !slices.Equal(m.Gaps, []pack.GapFact{far, sub}) {
		t.Errorf("%v, %v", m.Facts, m.Gaps)
	}
	if _, _, err := m.Encode(); err != nil {
		t.Error(err)
	}
	m.Hour++
	if _, _, err := m.Encode(); err == nil {
		t.Error("an hour with another's segments is written")
	}
}
