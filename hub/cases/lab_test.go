package cases_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// second is another officer of the same unit.
var second = cases.Officer{ID: "u2", Name: "Đồng chí", Unit: "Xã A", Watches: true}

// lab is a village with an engine that writes down what it is told.
type lab struct {
	*village
	one    cases.Case
	begins func(ctx context.Context, progress func(done, of int)) error // nil: at once
	thinks func()                                                       // while it makes proposals
	spans  map[camera.CameraID][]cases.Span                             // nil: stored all the time
	fetch  map[camera.CameraID]camera.Millis

	mu        sync.Mutex
	questions []camera.TraceQuestion
	calls     []string // of all engines
	around    []string
	routes    [][]cases.Passage
	warns     []camera.MarkWarning // what an engine says of each mark
	using     int                  // engines in use at this moment
	crossed   bool                 // one was used by two at a time
}

// newLab has three homes and a case without a trace.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{village: newVillage(t)}
	err := l.DB.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO users (id, login, name, role, unit, password, created_ms) VALUES ('u2', 'b', 'Đồng chí', 'officer', 'Xã A', '', 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Reach, l.Tracer, l.Paths, l.Roads = l, l, l, l
	for i := range 3 {
		l.house(fmt.Sprintf("Nhà %02d", i+1), float64(500*i+500), camera.ConsentClip)
	}
	l.one = l.open(t, "1/2026")
	return l
}

// traced has a trace, too.
func traced(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.start(t)
	return l
}

func (l *lab) start(t *testing.T) cases.Trace {
	t.Helper()
	got, err := l.StartTrace(t.Context(), officer, l.one.ID, order())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// order is of somebody who left between 60 and 55 minutes before noon.
func order() cases.TraceOrder {
	return cases.TraceOrder{
		Incident: camera.Incident{Position: camera.Position{Lon: 106.5, Lat: 22.25}, From: noon.Add(-time.Hour), To: noon.Add(-55 * time.Minute)},
		Mode:     camera.ModeMotorbike, From: noon.Add(-time.Hour), To: noon,
	}
}

// seen is a sighting at a camera, so many minutes before noon.
func seen(id camera.CameraID, before float64) camera.Mark {
	at := noon.Add(-time.Duration(before * float64(time.Minute)))
	heading := 90.0
	return camera.Mark{Kind: camera.MarkSeen, Camera: id, From: at.Add(-time.Minute), To: at.Add(time.Minute), At: at, Heading: &heading}
}

func notSeen(id camera.CameraID, before float64) camera.Mark {
	at := noon.Add(-time.Duration(before * float64(time.Minute)))
	return camera.Mark{Kind: camera.MarkNotSeen, Camera: id, From: at, To: at.Add(time.Minute)}
}

func (l *lab) mark(t *testing.T, who cases.Officer, m camera.Mark) cases.MadeMark {
	t.Helper()
	made, err := l.Mark(t.Context(), who, l.one.ID, m)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// proposed are the labels of what is to be looked at next.
func (l *lab) proposed(t *testing.T) string {
	t.Helper()
	got, err := l.Proposals(t.Context(), officer, l.one.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, p := range got.List {
		labels = append(labels, p.Label)
	}
	return strings.Join(labels, ", ")
}

// restart is that of the hub: what was in memory is gone.
func (l *lab) restart() {
	l.Cases = cases.New(l.Parts)
	l.questions, l.calls = nil, nil
}

func (l *lab) begun() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.questions)
}

// told is what engines were told, in that order.
func (l *lab) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.calls, ", ")
}

func (l *lab) Around(_ context.Context, p camera.Position, metres float64, from, to time.Time, most int) ([]cases.Reached, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.around = append(l.around, fmt.Sprintf("%g,%g %g %s %d", p.Lon, p.Lat, metres, minutes(camera.Want{From: from, To: to}), most))
	var all []cases.Reached
	for _, c := range l.cams {
		if c.Shared {
			all = append(all, cases.Reached{Camera: c, Views: []camera.View{c.View}})
		}
	}
	return all, nil
}

