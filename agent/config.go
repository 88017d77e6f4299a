package agent

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/health"
	"xulang.vn/camera/agent/upload"
)

// Config is all that the agent can be told. configs/agent.yml has every key with
// its default; an unknown key is an error.
type Config struct {
	// Hub is the hub's address, "https://…" or "http://…" on a trusted network;
	// empty: the one that the agent has joined.
	Hub string `yaml:"hub"`
	// Code is the invitation's link, or its code beside Hub; needed only until the agent
	// has joined, and not where the household's page is used.
	Code string `yaml:"code"`
	// Name is what the household calls this box.
	Name string `yaml:"name"`
	// Data is the folder of the key, the membership and the spool.
	Data string `yaml:"data"`
	// Page is where the household's page listens, for the household's own network; empty: none.
	Page string `yaml:"page"`
	// Networks are the LAN prefixes in which cameras may be dialled, beside those that
	// the household confirmed on its page; no other address is.
	Networks []string `yaml:"networks"`
	// Simulated lets cameras be on this very machine: for demonstrations and tests.
	Simulated bool  `yaml:"simulated"`
	Spool     Spool `yaml:"spool"`
	// Uplink bounds what the household's line carries for us.
	Uplink  Uplink   `yaml:"uplink"`
	Cameras []Camera `yaml:"cameras"`
	// Keep is for how many days the hub keeps what was sent and no case holds, 3 to 30,
	// unless the household chose on its page; 0: as usual, 14.
	Keep int `yaml:"keep"`
	// Metrics is a loopback address for Prometheus; empty: none.
	Metrics string `yaml:"metrics"`
}

// Uplink bounds the uplink by the time of day.
type Uplink struct {
	Hours []Hours `yaml:"hours"` // the first one that holds counts; outside of all: no limit
}

// kbitLeast is the least that still carries a segment before the hub has forgotten it.
const kbitLeast = 66

// Hours is a limit for a part of the day, in Vietnam's time (UTC+7). One that
// ends before it begins goes over midnight.
type Hours struct {
	From upload.Minute `yaml:"from"` // "HH:MM"
	To   upload.Minute `yaml:"to"`
	Kbit int64         `yaml:"kbit"` // thousands of bits per second, at least kbitLeast
}

// Spool bounds the ring on the household's disk.
type Spool struct {
	Bytes int64 `yaml:"bytes"`
	Days  int   `yaml:"days"`
}

// Camera is one channel that the household chose to share.
type Camera struct {
	Serial   string         `yaml:"serial"`  // of the camera or recorder; with the channel it is the identity
	Channel  int            `yaml:"channel"` // from 0
	Label    string         `yaml:"label"`
	URL      string         `yaml:"url"` // rtsp://host:port/path or rtsps://…, without user and password
	Username string         `yaml:"username"`
	Password string         `yaml:"password"`
	Sound    bool           `yaml:"sound"`   // record sound as well
	UDP      bool           `yaml:"udp"`     // RTP over UDP in place of TCP
	SubURL   string         `yaml:"sub_url"` // of the small stream, for the uplink class "sub"; same name and password
	Uplink   camera.Uplink  `yaml:"uplink"`  // all, sub or on-request; empty: what the hub asks for
	View     camera.View    `yaml:"view"`
	Consent  camera.Consent `yaml:"consent"`
	Aim      camera.Aim     `yaml:"-"` // the newest comparison with the reference view

	signedIn time.Time         // when the household last signed in at its recorder
	withheld []camera.Interval // see home.Camera
	login    string            // host and port of its recorder's web server, see tries
}

// Default is what the agent does when it is told nothing.
func Default() Config {
	return Config{Data: "var/agent", Name: "agent", Spool: Spool{Bytes: 20 << 30, Days: 14}, Metrics: "127.0.0.1:9470", Page: ":9471"}
}

