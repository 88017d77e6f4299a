package index

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Held tells, inside of the transaction in which something is about to expire, which
// times of a camera within [from, to) may not. What it reads there nobody changes
// before the transaction ends: a hold that is on the disk is seen, and one that is not
// yet finds what has expired.
type Held func(ctx context.Context, tx *sql.Tx, id camera.CameraID, from, to time.Time) ([]camera.Interval, error)

const (
	expireHours = 24             // of one call in which something expires
	freshLeft   = 48 * time.Hour // what waits for its fold is given so much longer
	expiryBytes = 16             // of a random id

	// namesKept is for how long the names of what is proved gone stay: a restore finds
	// by them what the hub let go, and by its age what is older.
	namesKept = (camera.KeepLongest + 1) * 24 * time.Hour
	namesPage = 500 // expiries of one transaction
)

// Expire marks what is stored of a camera, ends before a moment and is in no held time
// as expired, hour by hour, and writes down with it the names of the objects that are to
// be deleted then. It tells how many segments those were, and whether there is more.
// What waits to be folded expires two days later, so that an object store that is away
// for long does not make footage live for ever.
func (x *Index) Expire(ctx context.Context, id camera.CameraID, before time.Time, held Held) (segments int, more bool, err error) {
	hours, err := x.due(ctx, id, before.UnixMilli())
	if err != nil {
		return 0, false, fmt.Errorf("find what is due: %w", err)
	}
	e := expiring{camera: id, before: before.UnixMilli(), held: held, now: x.now().UnixMilli()}
	done := 0
	for _, hour := range hours {
		if done == expireHours {
			return segments, true, nil
		}
		var n int
		err := x.db.Write(ctx, func(tx *sql.Tx) (err error) {
			n, err = e.hour(ctx, tx, hour)
			return err
		})
		if err != nil {
			return segments, false, fmt.Errorf("expire hour %d of %s: %w", hour, id, err)
		}
		if n > 0 {
			segments, done = segments+n, done+1
		}
	}
	return segments, false, nil
}

// due lists the hours in which there may be something to expire. Of an hour that is
// read here for nothing (all that is stored in it is held) no transaction has to know.
func (x *Index) due(ctx context.Context, id camera.CameraID, before int64) ([]int64, error) {
	folded, err := hoursBetween(ctx, x.db.Read(), id, -forever, hourOf(before), ` AND stored > 0`)
	if err != nil {
		return nil, err
	}
	row, due := &hourRow{}, map[int64]bool{}
	for _, hour := range folded {
		if _, err := row.load(ctx, x.db.Read(), id, hour); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(row.Body.Segments, func(s pack.Segment) bool { return s.State == pack.Stored && s.End < before }) {
			due[hour] = true
		}
	}
	fresh, err := list(ctx, x.db.Read(), scanNumber, `SELECT DISTINCT start_ms FROM fresh
		WHERE camera_id = $1 AND start_ms < $2 AND end_ms < $2 AND state = $3`,
		string(id), before-freshLeft.Milliseconds(), string(camera.StateStored))
	if err != nil {
		return nil, err
	}
	for _, start := range fresh {
		due[hourOf(start)] = true
	}
	return slices.Sorted(maps.Keys(due)), nil
}

// expiring is one call of Expire.
type expiring struct {
	camera      camera.CameraID
	before, now int64 // Unix ms
	held        Held
}

// hour expires what is due of one hour, folded and fresh, in one transaction with the
// row that tells what is to be deleted.
func (e expiring) hour(ctx context.Context, tx *sql.Tx, hour int64) (int, error) {
	row, _, err := loadHour(ctx, tx, e.camera, hour)
	if err != nil {
		return 0, err
	}
	late, err := list(ctx, tx, scanFresh, selectFresh+ofHour+` AND end_ms < $4 AND state = $5`+freshOrder,
		append(hourArgs(e.camera, hour), e.before-freshLeft.Milliseconds(), string(camera.StateStored))...)
	if err != nil {
		return 0, err
	}
	free, err := e.free(ctx, tx, row, late)
	if err != nil {
		return 0, err
	}
	one := Expiry{Camera: e.camera, Hour: hour, Made: unixMilli(e.now)}
	changed := false
	for i := range row.Body.Segments {
		if s := &row.Body.Segments[i]; e.stored(s) && free(s.Start, s.End) {
			s.State, changed = pack.Expired, true
			one.add(camera.Key{SegmentID: row.id(i), Start: unixMilli(s.Start)}, int64(s.Size))
		}
	}
	if changed {
		if err := row.save(ctx, tx); err != nil {
			return 0, err
		}
	}
	var changes []freshChange
	for _, r := range late {
		if free(r.Start.UnixMilli(), r.End.UnixMilli()) {
			changes = append(changes, freshChange{r.SegmentID, r.State, pack.Expired})
			one.add(r.Key(), r.Size)
		}
	}
	if err := changeFresh(ctx, tx, changes); err != nil {
		return 0, err
	}
	return len(one.Keys), one.write(ctx, tx)
}

func (e expiring) stored(s *pack.Segment) bool { return s.State == pack.Stored && s.End < e.before }

