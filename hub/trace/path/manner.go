package path

import (
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// manner is how a mode travels.
//
// Speeds are what free traffic reaches between junctions, km/h. By class they follow the
// tables that routers use for OpenStreetMap (OSRM's profiles car.lua, bicycle.lua and
// foot.lua; their rule to drive less than the posted limit too), lowered to what
// Circular 31/2019/TT-BGTVT allows outside of and within built-up areas of Việt Nam.
// They need not be exact: the spread of travel times is wide (see likely.go).
type manner struct {
	speeds  map[string]float64 // by OSM highway value
	other   float64            // of a class that is not listed
	share   float64            // of a posted maxspeed; 0: the class alone counts
	top     float64            // never faster
	against float64            // how many times as dear a one-way street is the wrong way; 0: never taken
	cross   float64            // seconds straight on at a junction
	turn    float64            // seconds to turn at one
	back    float64            // seconds to turn back
	dear    float64            // seconds that one would drive further rather than turn back
}

var carSpeeds = map[string]float64{
	"motorway": 90, "trunk": 70, "primary": 60, "secondary": 52, "tertiary": 46,
	"motorway_link": 50, "trunk_link": 45, "primary_link": 40, "secondary_link": 36, "tertiary_link": 34,
	"unclassified": 38, "road": 34, "residential": 30, "living_street": 12, "service": 18, "track": 18,
}

var motorbikeSpeeds = map[string]float64{
	"motorway": 70, "trunk": 60, "primary": 52, "secondary": 48, "tertiary": 44,
	"motorway_link": 45, "trunk_link": 42, "primary_link": 40, "secondary_link": 36, "tertiary_link": 34,
	"unclassified": 38, "road": 34, "residential": 30, "living_street": 15, "service": 18, "track": 22,
}

var truckSpeeds = map[string]float64{
	"motorway": 75, "trunk": 60, "primary": 50, "secondary": 44, "tertiary": 38,
	"motorway_link": 40, "trunk_link": 36, "primary_link": 34, "secondary_link": 30, "tertiary_link": 28,
	"unclassified": 30, "road": 26, "residential": 22, "living_street": 10, "service": 12, "track": 12,
}

var manners = map[camera.Mode]manner{
	camera.ModeFoot:      {other: 5, top: 5, against: 1, back: 1, dear: 5},
	camera.ModeBicycle:   {speeds: map[string]float64{"track": 10}, other: 14, top: 14, against: 2, cross: 1, turn: 2, back: 3, dear: 10},
	camera.ModeMotorbike: {speeds: motorbikeSpeeds, other: 30, share: 0.95, top: 80, against: 3, cross: 1, turn: 3, back: 5, dear: 15},
	camera.ModeCar:       {speeds: carSpeeds, other: 30, share: 0.9, top: 120, cross: 1, turn: 4, back: 10, dear: 25},
	camera.ModeTruck:     {speeds: truckSpeeds, other: 24, share: 0.8, top: 80, cross: 2, turn: 6, back: 30, dear: 90},
}

// may tells whether the mode takes an arc at all. Nobody walks or cycles on a motorway.
func (m manner) may(a road.Arc) bool {
	if !a.Open && m.against == 0 {
		return false
	}
	return m.share > 0 || a.Class != "motorway" && a.Class != "motorway_link"
}

// pace is the speed on an arc, metres a second.
func (m manner) pace(a road.Arc) float64 {
	v, ok := m.speeds[a.Class]
	if !ok {
		v = m.other
	}
	if a.Speed > 0 && m.share > 0 {
		v = m.share * a.Speed
	}
	return max(min(v, m.top), 3) / 3.6
}

// price is what a metre of an arc costs, in seconds of a way that obeys the signs.
func (m manner) price(a road.Arc) float64 {
	if a.Open {
		return 1 / m.pace(a)
	}
	return m.against / m.pace(a)
}

// junction is what it costs to go on from one arc to another where so many arms meet:
// the seconds that it takes, and those that one would rather drive.
func (m manner) junction(from, to road.Arc, arms int) (cost, seconds float64) {
	switch {
	case from.Edge == to.Edge && from.Along != to.Along && arms == 1:
		return m.back + m.dear/2, m.back // a dead end: where else
	case from.Edge == to.Edge && from.Along != to.Along:
		return m.back + m.dear, m.back
	case arms <= 2 || from.Road == "" || to.Road == "":
		return 0, 0
	case from.Road == to.Road:
		return m.cross, m.cross
	}
	return m.turn, m.turn
}
