package camera

import "time"

// ConsentLevel is how much of a camera its household shares. Each level holds
// the ones before it.
type ConsentLevel string

// Consent levels, from nothing to most.
const (
	ConsentNone     ConsentLevel = "none"     // nothing leaves the house
	ConsentRegistry ConsentLevel = "registry" // the camera stands on the map and in the index
	ConsentClip     ConsentLevel = "clip"     // footage for a case
	ConsentLive     ConsentLevel = "live"     // footage and live views for a case
)

// Consent is what a household decided about one camera.
type Consent struct {
	Level  ConsentLevel `json:"level" yaml:"level"`
	Until  time.Time    `json:"until,omitzero" yaml:"until"` // zero: until changed
	Paused bool         `json:"paused,omitempty" yaml:"paused"`
}

// Valid tells whether the level is one of ours.
func (c Consent) Valid() bool { return rank(c.Level) >= 0 }

// Action is something that is asked of a camera.
type Action string

// Actions, each with the consent it needs (see needs).
const (
	ActionMap      Action = "map"      // show camera and view on the map
	ActionSearch   Action = "search"   // list what it has in a window
	ActionUpload   Action = "upload"   // bytes leave the house for the footage bucket
	ActionPlayback Action = "playback" // show stored footage
	ActionLive     Action = "live"     // show what it sees now
)

// Asker is who asks, as far as consent cares.
type Asker struct {
	Officer  bool // a signed-in officer (an administrator may not watch)
	CaseOpen bool // with an open case of their own unit
}

var needs = map[Action]struct {
	level ConsentLevel
	look  bool // shows footage: needs an officer with an open case
}{
	ActionMap:      {ConsentRegistry, false},
	ActionSearch:   {ConsentRegistry, true},
	ActionUpload:   {ConsentClip, false},
	ActionPlayback: {ConsentClip, true},
	ActionLive:     {ConsentLive, true},
}

// Decide answers whether the action is allowed now, and if not, why: nil, or an
// Error with CodeForbidden, CodeNoCase, CodePaused or CodeNoConsent. The hub asks it
// before it answers, and the agent asks it again before a byte leaves the house
// (with what it knows: its own household's consent).
//
// A pause withholds what happens while it lasts; what was shared before stays
// searchable and playable until its retention ends.
func Decide(c Consent, action Action, who Asker, now time.Time) error {
	n, known := needs[action]
	switch {
	case !known:
		return Errorf(CodeForbidden, "decide: unknown action %q", action)
	case n.look && !who.Officer:
		return Errorf(CodeForbidden, "decide %s: not an officer", action)
	case n.look && !who.CaseOpen:
		return Errorf(CodeNoCase, "decide %s: no open case", action)
	case rank(c.Level) < rank(n.level) || rank(c.Level) < 0:
		return Errorf(CodeNoConsent, "decide %s: consent is %q, needs %q", action, c.Level, n.level)
	case !c.Until.IsZero() && !now.Before(c.Until):
		return Errorf(CodeNoConsent, "decide %s: consent ended", action)
	case c.Paused && (action == ActionLive || action == ActionUpload):
		return Errorf(CodePaused, "decide %s: camera is paused", action)
	}
	return nil
}

func rank(l ConsentLevel) int {
	switch l {
	case ConsentNone:
		return 0
	case ConsentRegistry:
		return 1
	case ConsentClip:
		return 2
	case ConsentLive:
		return 3
	}
	return -1
}
