package fleet

// Decode lets the fuzzer at what reads agents' messages.
var Decode = decode

// WaitingMost and WorkersEach bound one device's requests.
const (
	WaitingMost = waitingMost
	WorkersEach = workersEach
)
