package keep

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// left are the tables that are in no snapshot: the index is built again from its own
// objects, and what lets people in is worth nothing after a restore.
var left = []string{"hours", "hour_activity", "run_hours", "fresh", "segments", "sessions", "setup"}

// partMost is the most bytes of an object of a snapshot. A shelf takes twice as much.
var partMost = 32 << 20 // tests take less

// Snapshot is a copy of all tables but those that are built from the index's own
// objects, and when it was known to be what the database holds.
type Snapshot struct {
	Name string
	At   time.Time
	Size int64 // bytes, compressed; 0: not known
}

// Snapshot writes the tables into the index bucket, unless the newest snapshot holds
// just that. new tells which.
//
// It is one gzip stream of db.Dump, cut into objects of partMost bytes. The one that
// is named as the snapshot has its end and is written last, so that a snapshot that
// can be seen is whole.
func (k *Keep) Snapshot(ctx context.Context) (s Snapshot, fresh bool, err error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	if s, fresh, err = k.snapshot(ctx); err != nil {
		return Snapshot{}, false, fmt.Errorf("write snapshot: %w", err)
	}
	return s, fresh, nil
}

func (k *Keep) snapshot(ctx context.Context) (Snapshot, bool, error) {
	tables, err := k.Database.Tables(ctx)
	if err != nil {
		return Snapshot{}, false, err
	}
	tables = slices.DeleteFunc(tables, func(t string) bool { return slices.Contains(left, t) })
	there, err := stamps(ctx, k.Shelf)
	if err != nil {
		return Snapshot{}, false, err
	}
	at, began := k.Now().UTC().Truncate(time.Second), k.Index.Mark()
	if n := len(there); n > 0 && !at.After(there[n-1].at) {
		at = there[n-1].at.Add(time.Second) // the newest has the last name, though the clock was set back
	}
	out := &parts{ctx: ctx, shelf: k.Shelf, at: at}
	packed, sum := gzip.NewWriter(out), sha256.New()
	if err = k.Database.Dump(ctx, io.MultiWriter(packed, sum), tables...); err == nil {
		err = packed.Close()
	}
	digest := camera.Hash(sum.Sum(nil))
	last, same := k.same(digest, there)
	if err != nil || same {
		if out.n > 0 {
			err = cmp.Or(err, k.Shelf.Delete(ctx, out.names()...))
		}
		return last, false, err
	}
	if err := out.close(); err != nil {
		return Snapshot{}, false, err
	}
	made := Snapshot{Name: nameOf(at, 0), At: k.Now().UTC(), Size: out.size}
	k.mu.Lock()
	before := k.held
	k.last, k.sum, k.held = made, digest, began
	k.mu.Unlock()
	// Of the snapshot before this one: should this one not read, nothing is lost.
	k.Index.SnapshotTaken(before)
	return made, true, k.prune(ctx, append(there, stamp{at: at, whole: true}))
}

// same tells whether the newest snapshot holds this and is still there; then it is as
// good as a new one.
func (k *Keep) same(digest camera.Hash, there []stamp) (Snapshot, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	is := func(s stamp) bool { return s.whole && nameOf(s.at, 0) == k.last.Name }
	if k.sum != digest || !slices.ContainsFunc(there, is) {
		return Snapshot{}, false
	}
	k.last.At = k.Now().UTC()
	return k.last, true
}

// parts cuts a stream into objects.
type parts struct {
	ctx   context.Context //nolint:containedctx // lives for one snapshot; io.Writer has no place for it
	shelf Shelf
	at    time.Time
	n     int // objects so far, without the last
	size  int64
	body  bytes.Buffer
}

func (p *parts) Write(b []byte) (int, error) {
	p.size += int64(len(b))
	p.body.Write(b)
	for p.body.Len() > partMost {
		if p.n++; p.n > partsMost {
			return 0, camera.Errorf(camera.CodeTooLarge, "more than %d objects of %d bytes", partsMost, partMost)
		}
		if err := p.shelf.Put(p.ctx, nameOf(p.at, p.n), p.body.Next(partMost)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (p *parts) close() error { return p.shelf.Put(p.ctx, nameOf(p.at, 0), p.body.Bytes()) }

func (p *parts) names() []string {
	var all []string
	for i := range p.n {
		all = append(all, nameOf(p.at, i+1))
	}
	return all
}
