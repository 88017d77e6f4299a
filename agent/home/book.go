package home

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// Book is all that the household decided. Times are UTC.
type Book struct {
	Networks  []string   `json:"networks,omitempty"` // CIDR, confirmed by the household; nothing else is dialled
	Recorders []Recorder `json:"recorders,omitempty"`
	Cameras   []Camera   `json:"cameras,omitempty"` // the chosen channels
	Keep      int        `json:"keep,omitempty"`    // days for which the hub keeps what was sent; 0: as usual

	SelfTest *SelfTest `json:"self_test,omitempty"` // the newest that ran to its end
	Answers  []Answer  `json:"answers,omitempty"`   // to requests, oldest first
	Tries    []Try     `json:"tries,omitempty"`     // passwords that were refused, or are being tried

	// Withdrawn are the last receipts of cameras that are not chosen any more.
	Withdrawn []Receipt `json:"withdrawn,omitempty"`

	// Apart is what was withheld of cameras that are not chosen any more: it counts
	// again when they are.
	Apart []Apart `json:"apart,omitempty"`
}

// Apart is of a camera that is not chosen.
type Apart struct {
	ID       camera.CameraID   `json:"id"`
	Withheld []camera.Interval `json:"withheld"`
}

// SetApart remembers what was withheld of a camera that is not chosen from now on.
func (b *Book) SetApart(c Camera, now time.Time) {
	c.Withheld = slices.Clone(c.Withheld)
	if c.Agree(camera.Consent{Level: camera.ConsentNone}, now); len(c.Withheld) > 0 {
		b.Apart = append(b.Apart, Apart{c.ID, c.Withheld})
	}
}

// Recall gives it back when the camera is chosen again.
func (b *Book) Recall(id camera.CameraID) (withheld []camera.Interval) {
	b.Apart = slices.DeleteFunc(b.Apart, func(a Apart) bool {
		if a.ID == id {
			withheld = a.Withheld
		}
		return a.ID == id
	})
	return withheld
}

// Recorder is a recorder, or a camera without one, that the household signed in at.
type Recorder struct {
	ID      string `json:"id"`
	Serial  string `json:"serial"` // with the channel it is the identity; an address never is
	Kind    string `json:"kind,omitempty"`
	Brand   string `json:"brand,omitempty"`
	Model   string `json:"model,omitempty"`
	Name    string `json:"name,omitempty"`
	Dialect string `json:"dialect,omitempty"`

	Address  string `json:"address"` // IP, as it was last seen
	HTTPPort int    `json:"http_port,omitempty"`
	RTSPPort int    `json:"rtsp_port,omitempty"`
	XAddr    string `json:"-"` // ONVIF device service; sealed

	Username string `json:"username,omitempty"`
	Password Secret `json:"-"` // sealed

	Channels []Channel `json:"channels,omitempty"`
	// Chosen: the household has picked among the channels. The others have no
	// addresses any more.
	Chosen bool `json:"chosen,omitempty"`

	SignedIn time.Time `json:"signed_in,omitzero"` // the last time that the household did

	Past            bool `json:"past,omitempty"` // its recordings can be fetched
	DefaultPassword bool `json:"default_password,omitempty"`

	// Its clock − the agent's when the household signed in; nil: it did not tell.
	ClockAhead *camera.Millis `json:"clock_ahead,omitempty"`
}

// Channel is a picture source of a recorder. Its addresses hold no user name of
// ours, but some makers put passwords into paths: they are sealed too.
type Channel struct {
	Number int    `json:"number"` // from 0
	Name   string `json:"name"`
	Online *bool  `json:"online,omitempty"` // nil: the recorder does not tell
	Serial string `json:"serial,omitempty"` // of the camera behind it, where the recorder tells

	MainURL     string `json:"-"`
	SubURL      string `json:"-"`
	SnapshotURL string `json:"-"`
	Token       string `json:"-"`
	SourceToken string `json:"-"`
}

// madePrefix begins a serial that the agent made for a device that tells none.
const madePrefix = "BOX-"

// MakeSerial makes one up. It is the device's identity as long as the book has it.
func MakeSerial() string { return madePrefix + rand.Text()[:12] }

// Nameless tells whether the device itself tells no serial.
func (r Recorder) Nameless() bool { return r.Serial == "" || strings.HasPrefix(r.Serial, madePrefix) }

// Reachable tells whether anything is left by which the channel can be contacted.
func (c Channel) Reachable() bool {
	return c.MainURL != "" || c.SubURL != "" || c.SnapshotURL != "" || c.Token != "" || c.SourceToken != ""
}

// Forget drops all by which the channel can be contacted: only its name stays.
func (c *Channel) Forget() { *c = Channel{Number: c.Number, Name: c.Name} }

// Format shows of a recorder what may stand in a log, whatever the verb.
func (r Recorder) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{recorder %s %s %s, %d channels}", r.ID, r.Brand, r.Address, len(r.Channels))
}

// LogValue is the same for slog.
func (r Recorder) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Format shows number and name, whatever the verb: an address may hold a password.
func (c Channel) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("{channel %d %q}", c.Number, c.Name))
}

