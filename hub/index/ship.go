package index

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"xulang.vn/camera/hub/index/pack"
)

// How facts are shipped.
const (
	unshippedMost = 64 << 10       // facts that wait in memory: some 30 MB; half of it is shipped before its time
	shipPage      = 8_000          // facts of one journal when all are shipped again
	gapsBack      = 48 * time.Hour // gaps that ended and came longer ago are in a snapshot of the database
	journalsMost  = 20_000         // objects; with more of them everything is shipped again, which replaces them
	forgetFacts   = 4096           // late facts that are looked through for the oldest
	forgetNames   = 500            // of one Delete
	apart         = time.Minute    // how far the clocks of hubs on one database may be from each other
)

// journal is the way of committed facts into the bucket.
type journal struct {
	shipping sync.Mutex // one ship at a time; taken before mu

	mu       sync.Mutex
	facts    []pack.Fact    // committed and not shipped, in order
	gaps     []pack.GapFact // the same
	again    bool           // everything in the database has to be shipped; nothing is collected until that begins
	replaced time.Time      // a mark: journals from before were replaced when everything was shipped again
	snapshot time.Time      // a mark: what was committed before is in a snapshot of the other tables
	last     time.Time      // of all marks

	soon chan struct{} // a token: much waits
}

// committed takes what Put has written, after its commit. It waits for nothing. When
// too much waits, all is shipped from the database again.
func (x *Index) committed(facts []pack.Fact, gaps []pack.GapFact) {
	j := &x.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.again {
		return // it is in the database, and is read from there
	}
	if len(j.facts)+len(j.gaps)+len(facts)+len(gaps) > unshippedMost {
		j.drop()
		return
	}
	j.facts, j.gaps = append(j.facts, facts...), append(j.gaps, gaps...)
	if len(j.facts)+len(j.gaps) > unshippedMost/2 {
		select {
		case j.soon <- struct{}{}:
		default:
		}
	}
}

// doubt is for facts that may have been committed: they are read from the database.
func (x *Index) doubt() {
	x.journal.mu.Lock()
	defer x.journal.mu.Unlock()
	x.journal.drop()
}

func (j *journal) drop() { j.facts, j.gaps, j.again = nil, nil, true }

// waiting is how many facts wait in memory, and whether all others do as well.
func (j *journal) waiting() (n int, again bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.facts) + len(j.gaps), j.again
}

// Mark is a moment by which journals are told apart: what was committed before it was
// asked for may be in any journal, what is committed later is in younger ones alone. It
// is later than all marks before it, though the clock may be set back.
func (x *Index) Mark() time.Time {
	now := x.now()
	x.journal.mu.Lock()
	defer x.journal.mu.Unlock()
	return x.journal.mark(now)
}

func (j *journal) mark(at time.Time) time.Time {
	if at = whole(at); !at.After(j.last) {
		at = j.last.Add(time.Millisecond)
	}
	j.last = at
	return at
}

// SnapshotTaken tells the index that everything in the tables other than its own
// hours and fresh rows that was committed before a mark is in a snapshot: the gaps.
func (x *Index) SnapshotTaken(at time.Time) {
	j := &x.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if at.After(j.snapshot) {
		j.snapshot = at
	}
}

// ship puts what was committed since the last time into a journal. What cannot be put
// waits for the next time, within limits.
func (x *Index) ship(ctx context.Context) error {
	j := &x.journal
	j.shipping.Lock()
	defer j.shipping.Unlock()
	j.mu.Lock()
	again := j.again
	if again {
		j.facts, j.gaps, j.again = nil, nil, false // what is committed from here on is collected
	}
	j.mu.Unlock()
	if again {
		began := x.Mark()
		if err := x.shipAll(ctx); err != nil {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.drop()
			return fmt.Errorf("ship everything again: %w", err)
		}
		j.mu.Lock()
		j.replaced = began
		j.mu.Unlock()
	}
	j.mu.Lock()
	facts, gaps := j.facts, j.gaps
	j.facts, j.gaps = nil, nil
	j.mu.Unlock()
	if len(facts)+len(gaps) == 0 {
		return nil
	}
	if err := x.putJournal(ctx, facts, gaps); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.again || len(facts)+len(gaps)+len(j.facts)+len(j.gaps) > unshippedMost {
			j.drop()
		} else {
			j.facts, j.gaps = append(facts, j.facts...), append(gaps, j.gaps...)
		}
		return fmt.Errorf("ship: %w", err)
	}
	return nil
}

