package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/activity"
	"xulang.vn/camera/agent/archive"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/onvif"
	"xulang.vn/camera/agent/segment"
)

// past is one recorder of the household whose own footage can be fetched.
type past struct {
	recorder string // of the book
	made     string // what it was made of: when that changes, another one is made
	channels []archive.Channel
	archive  *archive.Archive
	stop     context.CancelFunc
	ended    chan struct{}
}

// callWithin bounds one question to a recorder: some look through their whole disk first.
const callWithin = 30 * time.Second

// arrangePasts compares the recorders whose past is fetched with those that it may be
// fetched from. What has to end ends before anything begins: recorders serve few. Nobody
// waits for that here, a pause least of all: some take long to say good-bye.
func (a *agent) arrangePasts(ctx context.Context, group *errgroup.Group) {
	book := a.store.Book()
	type wish struct {
		home.Recorder
		channels []archive.Channel
		made     string
	}
	var wishes []wish
	for _, r := range book.Recorders {
		if channels := a.channels(book, r); r.Past && len(channels) > 0 {
			made := fmt.Sprint(r.Dialect, r.Address, r.HTTPPort, r.RTSPPort, r.XAddr, r.Username, r.SignedIn, channels) + r.Password.Reveal()
			wishes = append(wishes, wish{r, channels, made})
		}
	}
	kept := map[string]*past{}
	var ending []*past
	was := a.cameras.recorders()
	for _, p := range was {
		if slices.ContainsFunc(wishes, func(w wish) bool { return w.ID == p.recorder && w.made == p.made }) {
			kept[p.recorder] = p
			continue
		}
		p.stop()
		ending = append(ending, p)
	}
	var now []*past
	for _, w := range wishes {
		p := kept[w.ID]
		if p == nil {
			p = a.beginPast(ctx, group, w.Recorder, w.channels, w.made, ending)
		}
		now = append(now, p)
	}
	a.cameras.mu.Lock()
	a.cameras.pasts = now
	a.cameras.mu.Unlock()
	a.cameras.fetch(a.spool.Wants())
}

// channels are the recorder's that the household shares.
func (a *agent) channels(book home.Book, r home.Recorder) []archive.Channel {
	var out []archive.Channel
	for _, c := range book.Cameras {
		channel := r.Channel(c.Channel)
		if c.Recorder != r.ID || !c.Shared() || channel == nil {
			continue
		}
		out = append(out, archive.Channel{
			Camera: camera.NewCameraID(a.member.Household, r.Serial, c.Channel), Number: c.Channel, Sound: c.Sound, Token: strconv.Itoa(c.Channel),
		})
	}
	return out
}

func (a *agent) beginPast(ctx context.Context, group *errgroup.Group, r home.Recorder, channels []archive.Channel, made string, before []*past) *past {
	ctx, stop := context.WithCancel(ctx)
	p := &past{recorder: r.ID, made: made, channels: channels, stop: stop, ended: make(chan struct{})}
	log := a.log.With("recorder", r.Brand+" "+r.Address)
	p.archive = archive.New(archive.Config{
		Name: r.Brand + " " + r.Address, Source: a.source(r), Channels: channels,
		Play: func(ctx context.Context, b archive.Playback, to archive.Receiver) error {
			return a.replay(ctx, r, b, to)
		},
		NewWriter: func(id camera.CameraID, clock func() (offset, bound camera.Millis)) archive.Writer {
			return a.pastWriter(id, clock)
		},
		Have: a.spool.Covered, May: a.mayCopy, Yield: func() bool { return a.crowded(channels) }, Log: log,
	}, a.now)
	group.Go(func() error {
		defer close(p.ended)
		defer stop()
		for _, p := range before {
			<-p.ended
		}
		var both errgroup.Group
		both.Go(func() error { return p.archive.Run(ctx) })
		both.Go(func() error { return a.tellChanges(ctx, p) })
		if err := both.Wait(); err != nil && ctx.Err() == nil {
			log.Error("recorder's past cannot be fetched", "err", err)
		}
		return nil
	})
	return p
}

