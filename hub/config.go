package hub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	camera "xulang.vn/camera"
)

// Config is all that the hub can be told. configs/hub.yml has every key with its
// default; an unknown key is an error.
type Config struct {
	// Listen is the one HTTP(S) address for people, agents and objects.
	Listen string `yaml:"listen"`
	// Public is the address that people and agents use, "https://…"; empty: the first of
	// ACME's domains, else made of Listen. Invitations carry it.
	Public string `yaml:"public"`
	// TLSCert and TLSKey are PEM files. Without them, and without ACME, the hub makes a
	// CA of its own, whose fingerprint stands in each invitation.
	TLSCert string `yaml:"tls_cert"`
	TLSKey  string `yaml:"tls_key"`
	ACME    ACME   `yaml:"acme"`
	// Plain speaks no TLS at all: only behind a proxy that does, and whose address is Public.
	Plain bool `yaml:"plain"`
	// Data is the folder of the hub's own files: database, certificates, setup link.
	Data string `yaml:"data"`
	// Database is a PostgreSQL (15 or newer), as a libpq connection string or a
	// postgres:// address; "file:PATH" is read from that file, for one with a password.
	// Empty: SQLite in Data.
	Database string `yaml:"database"`
	// Roads is an OpenStreetMap file: .osm, .osm.bz2 or .osm.pbf; empty: no roads yet.
	Roads string `yaml:"roads"`
	// Sketch says that the roads are a drawing and no real place.
	Sketch bool `yaml:"sketch"`
	// Uplink is what agents send by themselves of cameras whose household has not
	// chosen: all, sub or on-request.
	Uplink camera.Uplink `yaml:"uplink"`
	Store  Store         `yaml:"store"`
	Live   Live          `yaml:"live"`
}

// ACME has a public CA sign the hub's certificate (RFC 8555, tls-alpn-01). The hub has
// to be reachable by these names on port 443.
type ACME struct {
	Domains   []string `yaml:"domains"`   // none: no ACME
	Email     string   `yaml:"email"`     // for the CA's warnings
	Directory string   `yaml:"directory"` // of the CA; empty: Let's Encrypt
}

// Store is the S3 server that keeps the footage.
type Store struct {
	Endpoint string `yaml:"endpoint"` // host:port
	Secure   bool   `yaml:"secure"`   // speak TLS to it
	// Public is the server's own address for agents and browsers, "https://…";
	// empty: their traffic passes through the hub's port under /o/.
	Public string `yaml:"public"`
	Bucket string `yaml:"bucket"`
	// Index is the bucket of what the database is built from again when it is lost.
	Index string `yaml:"index"`
	// Limited has the keys of KeyFile only make the buckets and mint short-lived keys,
	// with the rights that the hub needs and no others. The server has to know AssumeRole,
	// as MinIO does.
	Limited bool `yaml:"limited"`
	// KeyFile holds two lines, access key and secret key, readable by the hub only.
	KeyFile string `yaml:"key_file"`
}

// Live is where live views enter and leave.
type Live struct {
	UDP   string   `yaml:"udp"`   // one UDP address for all media
	TCP   string   `yaml:"tcp"`   // one TCP address for networks without UDP
	Hosts []string `yaml:"hosts"` // IP addresses to announce; empty: those of the interfaces
}

// Default is what the hub does when it is told nothing.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8470",
		Data:   "var/hub",
		Uplink: camera.UplinkAll,
		Store:  Store{Endpoint: "127.0.0.1:8480", Bucket: "footage", Index: "index", Limited: true, KeyFile: "var/minio/keys"},
		Live:   Live{UDP: "127.0.0.1:8471", TCP: "127.0.0.1:8471"},
	}
}

// ReadConfig reads a YAML file over the defaults. Paths in it are relative to the
// working directory.
func ReadConfig(path string) (Config, error) {
	cfg := Default()
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return cfg, fmt.Errorf("read config: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) { // nothing but comments: the defaults
		return cfg, fmt.Errorf("read config %s: %w", path, err)
	}
	return cfg, cfg.Check()
}

// Check finds what cannot work before anything is started.
func (c Config) Check() error {
	switch {
	case c.Listen == "" || c.Data == "":
		return fmt.Errorf("check config: listen and data are needed")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fmt.Errorf("check config: tls_cert and tls_key go together")
	case c.TLSCert != "" && len(c.ACME.Domains) > 0:
		return fmt.Errorf("check config: a certificate comes from files or by ACME, not both")
	case c.Plain && (c.TLSCert != "" || len(c.ACME.Domains) > 0):
		return fmt.Errorf("check config: plain is without certificates")
	case c.Plain && !strings.HasPrefix(c.Public, "https://"):
		return fmt.Errorf("check config: plain needs public, the https address of the proxy before the hub")
	case c.Public != "" && !address(c.Public):
		return fmt.Errorf("check config: public %q is no address such as https://camera.example:8470", c.Public)
	case !c.Uplink.Valid():
		return fmt.Errorf("check config: uplink %q is none of all, sub, on-request", c.Uplink)
	case c.Store.Endpoint == "" || c.Store.Bucket == "" || c.Store.Index == "" || c.Store.KeyFile == "":
		return fmt.Errorf("check config: store needs endpoint, bucket, index and key_file")
	case c.Store.Bucket == c.Store.Index:
		return fmt.Errorf("check config: store has one bucket for footage and for the index; they live for different times")
	}
	if _, err := postgres(c.Database); err != nil && c.Database != "" && !strings.HasPrefix(c.Database, "file:") {
		return err
	}
	return nil
}

// address tells whether agents can follow an invitation there: by https, or on this
// very machine.
func address(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}
