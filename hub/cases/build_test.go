package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// held makes builds wait until the test lets them go, and tells how each ended.
func (l *lab) held() (begun chan struct{}, letGo chan struct{}, ended chan error) {
	begun, letGo, ended = make(chan struct{}, 100), make(chan struct{}), make(chan error, 100)
	l.begins = func(ctx context.Context, _ func(int, int)) error {
		begun <- struct{}{}
		var err error
		select {
		case <-letGo:
		case <-ctx.Done():
			err = ctx.Err()
		}
		ended <- err
		return err
	}
	return begun, letGo, ended
}

func (l *lab) waiting(n int) {
	for l.Waiting(l.one.ID) != n {
		runtime.Gosched()
	}
}

// TestBuildIsShared by all who wait for it.
func TestBuildIsShared(t *testing.T) {
	l := traced(t)
	l.restart()
	begun, letGo, _ := l.held()
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := l.Proposals(t.Context(), officer, l.one.ID, 3); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	l.waiting(5)
	close(letGo)
	all.Wait()
	if l.begun() != 1 {
		t.Errorf("%d engines", l.begun())
	}
}

// TestWhoLeaves a build: it goes on for the others, and ends with the last one, who sees
// it end. Whoever comes then finds a new one.
func TestWhoLeaves(t *testing.T) {
	l := traced(t)
	l.restart()
	begun, letGo, ended := l.held()
	var leave []context.CancelFunc
	got := make(chan error, 2)
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		leave = append(leave, cancel)
		go func() {
			_, err := l.Proposals(ctx, officer, l.one.ID, 3)
			got <- err
		}()
	}
	<-begun
	l.waiting(2)
	leave[0]()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	l.waiting(1)
	leave[1]()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("the last: %v", err)
	}
	select { // not later: nothing goes on behind the last one's back
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the build: %v", err)
		}
	default:
		t.Error("the build goes on")
	}
	close(letGo)
	if got := l.proposed(t); got != "Nhà 01, Nhà 02, Nhà 03" || l.begun() != 2 {
		t.Errorf("then %s, %d engines", got, l.begun())
	}
}

// TestBuildThatFails fails for all who wait, and is begun anew for the next; a panic of
// the engine is no more than that.
func TestBuildThatFails(t *testing.T) {
	for name, begins := range map[string]func(context.Context, func(int, int)) error{
		"an error": func(context.Context, func(int, int)) error { return errHung },
		"a panic":  func(context.Context, func(int, int)) error { panic(errHung.Error()) },
	} {
		l := traced(t)
		l.restart()
		l.begins = begins
		version := l.version(t)
		if _, err := l.Mark(t.Context(), officer, l.one.ID, seen(l.cams[0].ID, 40)); err == nil || !strings.Contains(err.Error(), errHung.Error()) {
			t.Errorf("%s: %v", name, err)
		}
		if l.version(t) != version {
			t.Errorf("%s: a mark was written", name)
		}
		l.begins = nil
		l.mark(t, officer, seen(l.cams[0].ID, 40))
	}
}

// TestStartWaits for the build that is under way, and those who come then for the start.
func TestStartWaits(t *testing.T) {
	l := traced(t)
	l.restart()
	begun, letGo, ended := l.held()
	got := make(chan error, 2)
	go func() {
		_, err := l.TraceOf(t.Context(), officer, l.one.ID)
		got <- err
	}()
	<-begun
	go func() {
		_, err := l.StartTrace(t.Context(), second, l.one.ID, order())
		got <- err
	}()
	letGo <- struct{}{} // the first build
	<-begun             // the start's
	if err := <-ended; err != nil {
		t.Error(err)
	}
	letGo <- struct{}{}
	for range 2 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	if got, err := l.TraceOf(t.Context(), officer, l.one.ID); err != nil || got.Officer != second.Name || l.begun() != 2 {
		t.Errorf("%v, %+v, %d engines", err, got, l.begun())
	}
}

// TestEnginesInMemory are so many; the one that was asked least lately goes.
func TestEnginesInMemory(t *testing.T) {
	l := newLab(t)
	var all []string
	for i := range cases.EnginesMost + 1 {
		l.one = l.open(t, fmt.Sprintf("%d/2027", i))
		l.start(t)
		all = append(all, l.one.ID)
		l.one.ID = all[0]
		l.proposed(t) // the first is asked all the time
	}
	for i, id := range all {
		if l.InMemory(id) != (i != 1) {
			t.Errorf("case %d is in memory: %v", i, l.InMemory(id))
		}
	}
	before := l.begun()
	l.one.ID = all[1]
	if l.proposed(t); l.begun() != before+1 {
		t.Errorf("%d engines for the one that had to go", l.begun()-before)
	}
}

