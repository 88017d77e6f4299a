package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/activity"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
)

// recorder leads one camera's units into segments and live views, and sees to it
// that every second without footage is a gap with a cause.
type recorder struct {
	agent  *agent
	id     camera.CameraID
	shared atomic.Pointer[Camera] // as the household shares it now; what cannot change in a running recorder makes a new one
	log    *slog.Logger
	writer *segment.Writer
	sub    *subStream
	there  watched[bool] // the camera takes our calls: sub may call it as well

	mu     sync.Mutex
	open   bool // a session runs: video() is valid, extendGap waits
	state  camera.RecordState
	since  time.Time
	turned time.Time // when the state became this one, whatever its details were
	detail string    // of the state
	codec  media.Codec
	track  media.Track
	hole   hole

	late lateGaps

	why camera.GapCause // of an error of Unit that tells more than that the disk failed; of the ingest's goroutine

	verified time.Time        // end of the newest segment; the writer reads back what it writes
	newest   camera.SegmentID // the one that ends there
	recorded tally

	purpose camera.Purpose // of the case of the running live view
}

// newRecorder makes one that goes on where the camera's last one ended. The cause is of
// the time in between.
func newRecorder(a *agent, id camera.CameraID, cam Camera, cause camera.GapCause) *recorder {
	r := &recorder{agent: a, id: id, log: a.log.With("room", "recorder", "camera", cam.Label)}
	r.shared.Store(&cam)
	r.writer = segment.New(segment.Config{Camera: id, Clock: a.link.Clock, Activity: activity.New(), Closed: r.closed}, spoolSink{a}, a.now)
	r.sub = newSubStream(r)
	r.state, r.since, r.turned = camera.RecordState(cause), a.now(), a.now()
	if cause == camera.CausePaused && !cam.Consent.Paused { // not any more
		r.state = camera.RecordState(camera.CauseReconnect)
	}
	r.hole.camera = id
	if end, ok := a.spool.Last(id); ok {
		r.hole.next(end, cause)
	} else {
		r.hole.next(a.now(), camera.CauseReconnect)
	}
	return r
}

// cam is the camera as the household shares it now.
func (r *recorder) cam() Camera { return *r.shared.Load() }

func (r *recorder) run(ctx context.Context) error {
	if r.cam().Consent.Paused {
		r.lost(camera.CausePaused, "")
		<-ctx.Done()
		return nil
	}
	return ingest.New(r.source(), r, r.agent.now, r.log).Run(ctx)
}

// source is the camera as ingest pulls it.
func (r *recorder) source() ingest.Config {
	cam := r.cam()
	return ingest.Config{
		URL: cam.URL, Username: cam.Username, Password: cam.Password, Sound: cam.Sound, UDP: cam.UDP,
		Control: r.agent.guard.Control, Try: r.agent.tries.of(cam), Live: func() bool { return r.agent.publisher.Publishing(r.id) },
	}
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
	r.turned = r.since
	r.there.set(true)
	return nil
}

// Unit takes one access unit (ingest.Receiver). An error ends the session: the
// disk does not take what the camera sends, or no file can hold it.
func (r *recorder) Unit(u media.Unit) error {
	r.show(u)
	err := r.writer.Unit(u)
	var ended *segment.RunEnded
	if !errors.As(err, &ended) {
		r.why = causeOf(err)
		return err
	}
	r.log.Warn("run ended; the next key frame begins a new one", "why", ended)
	r.mu.Lock()
	r.hole.cause = ended.Cause
	r.mu.Unlock()
	if errors.Is(ended, err) {
		return nil
	}
	r.why = causeOf(err)
	return err // the sink failed as well
}

// causeOf names what an error of the writer tells, "" when it is only that the
// footage could not be kept.
func causeOf(err error) camera.GapCause {
	switch {
	case errors.Is(err, segment.ErrParameters):
		return camera.CauseBadCodec
	case errors.Is(err, spool.ErrHeld):
		return camera.CauseHeldFull
	}
	return ""
}

