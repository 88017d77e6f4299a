package cases

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	camera "xulang.vn/camera"
)

// Case is the reason for every look.
type Case struct {
	ID, Number, Kind, LegalBasis, Summary, Unit string
	OfficerID, Officer                          string // who opened it
	Opened, Closed                              time.Time
}

// Open tells whether looks are still allowed.
func (c Case) Open() bool { return c.Closed.IsZero() }

// Purpose is the class of the case, as far as consent cares.
func (c Case) Purpose() camera.Purpose { return camera.Purpose(c.Kind) }

// Lengths in letters, as in openapi.yaml.
const (
	numberMost  = 60
	basisMost   = 300
	summaryMost = 2000
)

// OpenCase writes a new case of the officer's unit. CodeConflict when the unit
// has a case of that number.
func (c *Cases) OpenCase(ctx context.Context, who Officer, n Case) (Case, error) {
	n.Number, n.LegalBasis, n.Summary = strings.TrimSpace(n.Number), strings.TrimSpace(n.LegalBasis), strings.TrimSpace(n.Summary)
	switch {
	case !who.Watches:
		return Case{}, camera.Errorf(camera.CodeForbidden, "open case: not an officer")
	case n.Number == "" || n.LegalBasis == "" || !slices.Contains(camera.Purposes[:], n.Purpose()):
		return Case{}, camera.Errorf(camera.CodeBadRequest, "open case: number, legal basis and kind are needed")
	case utf8.RuneCountInString(n.Number) > numberMost || utf8.RuneCountInString(n.LegalBasis) > basisMost || utf8.RuneCountInString(n.Summary) > summaryMost:
		return Case{}, camera.Errorf(camera.CodeBadRequest, "open case: number, legal basis or summary is longer than %d, %d or %d letters", numberMost, basisMost, summaryMost)
	}
	n.ID = "v" + strings.ToLower(rand.Text()[:16])
	n.Unit, n.OfficerID, n.Officer = who.Unit, who.ID, who.Name
	n.Opened, n.Closed = c.Now().UTC().Truncate(time.Millisecond), time.Time{}
	taken, err := c.taken(ctx, n)
	if err != nil {
		return Case{}, err
	}
	if err := c.settle(ctx, Record{Actor: who, Action: "open-case", Case: n.ID, Detail: n.Number}, taken); err != nil {
		return Case{}, err
	}
	err = c.DB.Write(ctx, func(tx *sql.Tx) error {
		got, err := tx.ExecContext(ctx, `INSERT INTO cases (id, number, kind, legal_basis, summary, unit, officer_id, opened_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (unit, number) DO NOTHING`,
			n.ID, n.Number, n.Kind, n.LegalBasis, n.Summary, n.Unit, n.OfficerID, n.Opened.UnixMilli())
		if err != nil {
			return err
		}
		if rows, err := got.RowsAffected(); err != nil || rows == 0 {
			return errors.Join(err, camera.Errorf(camera.CodeConflict, "open case: number %q is taken", n.Number))
		}
		return nil
	})
	if err != nil {
		return Case{}, fmt.Errorf("write case: %w", err)
	}
	return n, nil
}

// taken refuses a number that the unit has already, before the log says that a
// case was opened. Of two officers at the same moment the table decides.
func (c *Cases) taken(ctx context.Context, n Case) (refusal, err error) {
	var one int
	err = c.DB.Read().QueryRowContext(ctx, `SELECT 1 FROM cases WHERE unit = $1 AND number = $2`, n.Unit, n.Number).Scan(&one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find case: %w", err)
	}
	return camera.Errorf(camera.CodeConflict, "open case: number %q is taken", n.Number), nil
}

