package source

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server serves a clip at the paths /0 … /N-1 over RTSP with interleaved RTP. The
// streams show the same clip, each at another place and at another moment, as
// cameras do that know nothing of each other.
type Server struct {
	clip    *Clip
	streams []*stream
	began   time.Time // when picture 0 of stream 0 was due
	sent    sync.WaitGroup
}

// stream is one camera's side.
type stream struct {
	index  int
	begins time.Time // when the picture with the number first is due
	first  uint32

	mu   sync.Mutex
	tell Told
}

// Told is what a stream can say of itself.
type Told struct {
	Playing int    `json:"playing"` // clients now
	Plays   int    `json:"plays"`   // clients up to now
	Last    uint32 `json:"last"`    // number of the newest picture that was handed to a client
	Sent    int64  `json:"sent"`    // pictures
	Bytes   int64  `json:"bytes"`
	Dropped int64  `json:"dropped"` // pictures that a client was too slow for
	Late    int64  `json:"late_ms"` // the most that a picture left behind its time, in milliseconds
}

const (
	// stall is how long a client may not read before pictures are dropped, as a
	// camera does whose buffer is full.
	stall = time.Second
	// socketBuffer holds about a second of a stream.
	socketBuffer = 512 << 10
)

// New makes a server of n streams.
func New(clip *Clip, n int, now time.Time) *Server {
	s := &Server{clip: clip, began: now}
	for i := range n {
		s.streams = append(s.streams, &stream{
			index: i, first: uint32(i * len(clip.pictures) / n),
			begins: now.Add(time.Duration(i) * (time.Second / FPS) / time.Duration(n)),
		})
	}
	return s
}

// Told tells of each stream.
func (s *Server) Told() []Told {
	out := make([]Told, len(s.streams))
	for i, t := range s.streams {
		t.mu.Lock()
		out[i] = t.tell
		t.mu.Unlock()
	}
	return out
}

// Serve answers clients until ctx ends.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	defer s.sent.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the bench is over
			}
			return fmt.Errorf("accept client: %w", err)
		}
		s.sent.Go(func() { s.client(ctx, conn) })
	}
}

// due is when a picture has to leave.
func (t *stream) due(number uint32) time.Time {
	return t.begins.Add(time.Duration(number-t.first) * time.Second / FPS)
}

// next is the first picture that is due after a moment.
func (t *stream) next(after time.Time) uint32 {
	passed := after.Sub(t.begins)
	if passed < 0 {
		return t.first
	}
	return t.first + uint32(passed/(time.Second/FPS)) + 1
}

// describe is the stream's session description (RFC 8866, RFC 6184 section 8.2).
func (c *Clip) describe(index int) string {
	coded := base64.StdEncoding.EncodeToString
	return strings.Join([]string{
		"v=0", "o=- " + strconv.Itoa(index+1) + " 1 IN IP4 127.0.0.1", "s=bench", "c=IN IP4 127.0.0.1", "t=0 0", "a=control:*",
		"m=video 0 RTP/AVP " + strconv.Itoa(payloadType),
		fmt.Sprintf("a=rtpmap:%d H264/%d", payloadType, clockRate),
		fmt.Sprintf("a=fmtp:%d packetization-mode=1;profile-level-id=%X;sprop-parameter-sets=%s,%s", payloadType, c.SPS[1:4], coded(c.SPS), coded(c.PPS)),
		"a=framerate:" + strconv.Itoa(FPS), "a=control:track0", "",
	}, "\r\n")
}
