package camera

import "time"

// ConsentLevel is how much of a camera its household shares. Each level holds
// the ones before it.
type ConsentLevel string

// Consent levels, from nothing to most.
const (
	ConsentNone     ConsentLevel = "none"     // nothing leaves the house
	ConsentRegistry ConsentLevel = "registry" // the camera stands on the map and in the index
	ConsentStills   ConsentLevel = "stills"   // single pictures for a case
	ConsentAsk      ConsentLevel = "ask"      // footage for a case after the household has said yes to that window
	ConsentClip     ConsentLevel = "clip"     // footage for a case
	ConsentLive     ConsentLevel = "live"     // footage and live views for a case
)

// Purpose is the class of a case, as far as consent cares.
type Purpose string

// Purpose classes.
const (
	PurposeCriminal       Purpose = "criminal"
	PurposeAdministrative Purpose = "administrative"
	PurposeMissing        Purpose = "missing"
	PurposeEmergency      Purpose = "emergency"
)

// Purposes are all classes.
var Purposes = [...]Purpose{PurposeCriminal, PurposeAdministrative, PurposeMissing, PurposeEmergency}

// ConsentLongest is the longest time that a household can agree to beforehand.
const ConsentLongest = 366 * 24 * time.Hour

// Levels is a level for each purpose class; an empty one is Consent.Level.
type Levels struct {
	Criminal       ConsentLevel `json:"criminal,omitempty" yaml:"criminal"`
	Administrative ConsentLevel `json:"administrative,omitempty" yaml:"administrative"`
	Missing        ConsentLevel `json:"missing,omitempty" yaml:"missing"`
	Emergency      ConsentLevel `json:"emergency,omitempty" yaml:"emergency"`
}

// Of is the level for a purpose; ok is false for no purpose of ours.
func (l Levels) Of(p Purpose) (level ConsentLevel, ok bool) {
	switch p {
	case PurposeCriminal:
		return l.Criminal, true
	case PurposeAdministrative:
		return l.Administrative, true
	case PurposeMissing:
		return l.Missing, true
	case PurposeEmergency:
		return l.Emergency, true
	}
	return "", false
}

// Hours is a part of the day in Vietnam's time (UTC+7), minutes since midnight.
// One that ends before it begins goes over midnight; the zero value is the whole day.
type Hours struct {
	From int `json:"from" yaml:"from"` // 0 to 1439
	To   int `json:"to" yaml:"to"`     // 0 to 1440
}

// Valid tells whether the minutes can be of a day.
func (h Hours) Valid() bool {
	return h == Hours{} || h.From >= 0 && h.From < 1440 && h.To >= 0 && h.To <= 1440 && h.From != h.To
}

// vietnam has no summer time.
var vietnam = time.FixedZone("UTC+7", 7*60*60)

// Hold tells whether all of [from, to] lies in the hours. A window that ends before it
// begins lies nowhere.
func (h Hours) Hold(from, to time.Time) bool {
	length := h.To - h.From
	switch {
	case h == Hours{} || length == 1440: // no end of a day ends it
		return true
	case to.Before(from):
		return false
	}
	if length <= 0 {
		length += 1440
	}
	from = from.In(vietnam)
	y, m, d := from.Date()
	since := from.Sub(time.Date(y, m, d, 0, 0, 0, 0, vietnam)) - time.Duration(h.From)*time.Minute
	if since < 0 {
		since += 24 * time.Hour
	}
	return since+to.Sub(from) <= time.Duration(length)*time.Minute
}

// Consent is what a household decided about one camera.
type Consent struct {
	Level  ConsentLevel `json:"level" yaml:"level"`             // the most that any purpose has
	For    Levels       `json:"for,omitzero" yaml:"for"`        // less than Level for some purposes
	Hours  Hours        `json:"hours,omitzero" yaml:"hours"`    // pictures and footage of outside of them are asked for each time
	Until  time.Time    `json:"until,omitzero" yaml:"until"`    // zero: until changed
	Paused bool         `json:"paused,omitempty" yaml:"paused"` // by one press, at any time
}

// Valid tells whether levels and hours are ones of ours.
func (c Consent) Valid() bool {
	for _, p := range Purposes {
		if l, _ := c.For.Of(p); l != "" && rank(l) < 0 {
			return false
		}
	}
	return rank(c.Level) >= 0 && c.Hours.Valid()
}

