package simnvr

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
)

const (
	clockRate   = 90000           // RFC 6184 section 8.2.1, RFC 7798 section 7.1
	reportEvery = 5 * time.Second // of sender reports (RFC 3550 section 6.2)
	// mostLate is how far behind its clock a live stream catches up picture by
	// picture; after a longer stop (a machine that slept) it leaves the time out.
	mostLate = 10 * scene.GOPDuration
)

// Flags of ONVIF's RTP header extension (Streaming, "Playback", RTP header
// extension).
const (
	cleanPoint    = 1 << 7 // C: a key picture
	sectionEnds   = 1 << 6 // E: the last before there is no footage
	discontinuity = 1 << 5 // D: the first after PLAY
	terminal      = 1 << 4 // T: the last of this playback
)

// stream packs one session's pictures. RTP time goes on evenly from one PLAY to
// the next.
type stream struct {
	reel     simcam.Reel
	encoder  simcam.Encoder
	clock    *clock
	write    func([]byte) error
	channel  byte // of RTP on the connection; RTCP has the next
	ssrc     uint32
	sequence uint16 // of the next packet
	ticks    uint32 // of the next picture

	reported time.Time // true time of the last sender report
	packets  uint32
	octets   uint32
}

// run plays until the plan's end, then says goodbye and returns nil; or until the
// context ends.
func (s *stream) run(ctx context.Context, p plan) error {
	base, first := s.ticks, true
	for group, start := simcam.Group(p.from), simcam.GroupStart(simcam.Group(p.from)); ; group++ {
		if p.live && s.clock.now().Sub(simcam.GroupStart(group)).Abs() > mostLate {
			group = simcam.Group(s.clock.now())
		}
		for i, unit := range s.reel.Pictures(group) {
			at := pictureTime(group, i)
			due := at
			if !p.live {
				due = p.began.Add(time.Duration(float64(at.Sub(start)) / p.pace))
			}
			if !s.wait(ctx, due) {
				return ctx.Err()
			}
			s.ticks = base + uint32(int64(float64(at.Sub(start))/p.scale*clockRate/float64(time.Second)+0.5)) // wraps, as RTP time does
			last := !p.live && !pictureTime(group, i+1).Before(p.to)
			if err := s.picture(p, at, unit, s.flags(at, unit.Key, first, last)); err != nil {
				return err
			}
			first = false
			if last {
				s.ticks += uint32(clockRate / scene.FPS)
				return s.goodbye()
			}
		}
	}
}

// pictureTime is on the grid of the frame rate, which is no whole number of
// nanoseconds.
func pictureTime(group int64, picture int) time.Time {
	return simcam.GroupStart(group).Add(time.Duration(picture) * time.Second / scene.FPS)
}

func (s *stream) flags(at time.Time, key, first, last bool) byte {
	var f byte
	if key {
		f |= cleanPoint
	}
	if first {
		f |= discontinuity
	}
	if last {
		f |= terminal
		if s.clock.now().Sub(at) < scene.GOPDuration { // it has caught up with the recording
			f |= sectionEnds
		}
	}
	return f
}

// picture writes one access unit, and a sender report before it when one is due.
func (s *stream) picture(p plan, at time.Time, unit scene.AccessUnit, flags byte) error {
	packets, err := s.encoder.Encode(unit.NALUs)
	if err != nil {
		return fmt.Errorf("pack picture: %w", err)
	}
	var out []byte
	if now := s.clock.now(); now.Sub(s.reported).Abs() >= reportEvery {
		if out, err = s.frame(out, 1, s.report(p, at)); err != nil {
			return err
		}
		s.reported = now
	}
	for _, packet := range packets {
		packet.SSRC, packet.SequenceNumber, packet.Timestamp = s.ssrc, s.sequence, s.ticks
		s.sequence++
		s.packets++
		s.octets += uint32(len(packet.Payload))
		if p.tags {
			if err := tag(&packet.Header, s.clock.at(at), flags, p.cseq); err != nil {
				return fmt.Errorf("tag picture: %w", err)
			}
		}
		if out, err = s.frame(out, 0, packet); err != nil {
			return err
		}
	}
	return s.write(out)
}

// tag adds ONVIF's header extension: profile 0xABAC, three words of NTP time, flags
// and the PLAY's CSeq.
func tag(h *rtp.Header, at time.Time, flags, cseq byte) error {
	var words [12]byte
	binary.BigEndian.PutUint64(words[:], ntp(at))
	words[8], words[9] = flags, cseq
	h.Extension, h.ExtensionProfile = true, 0xABAC
	return h.SetExtension(0, words[:])
}

// report is for live pictures by the recorder's clock; in playback it tells when it
// was sent, not of when the pictures are, and nothing at all without rate control
// (ONVIF Streaming, "Playback", RTCP). Makers are assumed to do the same.
func (s *stream) report(p plan, at time.Time) *rtcp.SenderReport {
	r := &rtcp.SenderReport{SSRC: s.ssrc, NTPTime: ntp(s.clock.at(at)), RTPTime: s.ticks, PacketCount: s.packets, OctetCount: s.octets}
	switch {
	case p.free:
		r.NTPTime, r.RTPTime = 0, 0
	case !p.live:
		r.NTPTime = ntp(s.clock.shows())
	}
	return r
}

// goodbye ends a playback: RTCP BYE (RFC 3550 section 6.6). The session stays until
// the client's TEARDOWN.
func (s *stream) goodbye() error {
	out, err := s.frame(nil, 1, &rtcp.Goodbye{Sources: []uint32{s.ssrc}})
	if err != nil {
		return err
	}
	return s.write(out)
}

// frame adds a packet as interleaved binary data (RFC 2326 section 10.12).
func (s *stream) frame(out []byte, channel byte, packet interface{ Marshal() ([]byte, error) }) ([]byte, error) {
	raw, err := packet.Marshal()
	if err != nil {
		return nil, fmt.Errorf("pack packet: %w", err)
	}
	out = append(out, '$', s.channel+channel)
	out = binary.BigEndian.AppendUint16(out, uint16(len(raw)))
	return append(out, raw...), nil
}

// ntp is RFC 5905's 64-bit time stamp: seconds since 1900 and a fraction.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// wait returns false when the context ends first. The scenario's clock may run
// faster than the machine's.
func (s *stream) wait(ctx context.Context, until time.Time) bool {
	for {
		d := min(until.Sub(s.clock.now()), scene.GOPDuration)
		if d <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}
