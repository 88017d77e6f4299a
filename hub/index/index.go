// Package index knows which footage exists, by camera and time, and where its
// bytes are. Fingerprints come first, bytes later; what an agent claims is
// written once, with its signature, and never overwritten. README.md tells the life
// of a fact.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
)

// Objects is the index bucket: manifests and journals. Its methods may be called from
// any goroutine.
type Objects interface {
	// Put makes an object. It is durable when Put returns nil, and may be there all the
	// same when it does not. The same name again is nil without a look at the bytes:
	// nobody writes other ones under it.
	Put(ctx context.Context, name string, body []byte) error
	// Get reads an object; CodeNotFound when there is none.
	Get(ctx context.Context, name string) ([]byte, error)
	// Delete lets objects go; one that is not there is no error.
	Delete(ctx context.Context, names ...string) error
	// List gives the names with a prefix in byte order. It ends with the first error.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// Index is safe for use by any number of goroutines.
type Index struct {
	db      *db.DB
	objects Objects
	log     *slog.Logger
	now     func() time.Time

	writer  writer  // commit.go: announcements on their way to the disk
	journal journal // ship.go: facts on their way into the index bucket
	folds   folds   // fold.go: hours that wait
	cold    cold    // manifest.go: manifests read last
	texts   texts   // strip.go: prepared statements

	// every makes a ticker for Run; tests have their own.
	every func(time.Duration) (ticks <-chan time.Time, stop func())
}

// Open makes an index on an open database and its bucket. What an older program left
// in the database is brought over first, which takes its time. Facts that may not have
// been shipped before are shipped by Run.
func Open(ctx context.Context, d *db.DB, o Objects, log *slog.Logger, now func() time.Time) (*Index, error) {
	x := &Index{db: d, objects: o, log: log, now: now, every: tick}
	x.journal.again, x.journal.soon = true, make(chan struct{}, 1)
	if err := x.upgrade(ctx); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	return x, nil
}

// What Run does, and how often.
const (
	foldEach   = time.Minute
	shipEach   = 3 * time.Second // with the time of one Put less than the 10 s that a lost database may cost
	forgetEach = 5 * time.Minute
	lastShip   = 10 * time.Second // how long the one on the way out may take
)

func tick(each time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(each)
	return t.C, t.Stop
}

// Run folds closed hours, ships what was announced and forgets journals that are
// covered, until the context ends; then it ships once more. What fails is logged and
// tried again.
func (x *Index) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, job := range []struct {
		name string
		each time.Duration
		do   func(context.Context) error
		soon <-chan struct{} // before its time
	}{
		{"fold hours", foldEach, x.foldAll, nil},
		{"ship facts", shipEach, x.ship, x.journal.soon},
		{"forget journals", forgetEach, x.forget, nil},
	} {
		ticks, stop := x.every(job.each)
		wg.Go(func() {
			defer stop()
			x.repeat(ctx, ticks, job.soon, job.name, job.do)
		})
	}
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastShip)
	defer cancel()
	if err := x.ship(last); err != nil { // the next start ships them: they are in the database
		x.log.Warn("ship last facts", "err", err)
	}
	return nil
}

// repeat does a job at once and with each tick. An error is logged when it is another
// one than the time before: a bucket that is away for a night is told of once.
func (x *Index) repeat(ctx context.Context, ticks <-chan time.Time, soon <-chan struct{}, name string, do func(context.Context) error) {
	told := ""
	for {
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != told:
			x.log.Warn(name, "err", err)
			told = err.Error()
		case err == nil && told != "":
			x.log.Info(name+" again", "after", told)
			told = ""
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		case <-soon:
		}
	}
}

// asked is a pool or a transaction.
type asked interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func list[T any](ctx context.Context, from asked, scan func(scanner) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// unknownSegment is the answer to a segment that nobody announced.
func unknownSegment(id camera.SegmentID) error {
	return camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", id)
}
