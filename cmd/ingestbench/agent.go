package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"xulang.vn/camera/cmd/ingestbench/report"
)

// agentArm is the real agent, joined to a real hub with a real object store. What
// is measured is the agent alone.
type agentArm struct{ class, as string }

func (a agentArm) name() string { return a.as }

func (a agentArm) ready(o options) error {
	for _, p := range []string{"xulang-agent", "xulang-hub", "minio"} {
		if _, err := os.Stat(filepath.Join(o.bin, p)); err != nil {
			return fmt.Errorf("%s is missing in %s: run make build", p, o.bin)
		}
	}
	return nil
}

func (a agentArm) start(ctx context.Context, s *site) error {
	hub, err := startHub(ctx, s)
	if err != nil {
		return err
	}
	link, err := hub.invite(ctx, "bench")
	if err != nil {
		return err
	}
	config, err := a.config(s)
	if err != nil {
		return err
	}
	program := filepath.Join(s.bin, "xulang-agent")
	enrol, err := newChild(s.side, "enrol", program, "enrol", "-config", config, "-code", link).start(ctx)
	if err != nil {
		return err
	}
	select {
	case <-enrol.ended:
	case <-ctx.Done():
		return enrol.stop()
	}
	if enrol.err != nil {
		return fmt.Errorf("join the hub: %w\n%s", enrol.err, enrol.tail())
	}
	s.settle = func(ctx context.Context, r *report.Result) error { return a.settle(ctx, s, hub, r) }
	return s.run(ctx, newChild(s.side, "agent", program, "run", "-config", config))
}

// settle sees to it that fingerprints, and with the class "all" bytes, did reach
// the hub.
func (a agentArm) settle(ctx context.Context, s *site, hub *hub, r *report.Result) error {
	all := append(s.measured, s.beside...)
	err := await(ctx, "the hub to hear of every camera's footage", settleWithin, all, func() (bool, error) {
		n, err := hub.announced(ctx)
		return n == s.n, err
	})
	if err != nil {
		return err
	}
	var stored int64
	err = await(ctx, "footage in the object store", settleWithin, all, func() (bool, error) {
		var err error
		stored, err = folderSize(filepath.Join(hub.objects, "footage"))
		return stored > 0 || a.class != "all", err
	})
	mib := report.Rounded(float64(stored) / (1 << 20))
	r.UploadedMiB = &mib
	return err
}

const settleWithin = 30 * time.Second

// config writes the agent's file. Its data folder is below out, so that the spool
// and its journal count as what the recording takes.
func (a agentArm) config(s *site) (string, error) {
	type object = map[string]any
	var cameras []object
	for i := range s.n {
		cameras = append(cameras, object{
			"serial": fmt.Sprintf("BENCH-%04d", i), "label": fmt.Sprintf("bench %d", i), "url": fmt.Sprintf("%s/%d", s.url, i), "uplink": a.class,
			"view":    object{"position": object{"lon": 106.69, "lat": 21.97}, "heading": 90, "fov": 90, "range": 50},
			"consent": object{"level": "clip"},
		})
	}
	text, err := yaml.Marshal(object{
		"data": filepath.Join(s.out, "agent"), "networks": []string{"127.0.0.0/8"}, "simulated": true, "page": "", "metrics": "",
		"spool": object{"bytes": int64(1) << 40, "days": 14}, "cameras": cameras,
	})
	if err != nil {
		return "", fmt.Errorf("write agent config: %w", err)
	}
	file := filepath.Join(s.side, "agent.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", fmt.Errorf("write agent config: %w", err)
	}
	return file, nil
}
