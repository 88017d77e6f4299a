package replaytest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Ends of a playback.
const (
	Bye      = "bye"      // RTCP BYE
	Teardown = "teardown" // a request of the server's
	Close    = "close"    // the connection
	Silence  = "silence"  // nothing
	Terminal = "terminal" // the flag T of the header extension, and silence
)

// Reports are what its RTCP sender reports speak of.
const (
	None = ""     // there are none
	Past = "past" // the time at which the pictures were taken
	Now  = "now"  // the time at which they are sent
)

// Recorder is the server. Set the fields before Start; they are read under Mu where
// a test changes them later.
type Recorder struct {
	Film *Film
	// Window tells what a session asks for, by the recorder's clock; ok is false for
	// what there is not. header is that of PLAY, nil with DESCRIBE.
	Window func(u *url.URL, header textproto.MIMEHeader) (from, to time.Time, ok bool)
	Has    []camera.Interval // by the recorder's clock
	Clock  func() time.Time  // the recorder's

	Password  string  // of the user "admin", by basic; "": everybody
	Most      int     // sessions at a time; 0: any
	FullIs401 bool    // as Dahua says it, instead of 453
	Pace      float64 // media time over wall time; 0: as fast as the reader
	Extension bool    // RTP header extension 0xABAC
	Reports   string
	Ranges    bool // the answer to PLAY has the true beginning
	End       string

	// Sent is asked before each picture; an error breaks the connection. May be nil.
	Sent func(at time.Time) error

	Mu       sync.Mutex
	Requests []Request
	Sessions int // that play or are set up
	Peak     int
	Pictures int // sent

	ln    net.Listener
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

// Request is what a client asked.
type Request struct {
	Method string
	URL    string
	Header textproto.MIMEHeader
}

// Start listens on loopback and returns host:port.
func (r *Recorder) Start() (address string, err error) {
	if r.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return "", err
	}
	r.conns = map[net.Conn]bool{}
	r.wait.Go(func() {
		for {
			c, err := r.ln.Accept()
			if err != nil {
				return
			}
			r.Mu.Lock()
			r.conns[c] = true
			r.Mu.Unlock()
			r.wait.Go(func() { (&conn{r: r, c: c}).serve() })
		}
	})
	return r.ln.Addr().String(), nil
}

// Stop ends everything.
func (r *Recorder) Stop() {
	r.ln.Close()
	r.Cut()
	r.wait.Wait()
}

// Cut closes all connections, as a recorder that loses its power.
func (r *Recorder) Cut() {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	for c := range r.conns {
		c.Close()
	}
}

// Asked are the requests of a method so far.
func (r *Recorder) Asked(method string) (out []Request) {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	for _, q := range r.Requests {
		if q.Method == method {
			out = append(out, q)
		}
	}
	return out
}

// conn is one client.
type conn struct {
	r      *Recorder
	c      net.Conn
	mu     sync.Mutex // held while writing
	seated bool
	player sync.WaitGroup
}

func (c *conn) serve() {
	defer c.player.Wait()
	defer c.leave()
	defer c.c.Close()
	in := bufio.NewReader(c.c)
	for {
		if b, err := in.Peek(4); err != nil {
			return
		} else if b[0] == '$' { // receiver reports
			if _, err := in.Discard(4 + int(b[2])<<8 + int(b[3])); err != nil {
				return
			}
			continue
		}
		head := textproto.NewReader(in)
		line, err := head.ReadLine()
		if err != nil {
			return
		}
		header, err := head.ReadMIMEHeader()
		if err != nil {
			return
		}
		parts := strings.SplitN(line, " ", 3)
		if strings.HasPrefix(line, "RTSP/") || len(parts) < 3 {
			continue // an answer to our own request
		}
		if !c.answer(Request{parts[0], parts[1], header}) {
			return
		}
	}
}

func (c *conn) leave() {
	c.r.Mu.Lock()
	defer c.r.Mu.Unlock()
	delete(c.r.conns, c.c)
	if c.seated {
		c.seated = false
		c.r.Sessions--
	}
}

// sit takes a session, if there is one left.
func (c *conn) sit() bool {
	c.r.Mu.Lock()
	defer c.r.Mu.Unlock()
	if c.r.Most > 0 && c.r.Sessions >= c.r.Most {
		return false
	}
	c.seated = true
	c.r.Sessions++
	c.r.Peak = max(c.r.Peak, c.r.Sessions)
	return true
}

func (c *conn) answer(q Request) (goesOn bool) {
	c.r.Mu.Lock()
	c.r.Requests = append(c.r.Requests, q)
	password := c.r.Password
	c.r.Mu.Unlock()
	reply := func(code int, lines ...string) bool { return c.reply(q, code, lines...) }
	u, err := url.Parse(q.URL)
	switch {
	case q.Method == "TEARDOWN" || err != nil:
		return false
	case q.Method == http.MethodOptions || q.Method == "GET_PARAMETER":
		return reply(200, "Public: DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
	case password != "" && !granted(q.Header.Get("Authorization"), password):
		return reply(401, `WWW-Authenticate: Basic realm="recorder"`)
	case q.Method == "DESCRIBE":
		if _, _, ok := c.r.Window(u, nil); !ok {
			return reply(404)
		}
		sdp := c.r.Film.sdp()
		return reply(200, "Content-Type: application/sdp", "Content-Base: "+q.URL, "Content-Length: "+strconv.Itoa(len(sdp)), "", sdp)
	case q.Method == "SETUP" && !c.sit():
		if c.r.FullIs401 {
			return reply(401, `WWW-Authenticate: Basic realm="recorder"`)
		}
		return reply(453)
	case q.Method == "SETUP":
		return reply(200, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60")
	case q.Method == "PLAY":
		return c.play(q, u)
	}
	return reply(501)
}

// reply writes an answer; a line "" is followed by the body.
func (c *conn) reply(q Request, code int, lines ...string) bool {
	text := fmt.Sprintf("RTSP/1.0 %d X\r\nCSeq: %s\r\n", code, q.Header.Get("CSeq"))
	body := ""
	for i, l := range lines {
		if l == "" {
			body = lines[i+1]
			break
		}
		text += l + "\r\n"
	}
	return c.write([]byte(text+"\r\n"+body)) == nil
}

func (c *conn) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.c.Write(b)
	return err
}
