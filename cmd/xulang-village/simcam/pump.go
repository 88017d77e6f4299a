package simcam

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

const (
	clockRate  = 90000 // RFC 6184 section 8.2.1, RFC 7798 section 7.1
	frameTicks = clockRate / scene.FPS
	groupTicks = frameTicks * scene.GOP
	// mostLate is how far behind its clock the stream catches up picture by
	// picture; after a longer stop (a machine that slept) it leaves the time out.
	mostLate = 10 * scene.GOPDuration
)

// pump writes the pictures in real time.
type pump struct {
	reel    Reel
	now     func() time.Time
	watched func() bool
	stream  *gortsplib.ServerStream
	media   *description.Media
	encoder Encoder
}

// run returns nil when the context ends. While nobody watches it wakes once in a
// group and packs nothing: the first client starts with the next key picture. One
// that joins it starts with any picture, as at other cameras.
func (p *pump) run(ctx context.Context) error {
	ticks, err := randomTicks()
	if err != nil {
		return err
	}
	for group := p.next(); ; {
		if !p.wait(ctx, GroupStart(group)) {
			return nil
		}
		if p.watched() {
			if more, err := p.send(ctx, group, ticks); !more {
				return err
			}
		}
		// RTP time goes on evenly; it leaps only over time that was left out.
		group++
		ticks += groupTicks
		if late := p.now().Sub(GroupStart(group)); late > mostLate || late < -mostLate {
			if leap := p.next() - group; leap > 0 {
				ticks += uint32(leap * groupTicks) // wraps, as RTP time does
			}
			group = p.next()
		}
	}
}

// send writes one group; false when it cannot go on.
func (p *pump) send(ctx context.Context, group int64, ticks uint32) (bool, error) {
	for i, unit := range p.reel.Pictures(group) {
		at := GroupStart(group).Add(time.Duration(i) * time.Second / scene.FPS)
		if !p.wait(ctx, at) {
			return false, nil
		}
		packets, err := p.encoder.Encode(unit.NALUs)
		if err != nil {
			return false, fmt.Errorf("pack picture: %w", err)
		}
		for _, packet := range packets {
			packet.Timestamp = ticks + uint32(i)*frameTicks
			if err := p.stream.WritePacketRTPWithNTP(p.media, packet, at); err != nil {
				if ctx.Err() != nil {
					return false, nil //nolint:nilerr // the stream was closed under our hands
				}
				return false, fmt.Errorf("write picture: %w", err)
			}
		}
	}
	return true, nil
}

// next is the first group that has not started.
func (p *pump) next() int64 {
	return Group(p.now()) + 1
}

// wait returns false when the context ends first. After a step back of the clock
// it waits no longer than a group: the caller then finds its place again.
func (p *pump) wait(ctx context.Context, until time.Time) bool {
	d := min(until.Sub(p.now()), scene.GOPDuration)
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// randomTicks is where RTP time begins (RFC 3550 section 5.1).
func randomTicks() (uint32, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("draw first time stamp: %w", err)
	}
	return binary.BigEndian.Uint32(b[:]), nil
}
