package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	bodyMost    = 64 << 10
	writeWithin = 10 * time.Second
	reportEvery = 5 * FPS // pictures from one sender report to the next
)

// client is one RTSP connection (RFC 2326).
type client struct {
	server *Server
	conn   net.Conn
	read   *bufio.Reader

	mu      sync.Mutex // of what is written
	stream  *stream    // after SETUP
	channel byte
	playing bool
}

// request is what a client asks.
type request struct {
	method, url string
	header      textproto.MIMEHeader
}

func (s *Server) client(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer cancel()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(socketBuffer) // a smaller one only makes the source later
	}
	c := &client{server: s, conn: conn, read: bufio.NewReaderSize(conn, 8<<10)}
	var pump sync.WaitGroup
	defer pump.Wait()
	defer cancel()
	for {
		req, err := c.next()
		if err != nil {
			return // the client has gone, or speaks something else
		}
		play, err := c.answer(req)
		if err != nil {
			return
		}
		if play {
			pump.Go(func() {
				defer cancel()
				c.pump(ctx)
			})
		}
	}
}

// next reads a request and leaves out what a receiver reports.
func (c *client) next() (request, error) {
	for {
		b, err := c.read.Peek(1)
		if err != nil {
			return request{}, err
		}
		if b[0] != '$' {
			break
		}
		head, err := c.read.Peek(4)
		if err != nil {
			return request{}, err
		}
		if _, err := c.read.Discard(4 + int(head[2])<<8 + int(head[3])); err != nil {
			return request{}, err
		}
	}
	text := textproto.NewReader(c.read)
	line, err := text.ReadLine()
	if err != nil {
		return request{}, err
	}
	part := strings.Fields(line)
	if len(part) != 3 || !strings.HasPrefix(part[2], "RTSP/") {
		return request{}, errors.New("read request: no RTSP")
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return request{}, err
	}
	if length := header.Get("Content-Length"); length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > bodyMost {
			return request{}, errors.New("read request: body")
		}
		if _, err := io.CopyN(io.Discard, c.read, int64(n)); err != nil {
			return request{}, err
		}
	}
	return request{method: part[0], url: part[1], header: header}, nil
}

// answer tells whether pictures have to be sent from now on.
func (c *client) answer(req request) (play bool, err error) {
	switch req.method {
	case "OPTIONS", "GET_PARAMETER", "SET_PARAMETER":
		return false, c.reply(req, 200, "OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n", "")
	case "DESCRIBE":
		t := c.find(req.url)
		if t == nil {
			return false, c.reply(req, 404, "Not Found", "", "")
		}
		head := "Content-Base: " + strings.TrimSuffix(req.url, "/") + "/\r\nContent-Type: application/sdp\r\n"
		return false, c.reply(req, 200, "OK", head, c.server.clip.describe(t.index))
	case "SETUP":
		return false, c.setup(req)
	case "PLAY":
		if c.stream == nil || c.playing {
			return false, c.reply(req, 455, "Method Not Valid in This State", "", "")
		}
		c.playing = true
		return true, c.reply(req, 200, "OK", "Range: npt=0.000-\r\n", "")
	case "TEARDOWN":
		return false, errors.Join(c.reply(req, 200, "OK", "", ""), io.EOF)
	}
	return false, c.reply(req, 501, "Not Implemented", "", "")
}

func (c *client) setup(req request) error {
	transport := req.header.Get("Transport")
	if !strings.Contains(transport, "RTP/AVP/TCP") {
		return c.reply(req, 461, "Unsupported Transport", "", "")
	}
	if c.stream = c.find(req.url); c.stream == nil {
		return c.reply(req, 404, "Not Found", "", "")
	}
	if _, after, ok := strings.Cut(transport, "interleaved="); ok {
		first, _, _ := strings.Cut(after, "-")
		if n, err := strconv.Atoi(first); err == nil && n >= 0 && n < 255 {
			c.channel = byte(n)
		}
	}
	return c.reply(req, 200, "OK", fmt.Sprintf("Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d\r\n", c.channel, c.channel+1), "")
}

// find gives the stream of an address "rtsp://…/3" or "rtsp://…/3/track0".
func (c *client) find(address string) *stream {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || n >= len(c.server.streams) {
		return nil
	}
	return c.server.streams[n]
}

func (c *client) reply(req request, code int, reason, head, body string) error {
	if body != "" {
		head += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	text := fmt.Sprintf("RTSP/1.0 %d %s\r\nCSeq: %s\r\nSession: 1;timeout=60\r\n%s\r\n%s", code, reason, req.header.Get("CSeq"), head, body)
	return c.write([]byte(text))
}

// write keeps answers and pictures whole.
func (c *client) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}
