package registry_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/registry"
)

// clocked is a home with two boxes, each with a camera of its own.
func clocked(t *testing.T) (h *hub, mine camera.DeviceID, cam, other camera.CameraID) {
	t.Helper()
	h = open(t)
	mine, cam, other = h.twoBoxes(t)
	return h, mine, cam, other
}

func (h *hub) twoBoxes(t *testing.T) (mine camera.DeviceID, cam, other camera.CameraID) {
	t.Helper()
	home := h.household(t)
	mine = h.device(t, home)
	h.hello(t, mine, note(home, 1), note(home, 3))
	h.hello(t, h.device(t, home), note(home, 2))
	return mine, note(home, 1).Camera, note(home, 2).Camera
}

func clockOf(sync bool, offset, bound time.Duration) camera.Clock {
	return camera.Clock{Synchronised: sync, Offset: camera.Millis(offset), Bound: camera.Millis(bound)}
}

// tester is a test, or one try of a property.
type tester interface {
	Helper()
	Fatal(...any)
	Context() context.Context
}

// ledger writes a camera's records of one source, oldest first, as "1m0s:sync 12ms±5ms".
func (h *hub) ledger(t tester, id camera.CameraID, source string) string {
	t.Helper()
	var list []string
	for at := start.AddDate(100, 0, 0); ; {
		r, ok, err := h.ClockAt(t.Context(), id, source, at)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return strings.Join(list, ", ")
		}
		sync := ""
		if r.Synchronised {
			sync = "sync "
		}
		list = append([]string{fmt.Sprintf("%v:%s%v±%v", r.At.Sub(start), sync, time.Duration(r.Offset), time.Duration(r.Bound))}, list...)
		at = r.At.Add(-time.Millisecond)
	}
}

func TestClockLedger(t *testing.T) {
	h, d, cam, other := clocked(t)
	const ms = time.Millisecond
	for _, step := range []struct {
		after time.Duration
		clock camera.Clock
	}{
		{0, clockOf(false, 0, 0)},
		{30 * time.Second, clockOf(true, 4*ms, 5*ms)},           // within the minute
		{30 * time.Second, clockOf(true, 4*ms, 5*ms)},           // 1m: synchronised now
		{time.Minute, clockOf(true, 54*ms, 5*ms)},               // no more than 50 ms
		{time.Minute, clockOf(true, -47*ms, 5*ms)},              // 3m: more than 50 ms
		{time.Minute, clockOf(true, 300*ms, 400*ms)},            // no more than its bound
		{58 * time.Minute, clockOf(true, -40*ms, 5*ms)},         // 62m: not an hour yet
		{time.Minute, clockOf(true, -40*ms, 5*ms)},              // 63m: an hour
		{time.Hour, clockOf(true, -40*ms, 5*ms)},                // another one
		{10 * time.Minute, clockOf(false, -40*ms, 5*ms)},        // 133m: synchronised no more
		{-10 * time.Minute, clockOf(true, time.Hour, 0)},        // the hub's clock was set back to the record at 123m
		{10 * time.Minute, clockOf(true, time.Hour, 0)},         // 133m again
		{time.Minute, clockOf(true, time.Hour, 999_999)},        // 134m
		{time.Minute, clockOf(true, 24*365*10*time.Hour+1, 0)},  // 135m: cut to whole milliseconds it is ten years
		{time.Minute, clockOf(true, 24*365*10*time.Hour+ms, 0)}, // 136m: more is nothing
	} {
		h.wait(step.after)
		if err := h.SetStatus(t.Context(), d, camera.Status{V: camera.LinkVersion, Clock: step.clock}); err != nil {
			t.Fatal(err)
		}
	}
	wanted := "0s:0s±0s, 1m0s:sync 4ms±5ms, 3m0s:sync -47ms±5ms, 1h3m0s:sync -40ms±5ms, 2h3m0s:sync -40ms±5ms, 2h13m0s:-40ms±5ms, " +
		"2h14m0s:sync 1h0m0s±0s, 2h15m0s:sync 87600h0m0s±0s, 2h16m0s:87600h0m0s±87600h0m0s"
	if got := h.ledger(t, cam, registry.SourceAgent); got != wanted {
		t.Errorf("\n%s, want\n%s", got, wanted)
	}
	if got := h.ledger(t, other, registry.SourceAgent); got != "" {
		t.Errorf("of a camera of another device: %s", got)
	}
	if got := h.ledger(t, cam, registry.SourceSenderReport); got != "" {
		t.Errorf("of another source: %s", got)
	}
	for at, found := range map[time.Duration]string{-time.Millisecond: "false", 0: "true 0s", 59_999 * ms: "true 0s", time.Minute: "true 1m0s", 200 * time.Hour: "true 2h16m0s"} {
		r, ok, err := h.ClockAt(t.Context(), cam, registry.SourceAgent, start.Add(at))
		got := fmt.Sprint(ok)
		if ok {
			got += " " + r.At.Sub(start).String()
		}
		if err != nil || got != found || ok && r.Source != registry.SourceAgent {
			t.Errorf("at %v: %s, %v, want %s", at, got, err, found)
		}
	}
}