// ReadConfig reads a YAML file over the defaults. The file holds passwords of
// cameras: it is refused when anyone but its owner may read it.
func ReadConfig(path string) (Config, error) {
	cfg := Default()
	info, err := os.Stat(path)
	if err != nil {
		return cfg, fmt.Errorf("read config: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return cfg, fmt.Errorf("read config: %s holds passwords and others may read it (mode %o); run chmod 600 on it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return cfg, fmt.Errorf("read config: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&cfg); err != nil {
		return cfg, fmt.Errorf("read config %s: %w", path, err)
	}
	return cfg, cfg.Check()
}

// Check finds what cannot work before anything is started. It never repeats a
// password, not even a wrong one.
func (c Config) Check() error {
	if err := c.checkHub(); err != nil {
		return fmt.Errorf("check config: hub: %w", err)
	}
	if c.Data == "" {
		return fmt.Errorf("check config: data folder is needed")
	}
	if _, err := c.prefixes(); err != nil {
		return err
	}
	if _, err := camera.KeepDays(c.Keep); err != nil {
		return fmt.Errorf("check config: %w", err)
	}
	for _, h := range c.Uplink.Hours {
		if h.Kbit < kbitLeast {
			return fmt.Errorf("check config: uplink of %d kbit/s, at least %d", h.Kbit, kbitLeast)
		}
	}
	if c.Metrics != "" {
		if err := health.CheckListen(c.Metrics); err != nil {
			return fmt.Errorf("check config: %w", err)
		}
	}
	seen := map[string]bool{}
	for i, cam := range c.Cameras {
		if err := cam.check(); err != nil {
			return fmt.Errorf("check config: camera %d: %w", i+1, err)
		}
		key := fmt.Sprintf("%s/%d", cam.Serial, cam.Channel)
		if seen[key] {
			return fmt.Errorf("check config: camera %d: serial and channel stand there twice", i+1)
		}
		seen[key] = true
	}
	return nil
}

// checkHub never repeats the address: people paste passwords into addresses.
func (c Config) checkHub() error {
	u, err := url.Parse(c.Hub)
	switch {
	case c.Hub == "":
		return nil
	case err != nil:
		return fmt.Errorf("address cannot be read")
	case u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("address is not http://… or https://…")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("address must be a host and perhaps a path")
	}
	return nil
}

func (c Config) prefixes() ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(c.Networks))
	for _, text := range c.Networks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("check config: network %q: %w", text, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// hours are the limits as the uploader counts them.
func (u Uplink) hours() []upload.Hours {
	out := make([]upload.Hours, 0, len(u.Hours))
	for _, h := range u.Hours {
		out = append(out, upload.Hours{From: h.From, To: h.To, Rate: h.Kbit * 1000 / 8})
	}
	return out
}

func (c Camera) check() error {
	switch {
	case c.Serial == "":
		return fmt.Errorf("serial is needed")
	case !c.Consent.Valid():
		return fmt.Errorf("consent level %q is none of none, registry, stills, ask, clip, live", c.Consent.Level)
	case c.Uplink != "" && !c.Uplink.Valid():
		return fmt.Errorf("uplink %q is none of all, sub, on-request", c.Uplink)
	case c.Uplink == camera.UplinkSub && c.SubURL == "":
		return fmt.Errorf("uplink sub needs sub_url")
	}
	if err := checkAddress(c.URL); err != nil {
		return fmt.Errorf("url %w", err)
	}
	if c.SubURL != "" {
		if err := checkAddress(c.SubURL); err != nil {
			return fmt.Errorf("sub_url %w", err)
		}
	}
	return c.View.Check()
}

func checkAddress(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("cannot be read") // the parse error would repeat the text, maybe with a password
	case u.Scheme != "rtsp" && u.Scheme != "rtsps" || u.Hostname() == "":
		return fmt.Errorf("is not rtsp://host:port/path or rtsps://…")
	case u.Fragment != "" || u.RawFragment != "":
		return fmt.Errorf("holds a #: write it as %%23")
	case u.User != nil:
		return fmt.Errorf("holds a user: give username and password by their own keys")
	}
	return nil
}
