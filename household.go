package camera

import (
	"fmt"
	"time"
)

// RoadsRequest asks for the hub's roads around a place; without one around the
// household's, and where that is not known the greater roads of the whole map.
type RoadsRequest struct {
	V      int       `json:"v"`
	Near   *Position `json:"near,omitempty"`
	Radius float64   `json:"radius,omitempty"` // metres, at most RoadsRadius
}

// RoadsRadius is the widest map that a household gets at a time, metres.
const RoadsRadius = 5000.0

// RoadsReply is a map.
type RoadsReply struct {
	V int `json:"v"`
	Refusal
	Sketch bool       `json:"sketch,omitempty"` // a drawing, no real place
	Place  *Position  `json:"place,omitempty"`  // of the household, as the commune noted it
	Roads  []RoadLine `json:"roads"`
}

// RoadLine is a road as a map draws it.
type RoadLine struct {
	ID    RoadID       `json:"id"`
	Name  string       `json:"name"`
	Class string       `json:"class"` // OSM highway value
	Line  [][2]float64 `json:"line"`  // lon, lat
}

// SeenRequest asks what a view would see.
type SeenRequest struct {
	V    int  `json:"v"`
	View View `json:"view"`
}

// SeenReply has what is seen, the longest first.
type SeenReply struct {
	V int `json:"v"`
	Refusal
	Sights []Sight `json:"sights"`
}

// Sight is a stretch that is seen, with what people call it.
type Sight struct {
	Seen
	Name   string  `json:"name"` // of the road
	Metres float64 `json:"metres"`
	Toward string  `json:"toward,omitempty"` // the place to which the camera looks along the road; of DirAcross the one with rising kilometres; "" not known
	Back   string  `json:"back,omitempty"`   // the other way
	Side   Side    `json:"side,omitempty"`   // on which side of the road the camera stands, for one who goes to Toward
}

// Side of a road.
type Side string

// Sides.
const (
	SideLeft  Side = "left"
	SideRight Side = "right"
)

// Receipt is what a household agreed to, or took back: the words, the way, the time.
// Both sides keep it.
type Receipt struct {
	V         int       `json:"v"`
	Camera    CameraID  `json:"camera"`
	Consent   Consent   `json:"consent"`
	Text      string    `json:"text"`      // version of the words that were shown
	TextHash  Hash      `json:"text_hash"` // SHA-256 of these words
	Language  string    `json:"language"`  // "vi" or "en"
	Method    string    `json:"method"`    // "household-page"
	At        time.Time `json:"at"`        // agent's clock
	Signature Signature `json:"signature"` // the device's, over Payload
}

// Payload is what the device signs.
func (r Receipt) Payload() []byte {
	c := r.Consent
	until := int64(0)
	if !c.Until.IsZero() {
		until = c.Until.UnixMilli()
	}
	return fmt.Appendf(nil, "xulang receipt 1\n%s\n%q\n%q %q %q %q\n%d %d\n%d\n%t\n%q\n%s\n%q\n%q\n%d\n",
		r.Camera, c.Level, c.For.Criminal, c.For.Administrative, c.For.Missing, c.For.Emergency, c.Hours.From, c.Hours.To,
		until, c.Paused, r.Text, r.TextHash, r.Language, r.Method, r.At.UnixMilli())
}

// Check tells whether it is well-formed by itself.
func (r Receipt) Check() error {
	switch {
	case !r.Camera.Valid() || !r.Consent.Valid() || r.At.IsZero():
		return Errorf(CodeBadClaim, "receipt: camera, consent and time are needed")
	case len(r.Text) == 0 || len(r.Text) > 40 || len(r.Method) > 40 || r.Language != "vi" && r.Language != "en" || r.TextHash.IsZero():
		return Errorf(CodeBadClaim, "receipt: words, language and method are needed")
	case !r.Consent.Until.IsZero() && r.Consent.Until.Sub(r.At) > ConsentLongest:
		return Errorf(CodeBadClaim, "receipt: consent for more than a year")
	}
	return nil
}

// ReceiptReply is the hub's side of it.
type ReceiptReply struct {
	V int `json:"v"`
	Refusal
	Number string    `json:"number,omitempty"` // under which the hub keeps it
	At     time.Time `json:"at,omitzero"`      // hub's clock
}

// Probe carries bytes that mean nothing.
type Probe struct {
	V    int    `json:"v"`
	Data []byte `json:"data"`
}

// SelfTest is what the agent found when the household pressed "test".
type SelfTest struct {
	V     int        `json:"v"`
	At    time.Time  `json:"at"`
	Lines []TestLine `json:"lines"`
}

// TestsMost is the largest number of lines of a self-test.
const TestsMost = 200

// TestLine is one thing that was tried. Both pages have words for Name and Fix.
type TestLine struct {
	Name   TestName `json:"name"`
	Camera CameraID `json:"camera,omitempty"`
	OK     bool     `json:"ok"`
	Fix    string   `json:"fix,omitempty"`    // why not, a Code or a GapCause: the pages name what to do
	Number float64  `json:"number,omitempty"` // what was measured, see the names
}

// TestName says what was tried.
type TestName string

// What is tried.
const (
	TestRecord TestName = "record" // 20 s of a camera were recorded and read back; Number: seconds
	TestPast   TestName = "past"   // a minute from an hour ago came out of the recorder; Number: seconds
	TestUplink TestName = "uplink" // Number: bytes per second to the hub
	TestClock  TestName = "clock"  // Number: seconds that the agent's clock is ahead of the hub's
	TestOwn    TestName = "own"    // a recorder's own clock; Number: seconds that it is ahead of the agent's
	TestDisk   TestName = "disk"   // Number: days that the disk reaches
)

// LeaveNotice tells that the household leaves.
type LeaveNotice struct {
	V int `json:"v"`
}
