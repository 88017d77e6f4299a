package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/agent"
	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// recorderKeeps is how long the homes' recorders keep their footage.
const recorderKeeps = 6 * time.Hour

// Each home with a recorder has a network of its own on this machine, as real ones
// have: its box at .1, its recorder at .20.
const (
	recorderHTTP = 8080
	recorderRTSP = 8554
	recorderUser = "admin"
)

func (v *village) network(h home) string { return fmt.Sprintf("%s.%d", v.net, 100+h.number) }

func (v *village) page(h home) string { return v.network(h) + ".1:9471" }

// liveWithRecorder is the life of a home whose camera hangs on a recorder: the family
// joins at its own page, or leaves that to whoever tries the village out.
func (v *village) liveWithRecorder(ctx context.Context, h home) error {
	log := v.log.With("home", h.ID)
	nvr, err := v.recorder(h)
	if err != nil {
		return err
	}
	cfg := v.box(h)
	cfg.Page, cfg.Networks = v.page(h), []string{v.network(h) + ".0/24"}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return nvr.Run(ctx) })
	group.Go(func() error { return v.keepAgent(ctx, cfg, log) })
	if !h.later {
		group.Go(func() error { return v.settle(ctx, cfg, h) })
	}
	return group.Wait()
}

// settle joins at the home's page, unless that was done in an earlier run.
func (v *village) settle(ctx context.Context, cfg agent.Config, h home) error {
	family, err := comeIn(ctx, "http://"+cfg.Page, cfg.Data)
	if err != nil {
		return quiet(ctx, fmt.Errorf("join %s: %w", h.ID, err))
	}
	j := joining{
		network: cfg.Networks[0], recorder: v.network(h) + ".20", username: recorderUser, password: password(h),
		channel: h.Recorder.RoadChannel - 1, label: h.Label, view: h.View, uplink: h.Uplink,
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "membership.json")); err != nil {
		if j.link, err = v.office.invite(ctx, h.Label, h.View.Position); err != nil {
			return quiet(ctx, err)
		}
	}
	if err := family.settle(ctx, j); err != nil {
		return quiet(ctx, fmt.Errorf("join %s: %w", h.ID, err))
	}
	v.joined.Add(1)
	return nil
}

// quiet drops what went wrong only because the village stops.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the village stops, and its agents with it
	}
	return err
}

// password is a recorder's. A canary: it must never turn up outside of its home.
func password(h home) string {
	if h.later { // somebody types it
		return fmt.Sprintf("thu-nha-%d", h.number)
	}
	return fmt.Sprintf("Nhà %d: p@ss/w#rd?&", h.number)
}

// recorder builds a home's: the road on one channel, yards on the others.
func (v *village) recorder(h home) (*simnvr.Recorder, error) {
	spec := h.Recorder
	var channels []simnvr.Channel
	for n := range spec.Channels {
		pictures, name, err := v.shows(h, n)
		if err != nil {
			return nil, fmt.Errorf("load scene: %w", err)
		}
		passes := func(time.Time, time.Time) []simcam.Pass { return nil }
		if n == spec.RoadChannel-1 {
			passes = func(from, to time.Time) []simcam.Pass { return v.passes(h.ID, from, to) }
		}
		channels = append(channels, simnvr.Channel{Name: name, Home: pictures, Passes: passes, Online: true})
	}
	return simnvr.New(simnvr.Config{
		IP: v.network(h) + ".20", HTTPPort: recorderHTTP, RTSPPort: recorderRTSP, Dialect: spec.Dialect, ONVIF: true,
		Serial: fmt.Sprintf("SIM%s%04d", strings.ToUpper(string(spec.Dialect[:3])), h.number), User: recorderUser, Password: password(h), Channels: channels,
		Keep: recorderKeeps, ClockOffset: time.Duration(spec.ClockOffset) * time.Second, Zone: zone, Speed: 16, Discovery: true,
		Now: time.Now, Log: v.log.With("home", h.ID, "room", "simnvr"),
	})
}

// shows is what a channel of a home's recorder sees: the road from the gate, or a yard.
func (v *village) shows(h home, channel int) (pictures *scene.Home, name string, err error) {
	if channel != h.Recorder.RoadChannel-1 {
		pictures, err = scene.Yard(1 + channel%scene.Yards)
		return pictures, fmt.Sprintf("Sân %d", channel+1), err
	}
	whose := h.Scene
	if whose == "" {
		whose = h.ID
	}
	pictures, err = scene.Load(whose)
	return pictures, "Cổng", err
}

// showPages tells where the households' own pages are.
func (v *village) showPages(out io.Writer) {
	for _, h := range v.homes {
		if h.Recorder == nil {
			continue
		}
		code, err := os.ReadFile(filepath.Join(v.data, h.ID, agent.CodeFile))
		if err != nil {
			continue // its page is not up yet
		}
		if h.later {
			fmt.Fprintf(out, "  not joined yet       %s: http://%s, code %s; recorder: %s / %s\n",
				h.Label, v.page(h), strings.TrimSpace(string(code)), recorderUser, password(h))
		} else if h.ID == thefts {
			fmt.Fprintf(out, "  a family's own page  %s: http://%s, code %s\n", h.Label, v.page(h), strings.TrimSpace(string(code)))
		}
	}
}
