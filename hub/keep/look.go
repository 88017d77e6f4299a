package keep

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	camera "xulang.vn/camera"
)

// look compares the checksums of what has the right name and size, or reads it.
func (c *checker) look(ctx context.Context, sound []suspect) error {
	var read atomic.Int64
	err := each(ctx, sound, func(ctx context.Context, s *suspect) error {
		if err := c.ask(ctx, s); err != nil || !s.known || !s.state.Playable() {
			return err // it has moved on since it was listed
		}
		if c.wish.Depth == Checksums {
			return c.compare(ctx, s)
		}
		n, err := c.readWhole(ctx, s)
		read.Add(n)
		if err != nil || s.finding.Kind == "" {
			return err
		}
		return c.again(ctx, s)
	})
	c.report.Read += read.Load()
	if err != nil {
		return err
	}
	return c.settleFindings(ctx, sound)
}

// readWhole reads an object. One that cannot be read while the store answers questions
// about it is damaged; a store that answers nothing is away.
func (c *checker) readWhole(ctx context.Context, s *suspect) (int64, error) {
	n, sum, err := c.hash(ctx, s.key)
	if err != nil && ctx.Err() == nil {
		n, sum, err = c.hash(ctx, s.key) // a connection may break
	}
	if err != nil {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		has, failed := c.has(ctx, s.key)
		if failed != nil {
			return n, failed
		}
		if !has.there {
			s.finding, s.fix = verdict(*s, has)
			return n, nil
		}
		s.finding = s.damaged(WrongBytes, "", "")
		s.finding.Why = err.Error()
		return n, nil
	}
	switch {
	case n != s.segment.Size:
		s.finding = s.damaged(WrongBytes, strconv.FormatInt(s.segment.Size, 10), strconv.FormatInt(n, 10))
	case sum != s.segment.SHA256 && !s.segment.SHA256.IsZero():
		s.finding = s.damaged(WrongBytes, s.segment.SHA256.String(), sum.String())
	}
	return n, nil
}

func (s *suspect) damaged(kind Kind, want, has string) Finding {
	return Finding{Kind: kind, Camera: s.key.Camera, Name: s.key.String(), State: s.state, Want: want, Has: has}
}

// hash reads at most one byte more than a segment may have.
func (c *checker) hash(ctx context.Context, key camera.Key) (n int64, sum camera.Hash, err error) {
	body, _, err := c.Footage.Read(ctx, key)
	if err != nil {
		return 0, sum, fmt.Errorf("read object: %w", err)
	}
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(body, camera.SegmentLargest+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return n, sum, fmt.Errorf("read object: %w", err)
	}
	return n, camera.Hash(h.Sum(nil)), nil
}

// manifest proves a folded hour. An hour may be folded again while it is looked at, so
// what does not fit is looked at twice.
func (c *checker) manifest(ctx context.Context, id camera.CameraID, hour int64) error {
	err := c.Index.VerifyHour(ctx, id, hour)
	if err != nil && !away(err) && ctx.Err() == nil {
		err = c.Index.VerifyHour(ctx, id, hour)
	}
	f := Finding{Kind: ManifestWrong, Camera: id, Hour: startOf(hour)}
	switch {
	case err == nil && c.wish.Repair:
		if _, err := c.Index.Sweep(ctx, id, hour); err != nil {
			return fmt.Errorf("delete old manifests: %w", err)
		}
		return nil
	case err == nil:
		return nil
	case away(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case camera.CodeOf(err) == camera.CodeNotFound:
		f.Kind = ManifestMissing
	}
	f.Why = err.Error()
	c.report.add(f)
	return nil
}
