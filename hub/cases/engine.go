package cases

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	camera "xulang.vn/camera"
)

// How long an engine is believed before cameras and footage are read again. When they
// are as they were, the engine stays.
const (
	freshOpen   = 2 * time.Minute  // while footage of the window is still being made
	freshClosed = 10 * time.Minute // footage may come late from homes all the same
	stillComing = 10 * time.Minute // after the window's end
)

// engine is a case's trace in memory: nothing that the table does not tell.
type engine struct {
	*core
	reach  reach
	read   time.Time // when the reach was read
	place  camera.Position
	metres float64
	over   bool  // what it stands on has changed; guarded by engines.mu
	used   int64 // guarded by engines.mu
}

// core outlives a reading of the same cameras and footage.
type core struct {
	started int64         // of which trace
	turn    chan struct{} // whoever has put something in may use what follows
	tracing Tracing
	version int64           // of the table's row, that it has caught up with
	applied map[string]bool // marks
	// warnings are what this engine said of marks, or one before it.
	warnings map[string][]camera.MarkWarning
	untold   map[string][]camera.MarkWarning // those that the table does not have yet
}

// use lets one at a time use the engine.
func (e *core) use(ctx context.Context, do func() error) error {
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for the trace: %w", ctx.Err())
	}
	defer func() { <-e.turn }()
	return do()
}

// fresh tells whether the engine may answer at that time.
func (e *engine) fresh(now time.Time) bool {
	most := freshClosed
	if e.reach.question.To.After(e.read.Add(-stillComing)) {
		most = freshOpen
	}
	age := now.Sub(e.read)
	return !e.over && age >= 0 && age < most
}

// start builds a new trace and writes it: an incident that no road is near to leaves the
// old one as it is.
func (c *Cases) start(ctx context.Context, who Officer, one Case, o TraceOrder) (traced, *engine, error) {
	b, err := c.engines.reserve(ctx, one.ID)
	if err != nil {
		return traced{}, nil, err
	}
	defer func() { c.finish(one.ID, b) }()
	b.err = errGivenUp // unless it ends well
	row := traced{TraceOrder: o, caseID: one.ID, seed: newSeed(), officer: who.Name, made: c.Now().UTC().Truncate(time.Millisecond)}
	e, err := c.begin(ctx, one, row, nil, nil)
	if err != nil {
		return traced{}, nil, err
	}
	if err := c.writeTrace(ctx, who, &row); err != nil {
		return traced{}, nil, err
	}
	e.started, e.version = row.started, row.version
	b.engine, b.err = e, nil
	c.publish(one.ID, TraceEvent{Kind: EventChanged, Version: row.version, By: who.Name})
	return row, e, nil
}

// newSeed is what two traces with the same question differ by.
func newSeed() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.LittleEndian.Uint64(b[:]) >> 1)
}

// rebuild reads the cameras again and makes an engine of the table; the one of before
// stays when the question is the same.
func (c *Cases) rebuild(ctx context.Context, one Case, before *engine) (*engine, error) {
	row, err := traceRow(ctx, c.DB.Read(), one.ID)
	if err != nil {
		return nil, err
	}
	marks, err := marksOf(ctx, c.DB.Read(), one.ID)
	if err != nil {
		return nil, err
	}
	e, err := c.begin(ctx, one, row, marks, before)
	if err != nil {
		return nil, err
	}
	if err := c.catchUp(ctx, one, e); err != nil {
		return nil, err
	}
	if before == nil || before.core != e.core {
		c.publish(one.ID, TraceEvent{Kind: EventChanged, Version: row.version})
	}
	return e, nil
}

func (c *Cases) begin(ctx context.Context, one Case, row traced, marks []madeMark, before *engine) (*engine, error) {
	marked := map[camera.CameraID]bool{}
	for _, m := range marks {
		if m.Withdrawn.IsZero() {
			marked[m.Camera] = true
		}
	}
	select { // before anything is read, so that it is not old when its turn comes
	case c.engines.slots <- struct{}{}:
		defer func() { <-c.engines.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a place to build: %w", ctx.Err())
	}
	e := &engine{read: c.Now()}
	var err error
	if e.reach, err = c.gather(ctx, one, row, marked); err != nil {
		return nil, err
	}
	if before != nil && before.started == row.started && reflect.DeepEqual(before.reach.question, e.reach.question) {
		e.core, e.place, e.metres = before.core, before.place, before.metres
		return e, nil
	}
	tracing, err := c.Tracer.Begin(ctx, e.reach.question, func(done, of int) {
		c.publish(one.ID, TraceEvent{Kind: EventProgress, Done: of + done, Of: 2 * of}) // the reading was the first half
	})
	if err != nil {
		return nil, fmt.Errorf("begin trace: %w", err)
	}
	e.core = &core{
		started: row.started, turn: make(chan struct{}, 1), tracing: tracing, applied: map[string]bool{},
		warnings: map[string][]camera.MarkWarning{}, untold: map[string][]camera.MarkWarning{},
	}
	e.place, e.metres = tracing.Snapped()
	return e, nil
}

// errGivenUp stands for what the one who starts a trace is told.
var errGivenUp = errors.New("the new trace was given up")

// errReplaced tells that a case's trace was started anew meanwhile.
var errReplaced = errors.New("the trace was started anew")

// catchUp makes the engine know the marks that stand in the table, and no other. Of
// those that nobody has warned of yet it writes what it says.
func (c *Cases) catchUp(ctx context.Context, one Case, e *engine) error {
	row, err := traceRow(ctx, c.DB.Read(), one.ID)
	if err != nil {
		return err
	}
	if row.closed { // while the engine was waited for
		return camera.Errorf(camera.CodeCaseClosed, "trace: case %s is closed", one.Number)
	}
	return e.use(ctx, func() error {
		if row.started != e.started {
			return errReplaced
		}
		if e.version < row.version {
			// What was written since the row was read is in here too, and is met again.
			marks, err := marksOf(ctx, c.DB.Read(), one.ID)
			if err != nil {
				return err
			}
			e.follow(marks)
			e.version = row.version
		}
		if err := c.writeWarnings(ctx, e.untold); err != nil {
			return err
		}
		clear(e.untold)
		return nil
	})
}

// follow does what the table says.
func (e *core) follow(marks []madeMark) {
	for _, m := range marks {
		switch counts := m.Withdrawn.IsZero(); {
		case counts && !e.applied[m.ID]:
			said := e.tracing.Mark(m.Mark, m.Made)
			if e.applied[m.ID] = true; m.told {
				said = m.Warnings
			} else {
				e.untold[m.ID] = said
			}
			e.warnings[m.ID] = said
		case !counts && e.applied[m.ID]:
			e.tracing.Undo(m.ID)
			delete(e.applied, m.ID)
		}
	}
}
