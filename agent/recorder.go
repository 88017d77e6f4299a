package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

// recorder leads one camera's units into segments and live views, and sees to it
// that every second without footage is a gap with a cause.
type recorder struct {
	agent  *agent
	id     camera.CameraID
	cam    Camera
	log    *slog.Logger
	writer *segment.Writer

	mu     sync.Mutex
	open   bool // a session runs: video() is valid, extendGap waits
	state  camera.RecordState
	since  time.Time
	detail string // of the state
	codec  media.Codec
	track  media.Track
	gap    camera.Gap // the growing gap: Start is where footage ended; Cause "" when there is none
}

func newRecorder(a *agent, id camera.CameraID, cam Camera) *recorder {
	r := &recorder{agent: a, id: id, cam: cam, log: a.log.With("room", "recorder", "camera", cam.Label)}
	r.writer = segment.New(segment.Config{Camera: id, Clock: a.link.Clock, Closed: r.closed}, spoolSink{a}, a.now)
	r.state, r.since = camera.RecordState(camera.CauseAgentOff), a.now()
	if end, ok := a.spool.Last(id); ok {
		r.gap = camera.Gap{Camera: id, Start: end, Cause: camera.CauseAgentOff}
	} else {
		r.gap = camera.Gap{Camera: id, Start: a.now(), Cause: camera.CauseReconnect}
	}
	return r
}

func (r *recorder) run(ctx context.Context) error {
	if r.cam.Consent.Paused {
		r.lost(camera.CausePaused, "")
		<-ctx.Done()
		return nil
	}
	in := ingest.New(ingest.Config{
		URL: r.cam.URL, Username: r.cam.Username, Password: r.cam.Password, Sound: r.cam.Sound, Networks: r.agent.networks,
	}, r, r.agent.now, r.log)
	return in.Run(ctx)
}

// Start begins a session (ingest.Receiver).
func (r *recorder) Start(s media.Session) error {
	if err := r.writer.Start(s); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.codec, r.track = true, s.Video, s.Tracks[0]
	r.state, r.since, r.detail = camera.StateRecording, r.agent.now(), ""
	return nil
}

// Unit takes one access unit (ingest.Receiver). An error ends the session: the
// disk does not take what the camera sends.
func (r *recorder) Unit(u media.Unit) error {
	r.agent.publisher.Unit(r.id, u)
	err := r.writer.Unit(u)
	var ended *segment.RunEnded
	if !errors.As(err, &ended) {
		return err
	}
	r.log.Warn("run ended; the next key frame begins a new one", "why", ended)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gap.Cause = ended.Cause
	return nil
}

// Stop ends a session, or says why there is none (ingest.Receiver).
func (r *recorder) Stop(cause camera.GapCause, detail string) {
	if err := r.writer.Stop(); err != nil {
		r.log.Error("close segment", "err", err)
		cause, detail = camera.CauseDisk, "disk full or failing"
	}
	r.agent.publisher.Stop(r.id)
	r.lost(cause, detail)
}

// closed hears of every durable segment: footage reaches to its end, and the time
// before its start that is not covered becomes a gap.
func (r *recorder) closed(s camera.Segment) {
	r.mu.Lock()
	gap := r.gap
	gap.End = s.Start
	r.gap = camera.Gap{Camera: r.id, Start: s.End, Cause: camera.CauseReconnect}
	r.mu.Unlock()
	if gap.Cause != "" && gap.End.Sub(gap.Start) > gapShortest {
		r.keep(gap)
	}
}

// gapShortest is less than a person would miss: rounding and one lost frame.
const gapShortest = 250 * time.Millisecond

// lost says that footage stops now for this cause. When the cause changes within
// a gap, the gap is cut in two.
func (r *recorder) lost(cause camera.GapCause, detail string) {
	now := r.agent.now()
	r.mu.Lock()
	old := r.gap
	old.End = now
	was := camera.GapCause(r.state)
	r.open = false
	if r.state != camera.RecordState(cause) || r.detail != detail {
		r.since = now
	}
	r.state, r.detail = camera.RecordState(cause), detail
	cut := was != cause && was.Announced() && old.End.Sub(old.Start) > gapShortest
	if cut {
		r.gap = camera.Gap{Camera: r.id, Start: now}
	}
	r.gap.Cause = cause
	r.mu.Unlock()
	if cut {
		r.keep(old)
	}
}

// extendGap lets a gap that is still open grow up to now.
func (r *recorder) extendGap() {
	now := r.agent.now()
	r.mu.Lock()
	gap, open := r.gap, r.open
	r.mu.Unlock()
	gap.End = now
	if open || gap.Cause == "" || gap.End.Sub(gap.Start) <= gapShortest {
		return
	}
	r.keep(gap)
}

func (r *recorder) keep(g camera.Gap) {
	g.Start, g.End = g.Start.UTC().Truncate(time.Millisecond), g.End.UTC().Truncate(time.Millisecond)
	if err := r.agent.spool.AddGap(g); err != nil {
		r.log.Error("write gap", "err", err)
	}
}

func (r *recorder) status() camera.CameraStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return camera.CameraStatus{Camera: r.id, State: r.state, Since: r.since.UTC(), Detail: r.detail, Codec: string(r.codec)}
}

func (r *recorder) video() (media.Track, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.track, r.open
}

func (r *recorder) note() camera.CameraNote {
	return camera.CameraNote{
		Camera: r.id, Serial: r.cam.Serial, Channel: r.cam.Channel, Label: r.cam.Label,
		View: r.cam.View, Consent: r.cam.Consent, Sound: r.cam.Sound,
	}
}

// spoolSink hands the spool's files to the segment writer.
type spoolSink struct{ *agent }

func (s spoolSink) Create(id camera.CameraID) (segment.File, error) { return s.spool.Create(id) }
