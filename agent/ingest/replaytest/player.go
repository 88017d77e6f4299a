package replaytest

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	camera "xulang.vn/camera"
)

func granted(authorization, password string) bool {
	return authorization == "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:"+password))
}

// ClockTime is a time as RTSP writes it (RFC 2326, 3.7).
func ClockTime(t time.Time) string { return t.UTC().Format("20060102T150405.000Z") }

func (c *conn) play(q Request, u *url.URL) bool {
	from, to, ok := c.r.Window(u, q.Header)
	var parts []camera.Interval
	for _, has := range c.r.has() {
		begin, end := later(has.From, from), earlier(has.To, to)
		if ok && begin.Before(end) {
			begin = later(begin.Truncate(GOP), has.From.Add(GOP-1).Truncate(GOP)) // a key frame
			parts = append(parts, camera.Interval{From: begin, To: end})
		}
	}
	if len(parts) == 0 {
		return c.reply(q, 457)
	}
	lines := []string{"Session: 1"}
	if c.r.Ranges {
		lines = append(lines, "Range: clock="+ClockTime(parts[0].From)+"-")
	}
	if !c.reply(q, 200, lines...) {
		return false
	}
	c.player.Go(func() {
		if err := (&stream{c: c, began: time.Now()}).run(parts); err != nil {
			c.c.Close()
		}
	})
	return true
}

func (r *Recorder) has() []camera.Interval {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	return append([]camera.Interval(nil), r.Has...)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// stream is one playback. RTP time runs on over holes without a jump.
type stream struct {
	c      *conn
	began  time.Time
	played time.Duration
	seq    uint16
}

func (s *stream) run(parts []camera.Interval) error {
	r := s.c.r
	for i, part := range parts {
		for at := part.From.Add(Frame - 1).Truncate(Frame); at.Before(part.To); at = at.Add(Frame) {
			if r.Pace > 0 {
				<-time.After(time.Until(s.began.Add(time.Duration(float64(s.played) / r.Pace))))
			}
			if r.Sent != nil {
				if err := r.Sent(at); err != nil {
					return err
				}
			}
			last := i == len(parts)-1 && !at.Add(Frame).Before(part.To)
			if err := s.picture(at, last); err != nil {
				return err
			}
			s.played += Frame
			r.Mu.Lock()
			r.Pictures++
			r.Mu.Unlock()
		}
	}
	switch r.End {
	case Bye:
		return s.packet(1, &rtcp.Goodbye{Sources: []uint32{1}})
	case Teardown:
		return s.c.write([]byte("TEARDOWN rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\nSession: 1\r\n\r\n"))
	case Close:
		return s.c.c.Close()
	}
	return nil
}

func (s *stream) stamp() uint32 { return uint32(s.played * 90000 / time.Second) }

func (s *stream) picture(at time.Time, last bool) error {
	r := s.c.r
	if r.Reports != None && s.played%(5*time.Second) == 0 {
		report := &rtcp.SenderReport{SSRC: 1, RTPTime: s.stamp(), NTPTime: ntp(at)}
		if r.Reports == Now {
			report.NTPTime = ntp(r.Clock())
		}
		if err := s.packet(1, report); err != nil {
			return err
		}
	}
	nalus := r.Film.picture(at)
	for i, n := range nalus {
		for parts := fragments(n); len(parts) > 0; parts = parts[1:] {
			p := &rtp.Packet{Header: rtp.Header{
				Version: 2, PayloadType: 96, SSRC: 1, SequenceNumber: s.seq, Timestamp: s.stamp(),
				Marker: i == len(nalus)-1 && len(parts) == 1,
			}, Payload: parts[0]}
			s.seq++
			if r.Extension {
				if err := extend(&p.Header, at, last && r.End == Terminal); err != nil {
					return err
				}
			}
			if err := s.packet(0, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// extend adds the header extension: NTP time, flags, the low byte of PLAY's CSeq.
func extend(h *rtp.Header, at time.Time, terminal bool) error {
	var words [12]byte
	binary.BigEndian.PutUint64(words[:], ntp(at))
	if terminal {
		words[8] = 1 << 4
	}
	h.Extension, h.ExtensionProfile = true, 0xABAC
	return h.SetExtension(0, words[:])
}

// fragments makes payloads of a NAL unit (RFC 6184, 5.6 and 5.8).
func fragments(nalu []byte) (out [][]byte) {
	const most = 1200
	if len(nalu) <= most {
		return [][]byte{nalu}
	}
	body := nalu[1:]
	for first := true; len(body) > 0; first = false {
		n := min(most, len(body))
		head := []byte{nalu[0]&0xe0 | 28, nalu[0] & 0x1f}
		if first {
			head[1] |= 0x80
		}
		if n == len(body) {
			head[1] |= 0x40
		}
		out, body = append(out, append(head, body[:n]...)), body[n:]
	}
	return out
}

func (s *stream) packet(channel byte, p interface{ Marshal() ([]byte, error) }) error {
	raw, err := p.Marshal()
	if err != nil {
		return err
	}
	out := binary.BigEndian.AppendUint16([]byte{'$', channel}, uint16(len(raw)))
	return s.c.write(append(out, raw...))
}

func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
