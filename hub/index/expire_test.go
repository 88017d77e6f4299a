package index_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

func nothingHeld(context.Context, *sql.Tx, camera.CameraID, time.Time, time.Time) ([]camera.Interval, error) {
	return nil, nil
}

func (h *hub) expire(t testing.TB, before time.Time, held index.Held) (int, bool) {
	t.Helper()
	n, more, err := h.Expire(t.Context(), mine, before, held)
	if err != nil {
		t.Fatal(err)
	}
	return n, more
}

// stored puts segments where they can expire.
func (h *hub) stored(t testing.TB, segs []camera.Segment) {
	t.Helper()
	accept(t, h.Index, segs)
	var changes []index.Change
	for _, s := range segs {
		changes = append(changes, index.Change{ID: s.SegmentID, To: camera.StateStored})
	}
	refused, err := h.SetStates(t.Context(), changes)
	if err := errors.Join(append(refused, err)...); err != nil {
		t.Fatal(err)
	}
}

// TestWhatExpires: stored, over before the moment and in no held time.
func TestWhatExpires(t *testing.T) {
	h := stand(t)
	main, small := eachState(t, h.Index, camera.StreamMain), eachState(t, h.Index, camera.StreamSub)
	h.stored(t, main[8:]) // 48 s to 54 s
	other := segment(0)   // of another hour
	other.Run, other.Start, other.End = "00000000000000cc", start.Add(-time.Hour), start.Add(6*time.Second-time.Hour)
	h.stored(t, []camera.Segment{other})
	if n, more := h.expire(t, clock(), nothingHeld); n != 0 || more {
		t.Errorf("%d expired of hours that are open", n)
	}
	h.fold(t)
	if n, _ := h.expire(t, at(24), nothingHeld); n != 1 { // stored is 18 s to 24 s; it does not end before
		t.Errorf("%d expired, want the one an hour before", n)
	}
	asked := 0
	held := func(_ context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) ([]camera.Interval, error) {
		asked++
		if tx == nil || id != mine || !from.Equal(at(18)) || !to.Equal(at(54)) {
			t.Errorf("asked of %s from %v to %v", id, from, to)
		}
		return []camera.Interval{{From: at(53), To: at(1000)}, {From: at(10), To: at(18)}}, nil
	}
	if n, more := h.expire(t, at(100), held); n != 2 || more || asked != 1 {
		t.Errorf("%d expired, asked %d times", n, asked)
	}
	for _, c := range []struct {
		segs []camera.Segment
		want string
	}{
		{main, "home requested uploading expired held expired lost withheld stored"},
		{small, "home requested uploading expired held expired lost withheld home"},
		{[]camera.Segment{other}, "expired"},
	} {
		if got := states(t, h.Index, c.segs); got != c.want {
			t.Errorf("%s, want\n%s", got, c.want)
		}
	}
	if n, _ := h.expire(t, at(100), nothingHeld); n != 1 {
		t.Errorf("%d expired after the hold", n)
	}
	if n := h.number(t, `SELECT sum(stored) FROM hours`); n != 2 { // the held ones
		t.Errorf("%d are counted as stored", n)
	}
	h.expiriesAre(t, []camera.Segment{other}, []camera.Segment{main[3], small[3]}, main[8:])
}

