// Command indexbench measures the index: what a segment costs in it, how fast segments
// come in, and how fast windows are answered; beside the layout that it had before, one
// row a segment, on the same data and questions. With a road file it also asks which
// cameras watch a stretch.
//
//	indexbench [-db sqlite,postgres] [-layout packed,rows] [-segments N] [-osm FILE] …
//
// Every answer is compared with what was announced: one that differs ends the program.
// JSON lines go to standard output, progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"xulang.vn/camera/cmd/indexbench/province"
)

// options are the command's flags.
type options struct {
	dbs, layouts []string
	segments     int      // of all cameras together, about
	put          int      // those of them that come in as announcements, about
	cameras      int      //
	asked        int      // cameras of a question
	questions    int      // different ones
	rounds       int      // how often each is asked again
	writers      int      // goroutines that announce
	seed         uint64   //
	osm          string   // a road file
	roadCameras  int      //
	dir          string   // of databases and objects
	postgres     []string // connection strings of databases
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "indexbench:", err)
		os.Exit(1)
	}
}

func read(args []string, progress io.Writer) (options, error) {
	var o options
	var dbs, layouts, connect string
	flags := flag.NewFlagSet("indexbench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&dbs, "db", "sqlite", "databases: sqlite, postgres, both with a comma; empty: only the road query")
	flags.StringVar(&layouts, "layout", "packed,rows", "layouts: packed, rows")
	flags.IntVar(&o.segments, "segments", 1_000_000, "segments of all cameras together, about; at least two hours of each")
	flags.IntVar(&o.put, "put", 2_000_000, "those of them that are announced and folded, about; the others are restored from manifests")
	flags.IntVar(&o.cameras, "cameras", 2000, "cameras")
	flags.IntVar(&o.asked, "asked", 40, "cameras of a question")
	flags.IntVar(&o.questions, "questions", 100, "different questions")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each question is asked again")
	flags.IntVar(&o.writers, "writers", 8, "goroutines that announce")
	flags.Uint64Var(&o.seed, "seed", 1, "of everything that is made up")
	flags.StringVar(&o.osm, "osm", "", "a road file of OpenStreetMap, for the road query")
	flags.IntVar(&o.roadCameras, "road-cameras", 100_000, "cameras of the road query")
	flags.StringVar(&o.dir, "dir", "", "folder for databases and objects; a temporary one")
	flags.StringVar(&connect, "postgres", "", "connection strings of three empty databases of PostgreSQL, with semicolons between them")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.dbs, o.layouts, o.postgres = words(dbs), words(layouts), strings.Split(connect, ";")
	for _, n := range []int{o.segments, o.put, o.cameras, o.asked, o.questions, o.rounds, o.writers, o.roadCameras} {
		if n < 1 {
			return o, errors.New("every number must be at least 1")
		}
	}
	for _, name := range o.dbs {
		if name != sqlite && name != postgres || name == postgres && len(o.postgres) != len(databases) {
			return o, fmt.Errorf("database %q: want sqlite, or postgres with three in -postgres", name)
		}
	}
	for _, name := range o.layouts {
		if name != "packed" && name != "rows" {
			return o, fmt.Errorf("layout %q: want packed or rows", name)
		}
	}
	return o, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := read(args, progress)
	if err != nil {
		return err
	}
	lines, log := json.NewEncoder(out), slog.New(slog.NewTextHandler(progress, nil))
	// The roads first: their memory is to be told from that of databases.
	if o.osm != "" {
		line, err := askRoads(ctx, o, log)
		if err != nil {
			return fmt.Errorf("road query: %w", err)
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	if len(o.dbs) == 0 {
		return nil
	}
	temporary, err := os.MkdirTemp(o.dir, "indexbench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	p := province.New(o.cameras, o.segments, o.seed)
	log.Info("a province", "cameras", p.Cameras, "hours", p.Hours, "segments", "about "+fmt.Sprint(p.Cameras*p.Hours*750))
	b := &bench{options: o, province: p, log: log}
	b.questionsOf()
	for _, name := range o.dbs {
		for _, layout := range o.layouts {
			line, err := b.measure(ctx, name, layout, filepath.Join(temporary, name+"-"+layout))
			if err != nil {
				return fmt.Errorf("%s on %s: %w", layout, name, err)
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}
