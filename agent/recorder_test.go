package agent

import (
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/link"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/agent/upload"
)

// bench is a recorder with a real spool, a clock that the test moves, and a disk
// that it can break.
type bench struct {
	*recorder
	t      *testing.T
	dir    string
	now    time.Time
	media  time.Duration
	broken bool
}

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), now: noon}
	b.boot()
	return b
}

// boot starts the recorder over what is on the disk.
func (b *bench) boot() {
	b.t.Helper()
	log := slog.New(slog.DiscardHandler)
	clock := func() time.Time { return b.now }
	identity, err := link.LoadOrCreateIdentity(filepath.Join(b.dir, "seed"))
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := spool.Open(filepath.Join(b.dir, "spool"), spool.Limits{Bytes: 1 << 30, Days: 1}, segment.Salvage, clock, log)
	if err != nil {
		b.t.Fatal(err)
	}
	store, err := home.Open(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	guard := lan.New(lan.Config{Loopback: true})
	a := &agent{log: log, now: clock, store: store, guard: guard, spool: s, budget: upload.NewBudget(nil, vietnam, clock), link: link.New(link.Config{HubURL: "http://127.0.0.1:1", Identity: identity, Log: log}, clock)}
	a.publisher = live.New(live.Config{HubURL: "http://127.0.0.1:1", Client: http.DefaultClient, Log: log}, clock)
	b.t.Cleanup(func() { a.publisher.Close(); s.Close() })
	b.recorder = newRecorder(a, camera.NewCameraID("h", "S", 0), Camera{Label: "Nhà"}, camera.CauseAgentOff)
	origin := b.now
	b.writer = segment.New(segment.Config{
		Camera: b.id, Clock: a.link.Clock, Closed: b.closed,
		Elapsed: func(time.Time) time.Duration { return b.media + origin.Sub(noon) },
	}, b, clock)
}

// share changes what the household agrees to.
func (b *bench) share(c camera.Consent) {
	cam := b.cam()
	cam.Consent = c
	b.shared.Store(&cam)
}

// crash is a power cut: what was written of the open segment stays, its end does not.
func (b *bench) crash() { b.agent.spool.Close() }

type brokenFile struct{ segment.File }

func (brokenFile) Write([]byte) (int, error) { return 0, errors.New("input/output error") }

func (b *bench) Create(id camera.CameraID) (segment.File, error) {
	f, err := b.agent.spool.Create(id)
	if err != nil {
		return nil, err
	}
	if b.broken {
		return brokenFile{f}, nil
	}
	return f, nil
}

// Parameter sets of a 16x16 H.264 Baseline picture.
var sps, pps = []byte{0x67, 0x42, 0xc0, 0x0a, 0xdc, 0x7b, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x01, 0x48, 0xf1, 0x22, 0x6a}, []byte{0x68, 0xce, 0x0f, 0xc8}

func (b *bench) start() {
	b.t.Helper()
	track := media.Track{Codec: media.H264, ClockRate: 90000, SPS: sps, PPS: pps}
	if err := b.Start(media.Session{Tracks: []media.Track{track}, Video: media.H264}); err != nil {
		b.t.Fatal(err)
	}
}

// film sends ten pictures a second, a key frame each second.
func (b *bench) film(length time.Duration) error {
	for end := b.media + length; b.media < end; b.advance(100 * time.Millisecond) {
		key := b.media%time.Second == 0
		u := media.Unit{NALUs: [][]byte{{0x41, 1, 2}}, PTS: b.media, DTS: b.media, Received: b.now, Key: key}
		if key {
			u.NALUs = [][]byte{sps, pps, {0x65, 1, 2, 3}}
		}
		if err := b.Unit(u); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) advance(d time.Duration) { b.now, b.media = b.now.Add(d), b.media+d }

// gaps are what the hub will hear, as seconds since noon.
type gap struct {
	from, to int
	cause    camera.GapCause
}

func (b *bench) want(want ...gap) {
	b.t.Helper()
	_, got := b.agent.spool.Unannounced(camera.AnnounceMost)
	var all []gap
	for _, g := range got {
		all = append(all, gap{int(g.Start.Sub(noon).Round(time.Second).Seconds()), int(g.End.Sub(noon).Round(time.Second).Seconds()), g.Cause})
	}
	if len(all) != len(want) {
		b.t.Fatalf("gaps %v, want %v", all, want)
	}
	for i := range want {
		if all[i] != want[i] {
			b.t.Errorf("gaps %v, want %v", all, want)
			return
		}
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestCameraGoesAndComesBack(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(20 * time.Second))
	b.Stop(camera.CauseReconnect, "connection broken")
	b.advance(2 * time.Second)
	b.Stop(camera.CauseCameraOff, "no answer")
	b.advance(30 * time.Second)
	b.extendGap()
	b.want(gap{20, 22, camera.CauseReconnect}, gap{22, 52, camera.CauseCameraOff})
	b.advance(10 * time.Second)
	b.extendGap() // the same gap, longer
	b.start()
	b.must(b.film(10 * time.Second))
	b.extendGap() // recording: nothing grows
	b.want(gap{20, 22, camera.CauseReconnect}, gap{22, 62, camera.CauseCameraOff})
	if s := b.status(); s.State != camera.StateRecording || s.Codec != "h264" {
		t.Errorf("status %+v", s)
	}
}

func TestWrongPasswordIsNamed(t *testing.T) {
	b := newBench(t)
	b.Stop(camera.CauseWrongPassword, "401")
	b.advance(time.Minute)
	b.extendGap()
	if s := b.status(); s.State != camera.RecordState(camera.CauseWrongPassword) || !s.Since.Equal(noon) {
		t.Errorf("status %+v", s)
	}
	b.want(gap{0, 60, camera.CauseWrongPassword})
}

func TestAgentWasOff(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(15 * time.Second)) // one segment closed at 6 s, one at 12 s, one open with the seconds up to 14
	b.crash()
	b.advance(85 * time.Second)
	b.boot()
	b.extendGap()
	b.want(gap{14, 100, camera.CauseAgentOff})
	b.advance(2 * time.Second)
	b.start()
	b.must(b.film(8 * time.Second))
	b.want(gap{14, 102, camera.CauseAgentOff})
}

func TestDiskFailsAndRecovers(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(6 * time.Second))
	b.broken = true
	err := b.film(20 * time.Second)
	if err == nil {
		t.Fatal("a broken disk is not told")
	}
	b.Stop(camera.CauseDisk, "receiver failed") // as ingest does after an error
	b.advance(10 * time.Second)
	b.extendGap()
	if s := b.status(); s.State != camera.RecordState(camera.CauseDisk) {
		t.Errorf("status %+v", s)
	}
	b.broken = false
	b.start()
	b.media = (b.media + time.Second).Truncate(time.Second)
	b.must(b.film(10 * time.Second))
	_, gaps := b.agent.spool.Unannounced(camera.AnnounceMost)
	if len(gaps) != 1 || gaps[0].Cause != camera.CauseDisk || gaps[0].Start.Sub(noon) > 7*time.Second {
		t.Errorf("gaps %+v", gaps)
	}
}

func TestClockIsMoved(t *testing.T) {
	b := newBench(t)
	b.start()
	b.must(b.film(8 * time.Second))
	b.now = b.now.Add(time.Hour) // the wall alone: media time goes on
	b.must(b.film(10 * time.Second))
	segments, gaps := b.agent.spool.Unannounced(camera.AnnounceMost)
	if len(gaps) != 1 || gaps[0].Cause != camera.CauseClockStep || gaps[0].End.Sub(gaps[0].Start) < 59*time.Minute {
		t.Errorf("gaps %+v", gaps)
	}
	if last := segments[len(segments)-1]; last.Start.Before(noon.Add(time.Hour)) || last.Run == segments[0].Run {
		t.Errorf("the segment after the step: %+v", last)
	}
}

func TestPausedCameraIsNeverDialled(t *testing.T) {
	b := newBench(t)
	b.share(camera.Consent{Level: camera.ConsentLive, Paused: true})
	b.lost(camera.CausePaused, "")
	if err := b.agent.goLive(t.Context(), camera.LiveCommand{V: camera.LinkVersion, Camera: b.id, Start: true, Purpose: camera.PurposeCriminal}); camera.CodeOf(err) != camera.CodeForeignCamera {
		t.Errorf("a camera that is not of this agent: %v", err)
	}
	b.agent.cameras.set([]*recorder{b.recorder})
	if err := b.agent.goLive(t.Context(), camera.LiveCommand{V: camera.LinkVersion, Camera: b.id, Start: true, Purpose: camera.PurposeCriminal}); camera.CodeOf(err) != camera.CodePaused {
		t.Errorf("live of a paused camera: %v", err)
	}
	if err := b.agent.mayUploadSome(b.id); camera.CodeOf(err) != camera.CodePaused {
		t.Errorf("upload of a paused camera: %v", err)
	}
	b.advance(time.Minute)
	b.extendGap()
	b.want(gap{0, 60, camera.CausePaused})
}
