package path

import "math"

// The probabilities of the model, as natural logarithms where they are added. The
// figures were set by hand on simulated trips; halving or doubling one changes little.
const (
	// Emission: how well a place fits what was seen.
	turnSpread  = 30.0  // degrees between the told heading and the road's: people tell "towards the market"
	turnWrong   = 0.02  // of told headings that mean nothing
	middle      = 0.5   // a sighting is told for the middle of the piece, with this spread in halves of it
	brief       = 8.0   // metres of road in view that are as likely noticed as not
	nearSpread  = 20.0  // metres from the reported place of an incident to the true one
	offView     = 30.0  // metres from a view to a road that it should see but does not
	sightSpread = 1.0   // seconds within which a person tells the time of a picture
	keepWithin  = 18.0  // states that are so much less likely than the best are forgotten
	broken      = -40.0 // to go on without a way: less likely than any way

	// Transition: how well a way fits the time.
	fastSpread = 0.22 // of the logarithm of time over expected time, for who is faster
	slowSpread = 0.33 // and slower
	fastest    = 3.0  // times as fast as expected is not possible
	stopShare  = 0.3  // of ways with a stop on them
	stopTypic  = 90.0 // seconds; half of all stops are shorter
	viaShare   = 0.1  // of ways that lead by a place that nobody knows of
	direct     = 5.0  // a way twice as dear as the cheapest is e^-direct as likely
	directMost = 3.0  // times that; dearer is all the same
)

// headingFit tells how likely a heading is told that is off by so many degrees.
func headingFit(turn float64) float64 {
	z := turn / turnSpread
	return math.Log((1-turnWrong)*math.Exp(-z*z/2) + turnWrong)
}

func gauss(x, spread float64) float64 {
	z := x / spread
	return -z * z / 2
}

// elapsed is the time between two sightings, seconds. From an incident, whose time is an
// interval, it lies between two bounds.
type elapsed struct {
	least, most float64
	blur        float64 // by what the clocks and the telling of either may be wrong
}

// limit is the longest way that can be made in that time, in seconds expected of it.
func (e elapsed) limit() float64 {
	const day = 86400 // nobody is on the way for longer
	return math.Min(fastest*(math.Max(e.most, 0)+e.blur)+5, day)
}

// taken is the time that was most likely needed for a way that is expected to take so long.
func (e elapsed) taken(expected float64) float64 {
	return math.Max(math.Min(math.Max(expected, e.least), e.most), 0)
}

// fit is the likelihood of the time that a way took, beside the time that is expected
// of it. The ratio of both is log-normal, wider towards slow ones; with some share
// there was a stop, whose length has the heavy tail of a Lomax distribution. What blurs
// the time is added to both sides, so that it counts for short ways alone.
func (e elapsed) fit(expected float64) float64 {
	if expected > e.limit() || e.most+e.blur < 0 {
		return math.Inf(-1)
	}
	t := e.taken(expected)
	drive := (1 - stopShare) * e.drive(expected)
	stop := 0.0
	if rest := t - expected; rest > 0 {
		// Its density beside that of the log-normal at its peak.
		tail := 1 + rest/stopTypic
		peak := 1 / ((t + e.blur) * slowSpread * math.Sqrt(2*math.Pi))
		stop = stopShare * math.Min(1, 1/(stopTypic*tail*tail*peak))
	}
	return math.Log(drive + stop)
}

// drive is the likelihood of driving for that time beside what is expected; 1 where they
// are the same.
func (e elapsed) drive(expected float64) float64 {
	z := math.Log((e.taken(expected) + e.blur) / (expected + e.blur))
	spread := slowSpread
	if z < 0 {
		spread = fastSpread
	}
	return math.Exp(-z * z / (2 * spread * spread))
}

// elsewhere is the likelihood, as fit's, of all ways by some place that are not looked
// at one by one. They count where the time is too long for the ways that are.
func (e elapsed) elsewhere(expected float64) float64 {
	if e.taken(expected) <= expected {
		return math.Inf(-1)
	}
	return math.Log(viaShare * (1 - e.drive(expected)))
}

// detour tells how likely a way is taken beside the cheapest one: people choose by
// exponential weights on the share by which a way is dearer (Hunter et al., 2014).
func detour(cost, cheapest float64) float64 {
	return -direct * math.Min(directMost, math.Max(0, cost-cheapest)/(cheapest+30))
}

// add is log(e^a + e^b).
func add(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
