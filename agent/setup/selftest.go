package setup

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// How long a line may take, and what is good enough.
const (
	recordWithin = 90 * time.Second
	pastWithin   = 4 * time.Minute // a minute in real time, after others in the queue
	uplinkWithin = time.Minute

	secondsLeast = 15.0            // of 20 s: a camera takes a moment to begin
	pastLeast    = 30.0            // of a minute: a recorder may have holes
	rateLeast    = 66 * 1000 / 8.0 // bytes per second that still carry a segment (agent/config.go)
	daysLeast    = 1.0
	offsetMost   = 2.0 // seconds; more shows on the officer's timeline
)

// test is the self-test that runs.
type test struct {
	ask chan struct{} // a token: begin

	mu      sync.Mutex // guards what follows
	running bool
	at      time.Time
	lines   []camera.TestLine
}

func (s *server) StartSelfTest(context.Context, gen.StartSelfTestRequestObject) (gen.StartSelfTestResponseObject, error) {
	if len(s.Store.Book().Cameras) == 0 {
		return nil, camera.Errorf(camera.CodeConflict, "choose a camera first")
	}
	t := &s.test
	t.mu.Lock()
	if !t.running {
		t.running, t.at, t.lines = true, s.moment(), nil
		t.ask <- struct{}{} // there is room: the last token was taken before running ended
	}
	t.mu.Unlock()
	return gen.StartSelfTest202JSONResponse{StateJSONResponse: s.state()}, nil
}

// runTests does one self-test after another, as they are asked for. One that is cut
// off by a restart leaves nothing: the household presses again.
func (s *server) runTests(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.test.ask:
		}
		s.runTest(ctx)
	}
}

func (s *server) runTest(ctx context.Context) {
	t := &s.test
	for _, try := range s.trials(s.Store.Book()) {
		line := try(ctx)
		if ctx.Err() != nil {
			return
		}
		t.mu.Lock()
		if line.Name != "" && len(t.lines) < camera.TestsMost {
			t.lines = append(t.lines, line)
		}
		t.mu.Unlock()
	}
	t.mu.Lock()
	done := home.SelfTest{At: t.at, Lines: slices.Clone(t.lines)}
	t.mu.Unlock()
	s.note(func(b *home.Book) { b.SelfTest = &done })
	t.mu.Lock()
	t.running = false
	t.mu.Unlock()
	s.poke()
}

// trials are the lines of a self-test in their order; the disk is last, when it is
// known what the cameras bring. A line without a name says nothing.
func (s *server) trials(b home.Book) (all []func(context.Context) camera.TestLine) {
	for _, c := range b.Cameras {
		if c.Shared() {
			all = append(all, func(ctx context.Context) camera.TestLine { return s.tryRecord(ctx, c) })
		}
	}
	for _, r := range b.Recorders {
		i := slices.IndexFunc(b.Cameras, func(c home.Camera) bool { return c.Recorder == r.ID && c.Shared() })
		if i < 0 {
			continue
		}
		c := b.Cameras[i]
		all = append(all, func(context.Context) camera.TestLine { return s.tryOwn(r, c) })
		// Of what the household shares as a place on the map only, nothing is ever copied.
		i = slices.IndexFunc(b.Cameras, func(c home.Camera) bool {
			return c.Recorder == r.ID && c.Shared() && camera.Decide(c.Consent, camera.ActionSend, camera.Asker{}, s.now()) == nil
		})
		if r.Past && i >= 0 {
			c := b.Cameras[i]
			all = append(all, func(ctx context.Context) camera.TestLine { return s.tryPast(ctx, c) })
		}
	}
	return append(all, s.tryUplink, s.tryClock, s.tryDisk)
}

func (s *server) tryRecord(ctx context.Context, c home.Camera) camera.TestLine {
	b := s.Store.Book()
	switch now := b.Camera(c.ID); {
	case now == nil || !now.Shared():
		return camera.TestLine{} // taken back meanwhile
	case now.Consent.Paused:
		return camera.TestLine{Name: camera.TestRecord, Camera: c.ID, Fix: string(camera.CausePaused)}
	}
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	seconds, err := s.Agent.TestRecord(ctx, c.ID)
	return line(camera.TestRecord, c.ID, seconds, err, seconds >= secondsLeast, string(camera.CauseCameraOff))
}

