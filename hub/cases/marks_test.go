package cases_test

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func TestBadMarks(t *testing.T) {
	l := traced(t)
	heading := func(d float64) func(*camera.Mark) { return func(m *camera.Mark) { m.Heading = &d } }
	for name, x := range map[string]struct {
		spoil func(*camera.Mark)
		code  camera.Code
	}{
		"fine":                   {func(*camera.Mark) {}, ""},
		"no way of travel":       {func(m *camera.Mark) { m.Heading = nil }, ""},
		"north":                  {heading(0), ""},
		"in the future":          {func(m *camera.Mark) { *m = seen(m.Camera, -60) }, ""},
		"before the incident":    {func(m *camera.Mark) { *m = seen(m.Camera, 600) }, ""},
		"a segment beside it":    {func(m *camera.Mark) { m.At = m.To.Add(time.Minute) }, ""},
		"seen elsewhen":          {func(m *camera.Mark) { m.At = m.To.Add(time.Minute + time.Millisecond) }, camera.CodeBadRequest},
		"seen before":            {func(m *camera.Mark) { m.At = m.From.Add(-time.Minute - time.Millisecond) }, camera.CodeBadRequest},
		"seen at no time":        {func(m *camera.Mark) { m.At = time.Time{} }, camera.CodeBadRequest},
		"no camera":              {func(m *camera.Mark) { m.Camera = "" }, camera.CodeBadRequest},
		"unknown camera":         {func(m *camera.Mark) { m.Camera = camera.NewCameraID("x", "y", 0) }, camera.CodeNotFound},
		"no kind":                {func(m *camera.Mark) { m.Kind = "" }, camera.CodeBadRequest},
		"unknown kind":           {func(m *camera.Mark) { m.Kind = "felt" }, camera.CodeBadRequest},
		"clip inverted":          {func(m *camera.Mark) { m.From, m.To = m.To, m.From }, camera.CodeBadWindow},
		"clip empty":             {func(m *camera.Mark) { m.To = m.From.Add(999 * time.Microsecond) }, camera.CodeBadWindow},
		"no clip":                {func(m *camera.Mark) { m.From, m.To = time.Time{}, time.Time{} }, camera.CodeBadWindow},
		"clip too long":          {func(m *camera.Mark) { m.To = m.From.Add(6*time.Hour + time.Millisecond) }, camera.CodeBadWindow},
		"heading of 360":         {heading(360), camera.CodeBadRequest},
		"heading is no number":   {heading(math.NaN()), camera.CodeBadRequest},
		"not seen, at a time":    {func(m *camera.Mark) { m.Kind, m.Heading = camera.MarkNotSeen, nil }, camera.CodeBadRequest},
		"unclear, with a way":    {func(m *camera.Mark) { m.Kind, m.At = camera.MarkUnclear, time.Time{} }, camera.CodeBadRequest},
		"unclear":                {func(m *camera.Mark) { m.Kind, m.At, m.Heading = camera.MarkUnclear, time.Time{}, nil }, ""},
		"with a name of its own": {func(m *camera.Mark) { m.ID = "mine" }, ""},
	} {
		m := seen(l.cams[0].ID, 30)
		x.spoil(&m)
		version := l.version(t)
		made, err := l.Mark(t.Context(), officer, l.one.ID, m)
		if camera.CodeOf(err) != x.code {
			t.Errorf("%s: %v, want %q", name, err, x.code)
		}
		if last := l.records[len(l.records)-1]; last.Refused != x.code || last.Action != "mark" || last.Camera != m.Camera {
			t.Errorf("%s: logged as %+v", name, last)
		}
		if grown := l.version(t) - version; grown != 0 && x.code != "" {
			t.Errorf("%s: the version grew by %d", name, grown)
		}
		if err == nil && (len(made.ID) != 17 || made.ID[0] != 'm') {
			t.Errorf("%s: named %q", name, made.ID)
		}
	}
}

