package trace

import camera "xulang.vn/camera"

// Params are all that can be tuned. Times are seconds unless said otherwise.
type Params struct {
	// How a way is chosen: each trip sees every arc dearer by a factor of its own, evenly
	// between 1 and Whim, and takes the cheapest way to where it goes.
	Whim     float64
	Trees    int     // different tempers that are tried from each place
	Ends     int     // destinations that are tried with each
	Turn     float64 // what turning round at the next junction costs
	TurnHere float64 // the same on the spot
	Junction float64 // at the end of an arc where roads meet
	Nearest  float64 // metres from the incident within which trips hardly end
	Straight float64 // √s: how strict detours are punished: at this many seconds by the root of those of the direct way a destination's weight falls to 1/e
	Lately   float64 // share of trips whose way is direct from the sighting before the last only
	Stray    float64 // weight of destinations that the way so far speaks against
	Via      float64 // share of trips that go round by another place
	Back     float64 // share of trips that turn round soon, where nobody sees it
	Vias     int     // how many of them are tried with each temper
	ViaReach float64 // how far that is

	// How long a way takes.
	Pace      float64 // one standard deviation of the logarithm of a trip's pace
	PaceDrift float64 // the same from sighting to sighting, once the pace was seen
	Jitter    float64 // of a time, per square root of a second of way
	Blur      float64 // least half width of a time
	Stop      float64 // share of trips that stop once
	StopLeast float64
	StopMost  float64
	Late      float64 // share of reports whose interval does not hold the departure
	LateReach float64 // how far it may then be off, either way

	// What looking is worth.
	Detect  float64 // a pass in the clip is noticed
	Edge    float64 // share of Detect for a pass at the edge of a clip, which may cut it
	Firm    float64 // a pass is where a way foresees it
	Glimpse float64 // a pass of so many seconds is half sure to be a pass at all
	Same    float64 // seconds around a sighting within which a pass is the same one
	Another float64 // share of what is expected around a sighting that is another pass all the same
	Unclear float64 // share of Detect that counts for "cannot tell"

	// What clips are proposed.
	Overhead  float64 // of a clip, beside its seconds
	ClipLeast float64
	ClipMost  float64

	// What nobody thought of.
	Prism         float64 // passes that are expected beyond the model, between two sightings
	Strange       float64 // trips that no way foresees
	StrangePasses float64 // passes that are expected of them
	PrismPace     float64 // fastest, as a share of the usual time
	PrismFade     float64 // seconds of detour or lateness at which it falls to 1/e
	Rest          float64 // passes anywhere, any time

	// By class of road, in the order of classes.
	Speeds [len(classes)]float64 // km/h, usual where the map tells no maximum; 0: not there
	Homes  [len(classes)]float64 // how likely a trip ends at a metre of it, any scale

	Foot, Bicycle, Motorbike, Car, Truck ModeParams
}

// DefaultParams were tuned on the scenarios of the tuning set alone; see README.md.
func DefaultParams() Params {
	return Params{
		Whim: 1.7, Trees: 32, Ends: 16, Turn: 10, TurnHere: 150, Junction: 0.15, Nearest: 2700,
		Straight: 0.55, Lately: 0.15, Stray: 0.005, Via: 0.09, Back: 0.015, Vias: 2, ViaReach: 400,
		Pace: 0.13, PaceDrift: 0.04, Jitter: 0.3, Blur: 2, Stop: 0.07, StopLeast: 60, StopMost: 600, Late: 0.3, LateReach: 1000,
		Detect: 0.88, Edge: 0.8, Firm: 0.92, Glimpse: 1.15, Same: 4, Another: 0.1, Unclear: 0.3,
		Overhead: 4, ClipLeast: 10, ClipMost: 30,
		Prism: 0.03, Strange: 0.05, StrangePasses: 0.7, PrismPace: 0.6, PrismFade: 200, Rest: 0.05,

		Speeds: [...]float64{115, 75, 97, 65, 92, 64, 98, 65, 80, 55, 50, 16, 20, 19, 51},
		// Houses stand along lanes, not along motorways.
		Homes: [...]float64{0, 0, .05, 0, .2, 0, .4, 0, .8, .5, 1.2, 1, .3, .05, 1},

		Foot:      ModeParams{Most: 5, Share: 1, Varied: 1, WrongWay: 1},
		Bicycle:   ModeParams{Most: 15, Share: 1, Bend: 1, Varied: 1, WrongWay: 1.5},
		Motorbike: ModeParams{Most: 125, Share: 1.06, Bend: 2, Varied: 1.15, WrongWay: 6},
		Car:       ModeParams{Most: 140, Share: 1.03, Bend: 2, Varied: 0.95},
		Truck:     ModeParams{Most: 80, Share: 0.8, Bend: 2.5, Varied: 0.8},
	}
}

// ModeParams are how somebody travels.
type ModeParams struct {
	Most     float64 // km/h, never faster
	Share    float64 // of the map's maximum, where it tells one
	Bend     float64 // seconds that a right angle at a junction takes; others as their angle
	Varied   float64 // how much paces differ from trip to trip, against Pace
	WrongWay float64 // how much dearer a one-way street is against its way; 0: never
}

// speed is the usual one on a class of road with a maximum, which may be 0: not told.
func (p *Params) speed(m ModeParams, class uint8, limit float64) float64 {
	s := p.Speeds[class]
	if s > 0 && limit > 0 {
		s = limit * m.Share
	}
	return min(s, m.Most)
}

func (p *Params) mode(m camera.Mode) ModeParams {
	switch m {
	case camera.ModeFoot:
		return p.Foot
	case camera.ModeBicycle:
		return p.Bicycle
	case camera.ModeTruck:
		return p.Truck
	case camera.ModeMotorbike:
		return p.Motorbike
	}
	return p.Car
}
