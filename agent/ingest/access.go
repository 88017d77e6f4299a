package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph265"
	"github.com/pion/rtp"
	"xulang.vn/camera/agent/media"
)

// Limits of one access unit; a larger one is dropped.
const (
	mostNALUs = 256
	mostBytes = 8 << 20
)

// access is one access unit as it came.
type access struct {
	nalus    [][]byte
	stamp    uint32    // RTP time stamp
	received time.Time // of its first packet
}

// assembler puts packets together to NAL units (RFC 6184, RFC 7798) and these to
// access units.
//
// A unit ends with the marker bit or, for cameras that forget it, with the next
// time stamp. NAL units before a picture (parameter sets, SEI) go with the
// picture, even when a camera gives them a marker or a time stamp of their own.
// When a packet is missing, what it may have been a part of is dropped: a NAL
// unit is recorded as it was sent or not at all.
type assembler struct {
	codec  media.Codec
	decode func(*rtp.Packet) ([][]byte, error) // NAL units completed by a packet

	open     bool // a packet of the next unit has come
	coded    bool // it has a piece of a picture
	nalus    [][]byte
	size     int
	stamp    uint32
	received time.Time

	seen    bool // a packet has come
	next    uint16
	damaged bool // drop what has the time stamp badStamp
	bad     uint32
}

// push takes the next packet and returns the units that it completes. An error
// tells that something was dropped; units may come along with it.
func (a *assembler) push(pkt *rtp.Packet, received time.Time) (out []access, err error) {
	missing := pkt.SequenceNumber - a.next
	lost := a.seen && missing != 0
	a.seen, a.next = true, pkt.SequenceNumber+1
	switch {
	case lost:
		err = fmt.Errorf("%d packets missing", missing)
		a.drop(pkt.Timestamp)
	case a.coded && pkt.Timestamp != a.stamp:
		out = append(out, a.take())
	}
	if a.damaged && pkt.Timestamp != a.bad {
		a.damaged = false
	}
	if !a.open || !a.coded && pkt.Timestamp != a.stamp {
		a.open, a.stamp, a.received = true, pkt.Timestamp, received
	}
	if e := a.add(pkt); e != nil {
		a.drop(pkt.Timestamp)
		return out, errors.Join(err, e)
	}
	if pkt.Marker && a.coded {
		out = append(out, a.take())
	}
	return out, err
}

// add decodes a packet. The decoder's own grouping is switched off by a marker
// on each packet: it gives the NAL units as they are completed.
func (a *assembler) add(pkt *rtp.Packet) error {
	marker := pkt.Marker
	pkt.Marker = true
	nalus, err := a.decode(pkt)
	pkt.Marker = marker
	switch {
	case errors.Is(err, errMore):
		return nil
	case errors.Is(err, errMiddle):
		a.drop(pkt.Timestamp)
		return nil
	}
	if err != nil {
		return err
	}
	if a.damaged {
		return nil
	}
	for _, n := range nalus {
		if len(n) < 2 {
			continue // no NAL unit is that short
		}
		a.size += len(n)
		a.nalus = append(a.nalus, n)
		a.coded = a.coded || media.Coded(a.codec, n)
	}
	if len(a.nalus) > mostNALUs || a.size > mostBytes {
		return fmt.Errorf("access unit of %d NAL units, %d bytes", len(a.nalus), a.size)
	}
	return nil
}

// drop forgets the unit in the making and what else has the time stamp.
func (a *assembler) drop(stamp uint32) {
	a.take()
	a.damaged, a.bad = true, stamp
}

func (a *assembler) take() access {
	out := access{a.nalus, a.stamp, a.received}
	a.nalus, a.size, a.open, a.coded = nil, 0, false, false
	return out
}

// errMore is what a wrapped decoder gives while a NAL unit is not complete, and
// errMiddle for a fragment without its beginning, as at the start of a session.
var (
	errMore   = errors.New("more packets are needed")
	errMiddle = errors.New("the beginning is missing")
)

// wrapH264 and wrapH265 make the two decoders speak of these.
func wrapH264(d *rtph264.Decoder) func(*rtp.Packet) ([][]byte, error) {
	return func(p *rtp.Packet) ([][]byte, error) {
		n, err := d.Decode(p)
		switch {
		case errors.Is(err, rtph264.ErrMorePacketsNeeded):
			err = errMore
		case errors.Is(err, rtph264.ErrNonStartingPacketAndNoPrevious):
			err = errMiddle
		}
		return n, err
	}
}

func wrapH265(d *rtph265.Decoder) func(*rtp.Packet) ([][]byte, error) {
	return func(p *rtp.Packet) ([][]byte, error) {
		n, err := d.Decode(p)
		switch {
		case errors.Is(err, rtph265.ErrMorePacketsNeeded):
			err = errMore
		case errors.Is(err, rtph265.ErrNonStartingPacketAndNoPrevious):
			err = errMiddle
		}
		return n, err
	}
}