// TestMarksStay: what was made, warned of and withdrawn is read by everybody, to the
// letter and in its order, also after a restart.
func TestMarksStay(t *testing.T) {
	l := traced(t)
	l.warns = []camera.MarkWarning{{Code: camera.ConflictTooFast, Other: "m1"}, {Code: camera.ConflictFuture}}
	first := l.mark(t, officer, seen(l.cams[0].ID, 40))
	l.warns = nil
	l.now = noon.Add(time.Second)
	gone := l.mark(t, second, notSeen(l.cams[1].ID, 39))
	last := l.mark(t, officer, seen(l.cams[1].ID, 20))
	if len(first.Warnings) != 2 || first.Warnings[0].Other != "m1" || first.Officer != officer.Name || !first.Made.Equal(noon) || !first.Withdrawn.IsZero() {
		t.Errorf("made %+v", first)
	}
	l.now = noon.Add(time.Minute)
	for range 2 { // the second time nothing changes
		if err := l.Unmark(t.Context(), officer, l.one.ID, gone.ID); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(time.Second)
	}
	l.proposed(t)
	told := fmt.Sprintf("seen %s, not-seen %s, seen %s, undo %s", first.ID, gone.ID, last.ID, gone.ID)
	if l.told() != told {
		t.Errorf("the engine was told %s, want %s", l.told(), told)
	}
	gone.Withdrawn, gone.WithdrawnBy = noon.Add(time.Minute), officer.Name
	want := fmt.Sprint([]cases.MadeMark{first, gone, last})
	for _, when := range []string{"before", "after"} {
		got, err := l.TraceOf(t.Context(), second, l.one.ID)
		if err != nil || len(got.Marks) != 3 {
			t.Fatalf("%v, %+v", err, got)
		}
		for i, m := range []*cases.MadeMark{&first, &gone, &last} { // where the heading lies is no matter
			if (m.Heading == nil) != (got.Marks[i].Heading == nil) || m.Heading != nil && *m.Heading != *got.Marks[i].Heading {
				t.Errorf("%s a restart: heading of %+v", when, got.Marks[i])
			}
			got.Marks[i].Heading = m.Heading
		}
		if text := fmt.Sprint(got.Marks); text != want || got.Version != 5 {
			t.Errorf("%s a restart: version %d, marks %s, want %s", when, got.Version, text, want)
		}
		l.restart()
		l.warns = []camera.MarkWarning{{Code: camera.ConflictOutside}} // what stands there counts
	}
	l.proposed(t)
	if told := fmt.Sprintf("seen %s, seen %s", first.ID, last.ID); l.told() != told {
		t.Errorf("after the restart the engine was told %s, want %s", l.told(), told)
	}
}

func TestUnknownMark(t *testing.T) {
	l := traced(t)
	made := l.mark(t, officer, seen(l.cams[0].ID, 40))
	two := l.open(t, "2/2026")
	for id, of := range map[string]string{"m0": l.one.ID, made.ID: two.ID, "": l.one.ID} {
		before := len(l.records)
		if err := l.Unmark(t.Context(), officer, of, id); camera.CodeOf(err) != camera.CodeNotFound {
			t.Errorf("%q: %v", id, err)
		}
		if r := l.records[before:]; len(r) != 1 || r[0].Action != "unmark" || r[0].Refused != camera.CodeNotFound || r[0].Detail != id {
			t.Errorf("%q: logged as %+v", id, r)
		}
	}
}