// putJournal writes one journal. It is named after a mark, which no fact in it was
// received after.
func (x *Index) putJournal(ctx context.Context, facts []pack.Fact, gaps []pack.GapFact) error {
	at := x.now()
	for i := range facts {
		if r := facts[i].Received; r.After(at) {
			at = r
		}
	}
	for i := range gaps {
		if r := gaps[i].Received; r.After(at) {
			at = r
		}
	}
	x.journal.mu.Lock()
	at = x.journal.mark(at)
	x.journal.mu.Unlock()
	if err := x.objects.Put(ctx, journalName(at), pack.AppendJournal(nil, facts, gaps)); err != nil {
		return fmt.Errorf("put journal: %w", err)
	}
	return nil
}

// shipAll puts all fresh rows and the gaps that no snapshot may have into journals,
// page by page. What is folded meanwhile is in a manifest.
func (x *Index) shipAll(ctx context.Context) error {
	after := []any{"", "", int64(-1)}
	for {
		rows, err := list(ctx, x.db.Read(), scanFresh, selectFresh+`WHERE (camera_id, run, seq) > ($1, $2, $3)
			ORDER BY camera_id, run, seq LIMIT $4`, append(slices.Clone(after), shipPage)...)
		if err != nil {
			return fmt.Errorf("read fresh segments: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		facts := make([]pack.Fact, len(rows))
		for i := range rows {
			facts[i] = rows[i].Fact
		}
		if err := x.putJournal(ctx, facts, nil); err != nil {
			return err
		}
		last := rows[len(rows)-1]
		after = []any{string(last.Camera), string(last.Run), int64(last.Seq)}
	}
	return x.shipGaps(ctx)
}

func (x *Index) shipGaps(ctx context.Context) error {
	since := x.now().Add(-gapsBack).UnixMilli()
	after := []any{"", "", int64(-1)}
	for {
		gaps, err := list(ctx, x.db.Read(), scanGap, selectGap+`WHERE (camera_id, stream, start_ms) > ($1, $2, $3) AND (end_ms >= $5 OR received_ms >= $5)
			ORDER BY camera_id, stream, start_ms LIMIT $4`, append(slices.Clone(after), shipPage, since)...)
		if err != nil {
			return fmt.Errorf("read gaps: %w", err)
		}
		if len(gaps) == 0 {
			return nil
		}
		if err := x.putJournal(ctx, nil, gaps); err != nil {
			return err
		}
		last := gaps[len(gaps)-1]
		after = []any{string(last.Camera), string(last.Stream), last.Start.UnixMilli()}
	}
}

// forget deletes journals of which everything is elsewhere: facts in manifests or in
// younger journals, gaps in a snapshot or in manifests.
func (x *Index) forget(ctx context.Context) error {
	folded, err := x.allFoldedBefore(ctx)
	if err != nil {
		return fmt.Errorf("find the oldest fresh fact: %w", err)
	}
	j := &x.journal
	j.mu.Lock()
	replaced, snapshot := j.replaced, j.snapshot
	j.mu.Unlock()
	if x.db.Postgres() { // another hub may name its journals by a clock that is behind
		replaced, snapshot = replaced.Add(-apart), snapshot.Add(-apart)
	}
	if replaced.After(folded) {
		folded = replaced
	}
	left, names := 0, []string(nil)
	for name, err := range x.objects.List(ctx, journalFolder) {
		if err != nil {
			return fmt.Errorf("list journals: %w", err)
		}
		at, err := journalTime(name)
		if err != nil {
			continue // not one of ours
		}
		if at.Before(folded) && at.Before(snapshot) {
			names = append(names, name)
		} else {
			left++
		}
	}
	for part := range slices.Chunk(names, forgetNames) {
		if err := x.objects.Delete(ctx, part...); err != nil {
			return fmt.Errorf("delete journals: %w", err)
		}
	}
	if left > journalsMost {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.drop()
	}
	return nil
}

// allFoldedBefore is a moment before which nothing was received that is fresh now. It
// is the zero time when that would take long to find.
func (x *Index) allFoldedBefore(ctx context.Context) (time.Time, error) {
	open := x.firstOpen()
	// A claim is refused that ends more than aheadMost after it was received.
	oldest := pack.StartOf(open).Add(-aheadMost)
	cameras, err := x.waiting(ctx, open)
	if err != nil {
		return time.Time{}, err
	}
	seen := 0
	for _, c := range cameras {
		rows, err := list(ctx, x.db.Read(), scanFresh, selectFresh+`WHERE camera_id = $1 AND start_ms < $2 LIMIT $3`,
			string(c.camera), open*hourMillis, forgetFacts+1)
		if err != nil {
			return time.Time{}, err
		}
		if seen += len(rows); seen > forgetFacts {
			return time.Time{}, nil
		}
		for _, r := range rows {
			if r.Received.Before(oldest) {
				oldest = r.Received
			}
		}
	}
	return oldest, nil
}