// LogValue is the same for slog.
func (c Channel) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Camera is a chosen channel.
type Camera struct {
	ID       camera.CameraID `json:"id"`
	Recorder string          `json:"recorder"`
	Channel  int             `json:"channel"`
	Label    string          `json:"label"`

	View    *camera.View   `json:"view,omitempty"`    // nil: not aimed yet
	Outline []Point        `json:"outline,omitempty"` // of the road on the picture
	Sights  []camera.Sight `json:"sights,omitempty"`  // of View, as the hub said
	Sighted bool           `json:"sighted,omitempty"` // the hub has said it
	Aimed   time.Time      `json:"aimed,omitzero"`
	Aim     Aim            `json:"aim,omitzero"` // the newest comparison with the reference

	Sound   bool           `json:"sound,omitempty"`
	Uplink  camera.Uplink  `json:"uplink,omitempty"`
	Consent camera.Consent `json:"consent"` // level none until the household agrees; set by Agree

	// Withheld are the times in which the household had paused the camera or taken it
	// back, oldest first. The household's own recorder goes on meanwhile: what it has of
	// these times is not fetched, ever. Without an end the time goes on.
	Withheld []camera.Interval `json:"withheld,omitempty"`

	Receipts []Receipt `json:"receipts,omitempty"` // oldest first
}

// Shared tells whether the household shares anything of it. What is not shared is
// not dialled but for a picture that the household's own page asks for.
func (c Camera) Shared() bool {
	return c.View != nil && c.Consent.Valid() && c.Consent.Level != camera.ConsentNone
}

// Agree puts into force what the household decided, and notes when it withholds.
func (c *Camera) Agree(to camera.Consent, now time.Time) {
	shared := c.Consent.Level != camera.ConsentNone
	c.Consent = to
	n := len(c.Withheld)
	open := n > 0 && c.Withheld[n-1].To.IsZero()
	switch withholds := to.Paused || to.Level == camera.ConsentNone; {
	case withholds && shared && !open:
		c.Withheld = append(c.Withheld, camera.Interval{From: now})
	case !withholds && open && now.After(c.Withheld[n-1].From):
		c.Withheld[n-1].To = now
	case !withholds && open: // the clock was set back
		c.Withheld[n-1].To = c.Withheld[n-1].From.Add(time.Millisecond)
	}
}

// Point is a place on a picture: 0, 0 is left and top, 1, 1 right and bottom.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Aim is a finding with its numbers; nil is not found.
type Aim struct {
	camera.Aim
	Shift      *float64 `json:"shift,omitempty"`      // share of the picture's width
	Likeness   *float64 `json:"likeness,omitempty"`   // 0 to 1
	Brightness *float64 `json:"brightness,omitempty"` // 0 to 1
}

// Receipt is the household's side of what it agreed to, or took back.
type Receipt struct {
	camera.Receipt
	Words  string    `json:"words"`            // as they were shown
	Number string    `json:"number,omitempty"` // the hub's; "" while it has not answered
	HubAt  time.Time `json:"hub_at,omitzero"`
}

// SelfTest is the result of a whole self-test.
type SelfTest struct {
	At    time.Time         `json:"at"`
	Lines []camera.TestLine `json:"lines"`
	Told  bool              `json:"told,omitempty"` // the hub has it
}

// Answer is the household's yes or no to a want. It holds whatever the hub says.
type Answer struct {
	Want    string          `json:"want"`
	Camera  camera.CameraID `json:"camera"` // of which it was asked, and which minutes
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to"`
	Granted bool            `json:"granted"`
	At      time.Time       `json:"at"`
	Told    bool            `json:"told,omitempty"` // the hub has it
}

// Grants tells whether the household said yes to footage of a segment, whatever the
// hub says of it.
func (b Book) Grants(s camera.Segment) bool {
	for _, a := range b.Answers {
		if a.Granted && (camera.Want{Camera: a.Camera, From: a.From, To: a.To}).Covers(s) {
			return true
		}
	}
	return false
}

// Answer finds the answer to a want; nil: none. It points into the book.
func (b *Book) Answer(want string) *Answer {
	for i := range b.Answers {
		if b.Answers[i].Want == want {
			return &b.Answers[i]
		}
	}
	return nil
}

// Try is one use of a password that was not the right one, or is not known to be.
type Try struct {
	Address string    `json:"address"`
	At      time.Time `json:"at"`
}

// Recorder finds a recorder; nil: none. It points into the book.
func (b *Book) Recorder(id string) *Recorder {
	for i := range b.Recorders {
		if b.Recorders[i].ID == id {
			return &b.Recorders[i]
		}
	}
	return nil
}

// Channel finds a channel; nil: none. It points into the recorder.
func (r *Recorder) Channel(number int) *Channel {
	for i := range r.Channels {
		if r.Channels[i].Number == number {
			return &r.Channels[i]
		}
	}
	return nil
}

// Camera finds a chosen camera; nil: none. It points into the book.
func (b *Book) Camera(id camera.CameraID) *Camera {
	for i := range b.Cameras {
		if b.Cameras[i].ID == id {
			return &b.Cameras[i]
		}
	}
	return nil
}