func TestNoteClock(t *testing.T) {
	h, d, cam, _ := clocked(t)
	if err := h.NoteClock(t.Context(), d, clockOf(true, time.Second, 0), start); err != nil {
		t.Fatal(err)
	}
	if got := h.ledger(t, cam, registry.SourceAgent); got != "0s:sync 1s±0s" {
		t.Error(got)
	}
	want(t, "unknown device", h.NoteClock(t.Context(), newKey(t).id, camera.Clock{}, start), camera.CodeForbidden)
	if err := h.Revoke(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	want(t, "revoked device", h.NoteClock(t.Context(), d, camera.Clock{}, start.Add(time.Hour)), camera.CodeForbidden)
}

func TestSenderReports(t *testing.T) {
	h, _, cam, other := clocked(t)
	now := h.wait(3 * time.Hour)
	for _, step := range []struct {
		at            time.Duration
		offset, bound time.Duration
	}{
		{time.Hour, 7 * time.Minute, 20 * time.Millisecond},
		{time.Hour + time.Minute, 7*time.Minute + 40*time.Millisecond, 20 * time.Millisecond}, // no news
		{0, 7 * time.Minute, 0},                // footage that came late
		{time.Hour - 30*time.Second, 0, 0},     // within a minute of the record after it
		{30 * time.Minute, 0, time.Minute},     // against the one before it
		{24 * time.Hour, -1 << 63, -1 << 63},   // a time to come is now
		{25 * time.Hour, 1<<63 - 1, 1<<63 - 1}, // and now is told
	} {
		if err := h.NoteReport(t.Context(), cam, step.offset, step.bound, start.Add(step.at)); err != nil {
			t.Fatal(err)
		}
	}
	wanted := "0s:7m0s±0s, 30m0s:0s±1m0s, 1h0m0s:7m0s±20ms, 3h0m0s:-87600h0m0s±87600h0m0s"
	if got := h.ledger(t, cam, registry.SourceSenderReport); got != wanted {
		t.Errorf("\n%s, want\n%s", got, wanted)
	}
	if got := h.ledger(t, cam, registry.SourceAgent) + h.ledger(t, other, registry.SourceSenderReport); got != "" {
		t.Errorf("of another source or camera: %s", got)
	}
	want(t, "no camera", h.NoteReport(t.Context(), "cnobody", 0, 0, now), camera.CodeNotFound)
}

// TestLedgerHasAnEnd: whatever a device says, and however the hub's clock is set,
// records of a camera and source are a minute apart at least, and each says
// something new to the one before it when it is written.
func TestLedgerHasAnEnd(t *testing.T) {
	h := open(t)
	rapid.Check(t, func(r *rapid.T) {
		d, cam, other := h.twoBoxes(t)
		offset := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-200e6, 200e6))
		for range rapid.IntRange(1, 25).Draw(r, "statuses") {
			h.wait(rapid.SampledFrom([]time.Duration{0, time.Second, 29 * time.Second, time.Minute, 61 * time.Second, time.Hour, -time.Minute, -5 * time.Second}).Draw(r, "wait"))
			c := clockOf(rapid.Bool().Draw(r, "sync"), time.Duration(offset.Draw(r, "offset")), time.Duration(offset.Draw(r, "bound")))
			if err := h.SetStatus(r.Context(), d, camera.Status{V: camera.LinkVersion, Clock: c}); err != nil {
				r.Fatal(err)
			}
			at := h.now().Add(-time.Duration(rapid.Int64Range(-1e9, 40*24*3600e9).Draw(r, "ago")))
			if err := h.NoteReport(r.Context(), cam, time.Duration(c.Offset), time.Duration(c.Bound), at); err != nil {
				r.Fatal(err)
			}
		}
		for _, source := range []string{registry.SourceAgent, registry.SourceSenderReport} {
			last := start.AddDate(200, 0, 0)
			for {
				rec, ok, err := h.ClockAt(r.Context(), cam, source, last.Add(-time.Millisecond))
				if err != nil {
					r.Fatal(err)
				}
				if !ok {
					break
				}
				if last.Sub(rec.At) < time.Minute {
					r.Fatalf("records of %s %v apart: %s", source, last.Sub(rec.At), h.ledger(r, cam, source))
				}
				if time.Duration(rec.Offset).Abs() > 87600*time.Hour || rec.Bound < 0 || time.Duration(rec.Bound) > 87600*time.Hour {
					r.Fatalf("record %+v", rec)
				}
				last = rec.At
			}
		}
		if got := h.ledger(r, other, registry.SourceAgent); got != "" {
			r.Fatalf("of another device's camera: %s", got)
		}
	})
}

func TestLedgerIsNeverChanged(t *testing.T) {
	h, d, cam, _ := clocked(t)
	if err := h.NoteClock(t.Context(), d, clockOf(true, time.Second, 0), start); err != nil {
		t.Fatal(err)
	}
	err := h.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE clocks SET offset_ms = 0 WHERE camera_id = $1`, cam)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("a record was changed: %v", err)
	}
}
