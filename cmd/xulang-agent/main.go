// Command xulang-agent runs beside a household's recorder:
//
//	xulang-agent run -config agent.yml                  serves the household's page, records and reports
//	xulang-agent code -config agent.yml                 shows where the page is, and the code that lets in
//	xulang-agent enrol -config agent.yml -code LINK     joins the hub without the page
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"xulang.vn/camera/agent"
	"xulang.vn/camera/agent/health"
	"xulang.vn/camera/web"
)

const usage = `usage: xulang-agent COMMAND [flags]
  run -config FILE                  serve the household's page, record and report until stopped
  code -config FILE                 show where the page is, and the code that lets in
  enrol -config FILE -code LINK     join the hub without the page, with an invitation's link;
                                    or with its code: -hub ADDRESS -code CODE
  version                           print the version
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "xulang-agent:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command")
	}
	flags := flag.NewFlagSet("xulang-agent "+args[0], flag.ExitOnError)
	file := flags.String("config", "agent.yml", "YAML file; configs/agent.yml names every key")
	hub := flags.String("hub", "", "the hub's address, in place of the config's")
	code := flags.String("code", "", "the invitation's link, or its code beside -hub")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(health.Fold(slog.NewTextHandler(os.Stderr, nil), time.Now))
	switch args[0] {
	case "version":
		fmt.Println(agent.Version)
		return nil
	case "enrol":
		return enrol(ctx, *file, *hub, *code, log)
	case "run":
		cfg, err := agent.ReadConfig(*file)
		if err != nil {
			return err
		}
		debug.SetGCPercent(collectAt(len(cfg.Cameras)))
		return agent.Run(ctx, cfg, agent.Outside{Page: web.Household(), Log: log, Now: time.Now})
	case "code":
		return show(*file, os.Stdout)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("unknown command %q", args[0])
}

// collectAt is how much garbage, in percent of what is in use, may gather before it
// is collected. A box with many cameras holds a second of each in memory and has
// less room for it; with few, processor time is what counts. Chosen with
// scripts/bench-ingest.
func collectAt(cameras int) int {
	const few, many, most, least = 8, 32, 120, 42
	over := min(max(cameras-few, 0), many-few)
	return most - over*(most-least)/(many-few)
}

func enrol(ctx context.Context, file, hub, code string, log *slog.Logger) error {
	cfg, err := agent.ReadConfig(file)
	if err != nil {
		return err
	}
	if code != "" {
		cfg.Code = code
	}
	if hub != "" {
		cfg.Hub = hub
	}
	member, err := agent.Join(ctx, cfg, log)
	if err != nil {
		return err
	}
	if member.Before && code != "" {
		return fmt.Errorf("this agent is of %q at %s already, the code was not used; to join anew stop it and remove %s",
			member.Label, member.Hub, filepath.Join(cfg.Data, "membership.json"))
	}
	fmt.Printf("đã ghép: %s, mã thiết bị %s\n", member.Label, member.Device().ShortFingerprint())
	return nil
}
