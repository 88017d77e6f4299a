package keep

import (
	"context"
	"fmt"

	camera "xulang.vn/camera"
)

// settleFindings repairs what may be repaired and writes the rest into the report.
func (c *checker) settleFindings(ctx context.Context, all []suspect) error {
	var found []*suspect
	for i := range all {
		switch s := &all[i]; {
		case s.finding.Kind != "":
			found = append(found, s)
		case s.young:
			c.report.Young++
		}
	}
	if len(found) == 0 {
		return nil
	}
	if c.wish.Repair {
		if err := c.move(ctx, found); err != nil {
			return err
		}
	}
	if err := c.remove(ctx, found); err != nil {
		return err
	}
	for _, s := range found {
		c.report.add(s.finding)
	}
	return nil
}

// move lets the index follow what is there.
func (c *checker) move(ctx context.Context, found []*suspect) error {
	var changes []Change
	var of []*suspect
	for _, s := range found {
		if s.fix.to != "" {
			changes, of = append(changes, Change{s.key.SegmentID, s.fix.to}), append(of, s)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	refused, err := c.Index.SetStates(ctx, changes)
	if err != nil {
		return fmt.Errorf("move states: %w", err)
	}
	for i, s := range of {
		if i < len(refused) && refused[i] != nil {
			s.finding.Why = refused[i].Error()
			continue
		}
		s.finding.Repaired = true
	}
	return nil
}

// remove finishes deletions, and deletes orphans when a person asked for that. What an
// open case holds stays, whatever the index says of it.
func (c *checker) remove(ctx context.Context, found []*suspect) error {
	var keys []camera.Key
	var of []*suspect
	for _, s := range found {
		if !s.fix.delete || s.finding.Kind == Orphan && !c.wish.DeleteOrphans || s.finding.Kind != Orphan && !c.wish.Repair {
			continue
		}
		held, err := c.held(ctx, s)
		if err != nil {
			return err
		}
		if held {
			s.finding.Why = "an open case holds it"
			continue
		}
		keys, of = append(keys, s.key), append(of, s)
	}
	if len(keys) == 0 {
		return nil
	}
	if err := c.Footage.Delete(ctx, keys); err != nil && camera.CodeOf(err) != camera.CodeForbidden {
		return fmt.Errorf("delete leftovers: %w", err)
	}
	left, err := c.Footage.Left(ctx, keys)
	if err != nil {
		return fmt.Errorf("look for leftovers: %w", err)
	}
	still := map[camera.SegmentID]bool{}
	for _, key := range left {
		still[key.SegmentID] = true
	}
	for _, s := range of {
		if s.finding.Repaired = !still[s.key.SegmentID]; !s.finding.Repaired {
			s.finding.Why = "the object store does not delete it"
		}
	}
	return nil
}

// held takes the longest segment there can be where its end is not known.
func (c *checker) held(ctx context.Context, s *suspect) (bool, error) {
	end := s.key.Start.Add(2 * camera.SegmentLongest)
	if s.known {
		end = s.segment.End
	}
	held, err := c.Holds.Held(ctx, s.key.Camera, s.key.Start, end)
	if err != nil {
		return false, fmt.Errorf("read holds: %w", err)
	}
	return len(held) > 0, nil
}
