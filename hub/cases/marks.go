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

	camera "xulang.vn/camera"
)

const (
	// besideClip is how far outside of its clip a sighting may be: a clip is played in
	// whole segments.
	besideClip = camera.SegmentLongest
	// pressAgain is how soon the same officer's same mark is the same press.
	pressAgain = 10 * time.Second
	// marksMost of one case, withdrawn ones too.
	marksMost = 2000
	// catchWithin bounds what is done after a mark is on the disk, whoever still waits.
	catchWithin = 10 * time.Second
)

// MadeMark is a mark with who made it. One that was withdrawn counts no more.
type MadeMark struct {
	camera.Mark
	Warnings    []camera.MarkWarning // as they stood when it was made
	Officer     string
	Made        time.Time
	Withdrawn   time.Time // zero: it counts
	WithdrawnBy string
}

// Mark takes an officer's answer to a clip. It counts also when it does not fit to what
// is known; Warnings tell what does not. CodeBadRequest or CodeBadWindow when it says
// nothing, CodeNotFound when there is no such camera or no trace, CodeTooMany.
//
// The same mark of the same officer within ten seconds, not withdrawn meanwhile, is the
// one that stands there already: a button was pressed twice.
func (c *Cases) Mark(ctx context.Context, who Officer, caseID string, m camera.Mark) (MadeMark, error) {
	m = cutMark(m)
	one, outcome := c.mayTrace(ctx, who, caseID)
	if outcome == nil {
		_, outcome = traceRow(ctx, c.DB.Read(), caseID)
	}
	if outcome == nil {
		outcome = checkMark(m)
	}
	if outcome == nil {
		_, outcome = c.Cameras.Camera(ctx, m.Camera)
	}
	line := Record{Actor: who, Action: actMark, Case: caseID, Camera: m.Camera, Detail: markText(m)}
	if err := c.settle(ctx, line, outcome); err != nil {
		return MadeMark{}, err
	}
	e, err := c.engine(ctx, one)
	if err != nil { // nothing is written that nobody could reckon with
		return MadeMark{}, err
	}
	made, version, fresh, err := c.writeMark(ctx, who, one, m)
	if err != nil {
		return MadeMark{}, fmt.Errorf("write mark: %w", err)
	}
	if e.reach.refused(m.Camera) {
		c.engines.spoil(e) // it was left out, and is known from now on, though not proposed
	}
	if fresh {
		c.publish(one.ID, TraceEvent{Kind: EventChanged, Version: version, By: who.Name})
	}
	return c.warned(ctx, one, made)
}

// warned lets the engine follow, and adds what it says of a mark. The mark is on the
// disk: that somebody waits no more changes nothing about it.
func (c *Cases) warned(ctx context.Context, one Case, made MadeMark) (MadeMark, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), catchWithin)
	defer cancel()
	e, err := c.engine(ctx, one)
	if err == nil {
		err = e.use(ctx, func() error {
			made.Warnings = e.warnings[made.ID]
			return nil
		})
	}
	if err != nil {
		return MadeMark{}, fmt.Errorf("reckon with mark %s, which is written: %w", made.ID, err)
	}
	return made, nil
}

// writeMark writes a mark, unless it stands there.
func (c *Cases) writeMark(ctx context.Context, who Officer, one Case, m camera.Mark) (made MadeMark, version int64, fresh bool, err error) {
	m.ID = "m" + strings.ToLower(rand.Text()[:16])
	made = MadeMark{Mark: m, Officer: who.Name, Made: c.Now().UTC().Truncate(time.Millisecond)}
	err = c.DB.Write(ctx, func(tx *sql.Tx) error {
		// Since it was decided the case may have been closed.
		if version, err = nextVersion(ctx, tx, one.ID); err != nil {
			return err
		}
		had, err := marksOf(ctx, tx, one.ID)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(had, func(h madeMark) bool { return h.samePress(who, made) }); i >= 0 {
			made = had[i].MadeMark
			return errPressed
		}
		if len(had) >= marksMost {
			return camera.Errorf(camera.CodeTooMany, "the case has %d marks, at most %d", len(had), marksMost)
		}
		fresh = true
		return insertMark(ctx, tx, who, one.ID, version, made)
	})
	if errors.Is(err, errPressed) {
		return made, 0, false, nil
	}
	return made, version, fresh, err
}

