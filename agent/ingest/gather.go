package ingest

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	gatherAtOnce = 64 << 10  // bytes of one read; more are read without a pause
	gatherMost   = 512 << 10 // bytes that wait in the kernel at most; then the reader is woken
)

// gatherer is a connection that is read a few times a second instead of with each
// packet: what a recorder costs is mostly being woken up.
//
// While it gathers, the kernel does not report what comes in (SO_RCVLOWAT): the
// socket is looked at on each multiple of every, at which the gatherers of all
// cameras wake together. A read that filled the buffer is followed by another at
// once, so that a burst is never throttled. What waits stays in the kernel, and
// beyond that the camera waits (TCP).
type gatherer struct {
	net.Conn
	raw   syscall.RawConn // nil when the system cannot do it: then each read waits for data
	every time.Duration   // 0 or less: never gather
	live  func() bool     // while true, do not gather; may be nil
	now   func() time.Time

	playing  atomic.Bool  // the handshake is over
	deadline atomic.Int64 // of reads in Unix nanoseconds, 0 for none
	wake     chan struct{}
	once     sync.Once
	closed   chan struct{}

	// Of the goroutine that reads.
	buf     []byte
	rest    []byte    // of buf, read and not handed on yet
	at      time.Time // when rest was read
	emptied bool      // the last read took all that there was
	quiet   bool      // the kernel reports nothing
	timer   *time.Timer
}

func newGatherer(c net.Conn, every time.Duration, live func() bool, now func() time.Time) *gatherer {
	g := &gatherer{
		Conn: c, every: every, live: live, now: now,
		wake: make(chan struct{}, 1), closed: make(chan struct{}), buf: make([]byte, gatherAtOnce),
	}
	if s, ok := c.(syscall.Conn); ok && canGather {
		if raw, err := s.SyscallConn(); err == nil {
			g.raw = raw
		}
	}
	return g
}

// Read gives what was gathered, and waits for more when that is used up.
func (g *gatherer) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		n, err := g.fill()
		if err != nil {
			return 0, err
		}
		g.rest = g.buf[:n]
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// fill reads once; it may find nothing.
func (g *gatherer) fill() (n int, err error) {
	gather := g.raw != nil && g.every > 0 && g.playing.Load() && (g.live == nil || !g.live())
	if gather != g.quiet {
		if err := lowWater(g.raw, gather); err != nil { // some sandboxes
			g.raw, gather = nil, false
		}
		g.quiet = gather
	}
	if gather {
		if g.emptied {
			g.pause()
		}
		n, err = g.look()
	} else {
		n, err = g.Conn.Read(g.buf)
	}
	g.at, g.emptied = g.now(), n < len(g.buf)
	return n, err
}

// look reads what is there, without waiting for anything.
func (g *gatherer) look() (n int, err error) {
	e := g.raw.Read(func(fd uintptr) bool {
		n, err = readNow(fd, g.buf)
		return true
	})
	switch {
	case e != nil:
		return 0, e // closed, or past the deadline
	case errors.Is(err, syscall.EAGAIN):
		return 0, nil
	case err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: g.LocalAddr(), Addr: g.RemoteAddr(), Err: err}
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// pause waits for the next time to read. It is over at once when the connection
// is closed or its deadline moved; what that means, the read itself finds out.
func (g *gatherer) pause() {
	now := g.now().UnixNano()
	wait := int64(g.every) - now%int64(g.every)
	if d := g.deadline.Load(); d != 0 {
		wait = min(wait, d-now)
	}
	if g.timer == nil {
		g.timer = time.NewTimer(time.Duration(wait))
	} else {
		g.timer.Reset(time.Duration(wait))
	}
	select {
	case <-g.timer.C:
	case <-g.wake:
		g.timer.Stop()
	case <-g.closed:
		g.timer.Stop()
	}
}

// Close ends a pause as well.
func (g *gatherer) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Conn.Close()
}

// SetDeadline sets both deadlines.
func (g *gatherer) SetDeadline(t time.Time) error {
	err := g.Conn.SetDeadline(t)
	g.moveDeadline(t)
	return err
}

// SetReadDeadline ends a pause, so that the new deadline counts.
func (g *gatherer) SetReadDeadline(t time.Time) error {
	err := g.Conn.SetReadDeadline(t)
	g.moveDeadline(t)
	return err
}

func (g *gatherer) moveDeadline(t time.Time) {
	at := int64(0)
	if !t.IsZero() {
		at = t.UnixNano()
	}
	g.deadline.Store(at)
	select {
	case g.wake <- struct{}{}:
	default: // a pause that begins now ends at once, and looks again
	}
}