// source speaks with the recorder in its dialect.
func (a *agent) source(r home.Recorder) archive.Source {
	web := "http://" + net.JoinHostPort(r.Address, strconv.Itoa(r.HTTPPort))
	rtsp := net.JoinHostPort(r.Address, strconv.Itoa(r.RTSPPort))
	client := a.guard.Client(r.Username, r.Password.Reveal(), callWithin)
	switch onvif.Dialect(r.Dialect) {
	case onvif.Hikvision:
		return archive.Hikvision(client, web, rtsp, a.now)
	case onvif.Dahua:
		return archive.Dahua(client, web, rtsp, a.now)
	default:
		return archive.Onvif(&replays{agent: a, recorder: r})
	}
}

// replay plays a part of the recorder's past.
func (a *agent) replay(ctx context.Context, r home.Recorder, b archive.Playback, to archive.Receiver) error {
	return ingest.Replay(ctx, ingest.ReplayConfig{
		Config: ingest.Config{URL: b.URL, Username: r.Username, Password: r.Password.Reveal(), Sound: b.Sound, Control: a.guard.Control},
		Header: b.Header, Range: b.Range, Proven: true,
		Times: ingest.Times{Start: b.Start, End: b.End, Early: b.Early, Ahead: b.Ahead, Loose: b.Loose},
	}, to, a.now, a.log)
}

// pastWriter writes what comes out of a recorder into the same spool.
func (a *agent) pastWriter(id camera.CameraID, clock func() (offset, bound camera.Millis)) archive.Writer {
	return replayed{segment.New(segment.Config{
		Camera: id, Clock: a.link.Clock, Activity: activity.New(), Origin: camera.OriginRecorder, Recorder: clock,
		Closed: func(s camera.Segment) {
			if r, ok := a.cameras.get(id); ok {
				r.count(s)
			}
		},
	}, spoolSink{a}, a.now)}
}

// replayed is a segment writer for which the end of a run is no error.
type replayed struct{ *segment.Writer }

func (w replayed) Unit(u media.Unit) error {
	err := w.Writer.Unit(u)
	var ended *segment.RunEnded
	if errors.As(err, &ended) && errors.Is(ended, err) {
		return nil
	}
	return err
}

// mayCopy asks the household's consent before its recorder is read for a case. What is
// copied stays at home; a pause does not end that. What the recorder saw in a pause is
// never read, neither in it nor after it.
func (a *agent) mayCopy(id camera.CameraID, from, to time.Time) error {
	r, ok := a.cameras.get(id)
	if !ok {
		return camera.Errorf(camera.CodeNoConsent, "camera %s is not shared any more", id)
	}
	cam := r.cam()
	switch err := camera.Decide(cam.Consent, camera.ActionSend, camera.Asker{From: from, To: to}, a.now()); camera.CodeOf(err) {
	case "", camera.CodePaused, camera.CodeAskOwner: // a hold keeps what the household is asked for
	default:
		return err
	}
	for _, w := range cam.withheld {
		if from.Before(w.To.Add(leadLongest)) && to.After(w.From.Add(-clockLoose)) || w.To.IsZero() && to.After(w.From.Add(-clockLoose)) {
			return camera.Errorf(camera.CodePaused, "camera %s was paused then", id)
		}
	}
	return nil
}

// A recorder plays from a key frame before what is asked for, and its clock is known to
// about a second.
const (
	leadLongest = time.Minute
	clockLoose  = 2 * time.Second
)

// shown is a past without the times that the household withholds.
func (a *agent) shown(p camera.CameraPast) camera.CameraPast {
	r, ok := a.cameras.get(p.Camera)
	if !ok {
		return p
	}
	for _, w := range r.cam().withheld {
		var left []camera.Interval
		for _, s := range p.Spans {
			if w.From.After(s.From) {
				left = append(left, camera.Interval{From: s.From, To: earlier(s.To, w.From)})
			}
			if !w.To.IsZero() && w.To.Before(s.To) {
				left = append(left, camera.Interval{From: later(s.From, w.To), To: s.To})
			}
		}
		p.Spans = left
	}
	p.Spans = p.Spans[max(0, len(p.Spans)-camera.PastSpansMost):]
	return p
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// crowded tells whether the recorder has no session left for a live one of its
// channels: playing its past would keep that one out.
func (a *agent) crowded(channels []archive.Channel) bool {
	return slices.ContainsFunc(channels, func(ch archive.Channel) bool {
		r, ok := a.cameras.get(ch.Camera)
		return ok && strings.HasPrefix(r.status().Detail, ingest.FullDetail)
	})
}

// tellChanges lets the hub know what the recorder has, whenever that changes.
func (a *agent) tellChanges(ctx context.Context, p *past) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.archive.Changed():
			a.tellPasts(ctx, p)
		}
	}
}

