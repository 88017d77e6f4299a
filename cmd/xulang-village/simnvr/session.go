package simnvr

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"

	"xulang.vn/camera/cmd/xulang-village/simcam"
)

// session is what SETUP makes of a connection. Its connection's reading goroutine
// owns all fields; out is the player's while one runs.
type session struct {
	conn      *rtspConn
	target    target
	seat      seat
	id        string
	place     string // the URL without the track
	ssrc      uint32
	extension bool // the client asked for ONVIF's

	out    stream
	next   *plan              // to start after the answer
	cancel context.CancelFunc // of the running player; nil: none
	done   chan struct{}      // closed when it has ended
}

// plan is one PLAY.
type plan struct {
	live     bool
	began    time.Time // when the client asked
	from, to time.Time // true time; playback only
	pace     float64   // media time over wall time
	scale    float64   // how much RTP time is squeezed (RFC 2326 section 12.34)
	free     bool      // Rate-Control: no
	cseq     byte
	tags     bool // with ONVIF's header extension
}

// play answers PLAY (RFC 2326 section 10.5); the player itself starts afterwards.
func (s *session) play(req *base.Request) *base.Response {
	rec := s.conn.rec
	s.stopPlayer()
	cseq, _ := strconv.Atoi(first(req.Header, "CSeq"))
	p := plan{live: !s.target.playback, began: rec.clock.now(), pace: 1, scale: 1, cseq: byte(cseq), tags: s.extension}
	header := base.Header{}
	if s.target.playback {
		from, to, ok := s.span(first(req.Header, "Range"))
		if ok {
			p.from, p.to, ok = rec.window(from, to)
		}
		if !ok {
			return status(base.StatusInvalidRange)
		}
		p.from = simcam.GroupStart(simcam.Group(p.from)) // the key picture at or before it
		s.hurry(req, &p, header)
		header["Range"] = base.HeaderValue{fmt.Sprintf("clock=%s-%s", clockTime(rec.clock.at(p.from)), clockTime(rec.clock.at(p.to)))}
	} else {
		p.from = simcam.GroupStart(simcam.Group(rec.clock.now()))
		header["Range"] = base.HeaderValue{"npt=now-"}
	}
	header["RTP-Info"] = base.HeaderValue{fmt.Sprintf("url=%s/%s;seq=%d;rtptime=%d", strings.TrimSuffix(s.place, "/"), track, s.out.sequence, s.out.ticks)}
	s.next = &p
	return &base.Response{StatusCode: base.StatusOK, Header: header}
}

// span is the stretch of recorder time that PLAY asks for. Makers put it into the
// URL, and a npt counts from there; with ONVIF it is clock= in UTC (Streaming,
// "Playback", Range). Without any, playback starts at the beginning.
func (s *session) span(text string) (from, to time.Time, ok bool) {
	from, to = s.target.from, s.target.to
	if from.IsZero() {
		from = s.conn.rec.clock.at(s.conn.rec.clock.oldest())
	}
	if text == "" {
		return from, to, true
	}
	var h headers.Range
	if h.Unmarshal(base.HeaderValue{text}) == nil {
		if npt, is := h.Value.(*headers.RangeNPT); is && npt.Start < 24*time.Hour {
			return from.Add(npt.Start), to, true
		}
	}
	begin, end, ok := strings.Cut(strings.TrimPrefix(text, "clock="), "-")
	if !ok || !strings.HasPrefix(text, "clock=") {
		return from, to, false
	}
	if from, ok = s.instant(begin); !ok || from.IsZero() {
		return from, to, false
	}
	end, _, _ = strings.Cut(end, ";")
	to, ok = s.instant(end)
	return from, to, ok && (to.IsZero() || from.Before(to))
}

// instant reads RFC 2326 section 3.7's utc-time; empty is zero.
func (s *session) instant(text string) (time.Time, bool) {
	if s.conn.rec.cfg.Dialect == Hikvision {
		return s.conn.rec.hikvisionTime(text)
	}
	if text == "" {
		return time.Time{}, true
	}
	t, err := time.Parse("20060102T150405Z", text) // a fraction is read without being in the layout
	return t, err == nil
}

func clockTime(t time.Time) string { return t.UTC().Format("20060102T150405.000Z") }

// hurry takes Speed and Scale (RFC 2326 sections 12.34, 12.35) and, at an ONVIF
// replay URL, Rate-Control (Streaming, "Playback"), and says what they got.
func (s *session) hurry(req *base.Request, p *plan, header base.Header) {
	most := s.conn.rec.cfg.Speed
	factor := func(name string) float64 {
		f, err := strconv.ParseFloat(first(req.Header, name), 64)
		if err != nil || math.IsNaN(f) || f <= 0 {
			return 1
		}
		return min(f, most)
	}
	p.scale = factor("Scale")
	p.pace = min(p.scale*factor("Speed"), most)
	if p.scale != 1 {
		header["Scale"] = base.HeaderValue{strconv.FormatFloat(p.scale, 'f', 3, 64)}
	}
	if p.pace != p.scale {
		header["Speed"] = base.HeaderValue{strconv.FormatFloat(p.pace/p.scale, 'f', 3, 64)}
	}
	if s.target.replay && strings.EqualFold(first(req.Header, "Rate-Control"), "no") {
		p.free, p.pace, p.scale = true, most, 1
		header["Rate-Control"] = base.HeaderValue{"no"}
		delete(header, "Scale")
		delete(header, "Speed")
	}
}

// startPlayer starts what play has prepared, if anything.
func (s *session) startPlayer(ctx context.Context) {
	if s.next == nil {
		return
	}
	p := *s.next
	s.next = nil
	ctx, s.cancel = context.WithCancel(ctx)
	s.done = make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		if err := s.out.run(ctx, p); err != nil && ctx.Err() == nil {
			s.conn.rec.cfg.Log.Debug("session broke off", "error", err)
			s.conn.nc.Close() // its reading goroutine then ends the session
		}
	}(s.done)
}

// stopPlayer returns when the player has ended.
func (s *session) stopPlayer() {
	s.next = nil
	if s.cancel == nil {
		return
	}
	s.cancel()
	<-s.done
	s.cancel = nil
}
