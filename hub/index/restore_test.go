package index_test

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/index/pack"
)

func TestRestoredStatesFollowTheEvidence(t *testing.T) {
	h := stand(t)
	ship(t, h)
	segs := segments(40)
	taken := gap(60, 120)
	taken.Cause = camera.CauseOverwritten
	disk := gap(150, 180)
	disk.Cause = camera.CauseDisk
	accept(t, h.Index, segs[:30], taken, disk)
	h.at = closes
	foldOnce(t, h, 1)
	accept(t, h.Index, segs[30:])
	ship(t, h)
	// Long ago: not in the store, and older than anything is kept.
	old := pack.Fact{Segment: segment(0), Received: start}
	old.Run, old.Start, old.End = "00000000000000ee", start.AddDate(0, 0, -40), start.AddDate(0, 0, -40).Add(6*time.Second)
	if err := h.PutFresh(t.Context(), []pack.Fact{old}); err != nil {
		t.Fatal(err)
	}
	h.reopen(t)
	ship(t, h)

	has := map[camera.SegmentID]int64{
		segs[0].SegmentID: segs[0].Size, segs[1].SegmentID: segs[1].Size + 1, segs[11].SegmentID: segs[11].Size, segs[35].SegmentID: segs[35].Size,
		segs[3].SegmentID: segs[3].Size, {Camera: mine, Run: "00000000000000ff", Seq: 1}: 5,
	}
	other := &hub{db: dbtest.Open(t), objects: h.objects, at: h.at}
	other.reopen(t)
	err := other.db.Write(t.Context(), func(tx *sql.Tx) error { // from the snapshot: the hub had let segment 3 go
		_, err := tx.ExecContext(t.Context(), `INSERT INTO expiries (id, camera_id, hour, segments, size, names, made_ms) VALUES ('1', $1, 0, 1, 1, $2, 1)`,
			string(mine), pack.AppendNames(nil, []camera.Key{segs[3].Key()}))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var steps []index.Restored
	r, err := other.Restore(t.Context(), func(_ context.Context, id camera.CameraID) (map[camera.SegmentID]int64, error) {
		return maps.Clone(has), nil
	},
		func(r index.Restored) { steps = append(steps, r) })
	if err != nil || r.Cameras != 1 || r.Hours != 1 || r.Segments != 41 || r.Stored != 3 || len(r.Damaged) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if len(steps) == 0 || steps[len(steps)-1].Segments != r.Segments {
		t.Errorf("progress %+v", steps)
	}
	want := map[uint32]camera.ByteState{0: camera.StateStored, 3: camera.StateExpired, 11: camera.StateStored, 35: camera.StateStored, 26: camera.StateLost, 29: camera.StateLost}
	for i := uint32(10); i < 20; i++ {
		if i != 11 {
			want[i] = camera.StateExpired
		}
	}
	for i := uint32(25); i < 30; i++ {
		want[i] = camera.StateLost
	}
	entries, _ := window(t, other.Index, start, clock())
	if len(entries) != 40 {
		t.Fatalf("%d entries", len(entries))
	}
	for _, e := range entries {
		state, ok := want[e.Seq]
		if !ok {
			state = camera.StateHome
		}
		if e.State != state {
			t.Errorf("segment %d is %s, want %s", e.Seq, e.State, state)
		}
		if whole, err := other.Segment(t.Context(), e.SegmentID); err != nil || whole.Segment != sign(segs)[e.Seq] {
			t.Errorf("segment %d: %+v, %v", e.Seq, whole, err)
		}
	}
	if e, err := other.Segment(t.Context(), old.SegmentID); err != nil || e.State != camera.StateExpired {
		t.Errorf("long ago: %+v, %v", e, err)
	}
	if err := other.VerifyHour(t.Context(), mine, hourOne); err != nil {
		t.Error(err)
	}
	// It goes on from there.
	foldOnce(t, other, 2)
	if _, err := other.Restore(t.Context(), nil, nil); camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("restored twice: %v", err)
	}
}

func TestRestoreFallsBack(t *testing.T) {
	h := stand(t)
	someHour(t, h)
	h.at = closes
	foldOnce(t, h, 1)
	h.objects.Fail(func(verb, _ string) indextest.When { // the old one stays
		if verb == "delete" {
			return indextest.Before
		}
		return 0
	})
	accept(t, h.Index, segments(31)[30:])
	foldOnce(t, h, 1)
	h.objects.Fail(nil)
	names := h.objects.Names("facts/")
	if len(names) != 2 {
		t.Fatalf("manifests %v", names)
	}
	other, r := restored(t, h, nil)
	if r.Segments != 37 || len(r.Damaged) != 0 {
		t.Errorf("%+v", r)
	}
	same := func(have, want []index.Entry) bool {
		return slices.EqualFunc(have, want, func(a, b index.Entry) bool { return a.Segment == b.Segment })
	}
	if got, want := ask(t, other.Index), ask(t, h.Index); !same(got.Whole, want.Whole) {
		t.Errorf("%+v, want %+v", got, want)
	}
	h.objects.Set(names[1], []byte("a bad disk"))
	other, r = restored(t, h, nil)
	if r.Segments != 36 || len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0], names[1]) || r.Lost != 0 {
		t.Errorf("%+v", r)
	}
	if err := other.VerifyHour(t.Context(), mine, hourOne); err != nil {
		t.Error(err)
	}
	body, err := h.objects.Get(t.Context(), names[0])
	if err != nil {
		t.Fatal(err)
	}
	h.objects.Set(strings.Replace(names[0], "/000001-", "/000003-", 1), body) // a copy under another number is good
	h.objects.Set(names[0], body[:len(body)-1])
	h.objects.Set("journal/2026-11-22T07:00:00.000-00000000", []byte("a bad disk"))
	h.objects.Set("facts/what is this", nil)
	if _, r = restored(t, h, nil); r.Segments != 36 || len(r.Damaged) != 1 || r.Lost != 0 {
		t.Errorf("%+v", r)
	}
	h.objects.Set(strings.Replace(names[0], "/000001-", "/000003-", 1), nil)
	if _, r = restored(t, h, nil); r.Segments != 0 || len(r.Damaged) != 3 || r.Lost != 1 {
		t.Errorf("%+v", r)
	}
}

// TestRestoreWithoutAnAnswer: no state is guessed when the store cannot be asked.
func TestRestoreWithoutAnAnswer(t *testing.T) {
	h := stand(t)
	someHour(t, h)
	h.at = closes
	foldOnce(t, h, 1)
	other := &hub{db: dbtest.Open(t), objects: h.objects, at: h.at}
	other.reopen(t)
	_, err := other.Restore(t.Context(), func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error) {
		return nil, indextest.ErrAway
	}, nil)
	if err == nil {
		t.Error("no error")
	}
	h.objects.Fail(func(verb, _ string) indextest.When {
		if verb == "get" {
			return indextest.Before
		}
		return 0
	})
	other = &hub{db: dbtest.Open(t), objects: h.objects, at: h.at}
	other.reopen(t)
	if _, err = other.Restore(t.Context(), func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error) { return nil, nil }, nil); err == nil {
		t.Error("no error")
	}
}
