package pack

import camera "xulang.vn/camera"

// states are the names of the numbers, by number.
var states = [...]camera.ByteState{
	Home: camera.StateHome, Requested: camera.StateRequested, Uploading: camera.StateUploading, Stored: camera.StateStored,
	Held: camera.StateHeld, Expired: camera.StateExpired, Lost: camera.StateLost, Withheld: camera.StateWithheld,
}

// valid tells whether the number is one of a state.
func (s State) valid() bool { return s >= Home && int(s) < len(states) }

// Byte is the state in words; "" of a number that is none.
func (s State) Byte() camera.ByteState {
	if !s.valid() {
		return ""
	}
	return states[s]
}

// Playable tells whether the hub can serve the bytes now.
func (s State) Playable() bool { return s == Stored || s == Held }

// StateOf is the number of a state. False for what no announced segment can be, as
// camera.StateRecorder.
func StateOf(b camera.ByteState) (State, bool) {
	for s := Home; s.valid(); s++ {
		if states[s] == b {
			return s, true
		}
	}
	return 0, false
}

// causes are the names of the numbers by which causes of gaps are written. Their places
// are in files and never change; a new one goes to the end.
var causes = [...]camera.GapCause{
	1:  camera.CauseCameraOff,
	2:  camera.CauseWrongPassword,
	3:  camera.CauseBadCodec,
	4:  camera.CauseNoKeyFrame,
	5:  camera.CauseAgentOff,
	6:  camera.CauseClockStep,
	7:  camera.CauseDisk,
	8:  camera.CauseHeldFull,
	9:  camera.CauseOverwritten,
	10: camera.CausePaused,
	11: camera.CauseReconnect,
}

// causeNumber is 0 of a cause that has no number.
func causeNumber(c camera.GapCause) byte {
	for n := 1; n < len(causes); n++ {
		if causes[n] == c {
			return byte(n)
		}
	}
	return 0
}