// show hands a unit to a live view. Consent is asked with every one: it may have
// ended since the view began.
func (r *recorder) show(u media.Unit) {
	if !r.agent.publisher.Publishing(r.id) {
		return
	}
	if err := r.mayShow(); err != nil {
		r.log.Info("live view cut off", "why", err)
		r.agent.publisher.Stop(r.id)
		return
	}
	size := 0
	for _, n := range u.NALUs {
		size += len(n)
	}
	r.agent.budget.Live(size)
	r.agent.publisher.Unit(r.id, u)
}

// mayShow asks whether the running live view may go on.
func (r *recorder) mayShow() error {
	r.mu.Lock()
	purpose := r.purpose
	r.mu.Unlock()
	return r.mayShowFor(purpose)
}

func (r *recorder) mayShowFor(purpose camera.Purpose) error {
	return camera.Decide(r.cam().Consent, camera.ActionLive, camera.Asker{Officer: true, CaseOpen: true, Purpose: purpose}, r.agent.now())
}

// Stop ends a session, or says why there is none (ingest.Receiver).
func (r *recorder) Stop(cause camera.GapCause, detail string) {
	if err := r.writer.Stop(); err != nil {
		r.log.Error("close segment", "err", err)
		cause, detail = camera.CauseDisk, "disk full or failing"
		if why := causeOf(err); why != "" {
			cause = why
		}
	}
	if r.why != "" {
		cause, r.why = r.why, ""
	}
	r.lost(cause, detail)
	switch cause {
	case camera.CauseCameraOff, camera.CauseWrongPassword: // away, full, or not for us
		r.there.set(false)
	case camera.CauseBadCodec, camera.CauseNoKeyFrame: // it answers, and sub may be all that can be had
		r.there.set(true)
	}
	r.agent.publisher.Stop(r.id) // after lost: goLive asks video once more when it has begun
}

// closed hears of every durable segment: footage reaches to its end, and the time
// before its start that is not covered becomes a gap.
func (r *recorder) closed(s camera.Segment) {
	r.count(s)
	r.mu.Lock()
	r.verified, r.newest = s.End, s.SegmentID
	if r.hole.cause == "" {
		r.hole.cause = camera.CauseReconnect
	}
	gap, ok := r.hole.upTo(s.Start)
	r.hole.next(s.End, "")
	if ok {
		r.recorded.lose(gap)
	}
	r.mu.Unlock()
	if ok {
		r.keep(gap)
	}
}

// lost says that footage stops now for this cause. When the cause changes within
// a gap, the gap is cut in two.
func (r *recorder) lost(cause camera.GapCause, detail string) {
	now := r.agent.now()
	r.mu.Lock()
	end := now
	if r.open && !r.since.Round(0).Before(r.hole.start) {
		end = r.since // a session that gave no footage ended the old cause when it began
	}
	r.open = false
	if r.state != camera.RecordState(cause) || r.detail != detail {
		r.since = now
	}
	if r.state != camera.RecordState(cause) {
		r.turned = now
	}
	r.state, r.detail = camera.RecordState(cause), detail
	old, cut := r.hole.upTo(end)
	if cut = cut && r.hole.cause != cause; cut {
		r.hole.next(end, cause)
		r.recorded.lose(old)
	}
	r.hole.cause = cause
	r.mu.Unlock()
	if cut {
		r.keep(old)
	}
}

// extendGap lets a gap that is still open grow up to now.
func (r *recorder) extendGap() {
	now := r.agent.now()
	r.mu.Lock()
	var grown []camera.Gap
	if !r.open {
		if gap, ok := r.hole.upTo(now); ok {
			grown = append(grown, gap)
		}
	}
	r.mu.Unlock()
	r.keep(grown...) // and what is late
}

// away tells for how long the camera has not answered, or not to us; 0: it does.
func (r *recorder) away(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.state {
	case camera.RecordState(camera.CauseCameraOff), camera.RecordState(camera.CauseWrongPassword):
		return now.Sub(r.turned)
	}
	return 0
}

func (r *recorder) video() (media.Track, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.track, r.open
}

func (r *recorder) note() camera.CameraNote {
	cam := r.cam()
	return camera.CameraNote{
		Camera: r.id, Serial: cam.Serial, Channel: cam.Channel, Label: cam.Label,
		View: cam.View, Consent: cam.Consent, Sound: cam.Sound, Uplink: cam.Uplink,
	}
}
