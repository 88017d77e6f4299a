package camera

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
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

// Signature is an Ed25519 signature (RFC 8032) by a device's key; in JSON it is
// standard base64.
type Signature [ed25519.SignatureSize]byte

// IsZero tells whether the signature is unset.
func (g Signature) IsZero() bool { return g == Signature{} }

// MarshalText writes base64.
func (g Signature) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, g[:]), nil
}

// UnmarshalText reads base64 and refuses any other length.
func (g *Signature) UnmarshalText(b []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil || len(raw) != len(g) {
		return fmt.Errorf("read signature: not base64 of %d bytes", len(g))
	}
	copy(g[:], raw)
	return nil
}

// Stream tells which of a camera's streams a fact is about.
type Stream string

// Streams of a camera.
const (
	StreamMain Stream = ""    // the best one, of which evidence is made
	StreamSub  Stream = "sub" // the small one, for weak uplinks
)

// Valid tells whether the stream is one of ours.
func (s Stream) Valid() bool { return s == StreamMain || s == StreamSub }

// Origin tells who recorded a segment.
type Origin string

// Origins of a segment.
const (
	OriginCamera   Origin = ""         // the agent, from the camera
	OriginRecorder Origin = "recorder" // the household's own recorder; the agent fetched it later
)

// Valid tells whether the origin is one of ours.
func (o Origin) Valid() bool { return o == OriginCamera || o == OriginRecorder }

// RecorderAway is how far a recorder's clock may be from the truth to be worked with:
// more is a clock that was never set.
const RecorderAway = 400 * 24 * time.Hour

// Activity is how much moved in each second since a segment's start: one byte a
// second, 0 still … 255, as the sizes of the coded pictures tell. In JSON it is
// standard base64.
type Activity string

// MarshalText writes base64.
func (a Activity) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(a)), nil
}

// UnmarshalText reads base64.
func (a *Activity) UnmarshalText(b []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return fmt.Errorf("read activity: %w", err)
	}
	*a = Activity(raw)
	return nil
}

// Segment limits. The hub refuses what lies outside of them.
const (
	SegmentGoal    = 6 * time.Second  // cut at the first key frame after this much media
	SegmentLongest = 60 * time.Second // a longer one is cut, or refused as a claim
	SegmentLargest = 64 << 20         // bytes of one file
	KeyLargest     = 4 << 20          // bytes of the part of a file that is one picture
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
	Stream Stream `json:"stream,omitempty"`

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

	// The leading KeySize bytes are a file by themselves: head and first key
	// frame, one picture. Zero when the file is not made that way.
	KeySize   int64 `json:"key_size,omitempty"`
	KeySHA256 Hash  `json:"key_sha256,omitzero"`

	Activity Activity `json:"activity,omitempty"` // of each second since Start

	// Origin says who recorded it. Of footage that the household's own recorder kept,
	// Start and End are already corrected by what follows: the recorder's own times
	// are Start + RecorderOffset and End + RecorderOffset.
	Origin         Origin `json:"origin,omitempty"`
	RecorderOffset Millis `json:"recorder_offset,omitempty"` // recorder's clock − agent's, as measured when it was fetched
	RecorderBound  Millis `json:"recorder_bound,omitempty"`  // |error of RecorderOffset| is at most this

	// Signature is the device's, over Payload. It is put there when the segment is announced.
	Signature Signature `json:"signature,omitzero"`
}

