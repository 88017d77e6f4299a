package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/province"
	"xulang.vn/camera/hub/db"
)

// scan reads a row of before, as a whole.
func scan(rows *sql.Rows) (e entry, err error) {
	var media, offset, bound, own, ownBound int64
	var sum, prev, key, activity, signature string
	err = rows.Scan(&e.Camera, &e.Run, &e.Seq, &e.Stream, (*db.Instant)(&e.Start), (*db.Instant)(&e.End), &media, (*db.Instant)(&e.SenderReport),
		&e.Clock.Synchronised, &offset, &bound, &e.Size, &e.InitSize, &sum, &prev, &e.Codec, &e.Width, &e.Height,
		&e.KeySize, &key, &activity, &signature, &e.Origin, &own, &ownBound, &e.state, (*db.Instant)(&e.received))
	if err != nil {
		return e, err
	}
	e.Media, e.Clock.Offset, e.Clock.Bound = millis(media), millis(offset), millis(bound)
	e.RecorderOffset, e.RecorderBound = millis(own), millis(ownBound)
	moved, err := hex.DecodeString(activity)
	e.Activity = camera.Activity(moved)
	return e, errors.Join(err, readHash(&e.SHA256, sum), readHash(&e.Prev, prev), readHash(&e.KeySHA256, key), e.Signature.UnmarshalText([]byte(signature)))
}

func millis(n int64) camera.Millis { return camera.Millis(time.Duration(n) * time.Millisecond) }

func readHash(h *camera.Hash, text string) error {
	if text == "" {
		return nil
	}
	return h.UnmarshalText([]byte(text))
}

// floor reads the same rows of all cameras with one query.
func (r *rowsArm) floor(ctx context.Context, q province.Question) (bytes int, took time.Duration, err error) {
	args := []any{"", q.From.UnixMilli() - longest, q.From.UnixMilli(), q.To.UnixMilli()}
	text := `SELECT ` + rowColumns + ` FROM bench_rows WHERE camera_id IN (` + list(&args, r.province.IDs(q)) + `)` + overlapping + ` AND $1 = ''`
	return readRaw(ctx, r.db, columnCount, text, args)
}

// list puts names behind the arguments that are there and gives their places.
func list(args *[]any, ids []camera.CameraID) string {
	places := make([]string, len(ids))
	for i, id := range ids {
		*args = append(*args, string(id))
		places[i] = fmt.Sprintf("$%d", len(*args))
	}
	return strings.Join(places, ", ")
}

// readRaw reads rows as bytes and lets go of them.
func readRaw(ctx context.Context, d *db.DB, columns int, text string, args []any) (bytes int, took time.Duration, err error) {
	began := time.Now()
	rows, err := d.Read().QueryContext(ctx, text, args...)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	raw, into := make([]sql.RawBytes, columns), make([]any, columns)
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, 0, err
		}
		for _, b := range raw {
			bytes += len(b)
		}
	}
	return bytes, time.Since(began), rows.Err()
}