func (l *lab) Cover(_ context.Context, cams []cases.Camera, from, to time.Time) ([]cases.Cover, error) {
	covers := make([]cases.Cover, len(cams))
	for i, c := range cams {
		covers[i] = cases.Cover{Spans: []cases.Span{{From: from, To: to, State: camera.StateStored}}, Recorder: l.fetch[c.ID]}
		if s, ok := l.spans[c.ID]; ok {
			covers[i].Spans = s
		}
		if n := len(l.footage); n > 0 {
			covers[i].Clock = &l.footage[n-1].Clock
		}
	}
	return covers, nil
}

// Seen is nothing for those who look south.
func (l *lab) Seen(view camera.View) []camera.Seen {
	if view.Heading == 180 {
		return nil
	}
	return l.village.Seen(view)
}

func (l *lab) Begin(ctx context.Context, q camera.TraceQuestion, progress func(done, of int)) (cases.Tracing, error) {
	l.mu.Lock()
	l.questions = append(l.questions, q)
	l.mu.Unlock()
	if l.begins != nil {
		if err := l.begins(ctx, progress); err != nil {
			return nil, err
		}
	}
	return &engine{lab: l, q: q}, nil
}

func (l *lab) Recover(_ context.Context, in camera.Incident, mode camera.Mode, through []cases.Passage) (camera.Route, error) {
	l.routes = append(l.routes, through)
	return camera.Route{Mode: mode, Legs: []camera.RouteLeg{{To: through[0].Mark}}}, nil
}

// engine proposes the first minute of each camera's footage, by label.
type engine struct {
	*lab
	q     camera.TraceQuestion
	known []string
}

// enter notices when two use engines of a case at a time.
func (e *engine) enter(call string) func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.using++; e.using > 1 {
		e.crossed = true
	}
	if call != "" {
		e.calls = append(e.calls, call)
	}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.using--
	}
}

func (e *engine) Snapped() (camera.Position, float64) {
	return camera.Position{Lon: 106.51, Lat: 22.25}, 40
}

func (e *engine) Mark(m camera.Mark, now time.Time) []camera.MarkWarning {
	defer e.enter(fmt.Sprintf("%s %s", m.Kind, m.ID))()
	e.known = append(e.known, m.ID)
	if now.IsZero() {
		panic("a mark from no time")
	}
	return e.warns
}

func (e *engine) Undo(id string) bool {
	defer e.enter("undo " + id)()
	i := slices.Index(e.known, id)
	if i < 0 {
		panic("what is not known is undone")
	}
	e.known = slices.Delete(e.known, i, i+1)
	return true
}

func (e *engine) Proposals(n int) []camera.Proposal {
	defer e.enter("")()
	if f := e.thinks; f != nil {
		e.thinks = nil
		f()
	}
	var all []camera.Proposal
	for _, c := range e.q.Cameras {
		if len(c.Footage) > 0 {
			from := c.Footage[0].From
			all = append(all, camera.Proposal{Camera: c.ID, From: from, To: from.Add(time.Minute), Probability: 0.5})
		}
	}
	slices.SortFunc(all, func(a, b camera.Proposal) int { return strings.Compare(e.label(a.Camera), e.label(b.Camera)) })
	return all[:min(n, len(all))]
}

func (e *engine) label(id camera.CameraID) string {
	i := slices.IndexFunc(e.cams, func(c cases.Camera) bool { return c.ID == id })
	if i < 0 {
		return ""
	}
	return e.cams[i].Label
}

func (e *engine) Belief(step time.Duration) []camera.CameraBelief {
	defer e.enter("")()
	var all []camera.CameraBelief
	for _, c := range e.q.Cameras {
		all = append(all, camera.CameraBelief{Camera: c.ID, From: e.q.From, Step: step, Passing: []float64{0.25}})
	}
	return all
}

func (e *engine) Branches() []camera.Branch {
	defer e.enter("")()
	var b camera.Branch
	for _, c := range e.q.Cameras {
		b.Cameras = append(b.Cameras, c.ID)
	}
	return []camera.Branch{b}
}
