package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/audit"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
)

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

func open(t *testing.T, where string) (*audit.Log, *db.DB) {
	t.Helper()
	d, err := db.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	return audit.New(d, func() time.Time { return start }), d
}

func closed(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestAppendAndRead(t *testing.T) {
	where := dbtest.Where(t)
	l, d := open(t, where)
	first := audit.Record{At: start.Add(-time.Minute), Actor: "u1", ActorName: "Cán bộ Một", Role: "officer", Action: "search",
		Case: "k1", Camera: "caaaaaaaaaaaaaaaa", Detail: "đường 4A, 12000–15000 m", Refused: camera.CodeNoConsent}
	second := audit.Record{Action: "playback", Case: "k1"}
	for i, r := range []audit.Record{first, {Action: "search", Case: "k2"}, second} {
		if id, err := l.Append(t.Context(), r); err != nil || id != int64(i+1) {
			t.Errorf("record %d: id %d, %v", i, id, err)
		}
	}
	closed(t, d)
	l, d = open(t, where) // as after a restart
	defer closed(t, d)
	first.ID, second.ID, second.At = 1, 3, start
	got, err := l.ForCase(t.Context(), "k1", 10)
	if err != nil || len(got) != 2 || got[0] != second || got[1] != first {
		t.Errorf("%+v, %v", got, err)
	}
	for most, want := range map[int]int{1: 1, 0: 0, -1: 0, 1 << 40: 2} {
		if got, err := l.ForCase(t.Context(), "k1", most); err != nil || len(got) != want {
			t.Errorf("most %d: %d records, %v", most, len(got), err)
		}
	}
	if got, err := l.ForCase(t.Context(), "nobody", 10); err != nil || len(got) != 0 {
		t.Errorf("of no case: %v, %v", got, err)
	}
}

func TestAppendFromManyLeavesNoHole(t *testing.T) {
	l, d := open(t, dbtest.Where(t))
	defer closed(t, d)
	const writers, each = 10, 10
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				if _, err := l.Append(t.Context(), audit.Record{Action: "search", Case: "k", Detail: fmt.Sprint(i, j)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := l.ForCase(t.Context(), "k", audit.Most)
	if err != nil || len(got) != writers*each {
		t.Fatalf("%d records, %v", len(got), err)
	}
	details := map[string]bool{}
	for i, r := range got {
		details[r.Detail] = true
		if want := int64(len(got) - i); r.ID != want {
			t.Errorf("record %d has id %d", want, r.ID)
		}
	}
	if len(details) != len(got) {
		t.Errorf("%d different records of %d", len(details), len(got))
	}
}

func TestLongTextsAreCut(t *testing.T) {
	l, d := open(t, dbtest.Where(t))
	defer closed(t, d)
	long := strings.Repeat("ữ", 5000) // 15,000 bytes
	if _, err := l.Append(t.Context(), audit.Record{Action: "search", Case: "k", ActorName: long, Detail: long + "\xff"}); err != nil {
		t.Fatal(err)
	}
	got, err := l.ForCase(t.Context(), "k", 1)
	if err != nil || len(got) != 1 || got[0].ActorName != strings.Repeat("ữ", 100) || got[0].Detail != strings.Repeat("ữ", 1333) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNothingIsAnsweredWithoutARecord(t *testing.T) {
	l, d := open(t, dbtest.Where(t))
	if _, err := l.Append(t.Context(), audit.Record{Case: "k"}); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("no action: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ended, audit.Record{Action: "search", Case: "k"}); err == nil {
		t.Error("a cancelled append said that it is durable")
	}
	if got, err := l.ForCase(t.Context(), "k", 1); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	closed(t, d)
	if _, err := l.Append(t.Context(), audit.Record{Action: "search"}); err == nil {
		t.Error("an append without a database said that it is durable")
	}
}

func TestRecordsStay(t *testing.T) {
	l, d := open(t, dbtest.Where(t))
	defer closed(t, d)
	if _, err := l.Append(t.Context(), audit.Record{Action: "search", Case: "k"}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`UPDATE audit SET actor = 'somebody'`, `DELETE FROM audit`} {
		err := d.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), query)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "audit rows are never") {
			t.Errorf("%s: %v", query, err)
		}
	}
}