func (s *server) tryPast(ctx context.Context, c home.Camera) camera.TestLine {
	ctx, cancel := context.WithTimeout(ctx, pastWithin)
	defer cancel()
	seconds, err := s.Agent.TestPast(ctx, c.ID)
	return line(camera.TestPast, c.ID, seconds, err, seconds >= pastLeast, string(camera.CodeNoFootage))
}

// tryOwn: a clock that is off is no fault, it is taken into account; one that cannot
// be asked, or was never set, is.
func (s *server) tryOwn(r home.Recorder, c home.Camera) camera.TestLine {
	for _, state := range s.Agent.Recorders() {
		if state.ID != r.ID {
			continue
		}
		if state.AheadKnown {
			return line(camera.TestOwn, c.ID, state.Ahead.Seconds(), nil, state.Ahead.Abs() <= camera.RecorderAway, string(camera.CodeClockSkew))
		}
		if state.Trouble != "" {
			return camera.TestLine{Name: camera.TestOwn, Camera: c.ID, Fix: string(state.Trouble)}
		}
	}
	if !r.Past {
		return camera.TestLine{} // a camera without recordings has no clock that matters
	}
	return camera.TestLine{Name: camera.TestOwn, Camera: c.ID, Fix: string(camera.CodeUnreachable)}
}

func (s *server) tryUplink(ctx context.Context) camera.TestLine {
	ctx, cancel := context.WithTimeout(ctx, uplinkWithin)
	defer cancel()
	rate, err := s.Agent.TestUplink(ctx)
	return line(camera.TestUplink, "", rate, err, rate >= rateLeast, string(camera.CodeUnreachable))
}

func (s *server) tryClock(context.Context) camera.TestLine {
	c := s.Agent.Clock()
	if !c.Synchronised {
		return camera.TestLine{Name: camera.TestClock, Fix: string(camera.CodeUnreachable)}
	}
	offset := seconds(c.Offset)
	return line(camera.TestClock, "", offset, nil, max(offset, -offset) <= offsetMost, string(camera.CodeClockSkew))
}

func (s *server) tryDisk(context.Context) camera.TestLine {
	days := s.Agent.DiskDays()
	if days == 0 {
		return camera.TestLine{} // not known yet: neither good nor bad
	}
	return line(camera.TestDisk, "", days, nil, days >= daysLeast, string(camera.CauseDisk))
}

// line says how a trial went; fix is for one that went without an error and not well, or
// did not end in time.
func line(name camera.TestName, id camera.CameraID, number float64, err error, good bool, fix string) camera.TestLine {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return camera.TestLine{Name: name, Camera: id, Fix: fix, Number: number}
	case err != nil:
		return camera.TestLine{Name: name, Camera: id, Fix: string(camera.CodeOf(err)), Number: number}
	case !good:
		return camera.TestLine{Name: name, Camera: id, Fix: fix, Number: number}
	}
	return camera.TestLine{Name: name, Camera: id, OK: true, Number: number}
}

// selfTestJSON is the one that runs, or the last whole one.
func (s *server) selfTestJSON(b home.Book) *gen.SelfTest {
	t := &s.test
	t.mu.Lock()
	defer t.mu.Unlock()
	out := gen.SelfTest{Running: t.running, At: t.at}
	lines := t.lines
	if !t.running {
		if b.SelfTest == nil {
			return nil
		}
		out.At, out.Told, lines = b.SelfTest.At, optional(b.SelfTest.Told), b.SelfTest.Lines
	}
	out.Lines = sized(out.Lines, len(lines))
	for i, l := range lines {
		o := &out.Lines[i]
		o.Name, o.Ok, o.Fix, o.Camera = gen.SelfTestLinesName(l.Name), l.OK, optional(l.Fix), optional(label(b, l))
		if l.OK || l.Number != 0 {
			o.Number = &l.Number
		}
	}
	return &out
}

// label is what the household calls the camera, or the brand of a recorder.
func label(b home.Book, l camera.TestLine) string {
	c := b.Camera(l.Camera)
	if c == nil {
		return ""
	}
	if r := b.Recorder(c.Recorder); r != nil && l.Name == camera.TestOwn && r.Brand != "" {
		return r.Brand
	}
	return c.Label
}
