package road

import (
	"strconv"
	"strings"

	"github.com/paulmach/osm"
)

// classes are the highway values for vehicles, from the greatest to the least, after
// https://wiki.openstreetmap.org/wiki/Key:highway. The number ranks them.
var classes = map[string]int{
	"motorway": 0, "trunk": 1, "primary": 2, "secondary": 3, "tertiary": 4,
	"motorway_link": 5, "trunk_link": 6, "primary_link": 7, "secondary_link": 8, "tertiary_link": 9,
	"unclassified": 10, "road": 11, "residential": 12, "living_street": 13, "service": 14, "track": 15,
}

// textLongest bounds names and refs; OSM itself allows 255 characters.
const textLongest = 255

// wayTags is what the tags of a way for vehicles say.
type wayTags struct {
	class    string
	name     string
	ref      string // the first of several
	along    bool   // may be driven in the order of its nodes
	against  bool
	maxSpeed float64 // km/h, 0 when the map does not say
	toward   string  // what its signs say for who goes in the order of its nodes, and
	back     string  // the other way; "" for none
}

// readTags returns the reason why the way is none for vehicles, or "".
func readTags(tags osm.Tags) (wayTags, string) {
	t := wayTags{along: true, against: true}
	t.class = tags.Find("highway")
	if t.class == "" {
		return t, "no highway"
	}
	if _, ok := classes[t.class]; !ok {
		return t, "not for vehicles"
	}
	if tags.Find("area") == "yes" {
		return t, "area"
	}
	t.name = text(tags.Find("name"))
	ref, _, _ := strings.Cut(tags.Find("ref"), ";")
	t.ref = text(ref)
	t.along, t.against = oneWay(tags.Find("oneway"), t.class, tags.Find("junction"))
	t.toward, t.back = destinations(tags, t.along, t.against)
	t.maxSpeed = maxSpeed(tags.Find("maxspeed"))
	return t, ""
}

// oneWay follows https://wiki.openstreetmap.org/wiki/Key:oneway: motorways and
// roundabouts are one-way unless they say otherwise.
func oneWay(value, class, junction string) (along, against bool) {
	switch value {
	case "yes", "true", "1":
		return true, false
	case "-1", "reverse":
		return false, true
	case "":
		implied := class == "motorway" || junction == "roundabout" || junction == "circular"
		return true, !implied
	}
	return true, true // "no", and the ones that change with the hour
}

// destinations follows https://wiki.openstreetmap.org/wiki/Key:destination: the plain
// key belongs to one-way roads, the others to the way of the nodes. The first of
// several names is the one on the sign's top.
func destinations(tags osm.Tags, along, against bool) (toward, back string) {
	name := func(key string) string {
		s, _, _ := strings.Cut(tags.Find(key), ";")
		return text(s)
	}
	toward, back = name("destination:forward"), name("destination:backward")
	if plain := name("destination"); plain != "" {
		if along && !against && toward == "" {
			toward = plain
		}
		if against && !along && back == "" {
			back = plain
		}
	}
	return toward, back
}

// maxSpeed reads "50", "50 km/h", "30 mph" and "walk". Zone names such as
// "VN:urban" depend on the country's law and stay unknown.
func maxSpeed(value string) float64 {
	if value == "walk" {
		return 5
	}
	number, unit := value, 1.0
	if s, ok := strings.CutSuffix(value, "mph"); ok {
		number, unit = s, 1.609344
	} else if s, ok := strings.CutSuffix(value, "km/h"); ok {
		number = s
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(v > 0 && v <= 200) {
		return 0
	}
	return v * unit
}

// text bounds a name and drops what cannot be shown.
func text(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	if len(s) > textLongest {
		s = strings.ToValidUTF8(s[:textLongest], "")
	}
	return s
}
