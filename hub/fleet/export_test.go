package fleet

import "time"

// Decode, ReadAck and ReadStill let the fuzzer at what reads agents' messages.
var (
	Decode    = decode
	ReadAck   = readAck
	ReadStill = readStill
)

// WaitingMost and WorkersEach bound one device's requests.
const (
	WaitingMost = waitingMost
	WorkersEach = workersEach
)

// Cost is what a message costs; the others bound what is paid with.
var Cost = cost

const (
	DefaultRate  = defaultRate
	DefaultBurst = defaultBurst
)

// RecheckOn makes the hub look its linked devices up again at each tick, before Run.
func (f *Fleet) RecheckOn(tick <-chan time.Time) { f.recheck = tick }
