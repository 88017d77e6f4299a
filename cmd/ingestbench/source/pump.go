package source

import (
	"context"
	"encoding/binary"
	"time"
)

// pump sends pictures at their time until the client goes.
func (c *client) pump(ctx context.Context) {
	t := c.stream
	at := Stream{Index: uint16(t.index), Channel: c.channel}
	t.note(func(told *Told) { told.Playing++; told.Plays++ })
	defer t.note(func(told *Told) { told.Playing-- })
	number := t.next(time.Now())
	var wire []byte
	for sent := 0; wait(ctx, t.due(number)); sent++ {
		wire = wire[:0]
		if sent%reportEvery == 0 {
			wire = at.report(wire, number, t.due(number), sent)
		}
		wire = c.server.clip.Append(wire, at, number)
		if c.write(wire) != nil {
			return
		}
		late := time.Since(t.due(number))
		skip := uint32(0)
		if late > stall {
			skip = t.next(time.Now()) - number - 1
		}
		t.note(func(told *Told) {
			told.Last, told.Sent, told.Bytes = number, told.Sent+1, told.Bytes+int64(len(wire))
			told.Dropped += int64(skip)
			told.Late = max(told.Late, late.Milliseconds())
		})
		number += 1 + skip
	}
}

func (t *stream) note(f func(*Told)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.tell)
}

// wait is false when ctx ends first.
func wait(ctx context.Context, until time.Time) bool {
	d := time.Until(until)
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

// report appends a sender report with the source's name (RFC 3550 sections 6.4.1
// and 6.5): which wall clock a picture's RTP time is.
func (s Stream) report(b []byte, number uint32, at time.Time, sent int) []byte {
	const since1900 = 2208988800 // seconds to 1970
	b = append(b, '$', s.Channel+1, 0, 28+16)
	b = append(b, 0x80, 200, 0, 6)
	b = binary.BigEndian.AppendUint32(b, s.source())
	b = binary.BigEndian.AppendUint32(b, uint32(at.Unix()+since1900))
	b = binary.BigEndian.AppendUint32(b, uint32(uint64(at.Nanosecond())<<32/1e9))
	b = binary.BigEndian.AppendUint32(b, s.clock(number))
	b = binary.BigEndian.AppendUint32(b, uint32(sent)) // pictures, not packets: nobody counts with it
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(b, 0x81, 202, 0, 3)
	b = binary.BigEndian.AppendUint32(b, s.source())
	return append(b, 1, 5, 'b', 'e', 'n', 'c', 'h', 0)
}
