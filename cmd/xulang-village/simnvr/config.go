package simnvr

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
)

// Dialect is the maker whose interface the recorder has.
type Dialect string

// Dialects.
const (
	Hikvision Dialect = "hikvision"
	Dahua     Dialect = "dahua"
	ONVIF     Dialect = "onvif" // a brand without an interface of its own
)

// Channel is one camera at the recorder, counted from 1.
type Channel struct {
	Name   string
	Home   *scene.Home
	Passes func(from, to time.Time) []simcam.Pass // that enter in [from, to), true time; none overlap
	Online bool                                   // an offline channel has neither live pictures nor a past
}

// Config of one recorder. Zero values mean what the fields say.
type Config struct {
	IP       string // of this machine; all of 127.0.0.0/8 is on Linux
	HTTPPort int    // 0 picks one that stays
	RTSPPort int    // 0 picks one that stays
	Dialect  Dialect
	ONVIF    bool // Hikvision and Dahua: ONVIF device and media services too, as most real ones

	Brand, Model, Serial, Firmware string // empty but for Serial: something likely

	User     string // without quotes, backslashes or control characters: a header carries it as it is
	Password string // any characters
	Channels []Channel

	Keep        time.Duration  // older footage is overwritten; 0: 6 hours
	ClockOffset time.Duration  // the recorder's clock minus the true time
	Zone        *time.Location // of the recorder's local time; nil: UTC
	TrueUTC     bool           // Hikvision: a time with Z is UTC; false: it is local time all the same
	RunsOn      bool           // Hikvision and Dahua: playback goes on past the asked end

	PlaybackSessions int     // at a time; 0: 1
	LiveSessions     int     // at a time, all channels; 0: 8
	Speed            float64 // most that playback goes above real time when asked; 0: 8

	Discovery bool // answer WS-Discovery, where the machine lets it have the port
	Now       func() time.Time
	Log       *slog.Logger
}

// likely is what a recorder of the dialect calls itself; all invented.
var likely = map[Dialect][3]string{
	Hikvision: {"Hikvision", "DS-7604NI-SIM", "V4.61.000"},
	Dahua:     {"Dahua", "DHI-NVR2104-SIM", "4.001.0000000.3"},
	ONVIF:     {"Viettro", "VT-NVR-4", "2.3.1"},
}

func (c Config) withDefaults() Config {
	names := likely[c.Dialect]
	c.Brand, c.Model, c.Firmware = cmp.Or(c.Brand, names[0]), cmp.Or(c.Model, names[1]), cmp.Or(c.Firmware, names[2])
	c.Keep = cmp.Or(c.Keep, 6*time.Hour)
	c.PlaybackSessions = cmp.Or(c.PlaybackSessions, 1)
	c.LiveSessions = cmp.Or(c.LiveSessions, 8)
	c.Speed = cmp.Or(c.Speed, 8)
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	c.ONVIF = c.ONVIF || c.Dialect == ONVIF
	return c
}

func (c Config) check() error {
	if _, ok := likely[c.Dialect]; !ok {
		return fmt.Errorf("set up recorder: dialect %q", c.Dialect)
	}
	if ip, err := netip.ParseAddr(c.IP); err != nil || !ip.Is4() {
		return fmt.Errorf("set up recorder: address %q", c.IP)
	}
	if c.User == "" || strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return errors.New("set up recorder: user name does not fit into a header")
	}
	if c.Serial == "" || len(c.Channels) == 0 || len(c.Channels) > 64 {
		return fmt.Errorf("set up recorder: serial %q, %d channels", c.Serial, len(c.Channels))
	}
	for i, ch := range c.Channels {
		if ch.Home == nil || ch.Passes == nil {
			return fmt.Errorf("set up recorder: channel %d has no picture", i+1)
		}
	}
	if c.Keep < 0 || c.Speed < 1 || c.PlaybackSessions < 0 || c.LiveSessions < 0 {
		return errors.New("set up recorder: a limit is negative, or speed below 1")
	}
	return nil
}
