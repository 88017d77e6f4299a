package index

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	commitFacts = 20_000           // of one transaction: what is more waits for the next
	commitMost  = 30 * time.Second // how long a transaction may take, with the wait for other writers
)

// writer is where announcements meet. The first caller that comes leads: it waits for
// its turn to write and writes, in one transaction, all that has come by then. Those
// who come later wait, and one of them leads next. So there is one commit for many
// announcements when there are many, and no delay when there is one.
type writer struct {
	mu      sync.Mutex
	leading bool   // somebody leads, or has been told to
	waiting []*put // in the order in which they came; who leads is the first until it takes them

	counts counts // owned by who leads
}

var errAborted = errors.New("the transaction that it was in was aborted")

// commit returns when an announcement is on the disk, or its error. The transaction
// does not end with the context of who leads; who only waits goes when its own ends.
func (x *Index) commit(ctx context.Context, p *put) error {
	w := &x.writer
	p.turn, p.done, p.err, p.outcome = make(chan struct{}), make(chan struct{}), nil, outcome{}
	w.mu.Lock()
	w.waiting = append(w.waiting, p)
	lead := !w.leading
	w.leading = true
	w.mu.Unlock()
	if !lead {
		select {
		case <-p.done:
			return p.err
		case <-p.turn:
		case <-ctx.Done():
			w.leave(p)
			return ctx.Err()
		}
	}
	x.lead(ctx)
	<-p.done
	return p.err
}

// leave takes an announcement that nobody has begun to write out of the list.
func (w *writer) leave(p *put) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.waiting, p)
	if i < 0 {
		return
	}
	w.waiting = slices.Delete(w.waiting, i, i+1)
	select {
	case <-p.turn: // it was to lead
		w.next()
	default:
	}
}

// next tells the first who waits to lead. The caller holds the lock and leads no more.
func (w *writer) next() {
	w.leading = len(w.waiting) > 0
	if w.leading {
		close(w.waiting[0].turn)
	}
}

// take hands out the announcements that one transaction writes.
func (w *writer) take() []*put {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, facts := 0, 0
	for ; n < len(w.waiting) && (n == 0 || facts < commitFacts); n++ {
		facts += len(w.waiting[n].gaps)
		for _, r := range w.waiting[n].runs {
			facts += len(r.claims)
		}
	}
	batch := slices.Clone(w.waiting[:n])
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch
}

// finish answers the caller, who may announce p again at once: it is not to be touched
// any more.
func (p *put) finish(err error) {
	p.err = err
	close(p.done)
}

// lead writes those that wait and answers them. When they fail together each is tried
// alone, so that one that no database takes is the only one that fails.
func (x *Index) lead(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitMost)
	defer cancel()
	var batch []*put
	defer func() {
		for _, p := range batch {
			p.finish(errAborted) // after a panic
		}
		x.writer.mu.Lock()
		defer x.writer.mu.Unlock()
		x.writer.next()
	}()
	err := x.writeTogether(ctx, func() []*put {
		if batch == nil {
			batch = x.writer.take()
		}
		return batch
	})
	if batch == nil { // it never began
		batch = x.writer.take()
	}
	alone := err != nil && len(batch) > 1 && ctx.Err() == nil
	for len(batch) > 0 {
		p, answer := batch[0], err
		if alone && ctx.Err() == nil {
			answer = x.writeTogether(ctx, func() []*put { return []*put{p} })
		}
		batch = batch[1:]
		p.finish(answer)
	}
}

// writeTogether writes announcements in one transaction. They are taken when nobody
// else writes: all that came while others wrote are among them.
func (x *Index) writeTogether(ctx context.Context, take func() []*put) error {
	var j *joint
	written := false
	err := x.db.Write(ctx, func(tx *sql.Tx) error {
		j = &joint{tx: tx, many: x.many(), counts: &x.writer.counts}
		err := j.write(ctx, take())
		written = err == nil
		return err
	})
	if err != nil {
		if written { // the answer to the commit may have got lost: when they announce again it is old news
			x.doubt()
		}
		return err
	}
	j.counts.add(j.added)
	if len(j.facts)+len(j.gaps) > 0 {
		x.committed(j.facts, j.gaps)
	}
	return nil
}
