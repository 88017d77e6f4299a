package camera

import "time"

// Mode is how somebody travels.
type Mode string

// Modes.
const (
	ModeFoot      Mode = "foot"
	ModeBicycle   Mode = "bicycle"
	ModeMotorbike Mode = "motorbike"
	ModeCar       Mode = "car"
	ModeTruck     Mode = "truck"
)

// Modes are all of them, slowest first.
func Modes() []Mode { return []Mode{ModeFoot, ModeBicycle, ModeTruck, ModeCar, ModeMotorbike} }

// Incident is where a suspect was last known to be, and when it left: at some moment
// of the interval. Both are as people report them.
type Incident struct {
	Position Position  `json:"position"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// MarkKind is what an officer says of a clip that was watched.
type MarkKind string

// What a mark says.
const (
	MarkSeen    MarkKind = "seen"
	MarkNotSeen MarkKind = "not-seen"
	MarkUnclear MarkKind = "unclear" // cannot tell: too dark, hidden, too far
)

// Mark is an officer's answer after looking at a camera's clip. Times are true time, as
// the hub's clock ledger has them.
type Mark struct {
	ID      string    `json:"id"`
	Kind    MarkKind  `json:"kind"`
	Camera  CameraID  `json:"camera"`
	From    time.Time `json:"from"`              // of the clip that was watched
	To      time.Time `json:"to"`                // up to where it was, after From; all of it counts, also around a sighting
	At      time.Time `json:"at,omitzero"`       // MarkSeen: when it was in the picture
	Heading *float64  `json:"heading,omitempty"` // MarkSeen: way of travel, degrees from true north; nil: not told
}

// MarkWarning is what does not fit about a mark. The mark counts all the same.
type MarkWarning struct {
	Code  MarkConflict `json:"code"`
	Other string       `json:"other,omitempty"` // the mark that it contradicts
}

// MarkConflict names what does not fit.
type MarkConflict string

// What does not fit about a mark.
const (
	ConflictNoFootage   MarkConflict = "no-footage"      // the camera has no footage of a part of the clip
	ConflictNoView      MarkConflict = "no-view"         // it saw no road that can be driven so
	ConflictFuture      MarkConflict = "future"          // the clip ends in the future
	ConflictBefore      MarkConflict = "before-incident" // seen before the suspect left
	ConflictTooFast     MarkConflict = "too-fast"        // nobody gets here from the other mark, or from the incident, in that time
	ConflictSameTime    MarkConflict = "same-time"       // the other mark says not seen there at that time, or the other way round
	ConflictOutside     MarkConflict = "outside-window"  // of time
	ConflictOtherCamera MarkConflict = "unknown-camera"  // none of the trace's cameras
)

// TraceCamera is a camera as a trace knows it.
type TraceCamera struct {
	ID      CameraID
	Views   []View     // through time, oldest first; one that is not valid then sees nothing
	Footage []Interval // that can be watched, sorted, apart from each other; the rest is unknown
	Clock   Millis     // |error| of its footage's times is at most this
}

// TraceQuestion is all that a trace starts from.
type TraceQuestion struct {
	Incident Incident
	Mode     Mode
	From, To time.Time // nothing outside of it counts
	Cameras  []TraceCamera
	Seed     uint64 // the same question, marks and seed give the same answers
}

// ReasonCode says in a word why a clip is proposed; the words themselves come from
// message files.
type ReasonCode string

// Why a clip is proposed.
const (
	ReasonFirst   ReasonCode = "first"   // reached first on a way from the incident
	ReasonNext    ReasonCode = "next"    // after a sighting
	ReasonBefore  ReasonCode = "before"  // on the way from the incident to the first sighting
	ReasonBetween ReasonCode = "between" // on the way between two sightings
	ReasonAgain   ReasonCode = "again"   // was looked at already: it must have passed, or may have been missed
	ReasonWider   ReasonCode = "wider"   // nothing likely is left: all that can be reached in that time
	ReasonRest    ReasonCode = "rest"    // what nobody has looked at
)

// Reason is why a clip is proposed, as data.
type Reason struct {
	Code    ReasonCode    `json:"code"`
	After   CameraID      `json:"after,omitempty"`  // of the sighting before it; "" the incident
	Until   CameraID      `json:"until,omitempty"`  // of the sighting behind it; "" none
	Road    RoadID        `json:"road,omitempty"`   // on which it would pass there
	Heading float64       `json:"heading"`          // way of travel there, degrees
	Metres  float64       `json:"metres,omitempty"` // by road from After; 0 not known
	Soonest time.Duration `json:"-"`                // from After to the camera
	Latest  time.Duration `json:"-"`
}

// Proposal is a clip to look at next.
type Proposal struct {
	Camera      CameraID  `json:"camera"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Probability float64   `json:"probability"` // of at least one pass in it that nobody has seen yet
	Reason      Reason    `json:"reason"`
}

// CameraBelief is when a suspect may have passed a camera.
type CameraBelief struct {
	Camera  CameraID
	From    time.Time
	Step    time.Duration
	Passing []float64 // probability of a pass in each step, seen or not, 0 to 1
}

// Branch is a way that the suspect may have taken and that is still open.
type Branch struct {
	Place       Position   // where it parts from the others
	Road        RoadID     // into which it leads; "" not named
	Heading     float64    // there, degrees
	Probability float64    // 0 to 1
	From, To    time.Time  // when it was taken: nine times in ten
	Cameras     []CameraID // that the way meets first; none: it leaves unwatched
	Ends        bool       // the covered area ends there, or the map: the next commune
}

// RoutePoint is a place on a route with its time.
type RoutePoint struct {
	Position Position
	At       time.Time
	Spread   time.Duration // one standard deviation of At
	Metre    float64       // along the route, from its start
	Mark     string        // the sighting that stands here; "" between them
}

// RouteLeg is a route between two sightings, or from the incident to the first.
type RouteLeg struct {
	From, To    string // marks; "" the incident
	Points      []RoutePoint
	Probability float64 // of this way among all between the two
	Roads       []RoadID
	Broken      bool // no way by road was found in that time: the line is straight
}

// Route is the most likely way through all sightings.
type Route struct {
	Mode Mode
	Legs []RouteLeg
}
