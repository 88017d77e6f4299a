package index

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// joint is one transaction with the announcements of all who came by then.
type joint struct {
	tx     *sql.Tx
	many   int // rows of one statement
	counts *counts
	hour   hourRow // the last that was read

	rows   []freshRow // what may be new: by camera, run and number
	claims [][]claim  // of each row; the first one is what the row is made of

	gapsOf map[cameraHour]int       // how many gaps begin in an hour
	full   map[camera.CameraID]bool // cameras with too many long gaps

	// What there is more of after the commit.
	added map[cameraHour]int
	facts []pack.Fact
	gaps  []pack.GapFact
}

func (j *joint) write(ctx context.Context, batch []*put) error {
	var runs []runClaims
	for _, p := range batch {
		p.outcome = outcome{}
		runs = append(runs, p.runs...)
	}
	runs = together(runs)
	for i := range runs {
		if err := j.setFoldedApart(ctx, &runs[i]); err != nil {
			return fmt.Errorf("run %s of %s: %w", runs[i].run, runs[i].camera, err)
		}
	}
	j.makeRows(runs)
	if err := j.keepQuota(ctx); err != nil {
		return err
	}
	if err := j.insert(ctx); err != nil {
		return err
	}
	return j.writeGaps(ctx, batch)
}

// together makes one of what several announcements have of a run, in the order of
// cameras: neighbours in the tables are written one after the other.
func together(runs []runClaims) []runClaims {
	slices.SortStableFunc(runs, runClaims.before)
	merged := runs[:0]
	for _, r := range runs {
		n := len(merged)
		if n == 0 || merged[n-1].before(r) != 0 {
			merged = append(merged, runClaims{r.camera, r.run, slices.Clone(r.claims)})
			continue
		}
		merged[n-1].claims = append(merged[n-1].claims, r.claims...)
	}
	for _, r := range merged {
		r.sort()
	}
	return merged
}

// setFoldedApart answers the claims of what is in closed hours and takes them out. One
// that was folded after its announcement looked for it has to look again.
func (j *joint) setFoldedApart(ctx context.Context, r *runClaims) error {
	answered := map[claim]bool{}
	err := r.folded(ctx, j.tx, &j.hour, func(c claim, i int) {
		answered[c] = true
		had, known := c.p.known[c.seg.SegmentID]
		switch {
		case !j.hour.looksLike(i, c.seg):
			c.conflict()
		case !known:
			c.p.outcome.moved = true
		case !bytes.Equal(had.Payload(), c.seg.Payload()):
			c.conflict()
		}
	})
	if err != nil || len(answered) == 0 {
		return err
	}
	r.claims = slices.DeleteFunc(r.claims, func(c claim) bool { return answered[c] })
	return nil
}

// makeRows makes one row of all claims of a segment, of the first that came.
func (j *joint) makeRows(runs []runClaims) {
	for _, r := range runs {
		claims := slices.DeleteFunc(r.claims, func(c claim) bool { return c.p.outcome.moved })
		for from := 0; from < len(claims); {
			to := from + 1
			for to < len(claims) && claims[to].seg.Seq == claims[from].seg.Seq {
				to++
			}
			first := claims[from]
			j.rows = append(j.rows, freshRow{pack.Fact{Segment: *first.seg, Received: first.p.received}, pack.Home})
			j.claims = append(j.claims, claims[from:to])
			from = to
		}
	}
}

func (j *joint) insert(ctx context.Context) error {
	from := 0
	var short [][2]int
	added, err := insertFreshIn(ctx, j.tx, j.many, j.rows, func(to int, added int64) {
		if added < int64(to-from) {
			short = append(short, [2]int{from, to})
		}
		from = to
	})
	if err != nil {
		return err
	}
	j.added = j.news(added == int64(len(j.rows)))
	before := 0
	for _, part := range append(short, [2]int{len(j.rows), len(j.rows)}) {
		for i := before; i < part[0]; i++ {
			j.facts = append(j.facts, j.rows[i].Fact)
			compare(j.claims[i][1:], j.rows[i].Segment)
		}
		if err := j.compareKnown(ctx, part[0], part[1]); err != nil {
			return err
		}
		before = part[1]
	}
	return nil
}

func compare(claims []claim, had camera.Segment) {
	for _, c := range claims {
		if !bytes.Equal(c.seg.Payload(), had.Payload()) {
			c.conflict()
		}
	}
}

// compareKnown reads rows back of which some were there before, and compares the
// claims with them.
func (j *joint) compareKnown(ctx context.Context, from, to int) error {
	for run := from; run < to; run = from {
		first := j.rows[run]
		for from = run + 1; from < to && j.rows[from].Camera == first.Camera && j.rows[from].Run == first.Run; {
			from++
		}
		had, err := list(ctx, j.tx, scanFresh, selectFresh+`WHERE camera_id = $1 AND run = $2 AND seq >= $3 AND seq <= $4 ORDER BY seq`,
			string(first.Camera), string(first.Run), int64(first.Seq), int64(j.rows[from-1].Seq))
		if err != nil {
			return fmt.Errorf("read run %s of %s: %w", first.Run, first.Camera, err)
		}
		for i := run; i < from; i++ {
			n, ok := slices.BinarySearchFunc(had, j.rows[i].Seq, func(r freshRow, seq uint32) int { return int(int64(r.Seq) - int64(seq)) })
			if !ok {
				return fmt.Errorf("segment %s is neither new nor there", j.rows[i].SegmentID)
			}
			if had[n].Received.Equal(j.rows[i].Received) && had[n].Signature == j.rows[i].Signature {
				j.facts = append(j.facts, had[n].Fact)
			}
			compare(j.claims[i], had[n].Segment)
		}
	}
	return nil
}
