package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/ingest/replaytest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
)

var (
	yard  = camera.NewCameraID("household", "recorder", 1)
	night = time.Date(2026, 11, 22, 19, 30, 0, 0, time.UTC) // 02:30 on the next day in Vietnam
)

// behind is how wrong the recorder's clock is.
const behind = -7 * time.Minute

// running is a clock that shows night when it is made.
func running() func() time.Time {
	began := time.Now()
	return func() time.Time { return night.Add(time.Since(began)) }
}

// kept is footage by the recorder's clock, of a true time.
func kept(from, to time.Duration) camera.Interval {
	return camera.Interval{From: night.Add(from + behind).UTC(), To: night.Add(to + behind).UTC()}
}

// rig is an archive with all that stands around it in the agent.
type rig struct {
	*archive.Archive
	t     *testing.T
	dir   string
	now   func() time.Time
	nvr   *nvr
	cfg   archive.Config
	spool *spool.Spool

	mu     sync.Mutex
	killed bool // writers do not close their files any more
	forbid func(from, to time.Time) error
}

func newRig(t *testing.T, dialect string, has []camera.Interval, change func(*replaytest.Recorder)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), now: running()}
	r.nvr = newNVR(t, dialect, func() time.Time { return r.now().Add(behind) }, has, change)
	r.openSpool()
	r.cfg = archive.Config{
		Name: "hall", Source: r.nvr.source(r.now), Log: slog.New(slog.DiscardHandler),
		Channels: []archive.Channel{{Camera: yard, Number: 1, Token: "track-2"}},
		Play:     r.play, NewWriter: r.writer, May: r.may,
		Have: func(id camera.CameraID, from, to time.Time) []camera.Interval { return r.spool.Covered(id, from, to) },
	}
	r.Archive = newArchive(r)
	return r
}

func newArchive(r *rig) *archive.Archive { return archive.New(r.cfg, r.now) }

func (r *rig) openSpool() {
	s, err := spool.Open(r.dir, spool.Limits{Bytes: 1 << 30}, segment.Salvage, r.now, slog.New(slog.DiscardHandler))
	if err != nil {
		r.t.Fatal(err)
	}
	r.spool = s
	r.t.Cleanup(func() { s.Close() }) // a second time is none
}

// play is what joins archive and ingest in the agent.
func (r *rig) play(ctx context.Context, p archive.Playback, to archive.Receiver) error {
	return ingest.Replay(ctx, ingest.ReplayConfig{
		Config: ingest.Config{
			URL: p.URL, Username: "admin", Password: "p@ss", Sound: p.Sound, Stall: time.Second,
			Control: func(string, string, syscall.RawConn) error { return nil },
		},
		Header: p.Header, Range: p.Range, Proven: true,
		Times: ingest.Times{Start: p.Start, End: p.End, Early: p.Early, Ahead: p.Ahead, Loose: p.Loose},
	}, to, r.now, slog.New(slog.DiscardHandler))
}

// writer is what joins archive and segment in the agent.
func (r *rig) writer(id camera.CameraID, clock func() (camera.Millis, camera.Millis)) archive.Writer {
	return &writer{r, segment.New(segment.Config{
		Camera: id, Clock: func() camera.Clock { return camera.Clock{Synchronised: true} },
		Origin: camera.OriginRecorder, Recorder: clock,
	}, sink{r.spool}, r.now)}
}

type writer struct {
	r *rig
	*segment.Writer
}

func (w *writer) Unit(u media.Unit) error {
	if err := w.Writer.Unit(u); !errors.Is(err, segment.ErrRunEnded) {
		return err
	}
	return nil
}

func (w *writer) Stop() error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if w.r.killed {
		return nil
	}
	return w.Writer.Stop()
}

type sink struct{ s *spool.Spool }

func (s sink) Create(id camera.CameraID) (segment.File, error) { return s.s.Create(id) }

func (r *rig) may(_ camera.CameraID, from, to time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forbid == nil {
		return nil
	}
	return r.forbid(from, to)
}

// run lets the archive work until the test ends, or the returned function is called.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	a := r.Archive
	go func() { done <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// until waits until something holds.
func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	late := time.After(60 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatalf("waited in vain for %s; have %v", what, r.have())
		}
	}
}

func at(d time.Duration) time.Time { return night.Add(d) }

func want(from, to time.Duration, fetch bool) camera.Want {
	return camera.Want{Camera: yard, From: at(from), To: at(to), Fetch: fetch}
}

func (r *rig) have() []camera.Interval { return r.spool.Covered(yard, at(-24*time.Hour), at(0)) }

// covers tells whether the spool has a time. What was fetched in two goes may be apart
// by as much as its times may be wrong.
func (r *rig) covers(from, to time.Duration) bool {
	const bound = 1500 * time.Millisecond
	reached := at(from)
	for _, i := range r.have() {
		if i.From.Sub(reached) <= bound && i.To.After(reached) {
			reached = i.To
		}
	}
	return at(to).Sub(reached) <= bound
}

// segments are those of the spool in their order.
func (r *rig) segments() []camera.Segment {
	segs, _ := r.spool.Unannounced(10_000)
	return segs
}

// check reads all segments back: their chain, whose they are, that ffmpeg decodes
// them, and that each picture stands at the time at which it was taken.
func (r *rig) check(within time.Duration) {
	r.t.Helper()
	last := map[camera.RunID]camera.Segment{}
	all := r.segments()
	for k, s := range all {
		in, err := r.spool.OpenSegment(s.SegmentID)
		if err != nil {
			r.t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		in.Close()
		if err != nil {
			r.t.Fatal(err)
		}
		off := time.Duration(s.RecorderOffset) - behind
		if s.Origin != camera.OriginRecorder || off.Abs() > 1100*time.Millisecond || s.RecorderBound <= 0 || s.Check() != nil {
			r.t.Errorf("segment %+v", s)
		}
		if before, ok := last[s.Run]; ok != (s.Seq > 0) || ok && (before.SHA256 != s.Prev || before.Seq+1 != s.Seq || !before.End.Equal(s.Start)) {
			r.t.Errorf("segment %s does not follow %s", s.SegmentID, before.SegmentID)
		}
		last[s.Run] = s
		taken := replaytest.Taken(b)
		for i, at := range taken {
			shown := s.Start.Add(time.Duration(i) * replaytest.Frame)
			if wrong := shown.Sub(at.Add(-behind)); wrong.Abs() > within || wrong.Abs() > time.Duration(s.RecorderBound)+50*time.Millisecond {
				r.t.Errorf("%s: picture %d is %s off, bound %s", s.SegmentID, i, wrong, time.Duration(s.RecorderBound))
				break
			}
		}
		if k > 1 && k < len(all)-2 {
			continue // ffmpeg takes long to start
		}
		if n := decoded(r.t, b); n != len(taken) || n == 0 {
			r.t.Errorf("%s: %d pictures decoded of %d", s.SegmentID, n, len(taken))
		}
	}
}

// decoded counts the pictures that ffmpeg makes of a file.
func decoded(t *testing.T, b []byte) int {
	t.Helper()
	cmd := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", "-", "-f", "framemd5", "-")
	cmd.Stdin = bytes.NewReader(b)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("ffmpeg: %v %s", err, complaints.String())
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}
