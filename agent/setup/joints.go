package setup

import (
	"context"
	"net/netip"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// Agent is the running program, as far as the page steers it.
type Agent interface {
	membership
	neighbourhood
	recording
	testing
}

type membership interface {
	Fingerprint() string // of the device key, short form
	Member() (Member, bool)
	// Pair joins with a link, or with a hub's address and a typed code. Codes:
	// used-code, bad-certificate, unreachable, bad-request, conflict.
	Pair(ctx context.Context, link, hub, code string) error
	// Leave tells the hub and forgets the membership, with anew the device key as
	// well, with erase the recordings too. A hub that is away does not stop it.
	Leave(ctx context.Context, anew, erase bool) error
	Linked() bool
	Trouble() camera.Code // quarantined, forbidden (revoked) or bad-certificate; "": none
}

type neighbourhood interface {
	Roads(context.Context, camera.RoadsRequest) (camera.RoadsReply, error)
	Seen(context.Context, camera.View) ([]camera.Sight, error)
	// Receipt signs and sends. Without the hub it gives the signed one and an error.
	Receipt(context.Context, camera.Receipt) (camera.Receipt, camera.ReceiptReply, error)
	Wants() []camera.Want
	Answer(ctx context.Context, want string, granted bool) error
}

type recording interface {
	Cameras() []CameraState
	Recorders() []RecorderState
	// KeyFrame is the newest one of a shared camera, as a file with its MIME type.
	KeyFrame(context.Context, camera.CameraID) (data []byte, kind string, at time.Time, err error)
	// Apply makes the book true: starts, stops and pauses cameras. When it returns
	// nothing that the book does not allow leaves the house any more.
	Apply(context.Context) error
}

type testing interface {
	TestRecord(context.Context, camera.CameraID) (seconds float64, err error)
	TestPast(context.Context, camera.CameraID) (seconds float64, err error)
	TestUplink(context.Context) (rate float64, err error) // bytes per second
	Clock() camera.Clock
	DiskDays() float64 // 0: not known yet
	Report(context.Context, camera.SelfTest) error
}

// Finder looks for recorders and cameras and calls them. It dials nothing outside of
// what Allow was told last. Its errors carry wrong-password, locked-out, clock-skew,
// unreachable, outside-lan, no-picture or recorder-full.
type Finder interface {
	Networks() []string // private networks of this box, each at most a /24
	Allow([]netip.Prefix) error
	Search(ctx context.Context, networks []netip.Prefix, report func(tried, total int, found *home.Recorder)) error
	// Open signs in with at most one use of the password and gives the recorder with
	// serial (none, or a made one, where it tells none), channels, clock and what it can.
	Open(ctx context.Context, found home.Recorder, user, pass string) (home.Recorder, error)
	// Address makes a recorder of one channel of an RTSP address without a user in it,
	// once that has given a picture.
	Address(ctx context.Context, url, user, pass string) (home.Recorder, error)
	// Picture is a JPEG, or a file of one key frame, with its MIME type.
	Picture(context.Context, home.Recorder, home.Channel) (data []byte, kind string, err error)
}

// Member says whose agent this is.
type Member struct {
	Label, Hub string
	Joined     time.Time
	Place      *camera.Position
	Household  camera.HouseholdID
}

// CameraState is what a shared camera is doing.
type CameraState struct {
	ID              camera.CameraID
	State           string // recording, or the cause of a gap
	Since, Verified time.Time
	Watched         bool
	PastFrom        time.Time // how far back the recorder's past of it reaches; zero: none, or not known
}

// RecorderState is what a recorder is doing.
type RecorderState struct {
	ID         string // of the book
	Ahead      time.Duration
	AheadKnown bool
	PastFrom   time.Time
	Trouble    camera.Code
}

// Notice is what stands on the sheet for the gate.
type Notice struct {
	Household, Commune, Road, Contact, Language string
}

// Finding is what a comparison of two pictures tells. A number that was not found is NaN.
type Finding struct {
	State                       camera.AimState
	Shift, Likeness, Brightness float64
}
