package traffic

import (
	"math"
	"time"
)

const (
	section   = 250.0           // metres ridden at one speed
	turnPause = 5 * time.Second // for giving way at a junction
	slowest   = 24 / 3.6        // metres a second; no trip is slower
)

// leg is a stretch of one road, in the direction of travel.
type leg struct {
	road     string
	from, to float64 // metres; from > to goes down
}

func (l leg) length() float64 { return math.Abs(l.to - l.from) }

// trip is one vehicle on its way.
type trip struct {
	kind      Kind
	depart    time.Time
	end       time.Time // it is not seen after this; zero: never given up
	legs      []leg
	low, high float64 // metres a second
	seed      uint64  // of the speeds of the sections
	weight    uint64
}

// pass tells when the trip is at the home, if it gets there. The home's place is
// the middle of the pass.
func (t trip) pass(h Home) (Pass, bool) {
	gone, pauses := 0.0, time.Duration(0)
	for _, l := range t.legs {
		up := l.to > l.from
		ahead := h.At - l.from
		if !up {
			ahead = -ahead
		}
		if l.road != h.Road || ahead < 0 || ahead > l.length() {
			gone += l.length()
			pauses += turnPause
			continue
		}
		enter := t.depart.Add(t.after(gone+ahead) + pauses - PassTime/2)
		p := Pass{Home: h.ID, Kind: t.kind, Direction: RTL, Enter: enter, Leave: enter.Add(PassTime)}
		if up == (h.Facing == Up) {
			p.Direction = LTR
		}
		return p, t.end.IsZero() || !p.Leave.After(t.end)
	}
	return Pass{}, false
}

// after is the time that the first metres of the trip take, in whole milliseconds.
func (t trip) after(metres float64) time.Duration {
	sum := 0.0
	for i := uint64(0); metres > 0; i++ {
		speed := t.low + (t.high-t.low)*share(t.seed+i)
		sum += min(metres, section) / speed
		metres -= section
	}
	return seconds(sum).Round(time.Millisecond)
}

// share spreads n over [0, 1): the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func share(n uint64) float64 { return float64(scramble(n)>>11) / (1 << 53) }

func scramble(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
