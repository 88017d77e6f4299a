package camera

import "time"

// RecordState is what a camera is doing now.
type RecordState string

// StateRecording is the good state; every other state is named by the cause of
// the gap that it makes.
const StateRecording RecordState = "recording"

// CameraStatus is the state of one camera at the agent.
type CameraStatus struct {
	Camera CameraID    `json:"camera"`
	State  RecordState `json:"state"` // StateRecording or a GapCause
	Since  time.Time   `json:"since"`
	Detail string      `json:"detail,omitempty"` // for a technician; no secret, at most 200 bytes
	Codec  string      `json:"codec,omitempty"`  // "h264", "h265"

	// Verified is the end of the newest segment whose file was read back as a
	// whole and made sense; zero: none yet. "Live works" is not "it records".
	Verified time.Time `json:"verified,omitzero"`
	Uplink   Uplink    `json:"uplink,omitempty"` // the class in force

	Aim Aim `json:"aim,omitzero"` // whether it still looks where the household aimed it
}

// Aim is what a comparison with the reference view found.
type Aim struct {
	State AimState  `json:"state"`
	At    time.Time `json:"at"`
}

// AimState is a finding; "" is none yet.
type AimState string

// Findings.
const (
	AimSame    AimState = "same"
	AimTurned  AimState = "turned"  // it looks elsewhere
	AimCovered AimState = "covered" // something is before it, or it is far out of focus
	AimDark    AimState = "dark"    // too dark to tell
	AimUnsure  AimState = "unsure"  // much has changed, and it cannot be said what
)

// Status is the agent's health.
type Status struct {
	V       int            `json:"v"`
	At      time.Time      `json:"at"`
	Cameras []CameraStatus `json:"cameras"`
	Spool   SpoolStatus    `json:"spool"`
	Uplink  UplinkStatus   `json:"uplink"`
	Clock   Clock          `json:"clock"`
	// Temperature of the box's hottest sensor in degrees Celsius; nil: it has none.
	Temperature *float64 `json:"temperature,omitempty"`
}

// SpoolStatus is the state of the ring on the household's disk.
type SpoolStatus struct {
	Used    int64   `json:"used"`    // bytes of recordings
	Most    int64   `json:"most"`    // bytes that they may take
	Held    int64   `json:"held"`    // bytes of them under a hold
	Waiting int     `json:"waiting"` // segments that have to reach the hub and have not
	Days    float64 `json:"days"`    // how far back the ring reaches when it is full, at the present rate; 0: not known yet
}

// UplinkStatus is what the uplink carries.
type UplinkStatus struct {
	Rate   int64 `json:"rate"`             // bytes per second sent over the last minute
	Budget int64 `json:"budget,omitempty"` // bytes per second allowed now; 0: no limit
}
