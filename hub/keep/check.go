package keep

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// Check compares the index with the footage bucket while both are in use. It goes
// through them side by side, camera by camera and hour by hour, and never holds more
// than an hour: object names sort by camera and time.
//
// A listing is older than the answer to any later question, so nothing that differs
// is believed at once: see judge.go. An error (the object store is away, ctx ended)
// ends the check; what was repaired until then stays repaired.
func (k *Keep) Check(ctx context.Context, w Wish, progress func(Progress)) (Report, error) {
	if w.Depth < Names || w.Depth > Bytes {
		return Report{}, camera.Errorf(camera.CodeBadRequest, "check of depth %d, want %d to %d", w.Depth, Names, Bytes)
	}
	if !k.checking.TryLock() {
		return Report{}, camera.Errorf(camera.CodeConflict, "a check is running already")
	}
	defer k.checking.Unlock()
	c := &checker{Keep: k, wish: w, began: k.Now(), progress: progress}
	c.report = Report{Depth: w.Depth, Repair: w.Repair, Began: c.began.UTC(), Counts: map[Kind]Count{}, Findings: []Finding{}}
	if err := c.walk(ctx); err != nil {
		return c.report, fmt.Errorf("check footage: %w", err)
	}
	c.report.Ended = k.Now().UTC()
	return c.report, k.record(ctx, c.report)
}

// checker is a check under way. One goroutine owns it; those of judge.go only fill
// places that it gives them.
type checker struct {
	*Keep
	wish     Wish
	began    time.Time
	progress func(Progress)
	done, of int // cameras
	report   Report
	bucket   *bucket
}

func (c *checker) walk(ctx context.Context) error {
	all, err := c.Index.Cameras(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 && c.wish.DeleteOrphans {
		return camera.Errorf(camera.CodeConflict, "the index has no footage at all: this looks like a lost database, and no orphan is deleted")
	}
	slices.Sort(all)
	all = slices.Compact(all)
	next, stop := iter.Pull2(c.Footage.Objects(ctx, ""))
	defer stop()
	c.bucket, c.of = &bucket{next: next, stranger: c.stranger}, len(all)
	for _, id := range all {
		if err := c.camera(ctx, id); err != nil {
			return err
		}
		c.report.Cameras++
		c.done++
	}
	return c.before(ctx, place{camera: "~"}) // "~" comes after every camera id
}

func (c *checker) camera(ctx context.Context, id camera.CameraID) error {
	// The newest hour may have begun while the check runs.
	for h, err := range c.Index.Hours(ctx, id, 0, hourAt(c.Now())+2) {
		if err == nil {
			err = c.before(ctx, place{id, h.Hour})
		}
		var b batch
		if err == nil {
			b, err = c.bucket.take(place{id, h.Hour})
		}
		if err == nil {
			err = c.hour(ctx, id, h, b)
		}
		if err != nil {
			return fmt.Errorf("camera %s: %w", id, err)
		}
		c.tell(id)
	}
	return nil
}

// before judges all objects before a place of the index: the index had nothing there
// when it was asked.
func (c *checker) before(ctx context.Context, p place) error {
	for {
		b, err := c.bucket.takeBefore(p)
		if err != nil || len(b.objects) == 0 {
			return err
		}
		if err := c.hour(ctx, b.camera, Hour{Hour: b.hour}, b); err != nil {
			return err
		}
		c.tell(b.camera)
	}
}

// hour compares what the index has of a camera's hour with what the bucket has.
func (c *checker) hour(ctx context.Context, id camera.CameraID, h Hour, b batch) error {
	var odd, sound []suspect
	c.report.Objects += int64(len(b.objects))
	for _, p := range h.Pieces {
		s := suspect{key: p.Key}
		o, there := b.objects[p.SegmentID]
		if there = there && o.key.Start.Equal(p.Start); there {
			s.listed, s.at = o.Size, o.At
			delete(b.objects, p.SegmentID)
		}
		switch {
		case p.State.Playable() && there && s.listed == p.Size:
			sound = append(sound, s)
			c.report.Stored++
			c.report.Size += p.Size
		case p.State.Playable() || there:
			odd = append(odd, s)
		}
	}
	for _, o := range b.objects {
		odd = append(odd, suspect{key: o.key, listed: o.Size, at: o.At})
	}
	c.report.Hours++
	c.report.Segments += int64(len(h.Pieces))
	if err := c.judge(ctx, odd); err != nil {
		return err
	}
	if c.wish.Depth == Names {
		return nil
	}
	if err := c.look(ctx, sound); err != nil {
		return err
	}
	if c.wish.Depth == Bytes && h.Folded {
		return c.manifest(ctx, id, h.Hour)
	}
	return nil
}

// stranger is an object whose name is none of ours. It is told and left alone.
func (c *checker) stranger(o Object) {
	c.report.Objects++
	if c.young(o.At) {
		c.report.Young++
		return
	}
	c.report.add(Finding{Kind: Orphan, Name: o.Name, Why: "not a name of ours"})
}

func (c *checker) tell(id camera.CameraID) {
	if c.progress == nil {
		return
	}
	p := Progress{Camera: id, Done: c.done, Of: c.of, Segments: c.report.Segments, Objects: c.report.Objects}
	for _, n := range c.report.Counts {
		p.Findings += n.Found
	}
	c.progress(p)
}
