package agent

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/aim"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/notice"
	"xulang.vn/camera/agent/onvif"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/setup"
)

// openPage makes the household's page.
func (b *box) openPage() (*setup.Setup, error) {
	return setup.New(setup.Config{
		Listen: b.cfg.Page, Store: b.store, Agent: b, Finder: finder{b}, Web: b.out.Page, CodeFile: filepath.Join(b.cfg.Data, CodeFile),
		Version: Version, Simulated: b.cfg.Simulated, Keep: b.cfg.Keep, Log: b.log.With("room", "setup"),
		Notice:  func(w io.Writer, n setup.Notice) error { return notice.Write(w, notice.Notice(n)) },
		Compare: func(reference, now image.Image) setup.Finding { return setup.Finding(aim.Compare(reference, now)) },
	}, b.out.Now)
}

// finder looks for recorders and cameras, and calls them, for the page (setup.Finder).
type finder struct{ *box }

const (
	pictureWithin  = 10 * time.Second
	pictureLargest = 4 << 20 // bytes
)

func (f finder) calls(networks []netip.Prefix) onvif.Config {
	return onvif.Config{Guard: f.guard, Networks: networks, Simulated: f.cfg.Simulated, Now: f.out.Now, Log: f.log.With("room", "onvif")}
}

// Networks are the private networks of this box, and those of the config.
func (f finder) Networks() []string {
	all := slices.Clone(f.cfg.Networks)
	for _, n := range lan.Networks() {
		if text := n.String(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// Allow replaces the networks that the household has confirmed.
func (f finder) Allow(networks []netip.Prefix) error {
	own, err := f.cfg.prefixes()
	if err != nil {
		return err
	}
	return f.guard.Set(append(own, networks...))
}

// Search looks for devices and reports each as it is found.
func (f finder) Search(ctx context.Context, networks []netip.Prefix, report func(tried, total int, found *home.Recorder)) error {
	return onvif.Find(ctx, f.calls(networks), func(p onvif.Progress, found *onvif.Found) {
		if found == nil {
			report(p.Tried, p.Total, nil)
			return
		}
		r := recorderOf(*found)
		report(p.Tried, p.Total, &r)
	})
}

func recorderOf(f onvif.Found) home.Recorder {
	return home.Recorder{
		Serial: f.Serial, Kind: f.Kind, Brand: f.Brand, Model: f.Model, Name: f.Name, Dialect: string(f.Dialect),
		Address: f.Address.String(), HTTPPort: f.HTTPPort, RTSPPort: f.RTSPPort, XAddr: f.XAddr,
	}
}

func foundOf(r home.Recorder) (onvif.Found, error) {
	at, err := netip.ParseAddr(r.Address)
	if err != nil {
		return onvif.Found{}, camera.Errorf(camera.CodeBadRequest, "recorder's address cannot be read")
	}
	return onvif.Found{
		Serial: r.Serial, Kind: r.Kind, Brand: r.Brand, Model: r.Model, Name: r.Name, Dialect: onvif.Dialect(r.Dialect),
		Address: at, HTTPPort: r.HTTPPort, RTSPPort: r.RTSPPort, XAddr: r.XAddr,
	}, nil
}

// Open signs in with one use of the password and gives what the device told.
func (f finder) Open(ctx context.Context, found home.Recorder, user, pass string) (home.Recorder, error) {
	at, err := foundOf(found)
	if err != nil {
		return found, err
	}
	d, err := onvif.Open(ctx, f.calls(nil), at, user, pass)
	if err != nil {
		return found, err
	}
	channels, err := d.Channels(ctx)
	if err != nil {
		return found, err
	}
	r := recorderOf(d.Found())
	r.ID, r.Username, r.Password = found.ID, user, home.Hide(pass)
	r.Past, r.DefaultPassword = d.HasPast(), d.DefaultPassword()
	if ahead, ok := d.ClockAhead(); ok {
		told := camera.Millis(ahead)
		r.ClockAhead = &told
	}
	if r.Serial == "" { // it keeps it to itself: a name of our own, which stays with the book
		r.Serial = home.MakeSerial()
	}
	for _, c := range channels {
		r.Channels = append(r.Channels, channelOf(c))
	}
	return r, nil
}

func channelOf(c onvif.Channel) home.Channel {
	return home.Channel{
		Number: c.Number, Name: c.Name, Online: c.Online, MainURL: c.MainURL, SubURL: c.SubURL,
		SnapshotURL: c.SnapshotURL, Token: c.Token, SourceToken: c.SourceToken, Serial: c.Serial,
	}
}

// Address makes a recorder of one channel out of an RTSP address, once it has given a
// picture.
func (f finder) Address(ctx context.Context, address, user, pass string) (home.Recorder, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return home.Recorder{}, camera.Errorf(camera.CodeBadRequest, "camera's address cannot be read")
	}
	ctx, cancel := context.WithTimeout(ctx, pictureWithin)
	defer cancel()
	if _, _, err := ingest.Snap(ctx, f.source(address, user, pass), f.out.Now); err != nil {
		return home.Recorder{}, err
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = 554 // RFC 7826, section 4.2
	}
	return home.Recorder{
		Serial: home.MakeSerial(), Kind: onvif.KindCamera, Brand: "RTSP", Dialect: string(onvif.RTSP), Address: u.Hostname(), RTSPPort: port,
		Username: user, Password: home.Hide(pass), Channels: []home.Channel{{Name: u.Hostname(), MainURL: address}},
	}, nil
}

func (f finder) source(address, user, pass string) ingest.Config {
	return ingest.Config{URL: address, Username: user, Password: pass, Control: f.guard.Control}
}

// Picture is a JPEG where the device gives one, else a file of one key frame.
func (f finder) Picture(ctx context.Context, r home.Recorder, c home.Channel) (data []byte, kind string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pictureWithin)
	defer cancel()
	if c.SnapshotURL != "" {
		if data, err = f.snapshot(ctx, r, c); err == nil {
			return data, "image/jpeg", nil
		}
	}
	if code := camera.CodeOf(err); code == camera.CodeWrongPassword || code == camera.CodeOutsideLAN || c.MainURL == "" {
		return nil, "", err
	}
	session, unit, err := ingest.Snap(ctx, f.source(c.MainURL, r.Username, r.Password.Reveal()), f.out.Now)
	if err != nil {
		return nil, "", err
	}
	data, err = segment.Still(session, unit)
	return data, "video/mp4", err
}

// snapshot asks a device for a JPEG.
func (f finder) snapshot(ctx context.Context, r home.Recorder, c home.Channel) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.SnapshotURL, nil)
	if err != nil {
		return nil, camera.Errorf(camera.CodeNoPicture, "take picture: address cannot be read")
	}
	client := f.guard.Client(r.Username, r.Password.Reveal(), pictureWithin)
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		if code := camera.CodeOf(err); code != camera.CodeInternal {
			return nil, fmt.Errorf("take picture: %w", err)
		}
		return nil, camera.Errorf(camera.CodeUnreachable, "take picture: the device does not answer")
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, pictureLargest+1))
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return nil, camera.Errorf(camera.CodeWrongPassword, "take picture: the device refuses the password")
	case err != nil || res.StatusCode != http.StatusOK || len(data) > pictureLargest || !bytes.HasPrefix(data, []byte("\xff\xd8")):
		return nil, camera.Errorf(camera.CodeNoPicture, "take picture: %d and no JPEG", res.StatusCode)
	}
	return data, nil
}

// moved gives a channel's address of a device that is at another host now, and perhaps
// behind other ports.
func moved(address, host string, ports map[int]int) string {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return address
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = map[string]int{"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}[u.Scheme]
	}
	if is, known := ports[port]; known && is != port {
		port, err = is, nil
	}
	if err == nil {
		host += ":" + strconv.Itoa(port)
	}
	u.Host = host
	return u.String()
}
