// Package keep keeps footage as long as its household wants, lets go of it with
// proof, compares the index with the object store, and writes what a lost database is
// built from again. It knows no SQL of others: what it needs of the index, the object
// store and the cases it declares here.
package keep

import (
	"context"
	"database/sql"
	"io"
	"iter"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Parts is what the room stands on.
type Parts struct {
	Database Database
	Index    Index
	Footage  Footage // the footage bucket
	Shelf    Shelf   // the index bucket
	Homes    Homes
	Holds    Holds
	Log      *slog.Logger
	Now      func() time.Time
}

// Database is the hub's database; *db.DB is one.
type Database interface {
	Tables(ctx context.Context) ([]string, error)
	Dump(ctx context.Context, w io.Writer, tables ...string) error
	Write(ctx context.Context, f func(*sql.Tx) error) error
	Read() *sql.DB
}

// Index is everything that is asked of the index, part by part.
type Index interface {
	Expirer
	Ledger
	Mover
	Prover
	Counter
	// Mark is a moment by the index's own count; SnapshotTaken says that whatever was
	// committed before one is in a snapshot.
	Mark() time.Time
	SnapshotTaken(mark time.Time)
}

// Expirer ends footage in the index.
type Expirer interface {
	// Expire marks what ended before a moment and what no case holds, an hour a
	// transaction, together with an Expiry. more: there is more to mark.
	Expire(ctx context.Context, id camera.CameraID, before time.Time) (segments int, more bool, err error)
	// Expiries are those that are not proved gone, oldest first.
	Expiries(ctx context.Context, most int) ([]Expiry, error)
	// ProveGone notes that the object store was looked at and has none of it.
	ProveGone(ctx context.Context, id string, at time.Time) error
	// ForgetNames lets go of the keys of expiries that are proved gone and too old to matter.
	ForgetNames(ctx context.Context) error
}

// Ledger tells what the index says.
type Ledger interface {
	// Cameras are all that have footage, in any order.
	Cameras(ctx context.Context) ([]camera.CameraID, error)
	// Hours gives a camera's hours in their order, those without a segment left out.
	Hours(ctx context.Context, id camera.CameraID, from, to int64) iter.Seq2[Hour, error]
	// Look finds one segment as it is now; CodeUnknownSegment for none. It is whole, or
	// without a hash where the manifest that has it is gone or damaged.
	Look(ctx context.Context, id camera.SegmentID) (camera.Segment, camera.ByteState, error)
}

// Mover moves states of bytes on; it refuses moves that are not allowed, by the
// place of the change.
type Mover interface {
	SetStates(ctx context.Context, changes []Change) (refused []error, err error)
}

// Prover proves a folded hour against its manifest: CodeNotFound when that is not
// there, CodeConflict when it tells something else than the hour.
type Prover interface {
	VerifyHour(ctx context.Context, id camera.CameraID, hour int64) error
	// Sweep deletes manifests that the hour does not stand on, and counts them.
	Sweep(ctx context.Context, id camera.CameraID, hour int64) (int, error)
}

// Counter counts for the page of upkeep.
type Counter interface {
	Expired(ctx context.Context, since time.Time) (Sum, error)
	Backlog(ctx context.Context) (Backlog, error)
}

// Footage is the footage bucket.
type Footage interface {
	Remover
	Finder
	// Objects lists by name.
	Objects(ctx context.Context, prefix string) iter.Seq2[Object, error]
}

// Remover deletes for good. Deleting what is not there is no error.
type Remover interface {
	Delete(ctx context.Context, keys []camera.Key) error
	// Left are those that are still there, in any version.
	Left(ctx context.Context, keys []camera.Key) ([]camera.Key, error)
}

// Finder looks at single objects.
type Finder interface {
	// Has gives size and checksum as the object store computed them.
	Has(ctx context.Context, key camera.Key) (size int64, sum camera.Hash, ok bool, err error)
	Read(ctx context.Context, key camera.Key) (io.ReadCloser, int64, error)
}

// Shelf is the index bucket, where names are written once.
type Shelf interface {
	Library
	Put(ctx context.Context, name string, body []byte) error
	Delete(ctx context.Context, names ...string) error
}

// Library is a shelf for reading.
type Library interface {
	Get(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// Homes tells for how many days each household wants its cameras' footage kept.
type Homes interface {
	Keep(ctx context.Context) (map[camera.CameraID]int, error)
}

// Holds tells which times of a camera open cases hold, of those in [from, to).
type Holds interface {
	Held(ctx context.Context, id camera.CameraID, from, to time.Time) ([]camera.Interval, error)
}

// Keep does the upkeep.
type Keep struct {
	Parts
	soon     chan struct{} // a snapshot is wanted before its time
	checking sync.Mutex    // one comparison at a time
	writing  sync.Mutex    // one snapshot at a time

	mu   sync.Mutex
	last Snapshot    // the newest that is known; zero before the first
	sum  camera.Hash // of what it holds; zero: not known
	seen time.Time   // when the clock was looked at last
	calm time.Time   // nothing expires before it: the clock had jumped
	held time.Time   // a mark of the index: what was committed before is in it; zero before the first
}

// New makes a keep; it does nothing before Run, Expire, Check or Snapshot.
func New(p Parts) *Keep {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	return &Keep{Parts: p, soon: make(chan struct{}, 1)}
}
