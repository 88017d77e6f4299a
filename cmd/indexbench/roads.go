package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/indexbench/report"
	"xulang.vn/camera/hub/road"
)

// Limits of the road query.
const (
	roadQuestions = 1000
	stretchMost   = 5000.0 // metres
)

// askRoads places cameras along the roads of a real extract and asks who watches a
// stretch at a time, as the hub does for "this road, this window".
func askRoads(ctx context.Context, o options, log *slog.Logger) (report.Road, error) {
	line := report.Road{Query: "road", Cameras: o.roadCameras, Questions: roadQuestions}
	g, err := loadRoads(ctx, o.osm)
	if err != nil {
		return line, err
	}
	dice := rand.New(rand.NewPCG(o.seed, 0x52))
	along := byLength(g.Roads())
	line.Roads = len(along.roads)
	w := road.NewWatch(g)
	began := time.Now()
	for n := range o.roadCameras {
		views, err := along.views(g, dice)
		if err != nil {
			return line, err
		}
		w.Set(camera.NewCameraID("bench road", strconv.FormatUint(o.seed, 10), n), views)
		if n%20_000 == 0 {
			log.Info("cameras along roads", "placed", n, "of", o.roadCameras)
		}
		if ctx.Err() != nil {
			return line, ctx.Err()
		}
	}
	line.Placed = report.Rounded(time.Since(began).Seconds())
	if line.MiB, err = resident(); err != nil {
		return line, err
	}
	took, found := make([]time.Duration, roadQuestions), 0
	for i := range took {
		r, at := along.metre(dice)
		s := camera.Stretch{Road: r.ID, From: at, To: math.Min(r.Length, at+dice.Float64()*stretchMost)}
		from := turned.Add(time.Duration(dice.Int64N(int64(60*24*time.Hour))) - 30*24*time.Hour)
		began := time.Now()
		watched := w.Along(s, from, from.Add(90*time.Minute))
		took[i] = time.Since(began)
		found += len(watched)
	}
	if found == 0 {
		return line, errors.New("no stretch is watched by any camera")
	}
	line.Found = report.Rounded(float64(found) / roadQuestions)
	line.P50, line.P95 = report.Percentile(took, 50), report.Percentile(took, 95)
	return line, nil
}

func loadRoads(ctx context.Context, file string) (*road.Graph, error) {
	format, err := road.FormatOf(file)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	g, _, err := road.Load(ctx, f, format)
	return g, err
}

// roads are those of a graph, to pick a metre of them all.
type roads struct {
	roads []road.Road
	ends  []float64 // of each, as if they lay behind each other
}

func byLength(all []road.Road) roads {
	r := roads{roads: all}
	sum := 0.0
	for _, one := range all {
		sum += one.Length
		r.ends = append(r.ends, sum)
	}
	return r
}

// metre picks any metre of any road.
func (r roads) metre(dice *rand.Rand) (road.Road, float64) {
	at := dice.Float64() * r.ends[len(r.ends)-1]
	low, high := 0, len(r.ends)-1
	for low < high {
		if middle := (low + high) / 2; r.ends[middle] > at {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return r.roads[low], math.Min(r.roads[low].Length, math.Max(0, r.ends[low]-at))
}

// turned is when some cameras were turned: they have another view before it.
var turned = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// views are those of a camera some metres beside a road that looks anywhere. One in ten
// was turned.
func (r roads) views(g *road.Graph, dice *rand.Rand) ([]camera.View, error) {
	one, at := r.metre(dice)
	p, _, err := g.At(one.ID, at)
	if err != nil {
		return nil, fmt.Errorf("find metre %.0f of %s: %w", at, one.ID, err)
	}
	const metre = 1 / 111_000.0 // degrees of latitude
	p.Lat += (dice.Float64() - 0.5) * 30 * metre
	p.Lon += (dice.Float64() - 0.5) * 30 * metre
	v := camera.View{
		Position: p, Heading: math.Floor(dice.Float64() * 360), FOV: 60 + math.Floor(dice.Float64()*60), Range: 20 + math.Floor(dice.Float64()*60),
	}
	if dice.IntN(10) > 0 {
		return []camera.View{v}, nil
	}
	before := v
	before.To, v.From = turned, turned
	before.Heading = math.Mod(v.Heading+90, 360)
	return []camera.View{before, v}, nil
}

// resident is the memory of this process after everything that is not needed went back
// to the system, in MiB (proc(5), /proc/pid/status).
func resident() (float64, error) {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return report.Rounded(kib / 1024), err
		}
	}
	return 0, errors.New("no VmRSS in /proc/self/status")
}
