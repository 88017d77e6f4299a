package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/province"
	"xulang.vn/camera/cmd/indexbench/report"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
)

// packedArm is the product's own index, with its bucket in a folder. The first hours
// come in as announcements and are folded; what is more than that is written as
// manifests, and then everything is restored into another database, by the product's own
// Restore. So a year comes in within minutes.
type packedArm struct {
	*bench
	where    func(string) string
	objects  folder
	database string // the one that is asked

	clock atomic.Int64 // Unix ms: what time the index believes it is
	db    *db.DB
	index *index.Index
}

func newPacked(b *bench, where func(string) string, objects string) *packedArm {
	return &packedArm{bench: b, where: where, objects: folder(objects), database: "packed"}
}

func (p *packedArm) close() error {
	if p.db == nil {
		return nil
	}
	err := p.db.Close()
	p.db, p.index = nil, nil
	return err
}

func (p *packedArm) open(ctx context.Context) (err error) {
	if err := p.close(); err != nil {
		return err
	}
	if p.db, err = db.Open(ctx, p.where(p.database)); err != nil {
		return err
	}
	p.index, err = index.Open(ctx, p.db, p.objects, p.log, func() time.Time { return time.UnixMilli(p.clock.Load()).UTC() })
	return err
}

// closedBy is when an hour is surely closed, late when all of its segments have ended,
// and it is not closed yet.
const (
	closedBy = 11 * time.Minute
	late     = 2 * time.Minute
)

func (p *packedArm) load(ctx context.Context, line *report.Line) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	announced := p.province.HoursOf(p.put)
	in, err := p.announceHours(ctx, announced)
	if err != nil {
		return err
	}
	line.Segments = in.segments
	line.Insert, line.Fold = report.PerSecond(in.segments, in.put), report.PerSecond(in.segments, in.fold)
	if announced < p.province.Hours {
		if err := p.restoreAll(ctx, announced, line); err != nil {
			return err
		}
	}
	line.PutShare = report.Rounded(float64(in.segments) / float64(line.Segments))
	if err := analyze(ctx, p.db); err != nil {
		return err
	}
	all, err := sizes(ctx, p.db, "hours", "run_hours", "hour_activity")
	if err != nil {
		return err
	}
	line.Bytes = report.Rounded(float64(all["hours"]+all["run_hours"]) / float64(line.Segments))
	line.Activity = report.Rounded(float64(all["hour_activity"]) / float64(line.Segments))
	return p.nothingFresh(ctx)
}

// nothingFresh tells whether everything is in closed hours, so that sizes and answers are
// theirs.
func (p *packedArm) nothingFresh(ctx context.Context) error {
	var fresh int64
	if err := p.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM fresh`).Scan(&fresh); err != nil {
		return err
	}
	if fresh > 0 {
		return fmt.Errorf("%d segments were not folded", fresh)
	}
	return nil
}

// restoreAll writes the other hours' manifests and restores all of them.
func (p *packedArm) restoreAll(ctx context.Context, from int, line *report.Line) error {
	segments, err := p.writeManifests(ctx, from)
	if err != nil {
		return fmt.Errorf("write manifests: %w", err)
	}
	line.Segments += segments
	// The journals tell what the manifests tell.
	if err := os.RemoveAll(filepath.Join(string(p.objects), "journal")); err != nil {
		return err
	}
	p.clock.Store(p.province.End().Add(closedBy).UnixMilli())
	p.database = "restored"
	if err := p.open(ctx); err != nil {
		return err
	}
	told, began := time.Now(), time.Now()
	none := func(context.Context, camera.CameraID) (map[camera.SegmentID]int64, error) { return nil, nil }
	done, err := p.index.Restore(ctx, none, func(r index.Restored) {
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			p.log.Info("restore", "segments", r.Segments, "per_s", report.PerSecond(int64(r.Segments), time.Since(began)))
		}
	})
	if err != nil {
		return err
	}
	if int64(done.Segments) != line.Segments || done.Lost > 0 || len(done.Damaged) > 0 {
		return fmt.Errorf("restored %d segments of %d, %d hours lost, damaged %v", done.Segments, line.Segments, done.Lost, done.Damaged)
	}
	line.Restore = report.PerSecond(int64(done.Segments), time.Since(began))
	return nil
}

// writeManifests puts the manifests of the hours from one on into the bucket, as folding
// would have.
func (p *packedArm) writeManifests(ctx context.Context, from int) (segments int64, err error) {
	for i := from; i < p.province.Hours; i++ {
		hour := p.province.Hour(i)
		var sum atomic.Int64
		err := together(ctx, p.writers, p.province.Cameras, func(n int) error {
			m := p.province.Announced(n, hour)
			body, root, err := m.Encode()
			if err != nil {
				return err
			}
			sum.Add(int64(len(m.Facts)))
			name := index.ManifestName{Camera: m.Camera, Hour: hour, Generation: 1, Root: root}
			return p.objects.Put(ctx, name.String(), body)
		})
		if err != nil {
			return 0, err
		}
		segments += sum.Load()
		p.log.Info("manifests", "hour", i+1, "of", p.province.Hours)
	}
	return segments, nil
}

// ask is what the hub does for a page of results.
func (p *packedArm) ask(ctx context.Context, q province.Question) (*province.Sum, time.Duration, error) {
	ids := p.province.IDs(q)
	began := time.Now()
	strips, err := p.index.Strips(ctx, ids, q.From, q.To)
	took := time.Since(began)
	if err != nil {
		return nil, 0, err
	}
	sum := province.NewSum()
	for _, s := range strips {
		for _, g := range s.Segments {
			sum.Add(s.Camera, s.Shapes[g.Shape], g)
		}
	}
	return sum, took, nil
}

// floor reads the rows of all hours that may reach into the window.
func (p *packedArm) floor(ctx context.Context, q province.Question) (bytes int, took time.Duration, err error) {
	before := 2 * camera.SegmentLongest
	args := []any{pack.HourOf(q.From.Add(-before)), pack.HourOf(q.To.Add(-time.Millisecond))}
	text := `SELECT camera_id, hour, body FROM hours WHERE hour >= $1 AND hour <= $2 AND camera_id IN (` + list(&args, p.province.IDs(q)) + `)`
	return readRaw(ctx, p.db, 3, text, args)
}
