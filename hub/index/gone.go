package index

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
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
	from []pack.State
	to   pack.State
}{
	camera.CauseDisk:        {[]pack.State{pack.Home, pack.Requested, pack.Uploading}, pack.Lost},
	camera.CauseOverwritten: {[]pack.State{pack.Home, pack.Requested}, pack.Expired},
}

// take is what a gap takes: segments of its stream that lie from from to to, in Unix ms.
type take struct {
	stream   camera.Stream
	from, to int64
	cause    camera.GapCause
}

// takes are those of one transaction, by camera, in the order of the gaps. They are
// applied together: a gap may cover years, 500 of them come in one announcement, and
// nobody else can write meanwhile. So each hour is read once for all of them.
type takes map[camera.CameraID][]take

// add notes a gap. had is the same gap before it grew: what that one took is not
// looked through again, because the gap of a full ring grows all the time.
func (t takes) add(g, had camera.Gap) {
	if _, ok := leaves[g.Cause]; !ok {
		return
	}
	from := g.Start.UnixMilli()
	if had.Cause == g.Cause {
		from = max(from, had.End.UnixMilli()-spanMost)
	}
	t[g.Camera] = append(t[g.Camera], take{g.Stream, from, g.End.UnixMilli(), g.Cause})
}

// apply moves on what is known by now. What is announced later of the same time is
// there, after a clock was set back for one.
func (t takes) apply(ctx context.Context, tx *sql.Tx, hour *hourRow) error {
	for _, id := range slices.Sorted(maps.Keys(t)) {
		t := taking{t[id], coverOf(t[id])}
		if err := t.fresh(ctx, tx, id); err != nil {
			return fmt.Errorf("segments that a gap of %s takes: %w", id, err)
		}
		if err := t.folded(ctx, tx, id, hour); err != nil {
			return fmt.Errorf("segments that a gap of %s takes: %w", id, err)
		}
	}
	return nil
}

// taking are the takes of one camera.
type taking struct {
	list  []take
	cover map[reach][]take
}

type reach struct {
	stream camera.Stream
	cause  camera.GapCause
}

// coverOf leaves out what lies in another take of its stream and cause. Those that are
// left are by from, and by to as well: of many gaps one look finds whether any takes.
func coverOf(list []take) map[reach][]take {
	cover := map[reach][]take{}
	for _, k := range slices.SortedFunc(slices.Values(list), func(a, b take) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to))
	}) {
		r := reach{k.stream, k.cause}
		if of := cover[r]; len(of) == 0 || k.to > of[len(of)-1].to {
			cover[r] = append(of, k)
		}
	}
	return cover
}

// any tells whether one of the gaps takes a segment.
func (t taking) any(stream camera.Stream, start, end int64, state pack.State) bool {
	for cause, leave := range leaves {
		if !slices.Contains(leave.from, state) {
			continue
		}
		of := t.cover[reach{stream, cause}]
		if i := sort.Search(len(of), func(i int) bool { return of[i].from > start }); i > 0 && end <= of[i-1].to {
			return true
		}
	}
	return false
}

// of is the state in which a segment is left by all the gaps.
func (t taking) of(stream camera.Stream, start, end int64, state pack.State) pack.State {
	if state > pack.Uploading || !t.any(stream, start, end, state) {
		return state
	}
	for _, k := range t.list {
		if state > pack.Uploading { // nothing is taken of what is not at home
			break
		}
		if k.stream == stream && k.from <= start && end <= k.to && slices.Contains(leaves[k.cause].from, state) {
			state = leaves[k.cause].to
		}
	}
	return state
}

// span is the time from the first to the last of them.
func (t taking) span() (from, to int64) {
	from, to = t.list[0].from, t.list[0].to
	for _, k := range t.list {
		from, to = min(from, k.from), max(to, k.to)
	}
	return from, to
}

func (t taking) fresh(ctx context.Context, tx *sql.Tx, id camera.CameraID) error {
	from, to := t.span()
	changes, err := list(ctx, tx, func(row scanner) (c freshChange, err error) {
		var (
			stream     camera.Stream
			start, end int64
			state      camera.ByteState
		)
		c.id.Camera = id
		if err := row.Scan(&c.id.Run, &c.id.Seq, &stream, &start, &end, &state); err != nil {
			return c, err
		}
		c.from, _ = pack.StateOf(state)
		c.to = t.of(stream, start, end, c.from)
		return c, nil
	}, `SELECT run, seq, stream, start_ms, end_ms, state FROM fresh
		WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $3 AND state IN ($4, $5, $6)`,
		string(id), from, to, string(camera.StateHome), string(camera.StateRequested), string(camera.StateUploading))
	if err != nil {
		return err
	}
	return changeFresh(ctx, tx, changes)
}

func (t taking) folded(ctx context.Context, tx *sql.Tx, id camera.CameraID, row *hourRow) error {
	from, to := t.span()
	hours, err := hoursBetween(ctx, tx, id, hourOf(from), hourOf(to-1), waitingHours)
	if err != nil {
		return err
	}
	for _, hour := range hours {
		begin, end := pack.StartOf(hour).UnixMilli(), pack.StartOf(hour+1).UnixMilli()
		if !slices.ContainsFunc(t.list, func(k take) bool { return k.from < end && k.to > begin }) {
			continue
		}
		if _, err := row.load(ctx, tx, id, hour); err != nil {
			return err
		}
		if !row.change(func(s *pack.Segment, shape *pack.Shape) pack.State {
			return t.of(shape.Stream, s.Start, s.End, s.State)
		}) {
			continue
		}
		if err := row.save(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// waitingHours is a condition of hoursBetween for hours that have more than what is stored.
const waitingHours = ` AND segments > stored`

// change gives each segment of the hour its next state; false: none has another one.
func (r *hourRow) change(next func(s *pack.Segment, shape *pack.Shape) pack.State) (changed bool) {
	for i := range r.Body.Segments {
		s := &r.Body.Segments[i]
		if to := next(s, &r.Body.Shapes[s.Shape]); to != s.State {
			s.State, changed = to, true
		}
	}
	return changed
}

// freshChange is a segment of table fresh that goes on to another state.
type freshChange struct {
	id       camera.SegmentID
	from, to pack.State
}

func changeFresh(ctx context.Context, tx *sql.Tx, changes []freshChange) error {
	var stmt *sql.Stmt
	for _, c := range changes {
		if c.from == c.to {
			continue
		}
		if stmt == nil {
			prepared, err := tx.PrepareContext(ctx, `UPDATE fresh SET state = $4 `+byID)
			if err != nil {
				return err
			}
			defer prepared.Close()
			stmt = prepared
		}
		if _, err := stmt.ExecContext(ctx, string(c.id.Camera), string(c.id.Run), int64(c.id.Seq), string(c.to.Byte())); err != nil {
			return fmt.Errorf("write state of segment %s: %w", c.id, err)
		}
	}
	return nil
}

func unixMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func hourOf(ms int64) int64 { return pack.HourOf(time.UnixMilli(ms)) }
