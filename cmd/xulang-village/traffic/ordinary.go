package traffic

import (
	"math/rand/v2"
	"time"
)

// slot is the time for which departures are drawn together.
const slot = time.Minute

// perSlot is the mean number of departures on the whole network. About two thirds
// of them run past any home of the main road: one each half a minute or so.
const perSlot = 2.6

// speeds in km/h around which a trip of the kind stays, and its share of traffic.
var ordinary = []struct {
	kind        Kind
	share       float64
	slow, quick float64
}{
	{Motorbike, 0.6, 28, 46},
	{Car, 0.28, 36, 56},
	{Truck, 0.12, 30, 44},
}

// eachTrip gives the ordinary trips that depart in [from, to], and a few around.
func (t *Traffic) eachTrip(from, to time.Time, do func(trip)) {
	first := floorDiv(from.Sub(t.cfg.Start), slot)
	last := floorDiv(to.Sub(t.cfg.Start), slot)
	for k := first; k <= last; k++ {
		rnd := rand.New(rand.NewPCG(t.cfg.Seed, uint64(k)))
		begin := t.cfg.Start.Add(time.Duration(k) * slot)
		for range departures(rnd) {
			do(t.draw(rnd, begin))
		}
	}
}

// departures is perSlot on average.
func departures(rnd *rand.Rand) int {
	n := 0
	for range 8 {
		if rnd.Float64() < perSlot/8 {
			n++
		}
	}
	return n
}

func (t *Traffic) draw(rnd *rand.Rand, begin time.Time) trip {
	pick := rnd.Float64()
	choice := ordinary[0]
	for _, o := range ordinary {
		if choice = o; pick < o.share {
			break
		}
		pick -= o.share
	}
	base := (choice.slow + (choice.quick-choice.slow)*rnd.Float64()) / 3.6
	depart := begin.Add(seconds(rnd.Float64() * slot.Seconds()).Round(time.Millisecond))
	return trip{
		kind: choice.kind, depart: depart, legs: t.route(rnd),
		low: base * 0.9, high: base * 1.1, seed: rnd.Uint64(),
		weight: rnd.Uint64() >> 1, // below every rider
	}
}

// route runs through, or turns off into a side road, or comes out of one.
func (t *Traffic) route(rnd *rand.Rand) []leg {
	from, to := 0.0, t.cfg.Length
	if rnd.IntN(2) == 1 {
		from, to = to, from
	}
	turn := rnd.Float64()
	if len(t.cfg.Junctions) == 0 || turn < 0.55 {
		return []leg{{t.cfg.Main, from, to}}
	}
	j := t.cfg.Junctions[rnd.IntN(len(t.cfg.Junctions))]
	if turn < 0.78 {
		return []leg{{t.cfg.Main, from, j.At}, {j.Road, j.SideAt, j.far()}}
	}
	return []leg{{j.Road, j.far(), j.SideAt}, {t.cfg.Main, j.At, to}}
}

// far is the end of the side road that is further from the junction.
func (j Junction) far() float64 {
	if j.SideAt > j.Length/2 {
		return 0
	}
	return j.Length
}

// floorDiv rounds toward the past, also before the start.
func floorDiv(d, unit time.Duration) int64 {
	n := int64(d / unit)
	if d%unit < 0 {
		n--
	}
	return n
}
