package store

import (
	"context"
	"errors"
	"io"
	"time"
)

// readLongest ends a read, a write or a listing that does not get on. Whole
// transfers have no bound of their own: a slow line may take the time that it takes.
const readLongest = 30 * time.Second

var errStalled = errors.New("nothing came from the object store for too long")

// patience cancels a context when the object store makes one wait for too long.
// The time in which the caller is at work with what came does not count.
type patience struct {
	most   time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// patient starts waiting at once; end must be called.
func (s *Store) patient(ctx context.Context) (context.Context, *patience) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &patience{s.patience, time.AfterFunc(s.patience, func() { cancel(errStalled) }), cancel}
}

func (p *patience) wait() { p.timer.Reset(p.most) }
func (p *patience) rest() { p.timer.Stop() }

func (p *patience) end() {
	p.timer.Stop()
	p.cancel(nil)
}

// Read is told of every piece that goes out (minio.PutObjectOptions.Progress).
func (p *patience) Read(sent []byte) (int, error) {
	p.wait()
	return len(sent), nil
}

// failed names what went wrong while ctx held: a stall, the caller's own end, or err.
func failed(ctx context.Context, doing string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return unavailable(doing, err)
}

// body is what a caller reads of an object in its own time.
type body struct {
	io.ReadCloser
	ctx  context.Context // of this one answer; ends with Close
	left *patience
}

func (b *body) Read(p []byte) (int, error) {
	b.left.wait()
	n, err := b.ReadCloser.Read(p)
	b.left.rest()
	if err != nil && !errors.Is(err, io.EOF) {
		err = failed(b.ctx, "read object", err)
	}
	return n, err
}

func (b *body) Close() error {
	b.left.end()
	return b.ReadCloser.Close()
}
