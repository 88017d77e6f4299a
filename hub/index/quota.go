package index

import (
	"context"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// cameraHour is what has a quota: a camera's hour takes pack.SegmentsMost segments, so
// that it can be packed, and so that no box fills the database.
type cameraHour struct {
	camera camera.CameraID
	hour   int64
}

// counts are how many segments there are in a camera's hour, folded or not, of the
// hours that were announced lately. A fold changes nothing of it.
type counts struct{ of map[cameraHour]int }

// countsMost is how many are remembered: two hours of more cameras than there are.
const countsMost = 1 << 18

// add counts what was committed; fewer than none: not known any more.
func (c *counts) add(added map[cameraHour]int) {
	for key, n := range added {
		if n < 0 {
			delete(c.of, key)
			continue
		}
		c.of[key] += n
	}
}

// has counts an hour's segments.
func (j *joint) has(ctx context.Context, key cameraHour) (int, error) {
	// Far below the quota memory is good enough; above, another hub may have written.
	if n, ok := j.counts.of[key]; ok && n < pack.SegmentsMost/8 {
		return n, nil
	}
	found, err := list(ctx, j.tx, scanNumber, `SELECT (SELECT count(*) FROM fresh `+ofHour+`)
		+ coalesce((SELECT segments FROM hours WHERE camera_id = $1 AND hour = $4), 0)`, append(hourArgs(key.camera, key.hour), key.hour)...)
	if err != nil || len(found) != 1 {
		return 0, fmt.Errorf("count segments of hour %d of %s: %w", key.hour, key.camera, err)
	}
	if j.counts.of == nil || len(j.counts.of) >= countsMost {
		j.counts.of = map[cameraHour]int{}
	}
	j.counts.of[key] = int(found[0])
	return int(found[0]), nil
}

func (r freshRow) place() cameraHour { return cameraHour{r.Camera, pack.HourOf(r.Start)} }

// news is what the rows add; all of them, or an unknown part.
func (j *joint) news(all bool) map[cameraHour]int {
	added := map[cameraHour]int{}
	for i := range j.rows {
		if all {
			added[j.rows[i].place()]++
		} else {
			added[j.rows[i].place()] = -1
		}
	}
	return added
}

// keepQuota refuses what is more than an hour takes. What is there already it lets
// through: that is no more.
func (j *joint) keepQuota(ctx context.Context) error {
	room := map[cameraHour]int{}
	for key, n := range j.news(true) {
		had, err := j.has(ctx, key)
		if err != nil {
			return err
		}
		if had+n > pack.SegmentsMost {
			room[key] = max(pack.SegmentsMost-had, 0)
		}
	}
	if len(room) == 0 {
		return nil
	}
	there := map[camera.SegmentID]pack.State{}
	for key := range room {
		of, err := freshStates(ctx, j.tx, key.camera, key.hour)
		if err != nil {
			return fmt.Errorf("read hour %d of %s: %w", key.hour, key.camera, err)
		}
		for id, state := range of {
			there[id] = state
		}
	}
	n := 0
	for i := range j.rows {
		key := j.rows[i].place()
		left, tight := room[key]
		_, known := there[j.rows[i].SegmentID]
		if tight && !known && left == 0 {
			for _, c := range j.claims[i] {
				c.p.outcome.refuse(c.at, camera.Errorf(camera.CodeTooMany, "camera %s: more than %d segments in one hour", key.camera, pack.SegmentsMost))
			}
			continue
		}
		if tight && !known {
			room[key]--
		}
		j.rows[n], j.claims[n] = j.rows[i], j.claims[i]
		n++
	}
	j.rows, j.claims = j.rows[:n], j.claims[:n]
	return nil
}
