package index

import (
	"cmp"
	"context"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// oldestFresh goes from camera to camera, not through all rows: where all cameras
// record there are many in open hours, of which nothing is due.
const oldestFresh = `WITH RECURSIVE c (id) AS (
		SELECT min(camera_id) FROM fresh
		UNION ALL SELECT (SELECT min(camera_id) FROM fresh WHERE camera_id > c.id) FROM c WHERE c.id IS NOT NULL
	), o (id, ms) AS (SELECT id, (SELECT min(start_ms) FROM fresh WHERE camera_id = c.id) FROM c WHERE id IS NOT NULL)
	SELECT id, ms FROM o WHERE ms < $1`

// waiting lists the cameras of which something fresh started before an hour, with the
// hour in which the first of it did.
func (x *Index) waiting(ctx context.Context, before int64) ([]cameraHour, error) {
	return list(ctx, x.db.Read(), func(row scanner) (h cameraHour, err error) {
		var ms int64
		err = row.Scan(&h.camera, &ms)
		h.hour = pack.HourOf(time.UnixMilli(ms))
		return h, err
	}, oldestFresh, before*hourMillis)
}

// dueHours lists closed hours that have fresh rows, at most foldMost: of each camera the
// oldest one, the oldest of all first; then, where there is room, the next ones of
// each. They are by camera and hour.
func (x *Index) dueHours(ctx context.Context) ([]cameraHour, error) {
	open := x.firstOpen()
	heads, err := x.waiting(ctx, open)
	if err != nil {
		return nil, err
	}
	x.folds.forgetLater(x.now())
	var due []cameraHour
	for len(heads) > 0 && len(due) < foldMost {
		slices.SortFunc(heads, func(a, b cameraHour) int {
			return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.camera, b.camera))
		})
		next := heads[:0]
		for _, h := range heads {
			if _, wait := x.folds.later[h]; !wait {
				due = append(due, h)
			}
			if len(due) == foldMost {
				break
			}
			after, ok, err := x.nextFresh(ctx, h, open)
			if err != nil {
				return nil, err
			}
			if ok {
				next = append(next, after)
			}
		}
		heads = next
	}
	slices.SortFunc(due, func(a, b cameraHour) int {
		return cmp.Or(cmp.Compare(a.camera, b.camera), cmp.Compare(a.hour, b.hour))
	})
	return due, nil
}

// nextFresh is the camera's next hour with something fresh, before one.
func (x *Index) nextFresh(ctx context.Context, h cameraHour, before int64) (cameraHour, bool, error) {
	starts, err := list(ctx, x.db.Read(), scanNumber, `SELECT start_ms FROM fresh WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $3 ORDER BY start_ms LIMIT 1`,
		string(h.camera), (h.hour+1)*hourMillis, before*hourMillis)
	if err != nil || len(starts) == 0 {
		return cameraHour{}, false, err
	}
	return cameraHour{h.camera, pack.HourOf(time.UnixMilli(starts[0]))}, true, nil
}

func (f *folds) forgetLater(now time.Time) {
	for h, until := range f.later {
		if !now.Before(until) {
			delete(f.later, h)
		}
	}
}

// sweep deletes manifests that no row names any more. Where all rounds before this one
// came to their end that is the generation before; after a start or a failure there
// may be others of the same hour. One that cannot be deleted is left to the next
// folding of its hour, or to a check of the bucket.
func (x *Index) sweep(ctx context.Context, done []*folding, clean bool) {
	var names []string
	for _, f := range done {
		if clean {
			if f.old.Generation > 0 && f.old != f.name {
				names = append(names, f.old.String())
			}
			continue
		}
		left, err := x.leftOver(ctx, f.name)
		if err != nil {
			x.log.Warn("list old manifests", "camera", f.name.Camera, "err", err)
			return
		}
		names = append(names, left...)
	}
	if len(names) == 0 {
		return
	}
	if err := x.objects.Delete(ctx, names...); err != nil {
		x.log.Warn("delete old manifests", "first", names[0], "err", err)
	}
}

// leftOver lists an hour's manifests that are not newer than the one that its row
// names, and are others: what no row names and none ever will. A newer one may be on
// its way.
func (x *Index) leftOver(ctx context.Context, named ManifestName) (left []string, err error) {
	for name, err := range x.objects.List(ctx, named.folder()) {
		if err != nil {
			return nil, err
		}
		n, err := ParseManifestName(name)
		if err == nil && n != named && n.Generation <= named.Generation {
			left = append(left, name)
		}
	}
	return left, nil
}

// Sweep deletes manifests of an hour that its row does not name: what a crash or a
// bucket that was away has left over. It tells how many there were.
func (x *Index) Sweep(ctx context.Context, id camera.CameraID, hour int64) (int, error) {
	row, found, err := loadHour(ctx, x.db.Read(), id, hour)
	if err != nil || !found {
		return 0, err
	}
	left, err := x.leftOver(ctx, row.manifestName())
	if err != nil || len(left) == 0 {
		return 0, err
	}
	return len(left), x.objects.Delete(ctx, left...)
}
