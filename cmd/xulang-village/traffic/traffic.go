// Package traffic is what moves through the demo village: ordinary vehicles and
// one scripted theft that rides by again and again. Everything is a pure function
// of the configuration and the times asked for: the same seed gives the same
// traffic, whatever was asked before. It has no goroutine and reads no clock.
package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// PassTime is how long a pass fills a home's picture. Passes at one home are at
// least this far apart.
const PassTime = 4 * time.Second

// Kind says what passes.
type Kind string

// Kinds of vehicles. Rider is the one of the scripted theft.
const (
	Motorbike Kind = "motorbike"
	Car       Kind = "car"
	Truck     Kind = "truck"
	Rider     Kind = "rider"
)

// Direction is the way through the home's picture.
type Direction string

// Directions through the picture.
const (
	LTR Direction = "ltr"
	RTL Direction = "rtl"
)

// Facing says which way along the road a vehicle goes that crosses the home's
// picture from left to right.
type Facing string

// Facings: with growing metres, or against them.
const (
	Up   Facing = "up"
	Down Facing = "down"
)

// Home is a camera beside a road.
type Home struct {
	ID     string
	Road   string
	At     float64 // metres along Road
	Facing Facing
}

// Junction is where a side road leaves the main road.
type Junction struct {
	At     float64 // metres along the main road
	Road   string  // the side road
	SideAt float64 // metres along the side road
	Length float64 // metres of the side road; traffic uses the longer part from SideAt
}

// Config describes the village. The zero times of the ride mean 3 and 10 minutes.
type Config struct {
	Main      string     // the road that runs through
	Length    float64    // metres of it
	Junctions []Junction // in order along Main
	Homes     []Home
	RideFrom  string // ID of the home near which the theft happens

	Start     time.Time
	Seed      uint64
	FirstRide time.Duration // after Start
	EveryRide time.Duration // from one ride to the next, at least a minute
	// Past is how long before Start thefts already happened, on the same grid as
	// after it: a recorder has footage from before the village was started.
	Past time.Duration
}

// Pass is one vehicle in one home's picture, during [Enter, Leave).
type Pass struct {
	Home      string
	Kind      Kind
	Direction Direction
	Enter     time.Time
	Leave     time.Time
}

// Ride is one scripted theft: the village's own truth.
type Ride struct {
	Number int // from 0; below it before the village's start
	Start  time.Time
	Turns  string // the side road that it ends in; empty when it stays on the main road
	Passes []Pass // in the order of time
}

// Traffic answers what passes where. It is safe for concurrent use.
type Traffic struct {
	cfg     Config
	homes   map[string]Home
	from    Home          // where rides begin
	longest time.Duration // no trip takes longer
}

// New checks the configuration.
func New(cfg Config) (*Traffic, error) {
	cfg.FirstRide = cmp.Or(cfg.FirstRide, 3*time.Minute)
	cfg.EveryRide = cmp.Or(cfg.EveryRide, 10*time.Minute)
	if cfg.Main == "" || !(cfg.Length > 0) {
		return nil, errors.New("plan traffic: no main road")
	}
	if cfg.FirstRide < 0 || cfg.EveryRide < time.Minute || cfg.Past < 0 {
		return nil, fmt.Errorf("plan traffic: rides %s after the start, every %s, for %s before", cfg.FirstRide, cfg.EveryRide, cfg.Past)
	}
	t := &Traffic{cfg: cfg, homes: make(map[string]Home, len(cfg.Homes))}
	lengths := map[string]float64{cfg.Main: cfg.Length}
	metres := cfg.Length
	for i, j := range cfg.Junctions {
		if !within(j.At, cfg.Length) || !within(j.SideAt, j.Length) || lengths[j.Road] != 0 ||
			i > 0 && j.At < cfg.Junctions[i-1].At {
			return nil, fmt.Errorf("plan traffic: junction %d with %q does not fit", i+1, j.Road)
		}
		lengths[j.Road] = j.Length
		metres = max(metres, cfg.Length+j.Length)
	}
	for _, h := range cfg.Homes {
		if _, twice := t.homes[h.ID]; twice || h.ID == "" || !within(h.At, lengths[h.Road]) || h.Facing != Up && h.Facing != Down {
			return nil, fmt.Errorf("plan traffic: home %q at %.0f m of %q, facing %q, does not fit", h.ID, h.At, h.Road, h.Facing)
		}
		t.homes[h.ID] = h
	}
	from, ok := t.homes[cfg.RideFrom]
	if !ok {
		return nil, fmt.Errorf("plan traffic: rides begin at unknown home %q", cfg.RideFrom)
	}
	t.from = from
	t.longest = seconds(metres/slowest) + 2*turnPause
	return t, nil
}

// Passes gives what the home's picture shows, of which Enter lies in [from, to),
// in the order of time; two never overlap. Ordinary traffic yields to the rider,
// and of two vehicles that would meet in the picture only one is shown.
func (t *Traffic) Passes(home string, from, to time.Time) []Pass {
	h, ok := t.homes[home]
	if !ok || !from.Before(to) {
		return nil
	}
	// A pass just outside may be the one that something inside has to yield to.
	all := t.candidates(h, from.Add(-PassTime), to.Add(PassTime))
	var out []Pass
	for i, c := range all {
		if c.Enter.Before(from) || !c.Enter.Before(to) || yields(c, all[:i]) || yields(c, all[i+1:]) {
			continue
		}
		out = append(out, c.Pass)
	}
	return out
}

// candidate is a pass before it has been decided who is shown.
type candidate struct {
	Pass
	weight uint64 // the heavier one is shown; the rider weighs most
}

// yields compares with every other candidate, also with those that themselves
// yield: so the answer depends on a few seconds around, never on a whole chain.
func yields(c candidate, others []candidate) bool {
	return slices.ContainsFunc(others, func(o candidate) bool {
		return o.weight > c.weight && o.Enter.Sub(c.Enter).Abs() < PassTime
	})
}

func (t *Traffic) candidates(h Home, from, to time.Time) []candidate {
	var all []candidate
	collect := func(trip trip) {
		if p, ok := trip.pass(h); ok && !p.Enter.Before(from) && p.Enter.Before(to) {
			all = append(all, candidate{p, trip.weight})
		}
	}
	t.eachTrip(from.Add(-t.longest), to.Add(PassTime), collect)
	t.eachRide(from.Add(-t.longest), to.Add(PassTime), func(_ int, ride trip) { collect(ride) })
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(a.Enter.Compare(b.Enter), cmp.Compare(a.weight, b.weight))
	})
	return all
}

// Not a number is within nothing.
func within(at, length float64) bool { return length > 0 && at >= 0 && at <= length }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
