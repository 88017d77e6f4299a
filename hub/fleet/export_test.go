package fleet

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
