package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"xulang.vn/camera/hub"
	"xulang.vn/camera/hub/keep"
)

// tools look after what the hub keeps.
var tools = map[string]func([]string) error{"check": check, "backup": backup, "restore": restore}

// errFound makes the program end as one that found something.
var errFound = errors.New("the index and the object store do not agree")

// tool is what all of them can be told.
type tool struct {
	*flag.FlagSet
	config, lang *string
}

func newTool(name string) tool {
	set := flag.NewFlagSet("xulang-hub "+name, flag.ContinueOnError)
	return tool{
		set, set.String("config", "", "YAML file; configs/hub.yml names every key (default: built-in)"),
		set.String("lang", language(), "vi or en"),
	}
}

// language is that of the terminal; Vietnamese unless it says English.
func language() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return string(keep.English)
			}
			break
		}
	}
	return string(keep.Vietnamese)
}

// begin reads flags and config; what goes wrong in the rooms is logged.
func (t tool) begin(args []string) (hub.Config, hub.Outside, error) {
	if err := parse(t.FlagSet, args); err != nil {
		return hub.Config{}, hub.Outside{}, err
	}
	if l := t.language(); l != keep.Vietnamese && l != keep.English {
		return hub.Config{}, hub.Outside{}, fmt.Errorf("%s: language %q is none of vi, en", t.Name(), l)
	}
	if t.NArg() > 0 {
		return hub.Config{}, hub.Outside{}, fmt.Errorf("%s: nothing is known of %q", t.Name(), t.Arg(0))
	}
	cfg, err := config(*t.config)
	return cfg, hub.Outside{Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Now: time.Now}, err
}

func (t tool) language() keep.Lang { return keep.Lang(*t.lang) }

func check(args []string) error {
	t := newTool("check")
	depth := t.Int("depth", int(keep.Names), "1 names and sizes, 2 checksums, 3 every byte and the manifests")
	repair := t.Bool("repair", false, "repair what is safe to repair")
	orphans := t.Bool("delete-orphans", false, "delete objects of which the index knows nothing and that are older than an hour")
	cfg, out, err := t.begin(args)
	if err != nil {
		return err
	}
	ctx, stop := interrupted()
	defer stop()
	line := newLine(os.Stderr)
	report, err := hub.Check(ctx, cfg, out, keep.Wish{Depth: keep.Depth(*depth), Repair: *repair, DeleteOrphans: *orphans},
		func(p keep.Progress) { line.show(keep.ExplainProgress(p, t.language())) })
	line.end()
	if err != nil {
		return err
	}
	fmt.Print(keep.Explain(report, t.language()))
	if !report.Clean() {
		return errFound
	}
	return nil
}

func backup(args []string) error {
	t := newTool("backup")
	file := t.String("o", "", "also write the snapshot and the keys of the hub's certificate into this .tar.gz, to be kept elsewhere and secret")
	cfg, out, err := t.begin(args)
	if err != nil {
		return err
	}
	ctx, stop := interrupted()
	defer stop()
	snap, fresh, err := hub.Backup(ctx, cfg, out, *file)
	if err != nil {
		return err
	}
	fmt.Print(keep.ExplainSnapshot(snap, fresh, t.language()))
	return nil
}

func restore(args []string) error {
	t := newTool("restore")
	file := t.String("from", "", "a .tar.gz of backup, beside what the index bucket has")
	cfg, out, err := t.begin(args)
	if err != nil {
		return err
	}
	ctx, stop := interrupted()
	defer stop()
	line := newLine(os.Stderr)
	done, err := hub.Restore(ctx, cfg, out, *file, func(r keep.Rebuilt) { line.show(keep.ExplainRebuilt(r, t.language())) })
	line.end()
	if err != nil {
		return err
	}
	fmt.Print(keep.ExplainRestore(done, t.language()))
	return nil
}

func interrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// line is progress that is written over on a terminal, and stands now and then in a file.
type line struct {
	to       io.Writer
	terminal bool
	each     time.Duration
	last     time.Time
	shown    bool
}

func newLine(to *os.File) *line {
	info, err := to.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	each := 10 * time.Second
	if terminal {
		each = 200 * time.Millisecond
	}
	return &line{to: to, terminal: terminal, each: each}
}

func (l *line) show(text string) {
	if time.Since(l.last) < l.each {
		return
	}
	l.last, l.shown = time.Now(), true
	if l.terminal {
		text = "\r\x1b[K" + text
	} else {
		text += "\n"
	}
	_, _ = io.WriteString(l.to, text) // progress that nobody can read is no reason to stop
}

func (l *line) end() {
	if l.terminal && l.shown {
		_, _ = io.WriteString(l.to, "\r\x1b[K")
	}
}
