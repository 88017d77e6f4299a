package cases_test

import (
	"context"
	"fmt"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func (l *lab) follow(t *testing.T, who cases.Officer) <-chan cases.TraceEvent {
	t.Helper()
	events, err := l.FollowTrace(t.Context(), who, l.one.ID)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestOthersSeeAMarkAtOnce(t *testing.T) {
	l := traced(t)
	events := l.follow(t, second)
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventChanged, Version: 1}) {
		t.Errorf("first of all %+v", e)
	}
	made := l.mark(t, officer, seen(l.cams[0].ID, 40))
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventChanged, Version: 2, By: officer.Name}) {
		t.Errorf("a mark: %+v", e)
	}
	l.mark(t, officer, seen(l.cams[0].ID, 40)) // pressed twice
	if e, told := last(events); told {
		t.Errorf("nothing: %+v", e)
	}
	for range 2 {
		if err := l.Unmark(t.Context(), second, l.one.ID, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventChanged, Version: 3, By: second.Name}) {
		t.Errorf("withdrawn: %+v", e)
	}
	if e, told := last(events); told {
		t.Errorf("nothing: %+v", e)
	}
	l.start(t)
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventChanged, Version: 4, By: officer.Name}) {
		t.Errorf("a new trace: %+v", e)
	}
}

// TestProgress goes from the reading to the engine's end, and comes before there is a
// trace.
func TestProgress(t *testing.T) {
	l := newLab(t)
	events := l.follow(t, second)
	var got []cases.TraceEvent
	next := func() { got = append(got, <-events) }
	l.begins = func(_ context.Context, progress func(int, int)) error {
		next() // of the reading
		for i := range 3 {
			progress(i, 2)
			next()
		}
		return nil
	}
	l.start(t)
	next()
	want := []cases.TraceEvent{{Kind: cases.EventProgress, Done: 3, Of: 6}, {Kind: cases.EventProgress, Done: 2, Of: 4}, {Kind: cases.EventProgress, Done: 3, Of: 4},
		{Kind: cases.EventProgress, Done: 4, Of: 4}, {Kind: cases.EventChanged, Version: 1, By: officer.Name}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %+v, want %+v", got, want)
	}
	l.begins = func(context.Context, func(int, int)) error { return camera.Errorf(camera.CodeOffRoad, "far") }
	if _, err := l.StartTrace(t.Context(), officer, l.one.ID, order()); camera.CodeOf(err) != camera.CodeOffRoad {
		t.Fatal(err)
	}
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventProgress}) {
		t.Errorf("given up: %+v", e)
	}
}

// TestSlowReader misses all but the newest change.
func TestSlowReader(t *testing.T) {
	l := traced(t)
	events := l.follow(t, second)
	for i := range 5 {
		l.mark(t, officer, seen(l.cams[0].ID, float64(40-i)))
	}
	l.begins = func(_ context.Context, progress func(int, int)) error {
		progress(1, 2)
		return errHung
	}
	if _, err := l.StartTrace(t.Context(), officer, l.one.ID, order()); err == nil {
		t.Fatal("started")
	}
	if e := <-events; e != (cases.TraceEvent{Kind: cases.EventChanged, Version: 6, By: officer.Name}) {
		t.Errorf("%+v", e)
	}
	if e, told := last(events); told {
		t.Errorf("behind it %+v", e)
	}
}

func TestFollowingEnds(t *testing.T) {
	l := traced(t)
	ctx, cancel := context.WithCancel(t.Context())
	leaves, err := l.FollowTrace(ctx, officer, l.one.ID)
	if err != nil {
		t.Fatal(err)
	}
	stays := l.follow(t, second)
	<-leaves
	<-stays
	cancel()
	if e, open := <-leaves; open {
		t.Errorf("after its end %+v", e)
	}
	l.mark(t, officer, seen(l.cams[0].ID, 40))
	if e := <-stays; e.Version != 2 {
		t.Errorf("the other %+v", e)
	}
	if _, err := l.CloseCase(t.Context(), officer, l.one.ID); err != nil {
		t.Fatal(err)
	}
	if e, open := <-stays; open {
		t.Errorf("after the case's end %+v", e)
	}
	if l.InMemory(l.one.ID) {
		t.Error("the engine of a closed case is in memory")
	}
	if _, err := l.FollowTrace(ctx, officer, l.one.ID); err == nil {
		t.Error("followed by one who is gone")
	}
}

func TestTooManyFollow(t *testing.T) {
	l := traced(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var first <-chan cases.TraceEvent
	for i := range 101 {
		events, err := l.FollowTrace(ctx, officer, l.one.ID)
		if camera.CodeOf(err) == camera.CodeTooMany != (i == 100) {
			t.Fatalf("follower %d: %v", i, err)
		}
		if i == 0 {
			first = events
		}
	}
	cancel()
	for range first { // to its end
	}
}
