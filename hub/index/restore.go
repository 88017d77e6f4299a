package index

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Restored tells how far Restore has come.
type Restored struct {
	Cameras  int // whose hours are there again
	Hours    int
	Segments int // in hours and fresh
	Stored   int // of them, whose bytes are in the object store
	Journals int
	Gaps     int      // of journals
	Damaged  []string // manifests and journals that cannot be used, in words; at most damagedMost
	Lost     int      // hours of which no manifest is good
}

const (
	damagedMost   = 1000
	restoreAtOnce = 8  // objects that are fetched beside each other
	restoreHours  = 32 // of one transaction
)

func (r *Restored) damaged(format string, args ...any) {
	if len(r.Damaged) < damagedMost {
		r.Damaged = append(r.Damaged, fmt.Sprintf(format, args...))
	}
}

// Listing tells which objects of a camera the object store has, and their sizes.
type Listing func(ctx context.Context, id camera.CameraID) (map[camera.SegmentID]int64, error)

// Restore builds hours and fresh rows from manifests and journals, after the other
// tables were loaded from their snapshot. It refuses a database that has either. Where
// the bytes are is told by evidence, not by memory: what the store has with the
// announced size is stored; else what a gap of the household's disk covers is expired
// or lost, what the hub let go or what is older than camera.KeepLongest days is
// expired, and the rest is at home. Holds and requests are put back by those who keep
// them.
//
// A manifest that is damaged is told of and left out: an older generation of its hour
// is used, where there is one. progress is called after each transaction.
func (x *Index) Restore(ctx context.Context, stored Listing, progress func(Restored)) (Restored, error) {
	r := restoring{x: x, stored: stored, progress: progress, done: map[camera.CameraID]bool{}}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"look into tables", r.refuse}, {"read journals", r.journals}, {"read manifests", r.manifests}, {"look for bytes", r.rest}} {
		if err := step.do(ctx); err != nil {
			return r.sum, fmt.Errorf("restore index: %s: %w", step.name, err)
		}
	}
	return r.sum, nil
}

type restoring struct {
	x        *Index
	sum      Restored
	stored   Listing
	progress func(Restored)
	done     map[camera.CameraID]bool // cameras whose fresh rows have their states
	evidence *evidence                // of the camera that is read now
}

func (r *restoring) tell() {
	if r.progress != nil {
		r.progress(r.sum)
	}
}

