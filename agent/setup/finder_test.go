package setup_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// finder plays a network with one recorder of three channels.
type finder struct {
	mu       sync.Mutex
	fail     map[string]error
	called   map[string]int
	allowed  []netip.Prefix
	right    string           // the recorder's password
	serial   string           // its serial; "": it tells none
	made     bool             // and one is made up for it
	brand    string           // what it says of its brand; "": Hikvision
	odd      string           // address of its last channel; "": a good one
	address  string           // where it is
	pictures map[int]int      // by channel
	seen     map[int][]byte   // by channel
	gate     chan struct{}    // Search waits for it where it is not nil
	logins   []string         // passwords that were used at the recorder
	urls     []string         // addresses that were asked for
	snapshot bool             // it gives JPEGs
	within   map[int]struct{} // channels whose picture is being fetched
	most     int              // that were fetched at once
}

func newFinder() *finder {
	return &finder{
		fail: map[string]error{}, called: map[string]int{}, right: password, serial: "DS-7604-0001", address: nvr,
		pictures: map[int]int{}, seen: map[int][]byte{0: day, 1: day, 2: day}, snapshot: true, within: map[int]struct{}{},
	}
}

func (f *finder) at(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.called[method]++
	return f.fail[method]
}

func (f *finder) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *finder) calls() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.called)
}

func (f *finder) Networks() []string { return []string{network} }

func (f *finder) Allow(networks []netip.Prefix) error {
	f.set(func() { f.allowed = networks })
	return f.at("Allow")
}

func (f *finder) Search(ctx context.Context, networks []netip.Prefix, report func(int, int, *home.Recorder)) error {
	err := f.at("Search")
	report(1, 254, nil)
	f.mu.Lock()
	gate, address := f.gate, f.address
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	report(254, 254, &home.Recorder{Address: address, Kind: "recorder", Brand: "Hikvision", Dialect: "hikvision", HTTPPort: 80})
	return err
}

func (f *finder) Open(_ context.Context, found home.Recorder, user, pass string) (home.Recorder, error) {
	if err := f.at("Open"); err != nil {
		return home.Recorder{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logins = append(f.logins, pass)
	if pass != f.right { // a finder that talks too much: the page must not repeat it
		return home.Recorder{}, camera.Errorf(camera.CodeWrongPassword, "%s:%s refused", user, pass)
	}
	online, ahead := true, camera.Millis(-7*time.Minute)
	if f.serial == "" && f.made {
		found.Serial = home.MakeSerial()
	} else {
		found.Serial = f.serial
	}
	found.Model, found.Past, found.DefaultPassword, found.ClockAhead = "DS-7604", true, true, &ahead
	found.Channels = nil
	for i, name := range []string{"Cổng", "Sân", "Bếp"} {
		c := home.Channel{Number: i, Name: name, Online: &online, MainURL: fmt.Sprintf("rtsp://%s:554/%d01", f.address, i+1), Token: "t"}
		if f.snapshot {
			c.SnapshotURL = fmt.Sprintf("http://%s/picture/%d01", f.address, i+1)
		}
		found.Channels = append(found.Channels, c)
	}
	if f.odd != "" {
		found.Channels[2].MainURL, found.Brand = f.odd, f.brand
	}
	return found, nil
}

func (f *finder) Address(_ context.Context, url, user, pass string) (home.Recorder, error) {
	if err := f.at("Address"); err != nil {
		return home.Recorder{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.urls, f.logins = append(f.urls, url), append(f.logins, pass)
	if pass != f.right {
		return home.Recorder{}, camera.Errorf(camera.CodeWrongPassword, "%s:%s refused", user, pass)
	}
	return home.Recorder{Brand: "RTSP", Dialect: "rtsp", Kind: "camera", Channels: []home.Channel{{Name: "RTSP", MainURL: url}}}, nil
}

func (f *finder) Picture(_ context.Context, r home.Recorder, c home.Channel) ([]byte, string, error) {
	f.mu.Lock()
	f.pictures[c.Number]++
	f.within[c.Number] = struct{}{}
	f.most = max(f.most, len(f.within))
	f.mu.Unlock()
	defer f.set(func() { delete(f.within, c.Number) })
	if err := f.at("Picture"); err != nil {
		return nil, "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Password.Reveal() != f.right {
		return nil, "", camera.Errorf(camera.CodeWrongPassword, "%q refused", r.Password.Reveal())
	}
	if !f.snapshot {
		return movie, "video/mp4", nil
	}
	return f.seen[c.Number], "image/jpeg", nil
}