// LevelFor is how much is shared for a purpose. No purpose of ours shares nothing.
func (c Consent) LevelFor(p Purpose) ConsentLevel {
	l, ok := c.For.Of(p)
	switch {
	case !ok:
		return ConsentNone
	case l == "" || rank(l) > rank(c.Level):
		return c.Level
	}
	return l
}

// most is how much is shared for the purpose that has most.
func (c Consent) most() ConsentLevel {
	most := ConsentNone
	for _, p := range Purposes {
		if l := c.LevelFor(p); rank(l) > rank(most) {
			most = l
		}
	}
	return most
}

// Action is something that is asked of a camera.
type Action string

// Actions, each with the consent it needs (see needs).
const (
	ActionMap      Action = "map"      // show camera and view on the map
	ActionSearch   Action = "search"   // list what it has in a window
	ActionStill    Action = "still"    // show one picture
	ActionSend     Action = "send"     // one picture leaves the house
	ActionUpload   Action = "upload"   // bytes leave the house for the footage bucket
	ActionPlayback Action = "playback" // show stored footage
	ActionLive     Action = "live"     // show what it sees now
)

// Asker is who asks for what, as far as consent cares.
type Asker struct {
	Officer  bool // a signed-in officer (an administrator may not watch)
	CaseOpen bool // with an open case of their own unit
	Purpose  Purpose
	// Of the footage that is asked for; both zero: now.
	From, To time.Time
	Granted  bool // the household has said yes to this window for this case
}

var needs = map[Action]struct {
	level  ConsentLevel
	look   bool // shows footage: needs an officer with an open case
	leaves bool // leaves the house: a pause keeps it there
	hours  bool // standing only within the hours
}{
	ActionMap:      {ConsentRegistry, false, false, false},
	ActionSearch:   {ConsentRegistry, true, false, false},
	ActionStill:    {ConsentStills, true, false, true},
	ActionSend:     {ConsentStills, false, true, true},
	ActionUpload:   {ConsentClip, false, true, true},
	ActionPlayback: {ConsentClip, true, false, true},
	ActionLive:     {ConsentLive, true, true, true},
}

// Decide answers whether the action is allowed now, and if not, why: nil, or an
// Error with CodeForbidden, CodeNoCase, CodePaused, CodeAskOwner or CodeNoConsent.
// The hub asks it before it answers, and the agent asks it again before a byte
// leaves the house (with what it knows: its own household's consent).
//
// Without a purpose the answer is that for the purpose with the most consent where
// nothing is shown yet, and none at all for a look.
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
	}
	level := c.most()
	if who.Purpose != "" || n.look {
		level = c.LevelFor(who.Purpose)
	}
	switch {
	case !c.Valid():
		return Errorf(CodeNoConsent, "decide %s: consent cannot be read", action)
	case !c.Until.IsZero() && !now.Before(c.Until):
		return Errorf(CodeNoConsent, "decide %s: consent ended", action)
	case rank(level) < rank(n.level) && (level != ConsentAsk || n.level != ConsentClip):
		return Errorf(CodeNoConsent, "decide %s: consent is %q, needs %q", action, level, n.level)
	case c.Paused && n.leaves:
		return Errorf(CodePaused, "decide %s: camera is paused", action)
	}
	if who.From.IsZero() {
		who.From, who.To = now, now
	}
	standing := rank(level) >= rank(n.level) && (!n.hours || c.Hours.Hold(who.From, who.To))
	// Who shares footage can be asked for a window of it, and with it for its pictures.
	asks := n.level == ConsentClip || n.level == ConsentStills && rank(level) >= rank(ConsentAsk)
	switch {
	case standing || who.Granted && asks:
		return nil
	case asks:
		return Errorf(CodeAskOwner, "decide %s: the household is asked for each window", action)
	}
	return Errorf(CodeNoConsent, "decide %s: outside of the hours that the household shares", action)
}

func rank(l ConsentLevel) int {
	for i, known := range [...]ConsentLevel{ConsentNone, ConsentRegistry, ConsentStills, ConsentAsk, ConsentClip, ConsentLive} {
		if l == known {
			return i
		}
	}
	return -1
}