// tellPasts sends what recorders have; all of them when the hub has greeted.
func (a *agent) tellPasts(ctx context.Context, pasts ...*past) {
	var all []camera.CameraPast
	for _, p := range pasts {
		for _, told := range p.archive.Past() {
			if a.mayTell(told.Camera) {
				all = append(all, a.shown(told))
			}
		}
	}
	if len(all) == 0 || !a.link.Connected() {
		return // greeted tells it
	}
	if err := a.link.Past(ctx, all); err != nil && ctx.Err() == nil {
		a.log.Warn("tell the recorder's past", "err", err)
	}
}

func (c *cameras) recorders() []*past {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.pasts
}

// fetch has the recorders look for what is wanted and is not here.
func (c *cameras) fetch(wants []camera.Want) {
	for _, p := range c.recorders() {
		p.archive.SetWants(wants)
	}
}

// pastFrom is how far back a camera's recorder reaches; zero: none, or not known yet.
func (a *agent) pastFrom(id camera.CameraID) (from time.Time) {
	for _, p := range a.cameras.recorders() {
		for _, told := range p.archive.Past() {
			if told.Camera == id && len(told.Spans) > 0 {
				from = told.Spans[0].From
			}
		}
	}
	return from
}

// fetchPast copies a part of a recorder's past now, and gives how much came.
func (a *agent) fetchPast(ctx context.Context, id camera.CameraID, from, to time.Time) (seconds float64, err error) {
	for _, p := range a.cameras.recorders() {
		if slices.ContainsFunc(p.channels, func(ch archive.Channel) bool { return ch.Camera == id }) {
			return p.archive.Fetch(ctx, id, from, to)
		}
	}
	return 0, camera.Errorf(camera.CodeNotFound, "camera %s has no recorder whose past can be fetched", id)
}

// replays are the ONVIF calls of a recorder (archive.OnvifCalls). It is signed in at
// when it is first asked; a token is the channel's number.
type replays struct {
	agent    *agent
	recorder home.Recorder
	device   *onvif.Device
}

func (r *replays) open(ctx context.Context) (*onvif.Device, error) {
	if r.device != nil {
		return r.device, nil
	}
	at, err := foundOf(r.recorder)
	if err != nil {
		return nil, err
	}
	cfg := onvif.Config{Guard: r.agent.guard, Simulated: r.agent.cfg.Simulated, Now: r.agent.now, Log: r.agent.room("onvif")}
	r.device, err = onvif.Open(ctx, cfg, at, r.recorder.Username, r.recorder.Password.Reveal())
	return r.device, err
}

// Clock asks how far the recorder's clock is ahead.
func (r *replays) Clock(ctx context.Context) (ahead, bound time.Duration, err error) {
	d, err := r.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	return d.Clock(ctx)
}

// Recordings asks what there is.
func (r *replays) Recordings(ctx context.Context, token string, from, to time.Time) ([]camera.Interval, error) {
	d, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.channel(token)
	if err != nil {
		return nil, err
	}
	return d.Recordings(ctx, c, from, to)
}

// ReplayURI asks where it is played.
func (r *replays) ReplayURI(ctx context.Context, token string) (string, error) {
	d, err := r.open(ctx)
	if err != nil {
		return "", err
	}
	c, err := r.channel(token)
	if err != nil {
		return "", err
	}
	return d.ReplayURI(ctx, c)
}

func (r *replays) channel(token string) (onvif.Channel, error) {
	n, err := strconv.Atoi(token)
	if err == nil {
		if c := r.recorder.Channel(n); c != nil {
			return onvif.Channel{Number: c.Number, Name: c.Name, MainURL: c.MainURL, SubURL: c.SubURL, Token: c.Token, SourceToken: c.SourceToken}, nil
		}
	}
	return onvif.Channel{}, camera.Errorf(camera.CodeNotFound, "recorder has no channel %q", token)
}
