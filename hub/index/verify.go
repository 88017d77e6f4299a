package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// VerifyHour compares a closed hour with its manifest: that it is there, that its root
// is the one that the row has, that both tell of the same segments and gaps, and that
// the chain of hashes within each run holds. CodeNotFound when there is no such hour,
// or no manifest; CodeConflict, in words, when they do not agree.
func (x *Index) VerifyHour(ctx context.Context, id camera.CameraID, hour int64) error {
	var tried camera.Hash
	for {
		row, found, err := loadHour(ctx, x.db.Read(), id, hour)
		if err != nil {
			return err
		}
		if !found {
			return camera.Errorf(camera.CodeNotFound, "camera %s has no closed hour %s", id, pack.StartOf(hour).Format(hourText))
		}
		m, err := x.readManifest(ctx, row.manifestName())
		if camera.CodeOf(err) == camera.CodeNotFound && row.Root != tried {
			tried = row.Root // late facts were folded meanwhile, and the old manifest went
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(sameFacts(row, m), chained(m.Facts)); err != nil {
			return camera.Errorf(camera.CodeConflict, "manifest %s: %w", row.manifestName(), err)
		}
		return nil
	}
}

// sameFacts compares what is hot with what it is made of. A gap that grew out of its
// hour stands in the manifest alone.
func sameFacts(row *hourRow, m pack.Manifest) error {
	states := make([]pack.State, len(m.Facts))
	for i := range states {
		states[i] = pack.Home
	}
	want, err := pack.NewHour(m, states)
	if err != nil {
		return err
	}
	had := &row.Body
	if len(had.Segments) != len(want.Segments) {
		return fmt.Errorf("it has %d segments, its hour %d", len(want.Segments), len(had.Segments))
	}
	for i := range had.Segments {
		a, b := had.Segments[i], want.Segments[i]
		if had.Shapes[a.Shape] != want.Shapes[b.Shape] {
			return fmt.Errorf("segment %s is another one in its hour", m.Facts[i].SegmentID)
		}
		if a.Shape, a.State = b.Shape, b.State; a != b {
			return fmt.Errorf("segment %s is not as in its hour", m.Facts[i].SegmentID)
		}
	}
	for _, g := range had.Gaps {
		if !slices.Contains(want.Gaps, g) {
			return fmt.Errorf("the gap at %d of its hour is missing", g.Start)
		}
	}
	return nil
}

// chained tells whether each segment names the hash of the one before it, where that
// is in the same hour.
func chained(facts []pack.Fact) error {
	type link struct {
		camera.RunID
		seq uint32
	}
	sums := make(map[link]camera.Hash, len(facts))
	for i := range facts {
		sums[link{facts[i].Run, facts[i].Seq}] = facts[i].SHA256
	}
	for i := range facts {
		f := &facts[i]
		if f.Seq == 0 {
			continue
		}
		if sum, ok := sums[link{f.Run, f.Seq - 1}]; ok && sum != f.Prev {
			return fmt.Errorf("segment %s does not follow the one before it: the chain is broken", f.SegmentID)
		}
	}
	return nil
}
