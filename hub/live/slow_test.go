package live_test

import (
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"xulang.vn/camera/hub/live"
)

// valve is a TCP way to the hub that can be shut towards the viewer.
type valve struct {
	net.Listener
	mu   sync.Mutex // held while shut
	wait sync.WaitGroup
}

// openValve forwards connections to a port of the hub.
func openValve(t *testing.T, port string) *valve {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &valve{Listener: l}
	var conns sync.Map
	v.wait.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp4", "127.0.0.1:"+port)
			if err != nil {
				in.Close()
				continue
			}
			out.(*net.TCPConn).SetReadBuffer(128 << 10)
			conns.Store(in, out)
			v.wait.Go(func() { io.Copy(out, in); out.Close() })
			v.wait.Go(func() { v.copy(in, out); in.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(in, out any) bool { in.(net.Conn).Close(); out.(net.Conn).Close(); return true })
		v.wait.Wait()
	})
	return v
}

func (v *valve) copy(to io.Writer, from io.Reader) {
	buf := make([]byte, 2048)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		v.mu.Lock()
		_, err = to.Write(buf[:n])
		v.mu.Unlock()
		if err != nil {
			return
		}
	}
}

var passive = regexp.MustCompile(`127\.0\.0\.1 (\d+) typ host[^\r\n]* tcptype passive`)

// through leads the viewer's TCP candidate through a new valve.
func through(t *testing.T, v **valve) func(string) string {
	return func(answer string) string {
		found := passive.FindStringSubmatch(answer)
		if found == nil {
			t.Fatalf("no passive TCP candidate in %q", answer)
		}
		*v = openValve(t, found[1])
		_, port, _ := net.SplitHostPort((*v).Addr().String())
		return strings.ReplaceAll(answer, " "+found[1]+" typ host", " "+port+" typ host")
	}
}

func TestSlowViewerDisturbsNobodyAndComesBackAtAKeyFrame(t *testing.T) {
	a := newAgents()
	l := open(t, live.Config{Silence: 2 * soon}, a)
	s := newSource(t, nil)
	a.start = onStart(t, func() *live.Live { return l }, s)
	fast := watch(t, l, camA)
	stop := s.film(t)
	slow := newWatcher(t, overTCP)
	var way *valve
	if err := slow.viewVia(t, l, camA, through(t, &way)); err != nil {
		t.Fatal(err)
	}
	sameAsSent(t, slow, s, 20)
	drained(slow)
	stop()

	way.mu.Lock()
	// Enough to fill the kernel's buffers and the queue; each frame is waited for at
	// the fast viewer, so that only the slow one can lose anything.
	drainTo(t, fast, s)
	for i := range 450 {
		s.frame(i%12 == 0, 5000)
		drainTo(t, fast, s)
	}
	way.mu.Unlock()

	s.film(t)
	last := wait(t, slow.packets, "the slow viewer's next packet")
	at, cuts := s.find(t, last.Payload, 0), 0
	for end := len(s.sentNow()); at < end; {
		p := wait(t, slow.packets, "more packets at the slow viewer")
		if p.SequenceNumber != last.SequenceNumber+1 {
			t.Fatalf("sequence number %d after %d", p.SequenceNumber, last.SequenceNumber)
		}
		last = p
		if isSPS(p.Payload) || isPPS(p.Payload) { // the same in all key frames
			at++
			continue
		}
		next := s.find(t, p.Payload, at)
		if next > at+1 {
			if cuts++; p.Payload[0]&0x1f != 28 || p.Payload[1]&0x9f != 0x85 {
				t.Fatalf("went on at packet type % x, want the start of a key frame", p.Payload[:2])
			}
		}
		at = next
	}
	if cuts == 0 {
		t.Error("the slow viewer lost nothing: it was not slow")
	}
}

func isPPS(payload []byte) bool { return payload[0]&0x1f == 8 }

func (s *source) sentNow() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// drainTo reads until the newest packet has come.
func drainTo(t *testing.T, w *watcher, s *source) {
	t.Helper()
	sent := s.sentNow()
	newest := string(sent[len(sent)-1])
	for string(wait(t, w.packets, "the newest packet at the fast viewer").Payload) != newest {
	}
}