// free asks what is held of all that is due, and tells of each time whether none of it is.
func (e expiring) free(ctx context.Context, tx *sql.Tx, row *hourRow, late []freshRow) (func(start, end int64) bool, error) {
	from, to := forever, -forever
	for i := range row.Body.Segments {
		if s := &row.Body.Segments[i]; e.stored(s) {
			from, to = min(from, s.Start), max(to, s.End)
		}
	}
	for _, r := range late {
		from, to = min(from, r.Start.UnixMilli()), max(to, r.End.UnixMilli())
	}
	if from >= to {
		return func(int64, int64) bool { return false }, nil
	}
	held, err := e.held(ctx, tx, e.camera, unixMilli(from), unixMilli(to))
	if err != nil {
		return nil, fmt.Errorf("ask what is held: %w", err)
	}
	return func(start, end int64) bool {
		return !slices.ContainsFunc(held, func(h camera.Interval) bool {
			// Finer than milliseconds: a hold holds rather more than less.
			return unixMilli(start).Before(h.To) && unixMilli(end).After(h.From)
		})
	}, nil
}

// Expiry is what expired of a camera's hour in one go: objects that are to be deleted,
// and looked for after that.
type Expiry struct {
	ID     string
	Camera camera.CameraID
	Hour   int64
	Keys   []camera.Key
	Size   int64 // bytes of all of them
	Made   time.Time
	Gone   time.Time // the object store was seen to have none of them; zero: not yet
}

func (e *Expiry) add(k camera.Key, size int64) { e.Keys, e.Size = append(e.Keys, k), e.Size+size }

func (e *Expiry) write(ctx context.Context, tx *sql.Tx) error {
	if len(e.Keys) == 0 {
		return nil
	}
	var id [expiryBytes]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("name expiry: %w", err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO expiries (id, camera_id, hour, segments, size, names, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		hex.EncodeToString(id[:]), string(e.Camera), e.Hour, len(e.Keys), e.Size, pack.AppendNames(nil, e.Keys), e.Made.UnixMilli())
	if err != nil {
		return fmt.Errorf("write expiry: %w", err)
	}
	return nil
}

// Expiries lists what expired and is not proved gone, the oldest first.
func (x *Index) Expiries(ctx context.Context, most int) ([]Expiry, error) {
	found, err := list(ctx, x.db.Read(), func(row scanner) (e Expiry, err error) {
		var (
			made  int64
			names sql.RawBytes
		)
		if err := row.Scan(&e.ID, &e.Camera, &e.Hour, &e.Size, &made, &names); err != nil {
			return e, err
		}
		e.Made = unixMilli(made)
		e.Keys, err = pack.ReadNames(names)
		return e, err
	}, `SELECT id, camera_id, hour, size, made_ms, names FROM expiries WHERE gone_ms IS NULL ORDER BY made_ms, id LIMIT $1`, most)
	if err != nil {
		return nil, fmt.Errorf("list expiries: %w", err)
	}
	return found, nil
}

// ProveGone notes that the object store was seen to have nothing of an expiry any more.
// The first time that it was seen stays; CodeNotFound when there is no such expiry.
func (x *Index) ProveGone(ctx context.Context, id string, at time.Time) error {
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE expiries SET gone_ms = coalesce(gone_ms, $2) WHERE id = $1`, id, at.UnixMilli())
		if err != nil {
			return fmt.Errorf("write proof of expiry: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, camera.Errorf(camera.CodeNotFound, "expiry %q: none", id))
		}
		return nil
	})
}

// ForgetNames lets go of the names in expiries that are proved gone and old: they would
// grow to as much as all hours take, in each snapshot as well. The rest of the row stays.
func (x *Index) ForgetNames(ctx context.Context) error {
	none, after := pack.AppendNames(nil, nil), ""
	for {
		ids, err := list(ctx, x.db.Read(), func(row scanner) (id string, err error) { return id, row.Scan(&id) },
			`SELECT id FROM expiries WHERE id > $1 AND gone_ms IS NOT NULL AND hour < $2 AND length(names) > $3 ORDER BY id LIMIT $4`,
			after, pack.HourOf(x.now().Add(-namesKept)), len(none), namesPage)
		if err != nil {
			return fmt.Errorf("find old names: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		err = x.db.Write(ctx, func(tx *sql.Tx) error {
			for _, id := range ids {
				if _, err := tx.ExecContext(ctx, `UPDATE expiries SET names = $2 WHERE id = $1`, id, none); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("forget old names: %w", err)
		}
		after = ids[len(ids)-1]
	}
}

// ExpiredSum is what retention took.
type ExpiredSum struct {
	Segments int64
	Bytes    int64
	Pending  int64 // expiries that are not proved gone, of any time
}

// Expired sums up what expired since a moment, proved gone or not.
func (x *Index) Expired(ctx context.Context, since time.Time) (ExpiredSum, error) {
	sums, err := list(ctx, x.db.Read(), func(row scanner) (s ExpiredSum, err error) {
		err = row.Scan(&s.Segments, &s.Bytes, &s.Pending)
		return s, err
	}, `SELECT coalesce(sum(segments), 0), coalesce(sum(size), 0), (SELECT count(*) FROM expiries WHERE gone_ms IS NULL)
		FROM expiries WHERE made_ms >= $1`, since.UnixMilli())
	if err != nil || len(sums) != 1 {
		return ExpiredSum{}, fmt.Errorf("sum up expiries: %w", err)
	}
	return sums[0], nil
}