// expiriesAre reads the expiries and proves them gone, one after the other.
func (h *hub) expiriesAre(t *testing.T, want ...[]camera.Segment) {
	t.Helper()
	var names, wanted []string
	segments, size := int64(0), int64(0)
	for _, segs := range want {
		for _, s := range segs {
			wanted = append(wanted, s.Key().String())
			segments, size = segments+1, size+s.Size
		}
	}
	all, err := h.Expiries(t.Context(), 100)
	if err != nil || len(all) != len(want) {
		t.Fatalf("%d expiries, %v, want %d", len(all), err, len(want))
	}
	for i, e := range all {
		if e.Camera != mine || !e.Made.Equal(h.at) || !e.Gone.IsZero() || e.ID == "" {
			t.Errorf("expiry %+v", e)
		}
		for _, k := range e.Keys {
			names = append(names, k.String())
		}
		sum, err := h.Expired(t.Context(), h.at)
		if err != nil || sum != (index.ExpiredSum{Segments: segments, Bytes: size, Pending: int64(len(all) - i)}) {
			t.Errorf("sum %+v, %v", sum, err)
		}
		for _, when := range []time.Time{h.at.Add(time.Minute), h.at.Add(time.Hour)} {
			if err := h.ProveGone(t.Context(), e.ID, when); err != nil {
				t.Error(err)
			}
		}
		if n := h.number(t, `SELECT gone_ms FROM expiries WHERE id = $1`, e.ID); n != h.at.Add(time.Minute).UnixMilli() {
			t.Errorf("gone at %d", n)
		}
	}
	slices.Sort(names)
	slices.Sort(wanted)
	if !slices.Equal(names, wanted) {
		t.Errorf("names\n%s, want\n%s", strings.Join(names, "\n"), strings.Join(wanted, "\n"))
	}
	if left, err := h.Expiries(t.Context(), 100); err != nil || len(left) != 0 {
		t.Errorf("%d expiries are left, %v", len(left), err)
	}
	if sum, err := h.Expired(t.Context(), h.at.Add(time.Millisecond)); err != nil || sum != (index.ExpiredSum{}) {
		t.Errorf("later: %+v, %v", sum, err)
	}
	if err := h.ProveGone(t.Context(), "nothing", h.at); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("proof of nothing: %v", err)
	}
}

// TestExpiryGoesOnByHours: a call takes so many hours, those that are held in whole
// stop nobody, and what waits for its fold is left for two days.
func TestExpiryGoesOnByHours(t *testing.T) {
	h := stand(t)
	var segs []camera.Segment
	for i := range 60 { // an hour apart
		s := segment(uint32(i))
		s.Start = start.Add(-time.Duration(i) * time.Hour)
		s.End = s.Start.Add(6 * time.Second)
		segs = append(segs, s)
	}
	h.stored(t, segs)
	h.fold(t)
	held := func(context.Context, *sql.Tx, camera.CameraID, time.Time, time.Time) ([]camera.Interval, error) {
		return []camera.Interval{{From: start.Add(-100 * time.Hour), To: start.Add(-29*time.Hour - time.Minute)}}, nil
	}
	for i, want := range []string{"24 true", "6 false", "0 false"} {
		n, more := h.expire(t, clock(), held)
		if got := fmt.Sprint(n, more); got != want {
			t.Errorf("call %d: %s, want %s", i, got, want)
		}
	}
	late := segments(62)[60:]
	for i := range late {
		late[i].Run, late[i].Start = "00000000000000dd", start.Add(-time.Duration(i)*49*time.Hour)
		late[i].End = late[i].Start.Add(6 * time.Second)
	}
	h.stored(t, late)
	if n, more := h.expire(t, start.Add(time.Minute), nothingHeld); n != 31 || more { // 30 folded ones that were held, one of the late
		n2, more2 := h.expire(t, start.Add(time.Minute), nothingHeld)
		if n+n2 != 31 || more2 {
			t.Errorf("%d and %d expired", n, n2)
		}
	}
	if got := states(t, h.Index, late); got != "stored expired" {
		t.Errorf("late ones are %s", got)
	}
}

