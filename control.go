package camera

import (
	"fmt"
	"time"
)

// LinkVersion is the version of the messages below. A message of another version
// is refused with CodeBadVersion; the connection lives on.
const LinkVersion = 2

// MessageLargest is the largest message on the link in bytes, either way.
const MessageLargest = 1 << 20

// AnnounceMost is the largest number of segments and gaps in one announcement.
const AnnounceMost = 500

// SlotsMost is the largest number of segments in one question for slots, and in
// one notice that bytes are stored.
const SlotsMost = 32

// WantsMost is the largest number of wants of one device.
const WantsMost = 500

// Verbs that an agent asks on UpSubject(device, verb); each is a request with a reply.
const (
	VerbHello    = "hello"    // Hello → HelloReply: on every connect and when cameras change
	VerbAnnounce = "announce" // Announce → AnnounceReply: fingerprints, acknowledged when durable
	VerbSlots    = "slots"    // SlotsRequest → SlotsReply: where to put bytes
	VerbStored   = "stored"   // StoredNotice → StoredReply: the bytes are there, look
	VerbWants    = "wants"    // WantsRequest → WantsReply: what cases hold and ask for, now
	VerbStatus   = "status"   // Status → Ack: health, at least every 30 s
	VerbClock    = "clock"    // ClockProbe → ClockReply: offset measurement
	VerbPast     = "past"     // PastNotice → Ack: what the household's recorder has
	VerbRoads    = "roads"    // RoadsRequest → RoadsReply: the map around the house
	VerbSeen     = "seen"     // SeenRequest → SeenReply: what a view sees, for the household's page
	VerbConsent  = "consent"  // Receipt → ReceiptReply: what the household agreed to
	VerbAnswer   = "answer"   // Answer → Ack: its yes or no to a request
	VerbProbe    = "probe"    // Probe → Ack: bytes that measure the uplink
	VerbSelfTest = "selftest" // SelfTest → Ack
	VerbLeave    = "leave"    // LeaveNotice → Ack: the household leaves; the device's key is worth nothing from then on
)

// Verbs that the hub asks on DownSubject(device, verb).
const (
	VerbLive  = "live"  // LiveCommand → Ack
	VerbLook  = "look"  // LookCommand → Ack: ask for the wants again; agreement means that the holds are durable at home
	VerbStill = "still" // StillCommand → StillReply: one key frame
)

// UpSubject is where a device asks the hub. It may publish nowhere else.
func UpSubject(d DeviceID, verb string) string { return "xulang.up." + string(d) + "." + verb }

// DownSubject is where the hub asks a device. It may subscribe nowhere else,
// except to its own inbox.
func DownSubject(d DeviceID, verb string) string { return "xulang.down." + string(d) + "." + verb }

// InboxPrefix is the device's own prefix for replies.
func InboxPrefix(d DeviceID) string { return "_INBOX_" + string(d) }

// EnrolRequest is sent once over HTTPS (POST /api/v1/enrol), before there is a link.
type EnrolRequest struct {
	Code      string   `json:"code"`      // one-time code of the invitation
	Device    DeviceID `json:"device"`    // the key that the agent made
	Signature string   `json:"signature"` // Ed25519 over EnrolPayload, standard base64: proof of the private half
	Name      string   `json:"name"`      // what the household calls the box
}

// EnrolPayload is what the enrolling agent signs.
func EnrolPayload(code string, d DeviceID) []byte {
	return []byte("xulang enrol 1\n" + code + "\n" + string(d))
}

// EnrolReply tells the agent whose it is.
type EnrolReply struct {
	Household HouseholdID `json:"household"`
	Label     string      `json:"label"` // the household as its members know it
	Place     *Position   `json:"place,omitempty"`
}

