package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"xulang.vn/camera/cmd/xulang-village/traffic"
)

// zone is where the village's people live; Vietnam keeps no summer time.
var zone = time.FixedZone("ICT", 7*60*60)

// played is one run of the village: enough to tell its truth later.
type played struct {
	Start     time.Time     `json:"start"`
	Seed      uint64        `json:"seed"`
	Homes     string        `json:"homes"`
	FirstRide time.Duration `json:"first_ride_ns"`
	EveryRide time.Duration `json:"every_ride_ns"`
}

func (p played) traffic(v valley) (*traffic.Traffic, error) {
	cfg := v.roads
	cfg.Start, cfg.Seed, cfg.FirstRide, cfg.EveryRide, cfg.Past = p.Start, p.Seed, p.FirstRide, p.EveryRide, recorderKeeps
	return traffic.New(cfg)
}

// record adds the run to the village's diary.
func (p played) record(data string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write diary: %w", err)
	}
	f, err := os.OpenFile(diary(data), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write diary: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

func diary(data string) string { return filepath.Join(data, "runs.ndjson") }

// ride is one line of the truth.
type ride struct {
	Departure time.Time  `json:"departure"`
	From      string     `json:"from"`
	TurnsInto string     `json:"turns_into,omitempty"`
	Passes    []ridePass `json:"passes"`
}

type ridePass struct {
	Home  string    `json:"home"`
	Enter time.Time `json:"enter"`
	Leave time.Time `json:"leave"`
	Way   string    `json:"way"` // through the picture: ltr or rtl
}

// readDiary gives the village's runs, oldest first.
func readDiary(data string) ([]played, error) {
	f, err := os.Open(diary(data))
	if err != nil {
		return nil, fmt.Errorf("read diary (has the village run?): %w", err)
	}
	defer f.Close()
	var runs []played
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var p played
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("read diary: %w", err)
		}
		runs = append(runs, p)
	}
	return runs, nil
}

// goOn gives the last run instead, while the recorders still show some of it: their
// past must not become another one because the village was started again.
func (p played) goOn(data string) (run played, again bool, err error) {
	runs, err := readDiary(data)
	if errors.Is(err, os.ErrNotExist) {
		return p, false, nil
	}
	if err != nil || len(runs) == 0 {
		return p, false, err
	}
	last := runs[len(runs)-1]
	same := last.Seed == p.Seed && last.Homes == p.Homes && last.FirstRide == p.FirstRide && last.EveryRide == p.EveryRide
	if same && p.Start.Sub(last.Start) < recorderKeeps {
		return last, true, nil
	}
	return p, false, nil
}

// tell prints every ride up to now, a JSON object per line.
func tell(ctx context.Context, o options, out io.Writer) error {
	runs, err := readDiary(o.data)
	if err != nil {
		return err
	}
	for i, p := range runs {
		until := time.Now()
		if i+1 < len(runs) {
			until = runs[i+1].Start
		}
		from := p.Start
		if i == 0 {
			from = from.Add(-recorderKeeps)
		}
		if err := p.tell(ctx, from, until, out); err != nil {
			return err
		}
	}
	return nil
}

func (p played) tell(ctx context.Context, from, until time.Time, out io.Writer) error {
	v, err := loadValley(ctx, p.Homes)
	if err != nil {
		return err
	}
	t, err := p.traffic(v)
	if err != nil {
		return err
	}
	for _, r := range t.Rides(from, until) {
		line := ride{Departure: r.Start.In(zone), From: v.roads.RideFrom, TurnsInto: r.Turns}
		for _, pass := range r.Passes {
			if pass.Leave.Before(until) {
				line.Passes = append(line.Passes, ridePass{Home: pass.Home, Enter: pass.Enter.In(zone), Leave: pass.Leave.In(zone), Way: string(pass.Direction)})
			}
		}
		if err := json.NewEncoder(out).Encode(line); err != nil {
			return fmt.Errorf("write truth: %w", err)
		}
	}
	return nil
}
