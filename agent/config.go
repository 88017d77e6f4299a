package agent

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	camera "xulang.vn/camera"
)

// Config is all that the agent can be told. configs/agent.yml has every key with
// its default; an unknown key is an error.
type Config struct {
	// Hub is the hub's address, "https://…" or "http://…" on a trusted network;
	// empty: the one that the agent has joined.
	Hub string `yaml:"hub"`
	// Code is the invitation's one-time code; needed only until the agent has joined.
	Code string `yaml:"code"`
	// Name is what the household calls this box.
	Name string `yaml:"name"`
	// Data is the folder of the key, the membership and the spool.
	Data string `yaml:"data"`
	// Networks are the LAN prefixes in which cameras may be dialled; no other address is.
	Networks []string `yaml:"networks"`
	Spool    Spool    `yaml:"spool"`
	Cameras  []Camera `yaml:"cameras"`
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
	URL      string         `yaml:"url"` // rtsp://host:port/path, without user and password
	Username string         `yaml:"username"`
	Password string         `yaml:"password"`
	Sound    bool           `yaml:"sound"` // record sound as well
	View     camera.View    `yaml:"view"`
	Consent  camera.Consent `yaml:"consent"`
}

// Default is what the agent does when it is told nothing.
func Default() Config {
	return Config{Data: "var/agent", Name: "agent", Spool: Spool{Bytes: 20 << 30, Days: 14}}
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

func (c Camera) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return fmt.Errorf("url cannot be read") // the parse error would repeat the text, maybe with a password
	case u.Scheme != "rtsp" || u.Hostname() == "":
		return fmt.Errorf("url is not rtsp://host:port/path")
	case u.Fragment != "" || u.RawFragment != "":
		return fmt.Errorf("url holds a #: write it as %%23")
	case u.User != nil:
		return fmt.Errorf("url holds a user: give username and password by their own keys")
	case c.Serial == "":
		return fmt.Errorf("serial is needed")
	case !c.Consent.Valid():
		return fmt.Errorf("consent level %q is none of none, registry, clip, live", c.Consent.Level)
	}
	return c.View.Check()
}
