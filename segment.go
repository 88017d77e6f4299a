package camera

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// HouseholdID names a member home. It is random, says nothing about the home
// and is the only name of it that reaches a case file.
type HouseholdID string

// DeviceID is the public half of the agent's Ed25519 key in NATS nkey form
// (a "U" and 55 base32 letters).
type DeviceID string

// RunID names a run: segments of one camera without a break between them.
// 16 lower-case hex digits, chosen at random by the agent.
type RunID string

// Hash is a SHA-256 digest; in JSON it is 64 lower-case hex digits.
type Hash [sha256.Size]byte

// IsZero tells whether the hash is unset.
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hex form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the hex form and refuses any other length.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*sha256.Size {
		return fmt.Errorf("read hash: %d characters, want %d", len(b), 2*sha256.Size)
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("read hash: %w", err)
	}
	return nil
}

// Segment limits. The hub refuses what lies outside of them.
const (
	SegmentGoal    = 6 * time.Second  // cut at the first key frame after this much media
	SegmentLongest = 60 * time.Second // a longer one is cut, or refused as a claim
	SegmentLargest = 64 << 20         // bytes of one file
)

// SegmentID is the identity of a segment: announcing it twice is announcing it once.
type SegmentID struct {
	Camera CameraID `json:"camera"`
	Run    RunID    `json:"run"`
	Seq    uint32   `json:"seq"` // from 0, without holes within its run
}

func (id SegmentID) String() string {
	return fmt.Sprintf("%s/%s/%d", id.Camera, id.Run, id.Seq)
}

// Segment is the fingerprint of one closed fMP4 file that starts on a key frame.
// Times are the agent's wall clock in UTC, whole milliseconds.
type Segment struct {
	SegmentID
	Start time.Time `json:"start"` // first sample (the run's rule: minimum of receive − media time)
	End   time.Time `json:"end"`   // after the last sample
	Media Millis    `json:"media"` // sum of sample durations from RTP time stamps

	SenderReport time.Time `json:"sender_report,omitzero"` // NTP time of the newest RTCP sender report, mapped to Start
	Clock        Clock     `json:"clock"`

	Size     int64  `json:"size"`      // bytes of the whole file
	InitSize int64  `json:"init_size"` // leading bytes that are ftyp + moov (EXT-X-MAP)
	SHA256   Hash   `json:"sha256"`    // of the whole file
	Prev     Hash   `json:"prev"`      // SHA256 of seq−1 of the same run; zero in the first
	Codec    string `json:"codec"`     // RFC 6381, video first: "avc1.64001f" or "hvc1.1.6.L93.B0,mp4a.40.2"
	Width    int    `json:"width"`     // pixels
	Height   int    `json:"height"`    // pixels
}

// Check tells whether the claim is well-formed by itself: order, limits, hash.
// Whether it may be believed (camera owned, time plausible) the hub decides.
func (s Segment) Check() error {
	switch {
	case s.Camera == "" || !validRun(s.Run):
		return Errorf(CodeBadClaim, "segment %s: camera or run missing", s.SegmentID)
	case !s.End.After(s.Start):
		return Errorf(CodeBadClaim, "segment %s: ends before it starts", s.SegmentID)
	case s.End.Sub(s.Start) > 2*SegmentLongest:
		return Errorf(CodeTooLarge, "segment %s: longer than %s", s.SegmentID, 2*SegmentLongest)
	case s.Size <= 0 || s.Size > SegmentLargest:
		return Errorf(CodeTooLarge, "segment %s: %d bytes, at most %d", s.SegmentID, s.Size, int64(SegmentLargest))
	case s.InitSize <= 0 || s.InitSize >= s.Size:
		return Errorf(CodeBadClaim, "segment %s: init size %d of %d", s.SegmentID, s.InitSize, s.Size)
	case s.SHA256.IsZero():
		return Errorf(CodeBadClaim, "segment %s: no hash", s.SegmentID)
	case (s.Seq == 0) != s.Prev.IsZero():
		return Errorf(CodeBadClaim, "segment %s: chain broken", s.SegmentID)
	case len(s.Codec) > 100:
		return Errorf(CodeBadClaim, "segment %s: codec string of %d bytes", s.SegmentID, len(s.Codec))
	}
	return nil
}

