// Package segment turns a camera's units into closed fragmented MP4 files
// (ISO/IEC 14496-12) that each start on a key frame and stand by themselves.
//
// Parameter sets are in the file's head and, where the camera repeats them,
// byte for byte in the samples as well: what is recorded is what was sent. That
// is why H.265 is written as "hev1", the entry that allows sets in the samples.
//
// The time stamps inside the files count from the start of the run, so that the
// segments of a run join without a discontinuity.
//
// A file is
//
//	ftyp moov uuid (prft moof mdat)+
//
// The uuid box says whose file it is and where in its run ([Salvage] reads it), a
// prft box says at which wall clock a part begins. The first part is one key
// frame: with all that stands before it, it is a file by itself. The next ones
// have about a second each. A write is one or more whole parts, and a reader of
// its own goes over every byte: a segment is committed only when that reader finds
// what the writer meant to write.
package segment

import (
	"errors"
	"fmt"
	"io"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Sink gives the files to write to.
type Sink interface {
	Create(camera.CameraID) (File, error)
}

// File is one file in the making. Exactly one of Commit and Discard ends it,
// except that Discard follows a Commit that failed.
type File interface {
	io.Writer
	Commit(camera.Segment) error // nil means that the file is durable
	Discard()
}

// Meter tells how much moves from the sizes of the coded pictures.
type Meter interface {
	// Picture takes the next picture: the bytes of its access unit, and its media
	// time in the run.
	Picture(size int, key bool, at time.Duration)
	// Take gives one byte for each started second of [from, to), and forgets what
	// lies before to.
	Take(from, to time.Duration) camera.Activity
}

// Config says for whom a Writer writes.
type Config struct {
	Camera camera.CameraID
	Stream camera.Stream
	Clock  func() camera.Clock  // what the agent knows about its clock, asked when a segment closes
	NewRun func() camera.RunID  // names a run; nil takes a random name
	Closed func(camera.Segment) // after each segment that is durable, and was read back and made sense; may be nil

	// Origin says who recorded what comes. Of a recorder's footage, Recorder is its
	// clock against ours (recorder's − agent's, |error| at most bound), asked when a
	// segment begins; the units' times are already corrected by it.
	Origin   camera.Origin
	Recorder func() (offset, bound camera.Millis)

	Activity Meter // hears of each picture; nil: segments carry no activity

	// Elapsed is the monotonic time of a unit's receive time; nil takes the
	// monotonic reading inside of it, or the time itself where there is none: what a
	// recorder plays back comes faster than it happened, and that is no clock step.
	// Tests move the two clocks apart with it.
	Elapsed func(received time.Time) time.Duration
}

// Writer writes the segments of one camera. It belongs to one goroutine.
type Writer struct {
	cfg     Config
	sink    Sink
	session media.Session
	started bool
	sets    media.Parameters // newest parameter sets of the session
	clock   stepper
	run     *run // nil until a key frame comes
	buf     buffers
}

// New makes a writer; now gives the point from which monotonic time is counted.
func New(cfg Config, sink Sink, now func() time.Time) *Writer {
	if cfg.Elapsed == nil {
		origin := now()
		cfg.Elapsed = func(t time.Time) time.Duration { return t.Sub(origin) }
	}
	if cfg.NewRun == nil {
		cfg.NewRun = randomRun
	}
	if cfg.Closed == nil {
		cfg.Closed = func(camera.Segment) {}
	}
	return &Writer{cfg: cfg, sink: sink}
}

// Start begins a session: its first key frame begins a run. A session that is
// still open is stopped first.
func (w *Writer) Start(s media.Session) error {
	err := w.Stop()
	if len(s.Tracks) == 0 || !s.Tracks[0].Codec.Video() {
		return errors.Join(err, fmt.Errorf("start session: track 0 is not video"))
	}
	w.session, w.started = s, true
	w.sets = media.ParametersOf(s.Tracks[0])
	w.clock = stepper{}
	return err
}

// Unit takes the next unit. Units before a key frame are dropped.
//
// A *RunEnded error (found with errors.As; errors.Is knows ErrRunEnded) says that
// the writer ended the run by itself; the unit was taken and the session goes on,
// only the gap has to be noted. Any other error is one of the sink, or of the
// camera's parameter sets (ErrParameters): the open segment was discarded and the
// next key frame begins a new run. Both may come at once, joined.
func (w *Writer) Unit(u media.Unit) error {
	switch {
	case !w.started:
		return fmt.Errorf("write unit: no session")
	case u.Track < 0 || u.Track >= len(w.session.Tracks) || len(u.NALUs) == 0:
		return fmt.Errorf("write unit: track %d with %d parts", u.Track, len(u.NALUs))
	case u.Track > 0:
		if w.run != nil {
			w.run.file.sound(u)
		}
		return nil
	}
	ended, err := w.check(u)
	if err == nil {
		err = w.picture(u)
	}
	switch {
	case ended == nil:
		return err
	case err == nil:
		return ended
	}
	return errors.Join(ended, err)
}

// Stop closes the current segment and ends the run and the session.
func (w *Writer) Stop() error {
	w.started = false
	return w.end(nil)
}

// check ends the run when the unit cannot be a part of it.
func (w *Writer) check(u media.Unit) (*RunEnded, error) {
	old, stepped := w.clock.step(u.Received.Round(0), w.cfg.Elapsed(u.Received))
	if w.run == nil {
		return nil, nil
	}
	ended := w.run.fits(u)
	boundary := &u
	if stepped {
		ended = &RunEnded{Cause: camera.CauseClockStep, Old: old, New: u.Received.Round(0)}
	}
	if ended == nil {
		return nil, nil
	}
	if ended.Cause != camera.CauseNoKeyFrame {
		boundary = nil // its times do not belong to this run
	}
	r := w.run
	err := w.end(boundary)
	ended.At = r.start
	return ended, err
}

// picture adds a unit of video, after it has cut where a cut is due.
func (w *Writer) picture(u media.Unit) error {
	if sets := media.ParametersIn(w.session.Video, u.NALUs).Over(w.sets); !sets.Equal(w.sets) {
		w.sets = sets.Clone() // the unit's memory is not kept
	}
	if w.run == nil && (!u.Key || !w.sets.Complete(w.session.Video)) {
		return nil // nothing could decode it
	}
	if w.run == nil {
		if err := w.begin(u, time.Time{}); err != nil {
			return err
		}
	} else if err := w.cut(u); err != nil {
		return err
	}
	if err := w.run.add(u); err != nil {
		return w.fail(err)
	}
	if w.cfg.Activity != nil {
		w.cfg.Activity.Picture(payloadSize(u.NALUs), u.Key, w.run.media(u))
	}
	return nil
}

// cut closes the open segment at a key frame when it is long enough, or begins a
// new run without a pause when the parameter sets changed.
func (w *Writer) cut(u media.Unit) error {
	r := w.run
	switch {
	case !u.Key:
		return nil
	case !r.sets.Equal(w.sets):
		if err := w.end(&u); err != nil {
			return err
		}
		return w.begin(u, r.start)
	case r.due(u):
		if err := w.close(&u); err != nil {
			return err
		}
		return w.open(u)
	}
	return nil
}

// begin opens a run at a key frame. A run that follows without a pause starts at
// after, where the last one ended.
func (w *Writer) begin(u media.Unit, after time.Time) error {
	head, err := newHead(w.session, w.sets)
	if err != nil {
		return fmt.Errorf("open segment: %w: %w", ErrParameters, err)
	}
	w.run = &run{id: w.cfg.NewRun(), sets: w.sets, head: head, base: u.DTS, last: u.DTS, start: after}
	return w.open(u)
}

func (w *Writer) open(u media.Unit) error {
	to, err := w.sink.Create(w.cfg.Camera)
	if err != nil {
		w.run = nil
		return fmt.Errorf("open segment: %w", err)
	}
	r := w.run
	n := note{
		id: camera.SegmentID{Camera: w.cfg.Camera, Run: r.id, Seq: r.seq}, stream: w.cfg.Stream,
		prev: r.prev, clock: wholeMillis(w.cfg.Clock()), origin: w.cfg.Origin,
	}
	if w.cfg.Recorder != nil {
		offset, bound := w.cfg.Recorder()
		n.recorder = recorderClock{whole(offset), whole(bound)}
	}
	if !r.start.IsZero() {
		n.start = r.start.UnixMilli()
	}
	r.file = newFile(to, r, n, &w.buf, u)
	return nil
}

// end closes the open segment and the run.
func (w *Writer) end(boundary *media.Unit) error {
	if w.run == nil {
		return nil
	}
	err := w.close(boundary)
	w.run = nil
	return err
}

// close makes the open segment durable. boundary is the unit after its last
// one, nil when there is none on the same time line.
func (w *Writer) close(boundary *media.Unit) error {
	s, err := w.run.finish(boundary)
	if err != nil {
		return w.fail(err)
	}
	s.Clock, s.Activity = w.cfg.Clock(), w.activity(s)
	if err := s.Check(); err != nil {
		return w.fail(err)
	}
	if err := w.run.file.to.Commit(s); err != nil {
		return w.fail(err)
	}
	w.run.closed(s)
	w.cfg.Closed(s)
	return nil
}

// activity asks the meter for the seconds of a segment that was closed. A meter
// that gives more is not believed: it must not be able to break the recording.
func (w *Writer) activity(s camera.Segment) camera.Activity {
	if w.cfg.Activity == nil {
		return ""
	}
	from := w.run.media(w.run.file.first)
	length := time.Duration(s.Media)
	a := w.cfg.Activity.Take(from, from+length)
	if time.Duration(len(a)) > length/time.Second+1 {
		return ""
	}
	return a
}

// discard gives up the open segment and its run, and lets the meter forget them.
func (w *Writer) discard() {
	r := w.run
	r.file.to.Discard()
	w.run = nil
	if w.cfg.Activity != nil {
		end := r.last - r.base + 1
		w.cfg.Activity.Take(end, end)
	}
}

// fail gives the open segment up. What follows it cannot be in its run, whose
// numbers have no holes.
func (w *Writer) fail(err error) error {
	w.discard()
	return fmt.Errorf("write segment: %w", err)
}
