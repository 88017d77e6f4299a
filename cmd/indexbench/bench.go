package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/province"
	"xulang.vn/camera/cmd/indexbench/report"
	"xulang.vn/camera/hub/db"
)

// Names of databases, as they are asked for and told.
const (
	sqlite   = "sqlite"
	postgres = "postgres"
)

// bench is what all arms share: the data, the questions, and what must be answered.
type bench struct {
	options
	province province.Province
	log      *slog.Logger

	asked   []province.Question
	answers []answer
}

// answer is what a question's answer must be.
type answer struct {
	sum      camera.Hash
	segments int
}

// questionsOf makes the questions and their answers from the data, without a database.
func (b *bench) questionsOf() {
	b.asked = b.province.Questions(b.questions, b.options.asked)
	for _, q := range b.asked {
		sum := b.province.Answer(q)
		b.answers = append(b.answers, answer{sum.Hash(), sum.Segments})
	}
}

// arm is a layout on an open database.
type arm interface {
	// load brings everything in and fills in what that took and takes.
	load(ctx context.Context, line *report.Line) error
	// open begins anew, with new connections, as after a restart of the hub.
	open(ctx context.Context) error
	// ask answers a question and tells how long that took, without the sum.
	ask(ctx context.Context, q province.Question) (*province.Sum, time.Duration, error)
	// floor reads the bytes of the same rows with one query, and does nothing with them.
	floor(ctx context.Context, q province.Question) (bytes int, took time.Duration, err error)
	close() error
}

func (b *bench) measure(ctx context.Context, name, layout, folder string) (line report.Line, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return line, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	var a arm
	where := b.where(name, folder)
	if a = newRows(b, where); layout == "packed" {
		a = newPacked(b, where, filepath.Join(folder, "objects"))
	}
	defer func() { err = errors.Join(err, a.close()) }()
	line = report.Line{
		DB: name, Layout: layout, Cameras: b.province.Cameras, Questions: len(b.asked),
		First: "new process state and connections, the system's page cache as the load left it",
	}
	if err := a.load(ctx, &line); err != nil {
		return line, fmt.Errorf("load: %w", err)
	}
	if err := a.open(ctx); err != nil {
		return line, fmt.Errorf("open again: %w", err)
	}
	first, err := b.askAll(ctx, a)
	if err != nil {
		return line, err
	}
	line.FirstP50 = report.Percentile(first, 50)
	var warm, floor []time.Duration
	for range b.rounds {
		took, err := b.askAll(ctx, a)
		if err != nil {
			return line, err
		}
		warm = append(warm, took...)
	}
	for i, q := range b.asked {
		bytes, took, err := a.floor(ctx, q)
		if err != nil {
			return line, fmt.Errorf("floor of question %d: %w", i, err)
		}
		if least := b.answers[i].segments; bytes < least {
			return line, fmt.Errorf("floor of question %d: %d bytes of %d segments", i, bytes, least)
		}
		floor = append(floor, took)
	}
	line.WarmP50, line.WarmP95 = report.Percentile(warm, 50), report.Percentile(warm, 95)
	line.FloorP50 = report.Percentile(floor, 50)
	for _, is := range b.answers {
		line.Answered += is.segments
	}
	return line, nil
}

// askAll asks every question once and compares the answers with what was announced.
func (b *bench) askAll(ctx context.Context, a arm) ([]time.Duration, error) {
	all := make([]time.Duration, len(b.asked))
	for i, q := range b.asked {
		sum, took, err := a.ask(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("question %d: %w", i, err)
		}
		if want := b.answers[i]; sum.Segments != want.segments || sum.Hash() != want.sum {
			return nil, fmt.Errorf("question %d: the answer of %d segments is not what was announced, %d segments", i, sum.Segments, want.segments)
		}
		all[i] = took
	}
	return all, nil
}

// databases are what the arms need: one for rows, one that segments are announced to, one
// that all is restored into.
var databases = []string{"rows", "packed", "restored"}

// where tells where one of databases is.
func (b *bench) where(name, folder string) func(database string) string {
	return func(database string) string {
		if name == postgres {
			return b.postgres[slices.Index(databases, database)]
		}
		return filepath.Join(folder, database+".db")
	}
}

// sizes are the bytes of tables with their indexes.
func sizes(ctx context.Context, d *db.DB, tables ...string) (map[string]int64, error) {
	all := map[string]int64{}
	for _, table := range tables {
		n, err := size(ctx, d, table)
		if err != nil {
			return nil, fmt.Errorf("measure table %s: %w", table, err)
		}
		all[table] = n
	}
	return all, nil
}