// Payload is what the device signs: the whole fingerprint, a line a value, times
// in Unix milliseconds. It does not depend on how the fingerprint travelled.
func (s Segment) Payload() []byte {
	report := int64(0)
	if !s.SenderReport.IsZero() {
		report = s.SenderReport.UnixMilli()
	}
	ms := func(m Millis) int64 { return time.Duration(m).Milliseconds() }
	text := fmt.Appendf(nil, "xulang segment 1\n%s\n%s\n%d\n%q\n%d\n%d\n%d\n%d\n%t\n%d\n%d\n%d\n%d\n%s\n%s\n%q\n%d\n%d\n%d\n%s\n%x\n",
		s.Camera, s.Run, s.Seq, s.Stream, s.Start.UnixMilli(), s.End.UnixMilli(), ms(s.Media), report,
		s.Clock.Synchronised, ms(s.Clock.Offset), ms(s.Clock.Bound),
		s.Size, s.InitSize, s.SHA256, s.Prev, s.Codec, s.Width, s.Height, s.KeySize, s.KeySHA256, string(s.Activity))
	if s.Origin != OriginCamera {
		text = fmt.Appendf(text, "origin %q\n%d\n%d\n", s.Origin, ms(s.RecorderOffset), ms(s.RecorderBound))
	}
	return text
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
	case !s.Stream.Valid():
		return Errorf(CodeBadClaim, "segment %s: unknown stream", s.SegmentID)
	case s.KeySize < 0 || s.KeySize > min(s.Size, KeyLargest) || (s.KeySize == 0) != s.KeySHA256.IsZero() || s.KeySize > 0 && s.KeySize <= s.InitSize:
		return Errorf(CodeBadClaim, "segment %s: key frame of %d bytes", s.SegmentID, s.KeySize)
	case len(s.Activity) > int(2*SegmentLongest/time.Second)+1:
		return Errorf(CodeBadClaim, "segment %s: activity of %d seconds", s.SegmentID, len(s.Activity))
	case !s.Origin.Valid() || s.Origin == OriginCamera && (s.RecorderOffset != 0 || s.RecorderBound != 0) || s.Origin != OriginCamera && s.Stream != StreamMain:
		return Errorf(CodeBadClaim, "segment %s: origin %q", s.SegmentID, s.Origin)
	case s.RecorderBound < 0 || time.Duration(s.RecorderOffset).Abs() > RecorderAway:
		return Errorf(CodeBadClaim, "segment %s: recorder's clock is %s off", s.SegmentID, time.Duration(s.RecorderOffset))
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
// It is known by camera, stream and start; announcing it again with a later end
// extends it. Gaps of the sub stream only tell what happened to its segments: the
// past of a camera is that of its main stream.
type Gap struct {
	Camera CameraID  `json:"camera"`
	Stream Stream    `json:"stream,omitempty"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Cause  GapCause  `json:"cause"`

	// Signature is the device's, over Payload. It is put there when the gap is announced.
	Signature Signature `json:"signature,omitzero"`
}

// Payload is what the device signs.
func (g Gap) Payload() []byte {
	return fmt.Appendf(nil, "xulang gap 1\n%s\n%q\n%d\n%d\n%s\n", g.Camera, g.Stream, g.Start.UnixMilli(), g.End.UnixMilli(), g.Cause)
}

// Check tells whether the claim is well-formed by itself.
func (g Gap) Check() error {
	switch {
	case g.Camera == "":
		return Errorf(CodeBadClaim, "gap: no camera")
	case !g.End.After(g.Start):
		return Errorf(CodeBadClaim, "gap of %s: ends before it starts", g.Camera)
	case !g.Stream.Valid():
		return Errorf(CodeBadClaim, "gap of %s: unknown stream", g.Camera)
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
	CauseDisk          GapCause = "disk"           // the disk is full or failed, and footage that the hub still waited for had to go
	CauseHeldFull      GapCause = "held-full"      // the disk holds only footage under a hold; nothing may go, so nothing is recorded
	CauseOverwritten   GapCause = "overwritten"    // was there, and its retention ended
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
	CauseLost        GapCause = "lost"        // was announced, and its bytes are gone
	CauseWithheld    GapCause = "withheld"    // the household does not share this time
)

// Announced tells whether an agent may give this cause.
func (c GapCause) Announced() bool {
	switch c {
	case CauseCameraOff, CauseWrongPassword, CauseBadCodec, CauseNoKeyFrame, CauseAgentOff,
		CauseClockStep, CauseDisk, CauseHeldFull, CauseOverwritten, CausePaused, CauseReconnect:
		return true
	}
	return false
}

// ByteState says where the bytes of an announced segment are.
//
//	(recorder) → home → requested → uploading → stored → (held) → expired | lost | withheld
type ByteState string

// States of a segment's bytes.
const (
	StateRecorder  ByteState = "recorder" // no segment yet: the household's recorder says that it has this time
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