// List gives the cases of the officer's unit, newest first, at most 500.
func (c *Cases) List(ctx context.Context, who Officer) ([]Case, error) {
	if !who.Watches {
		return nil, camera.Errorf(camera.CodeForbidden, "list cases: not an officer")
	}
	rows, err := c.DB.Read().QueryContext(ctx, selectCase+` WHERE c.unit = $1 ORDER BY c.opened_ms DESC LIMIT 500`, who.Unit)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	defer rows.Close()
	var all []Case
	for rows.Next() {
		one, err := scanCase(rows)
		if err != nil {
			return nil, fmt.Errorf("list cases: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Get gives one case; CodeNotFound also when it is another unit's.
func (c *Cases) Get(ctx context.Context, who Officer, id string) (Case, error) {
	if !who.Watches {
		return Case{}, camera.Errorf(camera.CodeForbidden, "get case: not an officer")
	}
	one, err := scanCase(c.DB.Read().QueryRowContext(ctx, selectCase+` WHERE c.id = $1 AND c.unit = $2`, id, who.Unit))
	if errors.Is(err, sql.ErrNoRows) {
		return Case{}, camera.Errorf(camera.CodeNotFound, "case %q: not in this unit", id)
	}
	if err != nil {
		return Case{}, fmt.Errorf("get case: %w", err)
	}
	return one, nil
}

// CloseCase ends all looks of the case, and what it held at home. Closing a closed
// case changes nothing.
func (c *Cases) CloseCase(ctx context.Context, who Officer, id string) (Case, error) {
	one, err := c.Get(ctx, who, id)
	if err != nil || !one.Open() {
		return one, err
	}
	if err := c.log(ctx, Record{Actor: who, Action: "close-case", Case: id}); err != nil {
		return Case{}, err
	}
	one.Closed = c.Now().UTC().Truncate(time.Millisecond)
	freed, err := c.letGo(ctx, one)
	if err != nil {
		return Case{}, fmt.Errorf("close case: %w", err)
	}
	c.engines.forget(id)
	c.tell(ctx, freed)
	return one, nil
}

// Log gives the audit records of a case, newest first. Segments or stills that one
// officer fetched from one camera in a row stand there as one line; of the looks at a
// trace that one officer's page took in a row, so does each kind.
func (c *Cases) Log(ctx context.Context, who Officer, id string) ([]Record, error) {
	if _, err := c.Get(ctx, who, id); err != nil {
		return nil, err
	}
	all, err := c.Audit.ForCase(ctx, id, 5000)
	if err != nil {
		return nil, fmt.Errorf("read case log: %w", err)
	}
	var folded []Record
	for _, r := range all {
		if repeats(folded, r) {
			continue
		}
		if folded = append(folded, r); len(folded) == 200 {
			break
		}
	}
	return folded, nil
}

// polled are the looks that a page takes again whenever something has changed.
var polled = []string{actTrace, actProposals, actBelief, actBranches, actRoute, actFollow}

// repeats tells whether a record says what the later ones before it say already.
func repeats(later []Record, r Record) bool {
	if r.Refused != "" || len(later) == 0 {
		return false
	}
	last := later[len(later)-1]
	if r.Action == actSegment || r.Action == actStill {
		return last.Action == r.Action && last.Refused == "" && last.Camera == r.Camera && last.Actor.ID == r.Actor.ID
	}
	for _, l := range slices.Backward(later) {
		if l.Refused != "" || l.Actor.ID != r.Actor.ID || !slices.Contains(polled, l.Action) {
			return false
		}
		if l.Action == r.Action {
			return slices.Contains(polled, r.Action)
		}
	}
	return false
}

const selectCase = `SELECT c.id, c.number, c.kind, c.legal_basis, c.summary, c.unit, c.officer_id,
	COALESCE((SELECT u.name FROM users u WHERE u.id = c.officer_id), ''), c.opened_ms, c.closed_ms FROM cases c`

func scanCase(row interface{ Scan(...any) error }) (Case, error) {
	var c Case
	var opened int64
	var closed sql.NullInt64
	err := row.Scan(&c.ID, &c.Number, &c.Kind, &c.LegalBasis, &c.Summary, &c.Unit, &c.OfficerID, &c.Officer, &opened, &closed)
	c.Opened = time.UnixMilli(opened).UTC()
	if closed.Valid {
		c.Closed = time.UnixMilli(closed.Int64).UTC()
	}
	return c, err
}
