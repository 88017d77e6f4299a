package simnvr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	rtspconn "github.com/bluenviron/gortsplib/v4/pkg/conn"
	"golang.org/x/sync/errgroup"
)

// Limits of one RTSP connection.
const (
	sessionTimeout = 60 * time.Second // told to the client, which keeps the session alive
	readTimeout    = sessionTimeout + 15*time.Second
	writeTimeout   = 10 * time.Second // a client that takes nothing for so long is gone
	mostConns      = 128
)

// serveRTSP has its own small server instead of gortsplib's: that one writes one
// stream to all readers and leaves out what a reader is too slow for, while
// playback has a place and a speed for each session and waits for its reader.
func (r *Recorder) serveRTSP(ctx context.Context, ln net.Listener) error {
	conns, ctx := errgroup.WithContext(ctx)
	conns.SetLimit(mostConns)
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	for {
		nc, err := ln.Accept()
		if err != nil {
			waitErr := conns.Wait()
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the listener was closed under our hands
			}
			return errors.Join(fmt.Errorf("accept client: %w", err), waitErr)
		}
		if !conns.TryGo(func() error { r.serveConn(ctx, nc); return nil }) {
			nc.Close()
		}
	}
}

// rtspConn is one client. Its session is used by its reading goroutine alone.
type rtspConn struct {
	rec     *Recorder
	nc      net.Conn
	session *session

	mu sync.Mutex // held while writing: answers stand between pictures
}

func (r *Recorder) serveConn(ctx context.Context, nc net.Conn) {
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	c := &rtspConn{rec: r, nc: nc}
	defer c.endSession()
	in := rtspconn.NewConn(nc)
	for {
		if nc.SetReadDeadline(time.Now().Add(readTimeout)) != nil {
			return
		}
		message, err := in.Read()
		if err != nil {
			return // the client has left, or speaks something else
		}
		req, ok := message.(*base.Request)
		if !ok {
			continue // receiver reports, which only keep the session alive
		}
		res := c.answer(req)
		if res.Header == nil {
			res.Header = base.Header{}
		}
		res.Header["CSeq"] = req.Header["CSeq"]
		if c.session != nil {
			res.Header["Session"] = base.HeaderValue{fmt.Sprintf("%s;timeout=%d", c.session.id, int(sessionTimeout.Seconds()))}
		}
		out, err := res.Marshal()
		if err != nil || c.write(out) != nil {
			return
		}
		if c.session != nil {
			c.session.startPlayer(ctx) // after the answer to PLAY
		}
	}
}

func (c *rtspConn) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.nc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("write to client: %w", err)
	}
	if _, err := c.nc.Write(b); err != nil {
		return fmt.Errorf("write to client: %w", err)
	}
	return nil
}

func (c *rtspConn) answer(req *base.Request) *base.Response {
	switch req.Method {
	case base.Options:
		return &base.Response{StatusCode: base.StatusOK, Header: base.Header{
			"Public": base.HeaderValue{"OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"},
		}}
	case base.GetParameter, base.SetParameter: // keep the session alive (RFC 2326 section 10.8)
		return status(base.StatusOK)
	case base.Teardown:
		c.endSession()
		return status(base.StatusOK)
	case base.Describe, base.Setup, base.Play, base.Pause:
	default:
		return status(base.StatusNotImplemented)
	}
	if req.URL == nil {
		return status(base.StatusBadRequest)
	}
	if v := c.rec.guard.digest(string(req.Method), first(req.Header, "Authorization")); v != granted {
		return c.unauthorized(v == stale)
	}
	switch req.Method {
	case base.Describe:
		return c.describe(req)
	case base.Setup:
		return c.setup(req)
	}
	if c.session == nil {
		return status(base.StatusSessionNotFound)
	}
	if req.Method == base.Pause {
		c.session.stopPlayer()
		return status(base.StatusOK)
	}
	return c.session.play(req)
}

func (c *rtspConn) endSession() {
	if c.session != nil {
		c.session.stopPlayer()
		c.rec.seats.free(c.session.seat)
		c.session = nil
	}
}

func (c *rtspConn) unauthorized(old bool) *base.Response {
	return &base.Response{StatusCode: base.StatusUnauthorized, Header: base.Header{
		"WWW-Authenticate": base.HeaderValue{c.rec.guard.challenge(old)},
	}}
}

// full is how the makers say that another session is too many (field reports:
// webrtc-streamer issue 174 for Hikvision, rroller/dahua issue 603 for Dahua).
func (c *rtspConn) full() *base.Response {
	if c.rec.cfg.Dialect == Dahua {
		return c.unauthorized(false)
	}
	return status(base.StatusNotEnoughBandwidth)
}

func status(code base.StatusCode) *base.Response { return &base.Response{StatusCode: code} }

func first(h base.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// withoutTrack takes off what SETUP adds to the described URL: at the end of the
// query, or of the path when there is none.
func withoutTrack(u url.URL) (url.URL, bool) {
	part := &u.Path
	if u.RawQuery != "" {
		part = &u.RawQuery
		u.RawPath = ""
	}
	i := strings.LastIndex(*part, "/trackID=")
	if i < 0 {
		return u, false
	}
	*part = (*part)[:i]
	return u, true
}
