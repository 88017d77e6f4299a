package keep

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
)

const (
	orphanAge   = time.Hour // younger objects are not judged: a word of them may be on its way
	atOnce      = 8         // questions to the object store at the same time
	pendingMost = 500       // expiries that are read to see whether a deletion is under way
)

// suspect is a segment or object that is to be looked at.
type suspect struct {
	key    camera.Key
	listed int64     // size in the listing
	at     time.Time // when its object was written; zero: it was not in the listing

	segment camera.Segment // of the index; only where known
	state   camera.ByteState
	known   bool // the index has a segment of exactly this name
	pending bool // its deletion is under way
	old     bool // nobody keeps anything so long

	finding Finding // its Kind is "" when all is well
	young   bool
	fix     fix
}

// fix is what would repair a finding.
type fix struct {
	to     camera.ByteState // "" for no move
	delete bool
}

// judge looks at suspects again and believes what cannot be a matter of time.
//
// A segment is missing when the index says stored, then the store has no object, and
// then the index still says stored: no way leads from expired back to stored, and bytes
// come before the word of them. An expired one is a leftover when the index says
// expired, then no expiry of it is open, and then the object is there.
func (c *checker) judge(ctx context.Context, all []suspect) error {
	for len(all) > 0 {
		n := min(len(all), batchMost)
		if err := c.judgeSome(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func (c *checker) judgeSome(ctx context.Context, all []suspect) error {
	if err := each(ctx, all, c.ask); err != nil {
		return err
	}
	if err := c.markPending(ctx, all); err != nil {
		return err
	}
	if err := each(ctx, all, c.compare); err != nil {
		return err
	}
	return c.settleFindings(ctx, all)
}

// each works on all places at once, a few at a time.
func each(ctx context.Context, all []suspect, f func(context.Context, *suspect) error) error {
	group, own := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range all {
		if own.Err() != nil {
			break
		}
		group.Go(func() error { return f(own, &all[i]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// ask asks the index what it says now.
func (c *checker) ask(ctx context.Context, s *suspect) error {
	segment, state, err := c.Index.Look(ctx, s.key.SegmentID)
	if code := camera.CodeOf(err); code == camera.CodeUnknownSegment || code == camera.CodeNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up segment: %w", err)
	}
	if s.known = segment.Start.UnixMilli() == s.key.Start.UnixMilli(); s.known {
		s.segment, s.state = segment, state
	}
	return nil
}

// markPending finds out which deletions are under way.
func (c *checker) markPending(ctx context.Context, all []suspect) error {
	expired := map[camera.SegmentID]*suspect{}
	for i := range all {
		if all[i].state == camera.StateExpired {
			expired[all[i].key.SegmentID] = &all[i]
		}
	}
	if len(expired) == 0 {
		return nil
	}
	open, err := c.Index.Expiries(ctx, pendingMost)
	if err != nil {
		return fmt.Errorf("list expiries: %w", err)
	}
	for _, e := range open {
		for _, key := range e.Keys {
			if s := expired[key.SegmentID]; s != nil {
				s.pending = true
			}
		}
	}
	if len(open) == pendingMost {
		for _, s := range expired {
			s.pending = true // there may be more than were read: not judged
		}
	}
	return nil
}

// compare asks the store, and says what is wrong.
func (c *checker) compare(ctx context.Context, s *suspect) error {
	has, err := c.has(ctx, s.key)
	if err != nil {
		return err
	}
	if has.size < 0 {
		if has.size = s.listed; s.at.IsZero() {
			has.size = s.segment.Size // nobody has told it yet
		}
	}
	s.old = s.known && c.began.Sub(s.segment.End) > camera.KeepLongest*24*time.Hour
	s.finding, s.fix = verdict(*s, has)
	if s.finding.Kind == "" {
		return nil
	}
	if s.state != camera.StateExpired && has.there && !s.state.Playable() && c.young(s.at) {
		s.finding, s.young = Finding{}, true
		return nil
	}
	return c.again(ctx, s)
}

// again drops a finding when the index has come to say something else meanwhile.
func (c *checker) again(ctx context.Context, s *suspect) error {
	then := suspect{key: s.key}
	if err := c.ask(ctx, &then); err != nil {
		return err
	}
	if then.known != s.known || then.state.Playable() != s.state.Playable() || !s.state.Playable() && then.state != s.state {
		s.finding = Finding{}
	}
	return nil
}

// verdict compares a segment with its object. What is repaired follows from both
// alone: nothing is guessed.
func verdict(s suspect, o object) (Finding, fix) {
	f := Finding{Camera: s.key.Camera, Name: s.key.String(), State: s.state}
	size := o.there && o.size != s.segment.Size
	blind := s.segment.SHA256.IsZero() // its manifest does not read, which is a finding of its own
	sum := o.there && !blind && o.sum != s.segment.SHA256
	switch {
	case !s.known && o.there:
		f.Kind = Orphan
		return f, fix{delete: true}
	case !s.known:
		return Finding{}, fix{}
	case s.state.Playable() && !o.there:
		f.Kind = Missing
		return f, fix{to: camera.StateLost}
	case !o.there || s.pending:
		return Finding{}, fix{}
	case s.state == camera.StateExpired:
		f.Kind = Leftover
		return f, fix{delete: true}
	case (s.state == camera.StateLost || s.state == camera.StateWithheld) && s.old:
		f.Kind = Leftover
		return f, fix{delete: true}
	case s.state == camera.StateLost || s.state == camera.StateWithheld:
		f.Kind, f.Why = Leftover, "it is deleted when no household keeps anything so old"
		return f, fix{}
	case size:
		f.Kind, f.Want, f.Has = WrongSize, strconv.FormatInt(s.segment.Size, 10), strconv.FormatInt(o.size, 10)
		return f, fix{}
	case sum:
		f.Kind, f.Want, f.Has = WrongChecksum, s.segment.SHA256.String(), o.sumText()
		return f, fix{}
	case !s.state.Playable():
		f.Kind = Astray
		if blind {
			f.Why = "its checksum is not known: the manifest does not read"
			return f, fix{}
		}
		return f, fix{to: camera.StateStored}
	}
	return Finding{}, fix{}
}

// object is what the store says of one.
type object struct {
	there bool
	size  int64 // -1: not told
	sum   camera.Hash
}

func (o object) sumText() string {
	if o.sum.IsZero() {
		return ""
	}
	return o.sum.String()
}

// has looks at an object. One without a checksum is there all the same.
func (c *checker) has(ctx context.Context, key camera.Key) (object, error) {
	size, sum, ok, err := c.Footage.Has(ctx, key)
	switch {
	case err == nil:
		return object{ok, size, sum}, nil
	case away(err) || ctx.Err() != nil:
		return object{}, err
	}
	return object{there: true, size: -1}, nil
}

func (c *checker) young(at time.Time) bool { return at.IsZero() || c.began.Sub(at) < orphanAge }
