package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/store"
)

// loadRoads reads the road file; without one the graph is empty and the map says so.
func loadRoads(ctx context.Context, path string, log *slog.Logger) (*road.Graph, error) {
	if path == "" {
		return &road.Graph{}, nil
	}
	format, err := road.FormatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open roads: %w", err)
	}
	defer file.Close()
	graph, report, err := road.Load(ctx, file, format)
	if err != nil {
		return nil, fmt.Errorf("load roads: %w", err)
	}
	tellRoads(log, report)
	return graph, nil
}

// tellRoads says what an import found, and of what is odd about it what somebody who
// mends the map wants to know: traces that cannot lead on there are why.
func tellRoads(log *slog.Logger, r road.Report) {
	traps := r.TrapsAt
	r.TrapsAt = nil
	log.Info("roads are loaded", "report", r)
	if r.Pieces > 1 {
		log.Warn("the roads are in pieces without a way between them", "pieces", r.Pieces, "metres_apart", r.Apart)
	}
	if r.Traps > 0 {
		log.Warn("one-way streets lead to or from nowhere", "places", r.Traps, "metres", r.TrapMetres)
	}
	for _, t := range traps {
		log.Info("one-way trap", "lon", t.Position.Lon, "lat", t.Position.Lat, "metres", t.Metres, "entered", t.Entered, "left", t.Left)
	}
	if r.MissingSpeed > 0 {
		log.Info("roads without a speed are taken by their class", "ways", r.MissingSpeed, "metres", r.Speedless)
	}
}

// openStore reads the keys and makes the client; the server need not answer yet.
func openStore(cfg Store, log *slog.Logger) (*store.Store, error) {
	text, err := os.ReadFile(cfg.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read store keys: %w", err)
	}
	keys := strings.Fields(string(text))
	if len(keys) != 2 {
		return nil, fmt.Errorf("read store keys: %s has %d words, want access key and secret key", cfg.KeyFile, len(keys))
	}
	return store.Open(store.Config{
		Endpoint: cfg.Endpoint, Secure: cfg.Secure, Public: cfg.Public, Bucket: cfg.Bucket, Index: cfg.Index, Limited: cfg.Limited,
		AccessKey: keys[0], SecretKey: keys[1], Log: log,
	})
}

// keepBuckets makes the buckets as soon as the store answers. From then on the index
// folds and ships into its own, and what is in both is kept and let go of.
func (h *hub) keepBuckets(ctx context.Context) error {
	wait := 500 * time.Millisecond
	for told := false; ; {
		err := errors.Join(h.store.Ensure(ctx), h.store.Shelf(h.cfg.Store.Index).Ensure(ctx))
		if err == nil {
			h.log.Info("object store is ready", "footage", h.cfg.Store.Bucket, "index", h.cfg.Store.Index)
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return h.index.Run(ctx) })
			group.Go(func() error { return h.keep.Run(ctx) })
			return group.Wait()
		}
		if !told && ctx.Err() == nil {
			h.log.Warn("object store does not answer; trying on", "err", err)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
			wait = min(2*wait, 10*time.Second)
		}
	}
}
