package pack_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// update writes testdata/version1.txt anew. Only for a format that was never in use: rows
// and objects of version 1 are read as long as there are any.
var update = flag.Bool("update", false, "write the golden bytes anew")

// the facts of README.md's example.
func example() pack.Manifest {
	main := pack.Fact{Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: mine, Run: "00112233445566aa", Seq: 7},
		Start:     at(1000), End: at(7000), Media: camera.Millis(6 * time.Second), SenderReport: at(500),
		Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(-2 * time.Millisecond), Bound: camera.Millis(9 * time.Millisecond)},
		Size:  500_000, InitSize: 800, SHA256: hashOf(0x11), Prev: hashOf(0x10), Codec: "avc1.64001f", Width: 1920, Height: 1080,
		KeySize: 60_000, KeySHA256: hashOf(0x41), Activity: "\x00\x20\x00\x00\xff\x00",
	}, Received: at(8000)}
	main.Signature[0] = 0x51
	next := main
	next.Seq, next.Start, next.End, next.Prev, next.SHA256 = 8, at(6998), at(12_958), main.SHA256, hashOf(0x12)
	next.Media, next.Size, next.Received = camera.Millis(5960*time.Millisecond), 510_000, at(14_000)
	past := main
	past.Run, past.Seq, past.Start, past.End, past.Prev, past.SHA256 = "00112233445566bb", 0, at(1_800_000), at(1_806_000), camera.Hash{}, hashOf(0x13)
	past.Origin, past.RecorderOffset, past.RecorderBound = camera.OriginRecorder, camera.Millis(90*time.Second), camera.Millis(time.Second)
	past.SenderReport, past.KeySize, past.KeySHA256, past.Activity = time.Time{}, 0, camera.Hash{}, ""
	small := main
	small.Run, small.Stream, small.Start, small.End, small.Size = "00112233445566cc", camera.StreamSub, at(1200), at(7200), 60_000
	small.Width, small.Height, small.SHA256 = 640, 360, hashOf(0x14)
	gap := pack.GapFact{Gap: camera.Gap{Camera: mine, Start: at(12_958), End: at(20_000), Cause: camera.CauseReconnect}, Received: at(20_500)}
	gap.Signature[0] = 0x52
	m := pack.Manifest{Camera: mine, Hour: hour, Facts: []pack.Fact{main, small, next, past}, Gaps: []pack.GapFact{gap}}
	return m
}

func hashOf(b byte) (h camera.Hash) {
	copy(h[:], bytes.Repeat([]byte{b}, len(h)))
	return h
}

// TestVersionOne: what was written once reads the same for ever, and is written the same.
func TestVersionOne(t *testing.T) {
	m := example()
	h, err := pack.NewHour(m, []pack.State{pack.Stored, pack.Home, pack.Held, pack.Expired})
	if err != nil {
		t.Fatal(err)
	}
	row, err := h.Append(nil, hour)
	if err != nil {
		t.Fatal(err)
	}
	body, root, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	keys := []camera.Key{m.Facts[0].Key(), m.Facts[2].Key(), m.Facts[3].Key()}
	activity := pack.ActivityOf(hour, m.Facts)
	written := map[string][]byte{
		"hour": row, "manifest": body, "root": root[:], "fact": pack.AppendFact(nil, m.Facts[3]),
		"journal": pack.AppendJournal(nil, m.Facts[:1], m.Gaps), "activity": activity.Bytes(), "names": pack.AppendNames(nil, keys),
	}
	names := []string{"hour", "manifest", "root", "fact", "journal", "activity", "names"}
	const file = "testdata/version1.txt"
	if *update {
		var text []byte
		for _, name := range names {
			text = fmt.Appendf(text, "%s %x\n", name, written[name])
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		if golden[name], err = hex.DecodeString(digits); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if !bytes.Equal(golden[name], written[name]) {
			t.Errorf("%s is written as %x, was %x", name, written[name], golden[name])
		}
	}
	readGolden(t, golden, m, h, keys, activity)
}

func readGolden(t *testing.T, golden map[string][]byte, m pack.Manifest, h *pack.Hour, keys []camera.Key, activity pack.Activity) {
	t.Helper()
	var hour1 pack.Hour
	if err := hour1.Decode(golden["hour"], hour); err != nil {
		t.Fatal(err)
	}
	same(t, h, &hour1)
	back, root, err := pack.DecodeManifest(golden["manifest"])
	if err != nil || !reflect.DeepEqual(back, m) || !bytes.Equal(root[:], golden["root"]) {
		t.Errorf("manifest %+v with root %s: %v", back, root, err)
	}
	if f, err := pack.DecodeFact(golden["fact"]); err != nil || f != m.Facts[3] {
		t.Errorf("fact %+v: %v", f, err)
	}
	facts, gaps, err := pack.DecodeJournal(golden["journal"])
	if err != nil || !reflect.DeepEqual(facts, m.Facts[:1]) || !reflect.DeepEqual(gaps, m.Gaps) {
		t.Errorf("journal %+v %+v: %v", facts, gaps, err)
	}
	if a, err := pack.ReadActivity(golden["activity"]); err != nil || !reflect.DeepEqual(a, activity) {
		t.Errorf("activity %+v: %v", a, err)
	}
	if names, err := pack.ReadNames(golden["names"]); err != nil || !reflect.DeepEqual(names, keys) {
		t.Errorf("names %v: %v", names, err)
	}
}
