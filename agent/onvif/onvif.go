// Package onvif finds cameras and recorders in the household's network and makes
// device calls: who it is, what time it has, which channels, one picture.
//
// Three dialects: ONVIF (Core, Device, Media, Recording Search and Replay Control
// service specifications), Hikvision's ISAPI and Dahua's HTTP API. All of them were
// written from public documents and tested against fixtures of these, not against
// devices. What a maker's own dialect tells is preferred: it knows channels by
// their number and a recorder by its serial.
//
// Everything dialled passes agent/lan. What devices say is limited: 1 MiB an
// answer, 64 channels, 2 s to connect, 5 s a call. One password is sent to a device
// once for each Open; recorders lock the family out after a few wrong ones.
package onvif

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
)

// Limits of what comes from outside.
const (
	mostBody     = 1 << 20 // bytes of an answer
	mostPicture  = 4 << 20 // bytes of a JPEG
	mostChannels = 64
	mostText     = 100 // bytes of a name, a model, a serial
	mostURL      = 500
	callTimeout  = 5 * time.Second
)

// Config is what all calls need.
type Config struct {
	Guard    *lan.Guard
	Networks []netip.Prefix // where to look; what the guard refuses is not contacted
	// Simulated takes this machine's loopback interface for a network: demonstrations.
	Simulated bool
	Ports     []int         // instead of the usual ones, for demonstrations and tests
	Patience  time.Duration // for answers to WS-Discovery; 0 is 2.5 s
	Now       func() time.Time
	Log       *slog.Logger
}

// Dialect is how to speak with a device.
type Dialect string

// Dialects. A device that only streams has one address and no calls.
const (
	Hikvision Dialect = "hikvision"
	Dahua     Dialect = "dahua"
	ONVIF     Dialect = "onvif"
	RTSP      Dialect = "rtsp"
)

// Kinds of devices.
const (
	KindRecorder = "recorder"
	KindCamera   = "camera"
	KindUnknown  = "unknown"
)

// Found is a device as it shows itself to anybody. Texts may be empty.
type Found struct {
	Address            netip.Addr
	HTTPPort, RTSPPort int // 0 when not known
	Kind               string
	Brand, Model, Name string
	Serial             string
	Dialect            Dialect
	XAddr              string // of the ONVIF device service; with RTSP alone, of the stream
}

// port of the web calls.
func (f Found) port() int {
	if f.HTTPPort == 0 {
		return 80
	}
	return f.HTTPPort
}

// Channel is one picture of a device. Addresses have the host as dialled and no
// credentials.
type Channel struct {
	Number      int // from 0
	Name        string
	Online      *bool // nil when the device does not tell
	MainURL     string
	SubURL      string
	SnapshotURL string
	Token       string // ONVIF media profile of MainURL
	SourceToken string // ONVIF video source
	Serial      string // of the camera behind a recorder's channel, when told
}

// speaker is a device in one dialect, after the login.
type speaker interface {
	channels(context.Context) ([]Channel, error)
	// clock reads the device's time once.
	clock(context.Context) (reading, error)
}

// Device is an open one. It holds no connection.
type Device struct {
	speaker
	found  Found
	web    *web
	replay *replay // nil without ONVIF Profile G
	ahead  time.Duration
	known  bool // ahead is known
	past   bool
	usual  bool // the password is a maker's default
	now    func() time.Time
}

// Open logs in with one try of the password. Codes: CodeWrongPassword;
// CodeLockedOut also for a login that the device refused twice in the last half hour
// (lan.Guard.MayTry), which is not tried; CodeClockSkew (the message has the seconds),
// CodeUnreachable, CodeOutsideLAN, CodeBadRequest when it does not speak its dialect.
func Open(ctx context.Context, cfg Config, f Found, username, password string) (*Device, error) {
	return open(ctx, cfg, f, username, password, cfg.Guard.Client(username, password, callTimeout))
}

func open(ctx context.Context, cfg Config, f Found, username, password string, client *http.Client) (*Device, error) {
	if err := cfg.Guard.Check(f.Address); err != nil {
		return nil, err
	}
	d := &Device{
		found: f, now: cfg.Now, usual: isDefault(username, password),
		web: &web{client: client, host: f.Address, port: f.port(), now: cfg.Now, named: username != ""},
	}
	var err error
	switch f.Dialect {
	case Hikvision:
		err = d.openHikvision(ctx)
	case Dahua:
		err = d.openDahua(ctx)
	case ONVIF:
		err = d.openONVIF(ctx, cfg.Guard, username, password)
	case RTSP:
		d.speaker = streamOnly{d}
	default:
		err = camera.Errorf(camera.CodeBadRequest, "dialect %q", f.Dialect)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s at %s: %w", f.Dialect, f.Address, err)
	}
	if !d.known && f.Dialect != RTSP {
		// The login worked; a device that hides its clock is used all the same.
		d.ahead, _, d.known = d.measure(ctx)
	}
	return d, nil
}

// Found is the device with what the login told in addition.
func (d *Device) Found() Found { return d.found }

// Serial is the maker's; empty for a device that only streams.
func (d *Device) Serial() string { return d.found.Serial }

// Brand is the maker's name.
func (d *Device) Brand() string { return d.found.Brand }

// Model is the maker's word for it.
func (d *Device) Model() string { return d.found.Model }

// Dialect is how it is spoken with.
func (d *Device) Dialect() Dialect { return d.found.Dialect }

// ClockAhead is the device's clock − ours when it was opened, if it told.
func (d *Device) ClockAhead() (time.Duration, bool) { return d.ahead, d.known }

// DefaultPassword tells whether it took one that its maker prints in the manual.
func (d *Device) DefaultPassword() bool { return d.usual }

// HasPast tells whether it keeps recordings that its dialect can ask for.
func (d *Device) HasPast() bool { return d.past }

// Client asks the device with its login; guarded, no redirects.
func (d *Device) Client() *http.Client { return d.web.client }

// Channels lists what the device shows, at most 64, by their numbers.
func (d *Device) Channels(ctx context.Context) ([]Channel, error) {
	all, err := d.channels(ctx)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return all, nil
}

// Clock measures the device's clock − ours. The bound holds for the network and
// for the device's whole seconds; see the adapters in clock.go for zones.
func (d *Device) Clock(ctx context.Context) (ahead, bound time.Duration, err error) {
	before := d.now()
	r, err := d.clock(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read device's clock: %w", err)
	}
	ahead, bound = r.against(before, d.now())
	if o, ok := d.speaker.(*onvifDevice); ok {
		o.soap.ahead.Store(int64(ahead)) // its clock, or ours, may have been set since
	}
	return ahead, bound, nil
}

func (d *Device) measure(ctx context.Context) (ahead, bound time.Duration, ok bool) {
	ahead, bound, err := d.Clock(ctx)
	return ahead, bound, err == nil
}

// String names the device and nothing that it was opened with.
func (d *Device) String() string {
	return fmt.Sprintf("%s %s at %s", d.found.Brand, d.found.Model, d.found.Address)
}

// GoString is String.
func (d *Device) GoString() string { return d.String() }

// LogValue is String.
func (d *Device) LogValue() slog.Value { return slog.StringValue(d.String()) }
