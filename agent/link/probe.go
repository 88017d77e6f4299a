package link

import (
	"context"
	"crypto/rand"
	"time"

	camera "xulang.vn/camera"
)

// Limits of one measurement of the uplink.
const (
	probeMost     = 4 << 20         // bytes of all messages
	probeSmallest = 16 << 10        // of the first message
	probeLargest  = 512 << 10       // of one: as base64 in JSON it fits into camera.MessageLargest
	probeMessages = 8               // as many as the hub takes at once
	probeLongest  = 4 * time.Second // after which no message more is begun
	probeAim      = time.Second     // that the next message is to take
)

// Probe measures how fast the uplink is: bytes per second on the way to the hub, as
// they travel (base64 is a third more than what it carries). It sends at most n bytes
// of noise, 4 MiB and a few seconds' worth. The first message is small, and only tells
// how large the next may be; each takes its round trip, so that a fast uplink far
// away seems a little slower than it is. One runs at a time.
func (l *Link) Probe(ctx context.Context, n int) (rate float64, err error) {
	if !l.probing.TryLock() {
		return 0, camera.Errorf(camera.CodeTooMany, "probe uplink: another measurement runs")
	}
	defer l.probing.Unlock()
	n = min(n, probeMost)
	begin, size := l.now(), min(probeSmallest, n)
	var sent int           // bytes of noise, of all messages
	var counted float64    // bytes that travelled, without the first message
	var took time.Duration // of them
	for i := 0; i < probeMessages && sent < n && (i < 2 || l.now().Sub(begin) < probeLongest); i++ {
		size = min(size, n-sent)
		travelled, d, err := l.probe(ctx, size)
		if err != nil {
			return 0, err
		}
		sent += size
		if i == 1 {
			counted, took = 0, 0
		}
		counted, took = counted+travelled, took+d
		size = int(min(max(float64(size)*float64(probeAim)/float64(d), probeSmallest), probeLargest))
	}
	if sent == 0 {
		return 0, camera.Errorf(camera.CodeBadRequest, "probe uplink: nothing to send")
	}
	return counted / took.Seconds(), nil
}

// probe sends one message. What it takes is never nothing.
func (l *Link) probe(ctx context.Context, size int) (travelled float64, took time.Duration, err error) {
	noise := make([]byte, size) // that no box on the way can squeeze
	if _, err := rand.Read(noise); err != nil {
		return 0, 0, err
	}
	begin := l.now()
	if err := tell(ctx, l, camera.VerbProbe, camera.Probe{V: camera.LinkVersion, Data: noise}); err != nil {
		return 0, 0, err
	}
	return float64((size + 2) / 3 * 4), max(l.now().Sub(begin), time.Microsecond), nil
}
