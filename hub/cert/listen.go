package cert

import (
	"container/list"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	speakWithin = 10 * time.Second // from a connection to its first byte
	silentMost  = 1024             // connections that have said nothing
	handshake   = 22               // first byte of a TLS connection (RFC 8446 section 5.1); HTTP begins with a letter
)

// Listen makes one port of two: connections that begin with a TLS handshake come
// out as *tls.Conn, all others plain. With a nil config all are plain.
//
// The first byte is waited for beside the loop that accepts, so that a client that
// says nothing holds nobody up. It is dropped after speakWithin; and when there are
// silentMost of them the oldest is: who has a request says so at once.
func Listen(inner net.Listener, config *tls.Config) net.Listener {
	return listen(inner, config, speakWithin, silentMost)
}

func listen(inner net.Listener, config *tls.Config, within time.Duration, most int) net.Listener {
	if config == nil {
		return inner
	}
	d := &door{
		Listener: inner, config: config, within: within, most: most,
		ready: make(chan accepted), closing: make(chan struct{}),
	}
	d.parts.Go(d.accept)
	return d
}

// door is a listener that waits for the first byte.
type door struct {
	net.Listener
	config *tls.Config
	within time.Duration
	most   int

	ready   chan accepted
	closing chan struct{}
	once    sync.Once
	parts   sync.WaitGroup

	mu     sync.Mutex
	silent list.List // of net.Conn, oldest first
}

type accepted struct {
	conn net.Conn
	err  error
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case a := <-d.ready:
		return a.conn, a.err
	case <-d.closing:
		return nil, net.ErrClosed
	}
}

// Close ends all that it has not given away, and waits for its goroutines.
func (d *door) Close() error {
	err := d.Listener.Close()
	d.shut()
	d.parts.Wait()
	return err
}

func (d *door) shut() {
	d.once.Do(func() { close(d.closing) })
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := d.silent.Front(); at != nil; at = at.Next() {
		at.Value.(net.Conn).Close()
	}
}

// accept hands errors over as well; who gets one waits before asking again, and so
// does this loop.
func (d *door) accept() {
	for {
		conn, err := d.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			d.shut()
			return
		}
		if err == nil {
			at := d.enter(conn)
			d.parts.Go(func() { d.hear(conn, at) })
			continue
		}
		select {
		case d.ready <- accepted{err: err}:
		case <-d.closing:
			return
		}
	}
}

// hear waits for a connection's first byte and gives it away.
func (d *door) hear(conn net.Conn, at *list.Element) {
	var first [1]byte
	err := conn.SetReadDeadline(time.Now().Add(d.within))
	if err == nil {
		_, err = io.ReadFull(conn, first[:])
	}
	d.leave(at)
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	if err != nil {
		conn.Close()
		return
	}
	spoken := net.Conn(&begun{Conn: conn, first: first[:]})
	if first[0] == handshake {
		spoken = tls.Server(spoken, d.config)
	}
	select {
	case d.ready <- accepted{conn: spoken}:
	case <-d.closing:
		conn.Close()
	}
}

// enter drops the oldest silent one when there are too many.
func (d *door) enter(conn net.Conn) *list.Element {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closing:
		conn.Close() // shut has gone through the list already
	default:
	}
	if d.silent.Len() >= d.most {
		d.silent.Front().Value.(net.Conn).Close() // its goroutine takes it out when it is next
		d.silent.Remove(d.silent.Front())
	}
	return d.silent.PushBack(conn)
}

func (d *door) leave(at *list.Element) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent.Remove(at) // nothing, if it was dropped
}

// begun gives back the byte that was read.
type begun struct {
	net.Conn
	first []byte // used by the one goroutine that reads
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) == 0 || len(p) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.first)
	b.first = b.first[n:]
	return n, nil
}
