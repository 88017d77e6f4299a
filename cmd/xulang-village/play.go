package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent"
	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/cmd/xulang-village/traffic"
	"xulang.vn/camera/web"
)

// Where a simulated camera has its streams.
const mainPath, subPath = "/live/main", "/live/sub"

// village is one run: cameras, agents, and what moves between them.
type village struct {
	options
	valley
	traffic *traffic.Traffic
	office  *office
	log     *slog.Logger // goes to a file: the terminal is for people
	joined  atomic.Int32
}

// play runs the village until ctx ends.
func play(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	logFile, err := os.OpenFile(filepath.Join(o.data, "agents.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer logFile.Close()
	v := &village{options: o, log: slog.New(slog.NewTextHandler(logFile, nil))}
	if v.valley, err = loadValley(ctx, o.only); err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	run, again, err := played{Start: now, Seed: 4, Homes: o.only, FirstRide: o.firstRide, EveryRide: o.everyRide}.goOn(o.data)
	if err != nil {
		return err
	}
	if v.traffic, err = run.traffic(v.valley); err != nil {
		return err
	}
	if err := v.openOffice(ctx); err != nil {
		return err
	}
	if !again {
		if err := run.record(o.data); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, h := range v.homes {
		if h.Recorder != nil {
			group.Go(func() error { return v.liveWithRecorder(ctx, h) })
		} else {
			group.Go(func() error { return v.live(ctx, h) })
		}
	}
	group.Go(func() error { return v.greet(ctx, now) })
	return group.Wait()
}

func (v *village) openOffice(ctx context.Context) error {
	var err error
	if v.office, err = newOffice(v.hub); err != nil {
		return err
	}
	if err := v.office.awaitHub(ctx); err != nil {
		return err
	}
	return v.office.open(ctx, v.setupLink)
}

// live is a home's life: its camera, and the agent beside it. An agent that ends
// is started again, as the system's service manager would.
func (v *village) live(ctx context.Context, h home) error {
	log := v.log.With("home", h.ID)
	pictures, err := scene.Load(h.ID)
	if err != nil {
		return fmt.Errorf("load scene: %w", err)
	}
	cfg := v.config(h)
	cam := simcam.New(simcam.Config{
		Addr: "127.0.0.1:0", Path: mainPath, SubPath: subPath, User: cfg.Cameras[0].Username, Password: cfg.Cameras[0].Password,
		Home: pictures, Passes: func(from, to time.Time) []simcam.Pass { return v.passes(h.ID, from, to) },
		Now: time.Now, Log: log.With("room", "simcam"),
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return cam.Run(ctx) })
	group.Go(func() error {
		if err := cam.Ready(ctx); err != nil {
			return nil //nolint:nilerr // the village stops; what ended it is told elsewhere
		}
		cfg.Cameras[0].URL = cam.URL()
		cfg.Cameras[0].SubURL = strings.TrimSuffix(cam.URL(), mainPath) + subPath
		if err := v.join(ctx, &cfg, h); err != nil {
			return err
		}
		v.joined.Add(1)
		return v.keepAgent(ctx, cfg, log)
	})
	return group.Wait()
}

// passes is what the camera's picture shows; the clips are as long as a pass.
func (v *village) passes(home string, from, to time.Time) []simcam.Pass {
	var out []simcam.Pass
	for _, p := range v.traffic.Passes(home, from, to) {
		out = append(out, simcam.Pass{Kind: scene.Kind(p.Kind), Direction: scene.Direction(p.Direction), Enter: p.Enter})
	}
	return out
}

func (v *village) config(h home) agent.Config {
	cfg := v.box(h)
	cfg.Page = ""
	cfg.Cameras = []agent.Camera{{
		Serial: fmt.Sprintf("SIM-%04d", h.number), Label: h.Label, View: h.View,
		Username: "xem", Password: password(h),
		Consent: camera.Consent{Level: camera.ConsentLive}, Uplink: h.Uplink,
	}}
	return cfg
}

// box is the config of a home's box before anybody has decided anything.
func (v *village) box(h home) agent.Config {
	cfg := agent.Default()
	cfg.Name, cfg.Data = "Đầu ghi "+h.Label, filepath.Join(v.data, h.ID)
	cfg.Networks, cfg.Simulated = []string{"127.0.0.0/8"}, true // a village on one machine; a real household names its LAN
	cfg.Spool = agent.Spool{Bytes: 1 << 30, Days: 2}
	cfg.Metrics = "" // eighteen boxes would want the same port
	return cfg
}

// join invites the home unless it has joined in an earlier run.
func (v *village) join(ctx context.Context, cfg *agent.Config, h home) error {
	_, err := os.Stat(filepath.Join(cfg.Data, "membership.json"))
	if err == nil {
		return nil
	}
	if cfg.Code, err = v.office.invite(ctx, h.Label, h.View.Position); err != nil {
		return err
	}
	if _, err = agent.Join(ctx, *cfg, v.log.With("home", h.ID)); err != nil {
		return fmt.Errorf("join %s: %w", h.ID, err)
	}
	return nil
}

func (v *village) keepAgent(ctx context.Context, cfg agent.Config, log *slog.Logger) error {
	for ctx.Err() == nil {
		var err error
		if v.agentProgram == "" {
			err = agent.Run(ctx, cfg, agent.Outside{Page: web.Household(), Log: log, Now: time.Now})
		} else {
			err = v.runProgram(ctx, cfg)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the village stops, and its agents with it
		}
		log.Error("agent ended; starting it again", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// greet tells the person at the terminal where to go, and later of each theft
// what its victim would: place and a rough time.
func (v *village) greet(ctx context.Context, start time.Time) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	members := 0
	for _, h := range v.homes {
		if !h.later {
			members++
		}
	}
	for shown := -1; int(v.joined.Load()) < members; {
		if n := int(v.joined.Load()); n != shown {
			shown = n
			fmt.Printf("\rjoining homes: %d of %d", n, members)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	fmt.Printf("\rjoining homes: %d of %d\n\n", members, members)
	fmt.Printf("  open                 %s\n", v.hub)
	fmt.Printf("  officer              %s / %s\n", officerLogin, officerPassword)
	fmt.Printf("  administrator        %s / %s\n", adminLogin, adminPassword)
	v.showPages(os.Stdout)
	fmt.Printf("  logs                 %s\n", filepath.Join(v.data, "agents.log"))
	fmt.Printf("  Ctrl-C stops everything; the recordings stay\n\n")
	return v.crier(ctx, start, os.Stdout)
}

// crier reports each theft a minute after it happened.
func (v *village) crier(ctx context.Context, start time.Time, out io.Writer) error {
	const after = time.Minute
	v.lastRide(start, out)
	first := true
	for told := start; ; {
		next := v.nextRide(told)
		if first {
			fmt.Fprintf(out, "  the first theft will be reported at about %s\n", next.Add(after).In(zone).Format("15:04"))
			first = false
		}
		wait := time.NewTimer(time.Until(next.Add(after)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		fmt.Fprintf(out, "  tin báo %s: mất xe máy gần Nhà 05, trong khoảng %s–%s\n", next.Add(after).In(zone).Format("15:04:05"),
			next.Add(-2*time.Minute).In(zone).Format("15:04"), next.Add(after).In(zone).Format("15:04"))
		told = next.Add(time.Second)
	}
}

// lastRide reports the theft of about an hour ago: before anybody had joined, and all
// the same the recorders have it.
func (v *village) lastRide(start time.Time, out io.Writer) {
	var last time.Time
	for _, r := range v.traffic.Rides(start.Add(-recorderKeeps), start.Add(-50*time.Minute)) {
		last = r.Start
	}
	if last.IsZero() {
		return
	}
	fmt.Fprintf(out, "  tin báo muộn: mất xe máy gần Nhà 05, hôm nay trong khoảng %s–%s (only the households' recorders have it)\n",
		last.Add(-2*time.Minute).In(zone).Format("15:04"), last.Add(time.Minute).In(zone).Format("15:04"))
}

func (v *village) nextRide(from time.Time) time.Time {
	for until := from.Add(time.Hour); ; until = until.Add(time.Hour) {
		if rides := v.traffic.Rides(from, until); len(rides) > 0 {
			return rides[0].Start
		}
	}
}

var errAgentEnded = errors.New("agent's process ended")