// TestWhenFootageComes: it is looked for after two minutes, or ten when the window is
// over. What is as it was needs no new engine.
func TestWhenFootageComes(t *testing.T) {
	for name, c := range map[string]struct {
		window time.Duration // its end, before now
		after  time.Duration
		comes  bool
		looks  int // at the cameras
		builds int
	}{
		"open, at once":          {0, 2*time.Minute - time.Millisecond, true, 1, 1},
		"open, footage":          {0, 2 * time.Minute, true, 2, 2},
		"open, nothing new":      {0, 2 * time.Minute, false, 2, 1},
		"just over, footage":     {9 * time.Minute, 2 * time.Minute, true, 2, 2},
		"over, footage":          {10 * time.Minute, 2 * time.Minute, true, 1, 1},
		"over, footage, later":   {10 * time.Minute, 10 * time.Minute, true, 2, 2},
		"over, nothing, later":   {10 * time.Minute, 10 * time.Minute, false, 2, 1},
		"the clock was set back": {10 * time.Minute, -time.Second, true, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.covered(l.cams[0].ID, camera.CauseUnreachable)
			l.now = noon.Add(c.window)
			l.start(t)
			made := l.mark(t, officer, seen(l.cams[1].ID, 40))
			follow, err := l.FollowTrace(t.Context(), officer, l.one.ID)
			if err != nil {
				t.Fatal(err)
			}
			<-follow
			if c.comes {
				l.covered(l.cams[0].ID, camera.StateStored)
			}
			l.now = l.now.Add(c.after)
			want := "Nhà 02, Nhà 03"
			if c.builds > 1 {
				want = "Nhà 01, " + want
			}
			for range 2 {
				if got := l.proposed(t); got != want {
					t.Errorf("proposed %s, want %s", got, want)
				}
			}
			if len(l.around) != c.looks || l.begun() != c.builds {
				t.Errorf("%d looks, %d engines, want %d, %d", len(l.around), l.begun(), c.looks, c.builds)
			}
			if told := strings.Repeat(", seen "+made.ID, c.builds)[2:]; l.told() != told {
				t.Errorf("engines were told %s, want %s", l.told(), told)
			}
			if e, told := last(follow); (told && e.Kind == cases.EventChanged) != (c.builds > 1) {
				t.Errorf("followers were told %v %+v", told, e)
			}
		})
	}
}

// last is what a follower would read now.
func last(from <-chan cases.TraceEvent) (e cases.TraceEvent, ok bool) {
	select {
	case e, ok = <-from:
		return e, ok
	default:
		return e, false
	}
}

// TestCaseClosedMeanwhile: nothing is answered, and nothing stays in memory.
func TestCaseClosedMeanwhile(t *testing.T) {
	l := traced(t)
	l.restart()
	l.begins = func(ctx context.Context, _ func(int, int)) error {
		_, err := l.CloseCase(ctx, second, l.one.ID)
		return err
	}
	if _, err := l.Proposals(t.Context(), officer, l.one.ID, 3); camera.CodeOf(err) != camera.CodeCaseClosed || l.InMemory(l.one.ID) {
		t.Errorf("%v, in memory: %v", err, l.InMemory(l.one.ID))
	}
}

// TestEngineFollowsTheTable, whoever wrote it.
func TestEngineFollowsTheTable(t *testing.T) {
	l := traced(t)
	made := l.mark(t, officer, seen(l.cams[0].ID, 40))
	for _, statement := range []string{
		`UPDATE marks SET withdrawn_ms = 1, withdrawn_by = 'u2'`, `UPDATE traces SET version = 3`, // withdrawn
		`UPDATE traces SET version = 4, started = 4, mode = 'foot'`, // and started anew
	} {
		err := l.DB.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		l.proposed(t)
	}
	if told := fmt.Sprintf("seen %s, undo %s", made.ID, made.ID); l.told() != told || l.begun() != 2 || l.questions[1].Mode != camera.ModeFoot {
		t.Errorf("engines were told %s, %d of them, %+v", l.told(), l.begun(), l.questions)
	}
}
