package onvif

import (
	"context"
	"errors"
	"strings"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/lan"
)

// onvifDevice speaks ONVIF.
type onvifDevice struct {
	soap   *soap
	device string // address of the device service
	media  string // of Media or, where offered, Media2
	media2 bool
	search string // empty without Profile G
	replay string
	jobs   string // of Recording Control; may be empty with Profile G
}

const devicePath = "/onvif/device_service" // Core Specification, "Device service": the fixed entry point

func (d *Device) openONVIF(ctx context.Context, guard *lan.Guard, username, password string) error {
	plain := *d.web
	plain.client, plain.named = guard.Client("", "", callTimeout), false
	o := &onvifDevice{
		soap:   &soap{guard: guard, signed: d.web, plain: &plain, user: username, password: func() string { return password }},
		device: d.web.at(devicePath),
	}
	if d.found.XAddr != "" {
		address, err := d.web.rewrite(d.found.XAddr, "http", "https")
		if err != nil {
			return err
		}
		o.device = address
	}
	d.speaker = o
	if err := d.askClock(ctx, o); err != nil {
		return err
	}
	info, err := call[deviceInformation](ctx, o.soap, o.device, nsDevice, "GetDeviceInformation", `<GetDeviceInformation xmlns="`+nsDevice+`"/>`)
	if err != nil {
		return err
	}
	if err := o.findServices(ctx); err != nil {
		return err
	}
	if o.media == "" {
		return camera.Errorf(camera.CodeBadRequest, "device has no media service")
	}
	// Some devices tell everybody who they are: the profiles want the password.
	if _, err := o.profiles(ctx); err != nil {
		return err
	}
	d.found.Brand, d.found.Model = first(clean(info.Manufacturer), d.found.Brand), first(clean(info.Model), d.found.Model)
	d.found.Serial = first(clean(info.SerialNumber), d.found.Serial, o.hardwareAddress(ctx))
	if d.found.Kind == "" || d.found.Kind == KindUnknown {
		d.found.Kind = kindOf(d.found.Model + " " + d.found.Name)
	}
	if d.past = o.search != "" && o.replay != ""; d.past {
		d.replay = &replay{o, d.web}
	}
	return nil
}

// askClock asks for the time before anything else: it is open to everybody, and the
// login is made with it. A device that wants the password for it is asked later.
func (d *Device) askClock(ctx context.Context, o *onvifDevice) error {
	ahead, _, err := d.Clock(ctx)
	switch camera.CodeOf(err) {
	case "":
		d.ahead, d.known = ahead, true
		o.soap.known = true
		return nil
	case camera.CodeWrongPassword, camera.CodeNotFound:
		return nil // our own clock has to do
	case camera.CodeBadRequest:
		var tells timeless
		if errors.As(err, &tells) {
			return nil
		}
	}
	return err
}

// timeless marks a device that answers and tells no time.
type timeless struct{ error }

func (t timeless) Unwrap() error { return t.error }

type systemDateAndTime struct {
	UTC   *dateTime `xml:"SystemDateAndTime>UTCDateTime"`
	Local *dateTime `xml:"SystemDateAndTime>LocalDateTime"`
	TZ    string    `xml:"SystemDateAndTime>TimeZone>TZ"`
}

type deviceInformation struct {
	Manufacturer string `xml:"Manufacturer"`
	Model        string `xml:"Model"`
	SerialNumber string `xml:"SerialNumber"`
}

// clock asks without the login, also later: a token needs its answer. A device that
// tells its users only is asked as one of them once it is known how.
func (o *onvifDevice) clock(ctx context.Context) (reading, error) {
	const action, body = nsDevice + "/GetSystemDateAndTime", `<GetSystemDateAndTime xmlns="` + nsDevice + `"/>`
	s := o.soap
	data, no, err := s.once(ctx, nothing, o.device, action, body)
	if no != nil && s.logged() {
		no = nil
		data, err = s.post(ctx, o.device, action, body)
	}
	if no != nil {
		return reading{}, camera.Errorf(camera.CodeWrongPassword, "device tells its time to its users only")
	}
	if err != nil {
		return reading{}, err
	}
	var e envelope[systemDateAndTime]
	if err := decode(data, &e); err != nil || e.Body.Answer == nil {
		return reading{}, camera.Errorf(camera.CodeBadRequest, "GetSystemDateAndTime: device's answer cannot be read")
	}
	r, err := onvifClock(e.Body.Answer.UTC, e.Body.Answer.Local, e.Body.Answer.TZ, s.plain.now())
	if err != nil {
		return reading{}, timeless{err}
	}
	return r, nil
}

// findServices asks where the services are: GetServices, or GetCapabilities of
// devices that are older than ONVIF 2.0.
func (o *onvifDevice) findServices(ctx context.Context) error {
	type services struct {
		Service []struct {
			Namespace string
			XAddr     string
		}
	}
	at := map[string]string{}
	list, err := call[services](ctx, o.soap, o.device, nsDevice, "GetServices",
		`<GetServices xmlns="`+nsDevice+`"><IncludeCapability>false</IncludeCapability></GetServices>`)
	switch {
	case err == nil:
		for _, s := range list.Service[:min(len(list.Service), 50)] {
			at[strings.TrimSpace(s.Namespace)] = s.XAddr
		}
	case camera.CodeOf(err) != camera.CodeNotFound && camera.CodeOf(err) != camera.CodeBadRequest:
		return err
	}
	if at[nsMedia] == "" && at[nsMedia2] == "" {
		if err := o.capabilities(ctx, at); err != nil {
			return err
		}
	}
	if o.media2 = at[nsMedia2] != ""; o.media2 {
		at[nsMedia] = at[nsMedia2]
	}
	for space, into := range map[string]*string{nsMedia: &o.media, nsSearch: &o.search, nsReplay: &o.replay, nsRecording: &o.jobs} {
		if at[space] == "" {
			continue
		}
		if *into, err = o.soap.plain.rewrite(at[space], "http", "https"); err != nil {
			return err
		}
	}
	return nil
}

func (o *onvifDevice) capabilities(ctx context.Context, at map[string]string) error {
	type capabilities struct {
		Media  string `xml:"Capabilities>Media>XAddr"`
		Search string `xml:"Capabilities>Extension>Search>XAddr"`
		Replay string `xml:"Capabilities>Extension>Replay>XAddr"`
		Jobs   string `xml:"Capabilities>Extension>Recording>XAddr"`
	}
	c, err := call[capabilities](ctx, o.soap, o.device, nsDevice, "GetCapabilities",
		`<GetCapabilities xmlns="`+nsDevice+`"><Category>All</Category></GetCapabilities>`)
	if err != nil {
		return err
	}
	at[nsMedia], at[nsSearch], at[nsReplay], at[nsRecording] = c.Media, c.Search, c.Replay, c.Jobs
	return nil
}

// hardwareAddress stands for a serial that a device does not tell; "" when it does
// not tell this either.
func (o *onvifDevice) hardwareAddress(ctx context.Context) string {
	type interfaces struct {
		Address []string `xml:"NetworkInterfaces>Info>HwAddress"`
	}
	list, err := call[interfaces](ctx, o.soap, o.device, nsDevice, "GetNetworkInterfaces", `<GetNetworkInterfaces xmlns="`+nsDevice+`"/>`)
	if err != nil || len(list.Address) == 0 {
		return ""
	}
	return strings.ToLower(clean(list.Address[0]))
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
