// Command xulang-hub runs the hub: xulang-hub [-config hub.yml].
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"xulang.vn/camera/hub"
	"xulang.vn/camera/web"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "xulang-hub:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("xulang-hub", flag.ExitOnError)
	file := flags.String("config", "", "YAML file; configs/hub.yml names every key (default: built-in)")
	roads := flags.String("roads", "", "OpenStreetMap file, in place of the config's")
	version := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version {
		fmt.Println(hub.Version)
		return nil
	}
	cfg := hub.Default()
	if *file != "" {
		var err error
		if cfg, err = hub.ReadConfig(*file); err != nil {
			return err
		}
	}
	if *roads != "" {
		cfg.Roads, cfg.Sketch = *roads, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return hub.Run(ctx, cfg, hub.Outside{
		Web: web.Handler(), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: time.Now,
		Ready: func(address string) { greet(address, cfg.Data) },
	})
}

// greet tells the person who started the hub where to go. The setup link is a
// secret: it is shown on a terminal, and stays in its file when this is a log.
func greet(address, data string) {
	fmt.Println("hub:", address)
	file := filepath.Join(data, "setup-link")
	link, err := os.ReadFile(file)
	if err != nil {
		return
	}
	if info, err := os.Stdout.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Println("one-time setup link:", strings.TrimSpace(string(link)))
	} else {
		fmt.Println("one-time setup link: in", file)
	}
}