// errPressed ends a transaction that has nothing to write.
var errPressed = errors.New("the mark stands there already")

// samePress tells whether a mark of a moment ago says the same.
func (h madeMark) samePress(who Officer, m MadeMark) bool {
	was, is := h.Mark, m.Mark
	sameWay := (was.Heading == nil) == (is.Heading == nil) && (was.Heading == nil || *was.Heading == *is.Heading)
	age := m.Made.Sub(h.Made)
	return h.officerID == who.ID && h.Withdrawn.IsZero() && age >= 0 && age < pressAgain && sameWay &&
		was.Kind == is.Kind && was.Camera == is.Camera && was.From.Equal(is.From) && was.To.Equal(is.To) && was.At.Equal(is.At)
}

// Unmark withdraws a mark, whoever of the unit made it. It stays readable. Withdrawing
// it again changes nothing.
func (c *Cases) Unmark(ctx context.Context, who Officer, caseID, mark string) error {
	one, outcome := c.mayTrace(ctx, who, caseID)
	var had madeMark
	if outcome == nil {
		had, outcome = c.findMark(ctx, caseID, mark)
	}
	line := Record{Actor: who, Action: actUnmark, Case: caseID, Camera: had.Camera, Detail: fmt.Sprintf("%.40s", mark)}
	if err := c.settle(ctx, line, outcome); err != nil {
		return err
	}
	var version int64
	err := c.DB.Write(ctx, func(tx *sql.Tx) error {
		next, err := nextVersion(ctx, tx, one.ID)
		if err != nil {
			return err
		}
		gone, err := withdrawMark(ctx, tx, who, one.ID, mark, c.Now())
		if err == nil && !gone {
			return errPressed
		}
		version = next
		return err
	})
	if errors.Is(err, errPressed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("withdraw mark: %w", err)
	}
	c.publish(one.ID, TraceEvent{Kind: EventChanged, Version: version, By: who.Name})
	return nil
}

func (c *Cases) findMark(ctx context.Context, caseID, id string) (madeMark, error) {
	all, err := marksOf(ctx, c.DB.Read(), caseID)
	if err != nil {
		return madeMark{}, err
	}
	i := slices.IndexFunc(all, func(m madeMark) bool { return m.ID == id })
	if i < 0 {
		return madeMark{}, camera.Errorf(camera.CodeNotFound, "mark %.40q: not of this case", id)
	}
	return all[i], nil
}

func cutMark(m camera.Mark) camera.Mark {
	for _, t := range []*time.Time{&m.From, &m.To, &m.At} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Millisecond)
		}
	}
	return m
}

// checkMark refuses what says nothing. What merely does not fit the engine tells.
func checkMark(m camera.Mark) error {
	if err := checkWindow(m.From, m.To); err != nil {
		return err
	}
	switch {
	case !m.Camera.Valid():
		return camera.Errorf(camera.CodeBadRequest, "mark: no camera")
	case !slices.Contains([]camera.MarkKind{camera.MarkSeen, camera.MarkNotSeen, camera.MarkUnclear}, m.Kind):
		return camera.Errorf(camera.CodeBadRequest, "mark: unknown kind %.40q", m.Kind)
	case m.Kind != camera.MarkSeen && (!m.At.IsZero() || m.Heading != nil):
		return camera.Errorf(camera.CodeBadRequest, "mark: a time or a way of travel, and nothing seen")
	case m.Kind == camera.MarkSeen && (m.At.Before(m.From.Add(-besideClip)) || m.At.After(m.To.Add(besideClip))):
		return camera.Errorf(camera.CodeBadRequest, "mark: seen at %s, outside of the clip", stamp(m.At))
	case m.Heading != nil && !(*m.Heading >= 0 && *m.Heading < 360):
		return camera.Errorf(camera.CodeBadRequest, "mark: heading %v, want 0 to 360", *m.Heading)
	}
	return nil
}

// markText is how the audit names a mark.
func markText(m camera.Mark) string {
	text := fmt.Sprintf("%.40s %s", m.Kind, windowText(m.From, m.To))
	if !m.At.IsZero() {
		text += " at " + stamp(m.At)
	}
	return text
}
