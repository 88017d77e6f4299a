package keep

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of snapshots. No other place puts them together or takes them apart.
//
//	snapshots/<yyyy-mm-ddThh:mm:ss>.gz         the last part; UTC
//	snapshots/<yyyy-mm-ddThh:mm:ss>.gz.<001…>  those before it, of a large one
const (
	snapshotFolder = "snapshots/"
	snapshotEnd    = ".gz"
	secondText     = "2006-01-02T15:04:05"
	partsMost      = 999
)

// What is kept of snapshots.
const (
	newestKept = 12
	daysKept   = 30 * 24 * time.Hour // of one a day
	brokenKept = 24 * time.Hour      // parts without their last one: another program may be writing
)

// nameOf names a part; 0 is the last.
func nameOf(at time.Time, part int) string {
	name := snapshotFolder + at.UTC().Format(secondText) + snapshotEnd
	if part > 0 {
		name += fmt.Sprintf(".%03d", part)
	}
	return name
}

// parseName is the inverse of nameOf and refuses every other spelling.
func parseName(name string) (at time.Time, part int, ok bool) {
	rest, ours := strings.CutPrefix(name, snapshotFolder)
	moment, number, _ := strings.Cut(rest, snapshotEnd)
	at, err := time.Parse(secondText, moment)
	if !ours || err != nil {
		return at, 0, false
	}
	if number != "" {
		if part, err = strconv.Atoi(number[1:]); err != nil || part < 1 || part > partsMost {
			return at, 0, false
		}
	}
	return at, part, nameOf(at, part) == name
}

// stamp is a snapshot on the shelf.
type stamp struct {
	at    time.Time
	parts []int // before the last one
	whole bool  // the last one is there
}

func (s stamp) names() []string {
	var all []string
	for _, p := range s.parts {
		all = append(all, nameOf(s.at, p))
	}
	if s.whole {
		all = append(all, nameOf(s.at, 0))
	}
	return all
}

type lister interface {
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// stamps lists snapshots, oldest first. Names that are none of ours are passed by.
func stamps(ctx context.Context, from lister) ([]stamp, error) {
	var all []stamp
	for name, err := range from.List(ctx, snapshotFolder) {
		if err != nil {
			return nil, fmt.Errorf("list snapshots: %w", err)
		}
		at, part, ok := parseName(name)
		if !ok {
			continue
		}
		if n := len(all); n == 0 || !all[n-1].at.Equal(at) {
			all = append(all, stamp{at: at})
		}
		s := &all[len(all)-1]
		if part == 0 {
			s.whole = true
		} else {
			s.parts = append(s.parts, part)
		}
	}
	slices.SortFunc(all, func(a, b stamp) int { return a.at.Compare(b.at) })
	return all, nil
}

// prune lets go of what is too old: the newest are kept, and the newest of each day.
func (k *Keep) prune(ctx context.Context, all []stamp) error {
	slices.SortFunc(all, func(a, b stamp) int { return b.at.Compare(a.at) })
	now, kept, day := k.Now().UTC(), 0, ""
	var names []string
	for _, s := range all {
		age, of := now.Sub(s.at), s.at.Format(time.DateOnly)
		switch {
		case !s.whole:
			if age < brokenKept {
				continue
			}
		case kept < newestKept:
			kept, day = kept+1, of
			continue
		case of != day && age < daysKept:
			day = of
			continue
		}
		names = append(names, s.names()...)
	}
	if len(names) == 0 {
		return nil
	}
	if err := k.Shelf.Delete(ctx, names...); err != nil {
		return fmt.Errorf("delete old snapshots: %w", err)
	}
	return nil
}
