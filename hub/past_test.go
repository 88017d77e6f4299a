package hub_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// TestWhatMayNotBeShownDoesNotMove: an answer's activity is that of the footage that the
// household's hours share, although the window reaches beyond them.
func TestWhatMayNotBeShownDoesNotMove(t *testing.T) {
	h := newHome(t)
	h.cfg.Roads = filepath.Join(t.TempDir(), "roads.osm")
	if err := os.WriteFile(h.cfg.Roads, []byte(twoRoads), 0o600); err != nil {
		t.Fatal(err)
	}
	h.reopen(t)
	ends := time.Now().UTC().Truncate(time.Minute).Add(-2 * time.Minute)
	minute := (ends.Hour()*60 + ends.Minute() + 7*60) % 1440
	h.note.Camera, h.note.Channel = camera.NewCameraID(h.house, "S1", 1), 1
	h.note.View.From = ends.Add(-time.Hour)
	h.note.Consent = camera.Consent{Level: camera.ConsentClip, Hours: camera.Hours{From: (minute + 1320) % 1440, To: minute}}
	h.hello(t, h.note)
	var prev camera.Hash
	for i, start := range []time.Time{ends.Add(-6 * time.Second), ends} {
		s := h.segment([]byte("the bytes of a segment"))
		s.Seq, s.Start, s.End = uint32(i), start, start.Add(6*time.Second)
		s.Activity = camera.Activity(strings.Repeat("\x63", 6))
		s.Prev, prev = prev, s.SHA256
		h.announce(t, s)
	}
	who := cases.Officer{ID: "u1", Name: "Cán bộ", Unit: "Xã A", Watches: true}
	one, err := h.Cases().OpenCase(t.Context(), who, cases.Case{Number: "1/2026", Kind: "criminal", LegalBasis: "Điều 107"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.Cases().Search(t.Context(), who, one.ID, cases.Question{
		Near: &cases.Near{Position: h.note.View.Position, Metres: 100}, From: ends.Add(-4 * time.Second), To: ends.Add(4 * time.Second),
	})
	if err != nil || len(answer.Cameras) != 1 {
		t.Fatalf("%d cameras, %v", len(answer.Cameras), err)
	}
	if got := answer.Cameras[0].Activity.Values; !bytes.Equal(got, []byte{99, 99, 99, 99, 0, 0, 0, 0}) {
		t.Errorf("activity %d", got)
	}
}