func validRun(r RunID) bool {
	if len(r) != 16 {
		return false
	}
	for _, c := range r {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return true
}

// Millis is a duration that travels as whole milliseconds.
type Millis time.Duration

// MarshalJSON writes whole milliseconds.
func (m Millis) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(m).Milliseconds())
}

// UnmarshalJSON reads whole milliseconds.
func (m *Millis) UnmarshalJSON(b []byte) error {
	var n int64
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("read milliseconds: %w", err)
	}
	*m = Millis(time.Duration(n) * time.Millisecond)
	return nil
}

// Clock is what the agent knew about its own clock when a segment was closed.
type Clock struct {
	Synchronised bool   `json:"synchronised"`
	Offset       Millis `json:"offset"` // agent − hub
	Bound        Millis `json:"bound"`  // |error of Offset| is at most this
}

// Gap says that a camera has no footage in [Start, End), and why.
// It is known by camera and start; announcing it again with a later end extends it.
type Gap struct {
	Camera CameraID  `json:"camera"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Cause  GapCause  `json:"cause"`
}

// Check tells whether the claim is well-formed by itself.
func (g Gap) Check() error {
	switch {
	case g.Camera == "":
		return Errorf(CodeBadClaim, "gap: no camera")
	case !g.End.After(g.Start):
		return Errorf(CodeBadClaim, "gap of %s: ends before it starts", g.Camera)
	case !g.Cause.Announced():
		return Errorf(CodeBadClaim, "gap of %s: cause %q", g.Camera, g.Cause)
	}
	return nil
}

// GapCause says why there is no footage. There is no unknown cause.
type GapCause string

// Causes that an agent announces.
const (
	CauseCameraOff     GapCause = "camera-off"     // the camera does not answer, or sends nothing
	CauseWrongPassword GapCause = "wrong-password" // the camera refused the password twice; a person must act
	CauseBadCodec      GapCause = "bad-codec"      // the camera offers no video that we can record
	CauseNoKeyFrame    GapCause = "no-key-frame"   // video without a key frame for 30 s
	CauseAgentOff      GapCause = "agent-off"      // the agent was not running
	CauseClockStep     GapCause = "clock-step"     // the agent's clock was moved
	CauseDisk          GapCause = "disk"           // the disk is full or failed
	CausePaused        GapCause = "paused"         // the household paused the camera
	CauseReconnect     GapCause = "reconnect"      // the seconds between a broken and a new session
)

// Causes that only the hub gives.
const (
	CauseNotJoined   GapCause = "not-joined"  // before the camera was registered
	CauseUnreachable GapCause = "unreachable" // the agent has no link now; footage may still come
	CausePending     GapCause = "pending"     // so recent that the segment is still being recorded
	CauseUnreported  GapCause = "unreported"  // the agent was linked and said nothing of this time
	CauseFuture      GapCause = "future"      // has not happened yet
	CauseOverwritten GapCause = "overwritten" // was there, and its retention ended
	CauseLost        GapCause = "lost"        // was announced, and its bytes are gone
	CauseWithheld    GapCause = "withheld"    // the household does not share this time
)

// Announced tells whether an agent may give this cause.
func (c GapCause) Announced() bool {
	switch c {
	case CauseCameraOff, CauseWrongPassword, CauseBadCodec, CauseNoKeyFrame, CauseAgentOff,
		CauseClockStep, CauseDisk, CausePaused, CauseReconnect:
		return true
	}
	return false
}

// ByteState says where the bytes of an announced segment are.
//
//	home → requested → uploading → stored → (held) → expired | lost | withheld
type ByteState string

// States of a segment's bytes.
const (
	StateHome      ByteState = "home"
	StateRequested ByteState = "requested"
	StateUploading ByteState = "uploading"
	StateStored    ByteState = "stored"
	StateHeld      ByteState = "held"
	StateExpired   ByteState = "expired"
	StateLost      ByteState = "lost"
	StateWithheld  ByteState = "withheld"
)

// Playable tells whether the hub can serve the bytes now.
func (s ByteState) Playable() bool { return s == StateStored || s == StateHeld }
