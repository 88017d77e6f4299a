package index

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// upgradeTell is how often an upgrade tells how far it is.
const upgradeTell = 10 * time.Second

var upgradeRows = 2000 // of one transaction; tests have less

// upgrade moves the rows of table segments, which programs before the fourth schema
// wrote, into table fresh; the next folds pack them. A transaction takes the first rows
// and puts them there, so that a program that is stopped in between goes on where it
// was. Readers never see a segment in neither: nobody reads before it is done.
func (x *Index) upgrade(ctx context.Context) error {
	left, err := list(ctx, x.db.Read(), scanNumber, `SELECT count(*) FROM segments`)
	if err != nil {
		return fmt.Errorf("count segments to move: %w", err)
	}
	all, moved, told := left[0], int64(0), x.now()
	for more := all > 0; more; {
		n := 0
		err := x.db.Write(ctx, func(tx *sql.Tx) (err error) {
			n, err = moveOld(ctx, tx, x.many())
			return err
		})
		if err != nil {
			return fmt.Errorf("move segments: %w", err)
		}
		moved, more = moved+int64(n), n == upgradeRows
		if now := x.now(); !more || now.Sub(told) >= upgradeTell {
			x.log.Info("segments move into their new table", "moved", moved, "of", all)
			told = now
		}
	}
	return nil
}

// moveOld moves the first rows in the order of their key.
func moveOld(ctx context.Context, tx *sql.Tx, many int) (int, error) {
	rows, err := list(ctx, tx, scanOld, selectOld+`ORDER BY camera_id, run, seq LIMIT $1`, upgradeRows)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	added, err := insertFresh(ctx, tx, many, rows)
	if err != nil {
		return 0, err
	}
	last := rows[len(rows)-1].SegmentID
	done, err := tx.ExecContext(ctx, `DELETE FROM segments WHERE (camera_id, run, seq) <= ($1, $2, $3)`, string(last.Camera), string(last.Run), int64(last.Seq))
	if err != nil {
		return 0, err
	}
	if n, err := done.RowsAffected(); err != nil || n != int64(len(rows)) || added != n {
		return 0, cmp.Or(err, fmt.Errorf("%d rows up to %s, of which %d are new and %d go", len(rows), last, added, n))
	}
	return len(rows), nil
}

const selectOld = `SELECT camera_id, run, seq, stream, start_ms, end_ms, media_ms, sender_report_ms,
	clock_sync, clock_offset_ms, clock_bound_ms, size, init_size, sha256, prev, codec, width, height,
	key_size, key_sha256, activity, signature, origin, recorder_offset_ms, recorder_bound_ms, state, received_ms FROM segments `

func scanOld(row scanner) (freshRow, error) {
	var (
		r                               freshRow
		media, offset, bound            int64
		own, ownBound                   int64
		sum, prev, key, activity, signs string
		state                           camera.ByteState
	)
	err := row.Scan(&r.Camera, &r.Run, &r.Seq, &r.Stream, (*db.Instant)(&r.Start), (*db.Instant)(&r.End), &media, (*db.Instant)(&r.SenderReport),
		&r.Clock.Synchronised, &offset, &bound, &r.Size, &r.InitSize, &sum, &prev, &r.Codec, &r.Width, &r.Height,
		&r.KeySize, &key, &activity, &signs,
		&r.Origin, &own, &ownBound, &state, (*db.Instant)(&r.Received))
	if err != nil {
		return freshRow{}, err
	}
	r.Media, r.Clock.Offset, r.Clock.Bound = millis(media), millis(offset), millis(bound)
	r.RecorderOffset, r.RecorderBound = millis(own), millis(ownBound)
	moved, err := hex.DecodeString(activity)
	r.Activity = camera.Activity(moved)
	var known bool
	if r.State, known = pack.StateOf(state); !known {
		err = errors.Join(err, fmt.Errorf("state %q", state))
	}
	err = errors.Join(err, readHash(&r.SHA256, sum), readHash(&r.Prev, prev), readHash(&r.KeySHA256, key), readSignature(&r.Signature, signs))
	if err != nil {
		return freshRow{}, fmt.Errorf("segment %s: %w", r.SegmentID, err)
	}
	return r, nil
}

// readHash reads hex; ” is none.
func readHash(h *camera.Hash, text string) error {
	if text == "" {
		return nil
	}
	return h.UnmarshalText([]byte(text))
}
