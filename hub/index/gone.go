package index

import (
	"context"
	"database/sql"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// leaves says what a gap does to the segments that lie inside of it: bytes that
// were only at home are gone with the household's disk.
//
// A disk that failed or was full takes what the hub still waited for, also what it
// had given a slot for. A retention that ended takes nothing that the hub waits
// for; where a slot was given before that, the bytes may be in the store already
// without a word of it, so "uploading" stays until somebody looks there. What is
// stored or held is the hub's own, and no gap touches it.
var leaves = map[camera.GapCause]struct {
	from []camera.ByteState
	to   camera.ByteState
}{
	camera.CauseDisk:        {[]camera.ByteState{camera.StateHome, camera.StateRequested, camera.StateUploading}, camera.StateLost},
	camera.CauseOverwritten: {[]camera.ByteState{camera.StateHome, camera.StateRequested}, camera.StateExpired},
}

// takeSegments is read by the index on states: a gap may cover years, and 500 of
// them come in one announcement that nobody else can write beside.
const takeSegments = `UPDATE segments SET state = $5 WHERE camera_id = $1 AND stream = $2
	AND start_ms >= $3 AND start_ms < $4 AND end_ms <= $4 AND state = $6`

// gone moves on the segments of the gap's stream whose bytes it takes: those that
// are known by now. What is announced later of the same time is there, after a clock
// was set back for one. had is the same gap before it grew: what that one took is
// not looked through again, because the gap of a full ring grows all the time.
func gone(ctx context.Context, tx *sql.Tx, g, had camera.Gap) error {
	take, ok := leaves[g.Cause]
	if !ok {
		return nil
	}
	from := g.Start
	if had.Cause == g.Cause {
		if begun := had.End.Add(-time.Duration(spanMost) * time.Millisecond); begun.After(from) {
			from = begun
		}
	}
	for _, state := range take.from {
		_, err := tx.ExecContext(ctx, takeSegments,
			g.Camera, g.Stream, db.Instant(from), db.Instant(g.End), take.to, state)
		if err != nil {
			return err
		}
	}
	return nil
}
