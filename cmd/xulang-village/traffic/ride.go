package traffic

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	rideSlow, rideQuick = 30 / 3.6, 45 / 3.6 // metres a second
	rideRunUp           = 60.0               // metres from the theft to the first camera
	rideRest            = 20 * time.Second   // out of sight before the next ride: there is one rider
	turningJunction     = 1                  // the second one
)

// Rides tells the truth about the scripted theft: the rides that start in
// [from, to), with every pass as the cameras show it. There are none before
// Start−Past.
func (t *Traffic) Rides(from, to time.Time) []Ride {
	var out []Ride
	t.eachRide(from, to, func(n int, tr trip) {
		if tr.depart.Before(from) || !tr.depart.Before(to) {
			return
		}
		r := Ride{Number: n, Start: tr.depart}
		if last := tr.legs[len(tr.legs)-1]; last.road != t.cfg.Main {
			r.Turns = last.road
		}
		for _, h := range t.cfg.Homes {
			if p, ok := tr.pass(h); ok {
				r.Passes = append(r.Passes, p)
			}
		}
		slices.SortFunc(r.Passes, func(a, b Pass) int {
			return cmp.Or(a.Enter.Compare(b.Enter), cmp.Compare(a.Home, b.Home))
		})
		out = append(out, r)
	})
	return out
}

// eachRide gives the rides that start in [from, to], and perhaps one before.
func (t *Traffic) eachRide(from, to time.Time, do func(int, trip)) {
	first := t.cfg.Start.Add(t.cfg.FirstRide)
	earliest := -floorDiv(t.cfg.Past+t.cfg.FirstRide, t.cfg.EveryRide)
	n := max(earliest, floorDiv(from.Sub(first), t.cfg.EveryRide))
	for ; ; n++ {
		depart := first.Add(time.Duration(n) * t.cfg.EveryRide)
		if depart.After(to) {
			return
		}
		do(int(n), trip{
			kind: Rider, depart: depart, end: depart.Add(t.cfg.EveryRide - rideRest),
			legs: t.rideRoute(n), low: rideSlow, high: rideQuick,
			seed: scramble(t.cfg.Seed ^ uint64(n)<<32), weight: math.MaxUint64,
		})
	}
}

// rideRoute starts beside the home, reaches the main road when the home is not on
// it, and goes toward the second junction. Every second ride turns off there.
func (t *Traffic) rideRoute(n int64) []leg {
	var legs []leg
	at, beyond := t.from.At, t.cfg.Length
	turn, turns := t.turning()
	if t.from.Road != t.cfg.Main {
		i := slices.IndexFunc(t.cfg.Junctions, func(j Junction) bool { return j.Road == t.from.Road })
		j := t.cfg.Junctions[i]
		start := t.from.At + math.Copysign(rideRunUp, t.from.At-j.SideAt)
		legs = append(legs, leg{j.Road, min(max(start, 0), j.Length), j.SideAt})
		at = j.At
	}
	if turns && turn.At < at {
		beyond = 0
	}
	if t.from.Road == t.cfg.Main {
		at = min(max(at-math.Copysign(rideRunUp, beyond-at), 0), t.cfg.Length)
	}
	if turns && n%2 != 0 && turn.Road != t.from.Road {
		return append(legs, leg{t.cfg.Main, at, turn.At}, leg{turn.Road, turn.SideAt, turn.far()})
	}
	return append(legs, leg{t.cfg.Main, at, beyond})
}

func (t *Traffic) turning() (Junction, bool) {
	if len(t.cfg.Junctions) <= turningJunction {
		return Junction{}, false
	}
	return t.cfg.Junctions[turningJunction], true
}
