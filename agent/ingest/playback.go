package ingest

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// Limits of what is held back until it is known where a playback began.
const (
	mostHeldUnits = 512
	mostHeldBytes = 8 << 20
	mostHeldMedia = 12 * time.Second // the longest group of pictures that recorders are set to, and a little
)

const (
	mostEarly   = time.Minute            // what claims to begin longer before Times.Start speaks of something else
	holeLeast   = 500 * time.Millisecond // between the time told and RTP time: footage is missing
	wholeSecond = time.Second            // recorders list their footage by these
	betterLeast = 100 * time.Millisecond // by which a sender report must differ from what was thought, to begin anew
)

// playback is what a session of the past knows besides. marks belong to gortsplib's
// reader, the last fields to the goroutine that hands units on.
type playback struct {
	ReplayConfig

	began atomic.Pointer[time.Time] // as PLAY was answered, by the recorder's clock

	marks [4]mark // of the newest time stamps
	next  int

	held   []media.Unit
	bytes  int
	placed bool
	sure   bool          // the recorder told where it began
	loose  time.Duration // else: how wrong zero may be
	zero   time.Time     // recorder's clock at media time zero of the session
	newest time.Time     // recorder's clock at the newest picture
	open   bool          // the receiver was started
}

// mark is what a recorder says with a picture.
type mark struct {
	stamp uint32
	at    time.Time
	last  bool
}

// request adds what RTSP itself does not know (gortsplib.ClientOnRequestFunc).
func (p *playback) request(req *base.Request) {
	if v, ok := p.Header["Require"]; ok && req.Method == base.Setup {
		req.Header["Require"] = base.HeaderValue{v}
	}
	if req.Method != base.Play {
		return
	}
	for name, v := range p.Header {
		req.Header[name] = base.HeaderValue{v}
	}
	if p.Range != "" {
		req.Header["Range"] = base.HeaderValue{p.Range}
	}
}

// response looks for the beginning in the answer to PLAY: "clock=<from>-<to>" (RFC
// 2326, 12.29 and 3.7). A recorder that only repeats what it was asked for says
// nothing.
func (p *playback) response(res *base.Response) {
	v := res.Header["Range"]
	if len(v) != 1 {
		return
	}
	from, _, _ := strings.Cut(strings.TrimPrefix(v[0], "clock="), "-")
	at, err := time.Parse("20060102T150405Z", strings.TrimSpace(from)) // with or without a fraction
	if err == nil && at.Before(p.Times.Start) && p.believable(at) {
		p.began.Store(&at)
	}
}

// believable tells whether a playback of what was asked for can begin there.
func (p *playback) believable(at time.Time) bool {
	early := p.Times.Start.Sub(at)
	return early <= mostEarly && at.Before(p.Times.End)
}

// marked reads the RTP header extension of replay (ONVIF Streaming Specification,
// "RTP header extension"): profile 0xABAC, an NTP time stamp in UTC, and flags of
// which T says that the picture is the last one.
func (p *playback) marked(pkt *rtp.Packet) {
	const profile, terminal = 0xABAC, 1 << 4
	if !pkt.Extension || pkt.ExtensionProfile != profile {
		return
	}
	b := pkt.GetExtension(0)
	if len(b) < 9 {
		return
	}
	at := ntpTime(binary.BigEndian.Uint64(b))
	m := mark{stamp: pkt.Timestamp, at: at, last: b[8]&terminal != 0}
	if at.IsZero() || at.Before(p.Times.Start.Add(-mostEarly)) || at.After(p.Times.End.Add(mostEarly)) {
		m.at = time.Time{} // of another time than was asked for: a clock without a battery, or nonsense
	}
	if i := p.find(m.stamp); i >= 0 {
		p.marks[i].last = p.marks[i].last || m.last
		return
	}
	p.marks[p.next%len(p.marks)] = m
	p.next++
}

func (p *playback) find(stamp uint32) int {
	for i := range min(p.next, len(p.marks)) {
		if p.marks[i].stamp == stamp {
			return i
		}
	}
	return -1
}

// mark is what was said with the picture of a time stamp.
func (p *playback) mark(stamp uint32) mark {
	if i := p.find(stamp); i >= 0 {
		return p.marks[i]
	}
	return mark{}
}

// near tells whether the playback came to its end but for d.
func (p *playback) near(d time.Duration) bool {
	return !p.newest.IsZero() && p.Times.End.Sub(p.newest) <= d
}

func (p *playback) patience(usual time.Duration) time.Duration {
	if p.near(atEnd) {
		return min(lastGap, usual)
	}
	return usual
}

// dismissed tells whether the recorder ended the session by a request of its own:
// TEARDOWN, or ANNOUNCE with a notice that the stream has ended.
func dismissed(err error) bool {
	var by liberrors.ErrClientUnhandledMethod
	return errors.As(err, &by) && (by.Method == base.Teardown || by.Method == base.Announce)
}

// hold keeps a unit until it is known where the playback began: at the second key
// frame the length of a group of pictures is. It tells whether that is enough.
func (p *playback) hold(u media.Unit) (enough bool) {
	for _, n := range u.NALUs {
		p.bytes += len(n)
	}
	first := len(p.held) == 0
	p.held = append(p.held, u)
	if len(p.held) >= mostHeldUnits || p.bytes >= mostHeldBytes {
		return true
	}
	return u.Track == 0 && (!p.told(u).IsZero() || u.Key && !first || u.PTS-p.held[0].PTS >= mostHeldMedia)
}

// settle decides where the playback began.
func (p *playback) settle() {
	p.placed = true
	first, last := p.held[0], p.held[0] // the first one is a key frame
	for _, u := range p.held {
		if u.Track > 0 {
			continue
		}
		last = u
		if at := p.told(u); !at.IsZero() {
			p.sure, p.zero = true, at.Add(-u.PTS)
			return
		}
	}
	if began := p.began.Load(); began != nil {
		p.sure, p.zero = true, began.Add(-first.PTS)
		return
	}
	// From the last key frame before Start, or from the beginning of the footage, which
	// is known in whole seconds.
	group, early := max(last.PTS-first.PTS, 0), max(p.Times.Early, 0)
	from, to := -group, time.Duration(0)
	if early < group {
		from, to = -early, max(0, wholeSecond-early)
	}
	p.loose = (to - from) / 2
	p.zero = p.Times.Start.Add(from + p.loose - first.PTS)
}

// told is the recorder's time of a picture, if it said one: in the packet or, as far
// as that can be of what was asked for, by sender reports.
func (p *playback) told(u media.Unit) time.Time {
	if !u.Received.IsZero() {
		return u.Received
	}
	if u.NTP.IsZero() || !p.believable(u.NTP) {
		return time.Time{}
	}
	return u.NTP
}

// stop ends what the receiver was started for.
func (p *playback) stop(r Receiver) {
	if p.open {
		p.open = false
		r.Stop(camera.CauseReconnect, "the recorder's footage has a hole")
	}
}
