package link

import (
	"time"

	camera "xulang.vn/camera"
)

// SetPace makes time-outs and reconnects quick.
func SetPace(l *Link, timeout, wait time.Duration) { l.timeout, l.wait = timeout, wait }

// Offsets is the clock's book-keeping without a connection.
type Offsets struct{ o offsets }

// Measure adds a measurement; false when it is of no use.
func (o *Offsets) Measure(sent, received, hub time.Time) bool {
	s, ok := measured(sent, received, hub)
	if ok {
		o.o.add(s)
	}
	return ok
}

func (o *Offsets) At(now time.Time) camera.Clock { return o.o.at(now) }

// Kept is the number of measurements.
func (o *Offsets) Kept() int { return len(o.o.samples) }

var (
	Decode    = decode
	ReadProof = readProof
	ParseHub  = parseHub
)