// TestCrashAfterAMark: the mark is on the disk, what the engine says of it is not.
func TestCrashAfterAMark(t *testing.T) {
	l := traced(t)
	made := l.mark(t, officer, seen(l.cams[0].ID, 40))
	err := l.DB.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE marks SET warnings = NULL`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l.restart()
	l.warns = []camera.MarkWarning{{Code: camera.ConflictNoView}}
	for range 2 {
		got, err := l.TraceOf(t.Context(), officer, l.one.ID)
		if err != nil || len(got.Marks) != 1 || got.Marks[0].ID != made.ID || len(got.Marks[0].Warnings) != 1 || got.Marks[0].Warnings[0].Code != camera.ConflictNoView {
			t.Fatalf("%v, %+v", err, got.Marks)
		}
		l.restart()
		l.warns = nil // what was said once stands there
	}
}

// TestPressedTwice: the same mark of the same officer within ten seconds is one.
func TestPressedTwice(t *testing.T) {
	for name, c := range map[string]struct {
		who   cases.Officer
		after time.Duration
		other func(*camera.Mark)
		undo  bool
		same  bool
	}{
		"at once":            {officer, 0, nil, false, true},
		"in ten seconds":     {officer, 10*time.Second - time.Millisecond, nil, false, true},
		"later":              {officer, 10 * time.Second, nil, false, false},
		"somebody else":      {second, 0, nil, false, false},
		"withdrawn":          {officer, time.Second, nil, true, false},
		"another kind":       {officer, 0, func(m *camera.Mark) { m.Kind, m.At, m.Heading = camera.MarkUnclear, time.Time{}, nil }, false, false},
		"another moment":     {officer, 0, func(m *camera.Mark) { m.At = m.At.Add(time.Millisecond) }, false, false},
		"another clip":       {officer, 0, func(m *camera.Mark) { m.To = m.To.Add(time.Millisecond) }, false, false},
		"another camera":     {officer, 0, func(m *camera.Mark) { m.Camera = camera.NewCameraID("h", "Nhà 02", 0) }, false, false},
		"another way":        {officer, 0, func(m *camera.Mark) { m.Heading = new(float64) }, false, false},
		"no way":             {officer, 0, func(m *camera.Mark) { m.Heading = nil }, false, false},
		"finer than a mark":  {officer, 0, func(m *camera.Mark) { m.At = m.At.Add(time.Microsecond) }, false, true},
		"a name of your own": {officer, 0, func(m *camera.Mark) { m.ID = "m2" }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := traced(t)
			l.warns = []camera.MarkWarning{{Code: camera.ConflictNoView}}
			first := l.mark(t, officer, seen(l.cams[0].ID, 40))
			if c.undo {
				if err := l.Unmark(t.Context(), officer, l.one.ID, first.ID); err != nil {
					t.Fatal(err)
				}
			}
			l.now = noon.Add(c.after)
			before, version := len(l.records), l.version(t)
			m := seen(l.cams[0].ID, 40)
			if c.other != nil {
				c.other(&m)
			}
			again := l.mark(t, c.who, m)
			if (again.ID == first.ID) != c.same || (l.version(t) == version) != c.same {
				t.Errorf("%s after %s, version %d after %d, want the same: %v", again.ID, first.ID, l.version(t), version, c.same)
			}
			if len(again.Warnings) != 1 || len(l.records) != before+1 {
				t.Errorf("warnings %v, %d lines", again.Warnings, len(l.records)-before)
			}
		})
	}
}

// TestTwoOfficersMark at the same time, and one of them withdraws: nothing is lost, the
// version counts every change once, and never two use the engine.
func TestTwoOfficersMark(t *testing.T) {
	l := traced(t)
	const each = 8
	var made [2][each]cases.MadeMark
	var all sync.WaitGroup
	for o, who := range []cases.Officer{officer, second} {
		all.Go(func() {
			for i := range each {
				m, err := l.Mark(t.Context(), who, l.one.ID, seen(l.cams[o].ID, float64(50-i)))
				if err != nil {
					t.Error(err)
				}
				if made[o][i] = m; o == 1 && i%2 == 1 {
					if err := l.Unmark(t.Context(), officer, l.one.ID, m.ID); err != nil {
						t.Error(err)
					}
				}
				if _, err := l.Proposals(t.Context(), who, l.one.ID, 3); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := l.TraceOf(t.Context(), officer, l.one.ID)
	if err != nil || len(got.Marks) != 2*each || got.Version != 1+2*each+each/2 {
		t.Fatalf("%v, version %d, %d marks", err, got.Version, len(got.Marks))
	}
	var order, calls []string
	for _, m := range got.Marks {
		order = append(order, m.ID)
	}
	for _, call := range strings.Split(l.told(), ", ") {
		if id, ok := strings.CutPrefix(call, "seen "); ok {
			calls = append(calls, id)
		}
	}
	if !slices.Equal(order, calls) || l.crossed || l.begun() != 1 {
		t.Errorf("the engine was told %v, the table has %v; used by two at once: %v; %d engines", calls, order, l.crossed, l.begun())
	}
	if undone := strings.Count(l.told(), "undo"); undone != each/2 {
		t.Errorf("%d marks were taken back", undone)
	}
}

// TestMarkWhileTheCaseIsClosed: between the line and the table.
func TestMarkWhileTheCaseIsClosed(t *testing.T) {
	l := traced(t)
	l.between = func() {
		err := l.DB.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE cases SET closed_ms = 1`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Mark(t.Context(), officer, l.one.ID, seen(l.cams[0].ID, 40)); camera.CodeOf(err) != camera.CodeCaseClosed {
		t.Errorf("%v", err)
	}
	if l.version(t) != 1 {
		t.Errorf("version %d", l.version(t))
	}
}

// TestTooManyMarks counts those that were withdrawn, too.
func TestTooManyMarks(t *testing.T) {
	l := traced(t)
	err := l.DB.Write(t.Context(), func(tx *sql.Tx) error {
		for i := range 1999 {
			_, err := tx.Exec(`INSERT INTO marks (id, case_id, number, kind, camera_id, from_ms, to_ms, warnings, officer_id, made_ms, withdrawn_ms)
				VALUES ('old' || CAST($1 AS text), $2, -CAST($3 AS bigint), 'not-seen', 'c', 0, 1, '[]', 'u1', 0, 1)`, fmt.Sprint(i), l.one.ID, i)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.mark(t, officer, seen(l.cams[0].ID, 40))
	l.mark(t, officer, seen(l.cams[0].ID, 40)) // the same press is no mark more
	if _, err := l.Mark(t.Context(), officer, l.one.ID, seen(l.cams[0].ID, 39)); camera.CodeOf(err) != camera.CodeTooMany || l.version(t) != 2 {
		t.Errorf("%v, version %d", err, l.version(t))
	}
}