// TestAHoldOrAnExpiry: in a thousand races nothing that a hold covers expires after the
// hold was on the disk, and what expired was held by nobody by then.
func TestAHoldOrAnExpiry(t *testing.T) {
	h := stand(t)
	h.write(t, `INSERT INTO cases (id, number, unit, officer_id, opened_ms) VALUES ('k', '1', 'u', 'o', 1)`)
	var asked chan struct{} // closed when the expiry has the word
	held := func(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) (spans []camera.Interval, err error) {
		close(asked)
		rows, err := tx.QueryContext(ctx, `SELECT from_ms, to_ms FROM wants WHERE camera_id = $1 AND ended_ms IS NULL AND from_ms < $3 AND to_ms > $2`, string(id), from.UnixMilli(), to.UnixMilli())
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var a, b int64
			if err := rows.Scan(&a, &b); err != nil {
				return nil, err
			}
			spans = append(spans, camera.Interval{From: time.UnixMilli(a), To: time.UnixMilli(b)})
		}
		return spans, rows.Err()
	}
	const races = 1000
	var segs []camera.Segment
	for i := range races { // one each minute
		s := segment(uint32(i))
		s.Start = start.Add(-time.Duration(races-i) * time.Minute)
		s.End = s.Start.Add(6 * time.Second)
		segs = append(segs, s)
	}
	for part := range slices.Chunk(segs, camera.AnnounceMost) {
		h.stored(t, part)
	}
	h.fold(t)
	wins := 0
	for i, s := range segs {
		var wg sync.WaitGroup
		var expired bool // when the hold was written
		asked = make(chan struct{})
		begin := asked // of the hold: in the middle of the expiry, or whenever it comes to it
		if i%3 != 0 {
			begin = make(chan struct{})
			close(begin)
		}
		wg.Go(func() {
			if _, _, err := h.Expire(t.Context(), mine, s.End.Add(time.Second), held); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			<-begin
			err := h.db.Write(t.Context(), func(tx *sql.Tx) error {
				var n int
				err := tx.QueryRowContext(t.Context(), `SELECT coalesce(sum(segments), 0) FROM expiries`).Scan(&n)
				expired = n > wins
				_, inserted := tx.ExecContext(t.Context(), `INSERT INTO wants (id, case_id, camera_id, from_ms, to_ms, with_bytes, made_by, made_ms) VALUES ($1, 'k', $2, $3, $4, $5, 'o', 1)`,
					fmt.Sprint(i), string(mine), s.Start.Add(time.Second).UnixMilli(), s.Start.Add(2*time.Second).UnixMilli(), false)
				return errors.Join(err, inserted)
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		e, err := h.Find(t.Context(), s.SegmentID)
		if err != nil || (e.State == camera.StateExpired) != expired || !expired && e.State != camera.StateStored {
			t.Fatalf("race %d: %s, expired before the hold: %v, %v", i, e.State, expired, err)
		}
		if expired {
			wins++
			continue
		}
		if err := h.SetState(t.Context(), s.SegmentID, camera.StateLost); err != nil { // the next race has its hour for itself
			t.Fatal(err)
		}
	}
	if wins < races/3 || wins == races {
		t.Errorf("%d of %d holds came too late: these were no races", wins, races)
	}
	if n := h.number(t, `SELECT coalesce(sum(segments), 0) FROM expiries`); n != int64(wins) {
		t.Errorf("%d expired, want %d", n, wins)
	}
}

// TestOldNamesGo: the row of an expiry stays, the names in it do not.
func TestOldNamesGo(t *testing.T) {
	h := stand(t)
	accept(t, h.Index, segments(10))
	h.fold(t)
	for _, s := range segments(10) {
		if err := h.SetState(t.Context(), s.SegmentID, camera.StateStored); err != nil {
			t.Fatal(err)
		}
	}
	free := func(context.Context, *sql.Tx, camera.CameraID, time.Time, time.Time) ([]camera.Interval, error) {
		return nil, nil
	}
	if n, _, err := h.Expire(t.Context(), mine, clock(), free); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	names := func() int64 { return h.number(t, `SELECT length(names) FROM expiries`) }
	all := names()
	forget := func(want int64, when string) {
		t.Helper()
		if err := h.ForgetNames(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := names(); n != want {
			t.Errorf("%s: %d bytes of names, want %d", when, n, want)
		}
	}
	h.at = h.at.AddDate(0, 0, 40)
	forget(all, "not proved gone")
	open, err := h.Expiries(t.Context(), 1<<20)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	if err := h.ProveGone(t.Context(), open[0].ID, h.at); err != nil {
		t.Fatal(err)
	}
	h.at = h.at.AddDate(0, 0, -20)
	forget(all, "a restore may ask")
	h.at = h.at.AddDate(0, 0, 20)
	forget(2, "old")
	if sum, err := h.Expired(t.Context(), start); err != nil || sum.Segments != 10 {
		t.Errorf("%+v, %v", sum, err)
	}
}

// TestAnnouncedAgainBehindADamagedManifest: what looks the same is acknowledged, what
// does not is refused, and what is new is taken.
func TestAnnouncedAgainBehindADamagedManifest(t *testing.T) {
	for name, body := range map[string][]byte{"damaged": []byte("a bad disk"), "gone": nil} {
		h := stand(t)
		accept(t, h.Index, segments(10))
		h.fold(t)
		h.objects.Set(h.objects.Names("facts/")[0], body)
		h.reopen(t)
		other := segments(12)
		other[4].Size++
		if r := put(t, h.Index, other); len(r.RefusedSegments) != 1 || r.RefusedSegments[4].Code != camera.CodeConflict {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
