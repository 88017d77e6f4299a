package index_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
)

// columns of table segments by the schema that added them.
var columns = []string{
	`camera_id, run, seq, start_ms, end_ms, media_ms, sender_report_ms, clock_sync, clock_offset_ms, clock_bound_ms,
	size, init_size, sha256, prev, codec, width, height, state, received_ms`,
	`, stream, key_size, key_sha256, activity, signature`,
	`, origin, recorder_offset_ms, recorder_bound_ms`,
}

// old is a row as a program of a schema wrote it, and the entry that it has to become.
func old(schema, seq int, state camera.ByteState) (values []any, want index.Entry) {
	s := segment(uint32(seq))
	s.Run = camera.RunID(fmt.Sprintf("%016x", schema))
	if seq%3 == 1 {
		s.SenderReport = time.Time{}
	}
	text := func(h camera.Hash) string {
		if h.IsZero() {
			return ""
		}
		return h.String()
	}
	ms := func(m camera.Millis) int64 { return time.Duration(m).Milliseconds() }
	values = []any{string(s.Camera), string(s.Run), seq, s.Start.UnixMilli(), s.End.UnixMilli(), ms(s.Media), db.Instant(s.SenderReport),
		s.Clock.Synchronised, ms(s.Clock.Offset), ms(s.Clock.Bound), s.Size, s.InitSize, text(s.SHA256), text(s.Prev), s.Codec, s.Width, s.Height,
		string(state), clock().UnixMilli()}
	if schema < 2 {
		s.KeySize, s.KeySHA256, s.Activity = 0, camera.Hash{}, ""
	}
	if schema >= 3 && seq%2 == 1 {
		s.Origin, s.RecorderOffset, s.RecorderBound = camera.OriginRecorder, millisOf(-420_000), millisOf(250)
	}
	if schema >= 2 && s.Origin == camera.OriginCamera && seq%2 == 1 {
		s.Stream = camera.StreamSub
	}
	if schema >= 2 && seq%5 != 0 { // some were announced before signatures were asked for
		s = sign([]camera.Segment{s})[0]
	}
	if schema >= 2 {
		signature := ""
		if !s.Signature.IsZero() {
			signature = base64.StdEncoding.EncodeToString(s.Signature[:])
		}
		values = append(values, string(s.Stream), s.KeySize, text(s.KeySHA256), hex.EncodeToString([]byte(s.Activity)), signature)
	}
	if schema >= 3 {
		values = append(values, string(s.Origin), ms(s.RecorderOffset), ms(s.RecorderBound))
	}
	return values, index.Entry{Segment: s, State: state, Received: clock()}
}

func millisOf(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }

func addOld(t *testing.T, d *db.DB, schema, n int) (want []index.Entry) {
	t.Helper()
	states := []camera.ByteState{camera.StateHome, camera.StateRequested, camera.StateUploading, camera.StateStored,
		camera.StateHeld, camera.StateExpired, camera.StateLost, camera.StateWithheld}
	h := &hub{db: d}
	for i := range n {
		values, e := old(schema, i, states[i%len(states)])
		want = append(want, e)
		var marks []string
		for k := range values {
			marks = append(marks, fmt.Sprintf("$%d", k+1))
		}
		h.writeOne(t, `INSERT INTO segments (`+strings.Join(columns[:schema], "")+`) VALUES (`+strings.Join(marks, ", ")+`)`, values...)
	}
	return want
}

// TestOldRowsMove: a hub of any schema before keeps every fingerprint to the letter,
// with its state and its signature if it has one.
func TestOldRowsMove(t *testing.T) {
	d := dbtest.Open(t)
	var want []index.Entry
	for schema := 1; schema <= 3; schema++ {
		want = append(want, addOld(t, d, schema, 40)...)
	}
	h := &hub{db: d, objects: &indextest.Memory{}, at: clock()}
	for range 2 { // the second time nothing is left to do
		h.reopen(t)
		if n := h.number(t, `SELECT count(*) FROM segments`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		h.sameEntries(t, want)
	}
	h.fold(t)
	h.sameEntries(t, want)
	for _, e := range want {
		if reply, err := h.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: sign([]camera.Segment{e.Segment})}, device); err != nil || len(reply.RefusedSegments) > 0 {
			t.Errorf("announced again: %+v, %v", reply, err)
		}
	}
}

func (h *hub) sameEntries(t *testing.T, want []index.Entry) {
	t.Helper()
	for _, w := range want {
		e, err := h.Segment(t.Context(), w.SegmentID)
		if err != nil || e != w {
			t.Errorf("%s: %v\n%+v, want\n%+v", w.SegmentID, err, e.Segment, w.Segment)
		}
		if !w.Signature.IsZero() && !device.Signed(e.Payload(), e.Signature) {
			t.Errorf("%s: its signature is not good any more", w.SegmentID)
		}
	}
}

// TestAnUpgradeIsStoppedInTheMiddle: wherever that is, the next one goes on, and no
// segment is lost or doubled.
func TestAnUpgradeIsStoppedInTheMiddle(t *testing.T) {
	d := dbtest.Open(t)
	want := addOld(t, d, 2, 30)
	h := &hub{db: d, objects: &indextest.Memory{}, at: clock()}
	defer index.SetUpgradeRows(7)()
	stops := 0
	for stop := 1; ; stop++ {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		_, err := index.Open(ctx, d, h.objects, slog.New(slog.DiscardHandler), func() time.Time {
			if asked++; asked == 1+stop { // after its stop-th batch
				cancel()
			}
			return h.at
		})
		cancel()
		total := h.number(t, `SELECT (SELECT count(*) FROM segments) + (SELECT count(*) FROM fresh)`)
		if total != int64(len(want)) {
			t.Fatalf("stop %d: %d segments, want %d", stop, total, len(want))
		}
		if err == nil {
			break
		}
		stops++
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if stop == 1 {
			stop = 0 // one batch each time
		}
	}
	if stops < 3 {
		t.Errorf("it was stopped %d times only", stops)
	}
	h.reopen(t)
	h.sameEntries(t, want)
}

// TestARowThatCannotMove says which it is, and stays.
func TestARowThatCannotMove(t *testing.T) {
	for name, set := range map[string]string{"hash": `sha256 = 'ab'`, "state": `state = 'somewhere'`, "signature": `signature = 'x'`, "activity": `activity = 'x'`} {
		d := dbtest.Open(t)
		addOld(t, d, 2, 3)
		h := &hub{db: d}
		h.write(t, `UPDATE segments SET `+set+` WHERE seq = 1`)
		_, err := index.Open(t.Context(), d, &indextest.Memory{}, slog.New(slog.DiscardHandler), clock)
		if err == nil || !strings.Contains(err.Error(), "0000000000000002/1") {
			t.Errorf("%s: %v", name, err)
		}
		if n := h.number(t, `SELECT count(*) FROM segments`); n != 3 {
			t.Errorf("%s: %d rows are left", name, n)
		}
	}
}
