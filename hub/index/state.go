package index

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// after holds the states that may follow each state. The way leads forward and may
// leave steps out. Two ways lead back: a request that ends before the bytes have
// arrived leaves them at home, and a hold that ends leaves them stored. Nothing
// leads from a hold to expired: retention does not touch what is held. The last
// three are final.
var after = map[pack.State][]pack.State{
	pack.Home:      {pack.Requested, pack.Uploading, pack.Stored, pack.Expired, pack.Lost, pack.Withheld},
	pack.Requested: {pack.Home, pack.Uploading, pack.Stored, pack.Expired, pack.Lost, pack.Withheld},
	pack.Uploading: {pack.Home, pack.Stored, pack.Expired, pack.Lost, pack.Withheld},
	pack.Stored:    {pack.Held, pack.Expired, pack.Lost, pack.Withheld},
	pack.Held:      {pack.Stored, pack.Lost},
	pack.Expired:   nil,
	pack.Lost:      nil,
	pack.Withheld:  nil,
}

// Change moves a segment's bytes on.
type Change struct {
	ID camera.SegmentID
	To camera.ByteState
}

// SetState moves a segment's bytes on. The state that it has is no move; a move
// that is not allowed is refused with CodeConflict.
func (x *Index) SetState(ctx context.Context, id camera.SegmentID, to camera.ByteState) error {
	refused, err := x.SetStates(ctx, []Change{{id, to}})
	if err != nil {
		return err
	}
	return refused[0]
}

// SetStates makes many moves in one transaction, in their order; those of one hour are
// best one after the other. It tells by index which were refused, as SetState does.
func (x *Index) SetStates(ctx context.Context, changes []Change) ([]error, error) {
	var refused []error
	err := x.db.Write(ctx, func(tx *sql.Tx) error {
		refused = make([]error, len(changes))
		p := hourPage{tx: tx}
		for i, c := range changes {
			var err error
			if refused[i], err = p.set(ctx, c); err != nil {
				return fmt.Errorf("segment %s: %w", c.ID, err)
			}
		}
		return p.leave(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("write states: %w", err)
	}
	return refused, nil
}

// hourPage is the closed hour on which a transaction works: it is saved, once, when the
// transaction goes on to another one.
type hourPage struct {
	tx      *sql.Tx
	row     *hourRow
	changed bool
}

func (p *hourPage) leave(ctx context.Context) error {
	if !p.changed {
		return nil
	}
	p.changed = false
	return p.row.save(ctx, p.tx)
}

// turn finds a segment's hour; -1 when it is in none.
func (p *hourPage) turn(ctx context.Context, id camera.SegmentID) (int, error) {
	if p.row != nil && p.row.Camera == id.Camera {
		if i := p.row.find(id.Run, id.Seq); i >= 0 {
			return i, nil
		}
	}
	if err := p.leave(ctx); err != nil {
		return -1, err
	}
	row, i, err := folded(ctx, p.tx, id)
	p.row = row
	return i, err
}

func (p *hourPage) set(ctx context.Context, c Change) (refused, err error) {
	to, _ := pack.StateOf(c.To) // 0 for none of ours: nothing goes there
	states, err := list(ctx, p.tx, func(row scanner) (pack.State, error) {
		var state camera.ByteState
		err := row.Scan(&state)
		from, _ := pack.StateOf(state)
		return from, err
	}, `SELECT state FROM fresh `+byID, string(c.ID.Camera), string(c.ID.Run), int64(c.ID.Seq))
	if err != nil {
		return nil, err
	}
	if len(states) > 0 {
		if refused := move(c, states[0], to); refused != nil || states[0] == to {
			return refused, nil
		}
		return nil, setFresh(ctx, p.tx, c.ID, to)
	}
	i, err := p.turn(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return camera.Errorf(camera.CodeUnknownSegment, "segment %s was never announced", c.ID), nil
	}
	s := &p.row.Body.Segments[i]
	if refused := move(c, s.State, to); refused != nil || s.State == to {
		return refused, nil
	}
	s.State, p.changed = to, true
	return nil, nil
}

func move(c Change, from, to pack.State) error {
	if from != to && !slices.Contains(after[from], to) {
		return camera.Errorf(camera.CodeConflict, "segment %s: %s after %s", c.ID, c.To, from.Byte())
	}
	return nil
}