func (r *restoring) refuse(ctx context.Context) error {
	for _, table := range []string{"fresh", "hours"} {
		found, err := list(ctx, r.x.db.Read(), scanNumber, `SELECT 1 FROM `+table+` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return camera.Errorf(camera.CodeConflict, "table %s is not empty", table)
		}
	}
	return nil
}

// manifests goes through the bucket camera by camera, hour by hour.
func (r *restoring) manifests(ctx context.Context) error {
	var (
		hours   []restoredHour
		current camera.CameraID
	)
	flush := func() error {
		err := r.writeHours(ctx, hours)
		hours = hours[:0]
		return err
	}
	for name, err := range r.x.objects.List(ctx, factsFolder) {
		if err != nil {
			return err
		}
		n, err := ParseManifestName(name)
		if err != nil {
			r.sum.damaged("%v", err)
			continue
		}
		last := len(hours) - 1
		if last >= 0 && n.Camera == current && hours[last].names[0].Hour == n.Hour {
			hours[last].names = append(hours[last].names, n)
			continue
		}
		if n.Camera != current || len(hours) == restoreHours {
			if err := flush(); err != nil {
				return err
			}
		}
		if n.Camera != current {
			if err := r.turnTo(ctx, current, n.Camera); err != nil {
				return err
			}
			current = n.Camera
		}
		hours = append(hours, restoredHour{names: []ManifestName{n}})
	}
	if err := flush(); err != nil {
		return err
	}
	return r.turnTo(ctx, current, "")
}

// turnTo ends one camera and begins the next; "" is none.
func (r *restoring) turnTo(ctx context.Context, from, to camera.CameraID) (err error) {
	if from != "" {
		if err := r.freshStates(ctx, from); err != nil {
			return err
		}
		r.sum.Cameras++
		r.tell()
	}
	if to != "" {
		r.evidence, err = r.look(ctx, to)
	}
	return err
}

// rest is what only journals tell of.
func (r *restoring) rest(ctx context.Context) error {
	all, err := r.x.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, id := range all {
		if r.done[id] {
			continue
		}
		if err := r.turnTo(ctx, "", id); err != nil {
			return err
		}
		if err := r.turnTo(ctx, id, ""); err != nil {
			return err
		}
	}
	return nil
}

// restoredHour is an hour of the bucket: its manifests, and the best of them.
type restoredHour struct {
	names    []ManifestName
	best     ManifestName
	manifest pack.Manifest
	bad      []error
}

// fetch reads the newest generation that is good. Of one generation there may be two,
// where a crash came between them: the one with more is the one that was named.
func (r *restoring) fetch(ctx context.Context, h *restoredHour) error {
	slices.SortFunc(h.names, func(a, b ManifestName) int { return cmp.Compare(b.Generation, a.Generation) })
	for _, n := range h.names {
		if h.best.Generation > n.Generation {
			break
		}
		m, err := r.x.readManifest(ctx, n)
		switch c := camera.CodeOf(err); {
		case c == camera.CodeConflict || c == camera.CodeNotFound:
			h.bad = append(h.bad, err)
		case err != nil:
			return err
		case h.best.Generation == 0 || len(m.Facts)+len(m.Gaps) > len(h.manifest.Facts)+len(h.manifest.Gaps):
			h.best, h.manifest = n, m
		}
	}
	return nil
}

func (r *restoring) writeHours(ctx context.Context, hours []restoredHour) error {
	if len(hours) == 0 {
		return nil
	}
	err := atOnce(ctx, len(hours), func(ctx context.Context, i int) error { return r.fetch(ctx, &hours[i]) })
	if err != nil {
		return err
	}
	got := r.sum
	err = r.x.db.Write(ctx, func(tx *sql.Tx) error {
		r.sum = got
		for i := range hours {
			if err := r.writeHour(ctx, tx, &hours[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.tell()
	}
	return err
}

func (r *restoring) writeHour(ctx context.Context, tx *sql.Tx, h *restoredHour) error {
	for _, err := range h.bad {
		r.sum.damaged("%v", err)
	}
	if h.best.Generation == 0 {
		r.sum.Lost++
		return nil
	}
	m := h.manifest
	states := make([]pack.State, len(m.Facts))
	here := r.evidence.with(m.Gaps)
	for i := range m.Facts {
		states[i] = here.state(&m.Facts[i].Segment)
		if states[i] == pack.Stored {
			r.sum.Stored++
		}
	}
	body, err := pack.NewHour(m, states)
	if err != nil {
		r.sum.damaged("manifest %s: %v", h.best, err)
		r.sum.Lost++
		return nil
	}
	row := &hourRow{Camera: m.Camera, Hour: m.Hour, Manifest: h.best.Generation, Root: h.best.Root, Body: *body}
	if err := row.save(ctx, tx); err != nil {
		return err
	}
	if err := saveActivity(ctx, tx, m); err != nil {
		return err
	}
	r.sum.Hours, r.sum.Segments = r.sum.Hours+1, r.sum.Segments+len(m.Facts)
	return r.clearHour(ctx, tx, m)
}

// clearHour takes out of the tables what the manifest has.
func (r *restoring) clearHour(ctx context.Context, tx *sql.Tx, m pack.Manifest) error {
	fresh, err := freshStates(ctx, tx, m.Camera, m.Hour)
	if err != nil {
		return err
	}
	var ids []camera.SegmentID
	for i := range m.Facts {
		if _, ok := fresh[m.Facts[i].SegmentID]; ok {
			ids = append(ids, m.Facts[i].SegmentID)
		}
	}
	if err := deleteFresh(ctx, tx, ids); err != nil {
		return err
	}
	return deleteGaps(ctx, tx, m.Gaps)
}

// freshStates gives the states of a camera's fresh rows, hour by hour.
func (r *restoring) freshStates(ctx context.Context, id camera.CameraID) error {
	r.done[id] = true
	h := cameraHour{id, -maxHour}
	for {
		next, ok, err := r.x.nextFresh(ctx, h, maxHour)
		if err != nil || !ok {
			return err
		}
		h = next
		rows, err := freshOfHour(ctx, r.x.db.Read(), id, h.hour)
		if err != nil {
			return err
		}
		got := r.sum
		err = r.x.db.Write(ctx, func(tx *sql.Tx) error {
			r.sum = got
			for _, f := range rows {
				state := r.evidence.state(&f.Segment)
				if r.sum.Segments++; state == pack.Stored {
					r.sum.Stored++
				}
				if state == f.State {
					continue
				}
				if err := setFresh(ctx, tx, f.SegmentID, state); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.tell()
	}
}
