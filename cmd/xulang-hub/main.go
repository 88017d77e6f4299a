// Command xulang-hub runs the hub, and looks after what it keeps:
//
//	xulang-hub [-config hub.yml]            run
//	xulang-hub check [-depth 1|2|3] [-repair] [-delete-orphans]
//	xulang-hub backup [-o FILE]
//	xulang-hub restore [-from FILE]
package main

import (
	"context"
	"errors"
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
	err := run(os.Args[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errFound):
		os.Exit(2) // what was found stands there already
	case errors.Is(err, errFlags):
		os.Exit(1) // what is wrong with them, too
	default:
		fmt.Fprintln(os.Stderr, "xulang-hub:", err)
		os.Exit(1)
	}
}

// errFlags is of flags that were not understood.
var errFlags = errors.New("read flags")

// parse reads flags; what is wrong with them is told at once.
func parse(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return fmt.Errorf("%w: %w", errFlags, err)
	}
	return err
}

func run(args []string) error {
	if len(args) > 0 {
		if tool, ok := tools[args[0]]; ok {
			return tool(args[1:])
		}
	}
	return serve(args)
}

func serve(args []string) error {
	flags := flag.NewFlagSet("xulang-hub", flag.ContinueOnError)
	file := flags.String("config", "", "YAML file; configs/hub.yml names every key (default: built-in)")
	roads := flags.String("roads", "", "OpenStreetMap file, in place of the config's")
	version := flags.Bool("version", false, "print the version and exit")
	if err := parse(flags, args); err != nil {
		return err
	}
	if _, ok := tools[flags.Arg(0)]; ok {
		return fmt.Errorf("%[1]s comes first: xulang-hub %[1]s -config FILE", flags.Arg(0))
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown command %q; there are check, backup, restore, and none to run the hub", flags.Arg(0))
	}
	if *version {
		fmt.Println(hub.Version)
		return nil
	}
	cfg, err := config(*file)
	if err != nil {
		return err
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

func config(file string) (hub.Config, error) {
	if file == "" {
		return hub.Default(), nil
	}
	return hub.ReadConfig(file)
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