// Refusal is an answer's code and sentence; Code "" is agreement.
type Refusal struct {
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Err is nil for agreement.
func (r Refusal) Err() error {
	if r.Code == "" {
		return nil
	}
	return &Error{Code: r.Code, Message: r.Message}
}

// Refuse makes a Refusal of an error; nil makes agreement.
func Refuse(err error) Refusal {
	if err == nil {
		return Refusal{}
	}
	if code := CodeOf(err); code != CodeInternal {
		return Refusal{Code: code, Message: err.Error()}
	}
	return Refusal{Code: CodeInternal, Message: "the hub could not do this"}
}

// Ack is the plain reply.
type Ack struct {
	V int `json:"v"`
	Refusal
}

// CameraNote is what an agent tells of one of its cameras. The password and the
// address stay at home.
type CameraNote struct {
	Camera  CameraID `json:"camera"`
	Serial  string   `json:"serial"`
	Channel int      `json:"channel"`
	Label   string   `json:"label"`
	View    View     `json:"view"`
	Consent Consent  `json:"consent"`
	Sound   bool     `json:"sound,omitempty"`
	Uplink  Uplink   `json:"uplink,omitempty"` // what the household chose; empty: the hub's policy
}

// Uplink is how much of a camera's footage leaves the house by itself.
// Fingerprints always do.
type Uplink string

// Uplink classes.
const (
	UplinkAll     Uplink = "all"        // everything
	UplinkSub     Uplink = "sub"        // the sub stream; the main stream when a case asks
	UplinkRequest Uplink = "on-request" // bytes only when a case asks
)

// Valid tells whether the class is one of ours; empty is none.
func (u Uplink) Valid() bool { return u == UplinkAll || u == UplinkSub || u == UplinkRequest }

// Required tells whether a stream's bytes have to reach the hub by themselves.
func (u Uplink) Required(s Stream) bool {
	return u == UplinkAll && s == StreamMain || u == UplinkSub && s == StreamSub
}

// Check tells whether the note is well-formed and its id is derived as it must be.
func (n CameraNote) Check(h HouseholdID) error {
	switch {
	case n.Serial == "" || len(n.Serial) > 100:
		return Errorf(CodeBadClaim, "camera: serial of %d bytes", len(n.Serial))
	case n.Channel < 0 || n.Channel > 1024:
		return Errorf(CodeBadClaim, "camera: channel %d", n.Channel)
	case len(n.Label) > 200:
		return Errorf(CodeBadClaim, "camera: label of %d bytes", len(n.Label))
	case n.Camera != NewCameraID(h, n.Serial, n.Channel):
		return Errorf(CodeForeignCamera, "camera %s: not of this household", n.Camera)
	case !n.Consent.Valid():
		return Errorf(CodeBadClaim, "camera %s: consent %q", n.Camera, n.Consent.Level)
	case n.Uplink != "" && !n.Uplink.Valid():
		return Errorf(CodeBadClaim, "camera %s: uplink class %q", n.Camera, n.Uplink)
	}
	return n.View.Check()
}

// Hello introduces the agent's cameras. Cameras that are not in it any more are
// kept by the hub with their past, and shown as not shared.
type Hello struct {
	V       int    `json:"v"`
	Version string `json:"version"` // of the agent's program
	// Boot is random, of this run of the program. One that comes back after another
	// one was seen tells that two boxes have one identity.
	Boot    string       `json:"boot,omitempty"`
	Keep    int          `json:"keep,omitempty"` // days for which the hub keeps footage; see KeepDays
	Cameras []CameraNote `json:"cameras"`
}

// HelloReply names the cameras that were refused.
type HelloReply struct {
	V int `json:"v"`
	Refusal
	Refused map[CameraID]Refusal `json:"refused,omitempty"`
	Uplink  Uplink               `json:"uplink,omitempty"` // the hub's policy, for cameras whose household chose none
}

// Announce carries fingerprints, oldest first.
type Announce struct {
	V        int       `json:"v"`
	Segments []Segment `json:"segments,omitempty"`
	Gaps     []Gap     `json:"gaps,omitempty"`
}

// AnnounceReply acknowledges everything that is not named in Refused: it is
// durable at the hub. A refused item must not be sent again.
type AnnounceReply struct {
	V int `json:"v"`
	Refusal
	RefusedSegments map[int]Refusal `json:"refused_segments,omitempty"` // by index
	RefusedGaps     map[int]Refusal `json:"refused_gaps,omitempty"`     // by index
}

// SlotsRequest asks where to put announced segments' bytes.
type SlotsRequest struct {
	V        int         `json:"v"`
	Segments []SegmentID `json:"segments"`
}

// SlotsReply has an answer for each segment, in the order of the request.
type SlotsReply struct {
	V int `json:"v"`
	Refusal
	Slots []SlotAnswer `json:"slots,omitempty"`
}

// SlotAnswer is a slot for one segment, or why there is none.
type SlotAnswer struct {
	Refusal
	Stored bool `json:"stored,omitempty"` // the bytes are there already: nothing to do
	Slot
}

// Slot is a presigned PUT. The agent sends these headers and no other ones that
// start with x-amz; Content-Length must be the announced size.
type Slot struct {
	URL     string            `json:"url,omitempty"` // absolute, or a path on the hub ("/o/…")
	Header  map[string]string `json:"header,omitempty"`
	Expires time.Time         `json:"expires,omitzero"`
}

// StoredNotice tells that PUTs succeeded; the hub looks for itself.
type StoredNotice struct {
	V        int         `json:"v"`
	Segments []SegmentID `json:"segments"`
}

// StoredReply says whose bytes the hub did not find. The others are stored and
// may be evicted at home.
type StoredReply struct {
	V int `json:"v"`
	Refusal
	Refused map[int]Refusal `json:"refused,omitempty"` // by index
}

// Want is a window of a camera's footage that a case holds: while it is wanted no
// retention and no full disk may take it.
type Want struct {
	ID     string    `json:"id,omitempty"`
	Camera CameraID  `json:"camera"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Fetch  bool      `json:"fetch,omitempty"` // and the bytes of the main stream are asked for, now

	Purpose Purpose `json:"purpose,omitempty"`
	// Ask, if there, puts it to the household first: nothing leaves before it has
	// said yes. The window is held meanwhile.
	Ask *Ask `json:"ask,omitempty"`
}

// Ask is what a household is told of a request. Silence until Until is a refusal.
type Ask struct {
	Unit   string    `json:"unit"` // who asks
	Case   string    `json:"case"` // the number of the case
	Asked  time.Time `json:"asked"`
	Until  time.Time `json:"until"`
	Answer Reply     `json:"answer,omitempty"`
}

// Reply is a household's answer.
type Reply string

// Replies; "" while there is none. A refusal needs no reason.
const (
	ReplyGranted Reply = "granted"
	ReplyRefused Reply = "refused"
	ReplySilent  Reply = "silent" // given by the hub when the time is up
)

// AskFor is how long a household may think about a request.
const AskFor = 24 * time.Hour

// Answer is the household's yes or no to a Want with an Ask.
type Answer struct {
	V         int       `json:"v"`
	Want      string    `json:"want"`
	Granted   bool      `json:"granted"`
	At        time.Time `json:"at"`
	Signature Signature `json:"signature"` // over Payload
}

// Payload is what the device signs.
func (a Answer) Payload() []byte {
	return fmt.Appendf(nil, "xulang answer 1\n%q\n%t\n%d\n", a.Want, a.Granted, a.At.UnixMilli())
}

// Covers tells whether the want is about a segment.
func (w Want) Covers(s Segment) bool {
	return s.Camera == w.Camera && s.Start.Before(w.To) && s.End.After(w.From)
}

// Grants tells whether the household has said yes to footage of a segment.
func (w Want) Grants(s Segment) bool {
	return w.Ask != nil && w.Ask.Answer == ReplyGranted && w.Covers(s)
}

// Check tells whether the want is well-formed.
func (w Want) Check() error {
	if !w.Camera.Valid() || !w.To.After(w.From) {
		return Errorf(CodeBadRequest, "want: camera and window are needed")
	}
	return nil
}

// WantsRequest asks for all wants of the device's cameras.
type WantsRequest struct {
	V int `json:"v"`
}

// WantsReply replaces what was wanted before.
type WantsReply struct {
	V int `json:"v"`
	Refusal
	Wants []Want `json:"wants,omitempty"`
}

// LookCommand tells an agent that the wants have changed.
type LookCommand struct {
	V int `json:"v"`
}

// StillCommand asks for the leading KeySize bytes of a segment: one picture.
type StillCommand struct {
	V int `json:"v"`
	SegmentID
	Purpose Purpose `json:"purpose,omitempty"`
}

// StillLargest is the largest still that travels on the link, in bytes: its base64
// has to fit into a message.
const StillLargest = 700 << 10

// StillReply carries the picture, at most StillLargest bytes.
type StillReply struct {
	V int `json:"v"`
	Refusal
	Data []byte `json:"data,omitempty"`
}

// ClockProbe and ClockReply measure the agent's offset against the hub: half of
// the round trip bounds the error.
type ClockProbe struct {
	V    int       `json:"v"`
	Sent time.Time `json:"sent"` // agent's clock
}

// ClockReply is the hub's clock when the probe came.
type ClockReply struct {
	V   int       `json:"v"`
	Hub time.Time `json:"hub"`
}

// LiveCommand asks an agent to publish a camera by WHIP (RFC 9725), or to stop.
type LiveCommand struct {
	V      int      `json:"v"`
	Camera CameraID `json:"camera"`
	Start  bool     `json:"start"`
	Path   string   `json:"path,omitempty"`  // WHIP endpoint, a path on the hub
	Token  string   `json:"token,omitempty"` // bearer token, good for one publication

	Purpose Purpose `json:"purpose,omitempty"` // of the case
}

// CheckVersion refuses messages of another version.
func CheckVersion(v int) error {
	if v != LinkVersion {
		return Errorf(CodeBadVersion, "message of version %d, want %d", v, LinkVersion)
	}
	return nil
}

// ShortFingerprint is what a person compares on two screens: the last 8 letters
// of the device key in two groups.
func (d DeviceID) ShortFingerprint() string {
	if len(d) < 8 {
		return string(d)
	}
	tail := string(d[len(d)-8:])
	return fmt.Sprintf("%s-%s", tail[:4], tail[4:])
}
