package ingest

import (
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"xulang.vn/camera/agent/media"
)

// Time stamps that move further than this from the wall clock in one step, or
// back by more than reordering explains, are a jump: the camera's clock was set.
const (
	mostAhead = 30 * time.Second
	mostBack  = 2 * time.Second
)

// A sender report that is further away from a time stamp than this says nothing
// of it: cameras send one every few seconds, or none, or one with a time stamp of
// another stream.
const mostStale = 2 * time.Minute

// rtpClock turns the 32-bit RTP time stamps of a track (RFC 3550, 5.1) into media
// time, and maps them to the sender's wall clock.
type rtpClock struct {
	rate     int64
	ahead    time.Duration // that counts as a jump; 0 is mostAhead
	seen     bool
	last     uint32
	media    time.Duration // at last
	ticks    int64         // media in ticks, exact
	received time.Time     // when last came

	report    time.Time // NTP time of the newest sender report, zero when none
	reportRTP uint32
}

// at is the media time of a time stamp; the first one is at zero.
func (c *rtpClock) at(stamp uint32, received time.Time) time.Duration {
	if !c.seen {
		c.seen, c.last, c.received = true, stamp, received
		return c.media
	}
	step := int64(int32(stamp - c.last))
	wall := received.Sub(c.received)
	off := duration(step, c.rate) - wall
	ahead := c.ahead
	if ahead == 0 {
		ahead = mostAhead
	}
	if off > ahead || off < -mostAhead || duration(step, c.rate) < -mostBack {
		step = max(1, int64(wall.Seconds()*float64(c.rate)))
		c.report = time.Time{} // says nothing of the new stamps
	}
	if !c.report.IsZero() && c.far(stamp) {
		c.report = time.Time{} // before the 32 bits come around to it again
	}
	c.ticks += step
	c.last, c.received = stamp, received
	c.media = duration(c.ticks, c.rate)
	return c.media
}

// from sets where a track that starts later begins.
func (c *rtpClock) from(d time.Duration) {
	c.media = d
	c.ticks = int64(d/time.Second)*c.rate + int64(d%time.Second)*c.rate/int64(time.Second)
}

// ntp maps a time stamp to the sender's clock, zero without a report.
func (c *rtpClock) ntp(stamp uint32) time.Time {
	if c.report.IsZero() || c.far(stamp) {
		return time.Time{}
	}
	return c.report.Add(duration(int64(int32(stamp-c.reportRTP)), c.rate))
}

// far tells whether the report is too far away from a time stamp.
func (c *rtpClock) far(stamp uint32) bool {
	return duration(int64(int32(stamp-c.reportRTP)), c.rate).Abs() > mostStale
}

// told takes a sender report (RFC 3550, 6.4.1). A sender without a clock sends zero.
func (c *rtpClock) told(ntp uint64, stamp uint32) {
	c.report, c.reportRTP = ntpTime(ntp), stamp
}

// ntpTime reads a 64-bit NTP time (RFC 5905, 6); its second era begins in 2036.
func ntpTime(ntp uint64) time.Time {
	const toUnix = 2208988800 // seconds from 1900 to 1970
	if ntp>>32 == 0 {
		return time.Time{}
	}
	secs := int64(ntp>>32) - toUnix
	if ntp>>63 == 0 {
		secs += 1 << 32
	}
	return time.Unix(secs, int64((ntp&0xffffffff)*uint64(time.Second)>>32)).UTC()
}

// duration converts ticks to the nearest nanosecond without overflow.
func duration(ticks, rate int64) time.Duration {
	whole, rest := ticks/rate, ticks%rate
	half := rate / 2
	if rest < 0 {
		half = -half
	}
	return time.Duration(whole)*time.Second + time.Duration((rest*int64(time.Second)+half)/rate)
}

// decoding gives decoding times: RTP carries presentation times only, and they
// differ when a camera sends B-frames.
type decoding struct {
	codec   media.Codec
	extract func(au [][]byte, pts int64) (int64, error) // in 90 kHz ticks; nil until a key frame, or after an error
	last    time.Duration
	any     bool
}

// at must see each access unit in order. Where the order cannot be worked out,
// the decoding time is the presentation time, moved on so that it always grows.
func (d *decoding) at(u media.Unit, sets media.Parameters) time.Duration {
	au := u.NALUs
	if u.Key {
		if d.extract == nil {
			d.extract = newExtract(d.codec)
		}
		au = append([][]byte{sets.SPS, sets.PPS}, au...) // the extractor wants them in the stream
	}
	dts := u.PTS
	if d.extract != nil {
		const rate = 90000
		pts := int64(u.PTS/time.Second)*rate + (int64(u.PTS%time.Second)*rate+int64(time.Second)/2)/int64(time.Second)
		n, err := d.extract(au, pts)
		if err != nil {
			d.extract = nil // begins anew at the next key frame
		} else if n != pts {
			dts = duration(n, rate)
		}
	}
	if d.any && dts <= d.last {
		dts = d.last + time.Second/90000 + 1
	}
	d.last, d.any = dts, true
	return dts
}

func newExtract(c media.Codec) func([][]byte, int64) (int64, error) {
	if c == media.H264 {
		x := &h264.DTSExtractor{}
		x.Initialize()
		return x.Extract
	}
	x := &h265.DTSExtractor{}
	x.Initialize()
	return x.Extract
}
