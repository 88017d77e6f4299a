package archive

import (
	"time"

	camera "xulang.vn/camera"
)

// What tests may see of the inside.
var (
	Merged  = merged
	Common  = common
	Without = without
	Told    = told
)

// HikvisionClock reads a time page.
func HikvisionClock(b []byte) (shown time.Time, east int, err error) {
	shown, zone, err := parseHikvisionClock(b)
	if err == nil {
		_, east = shown.In(zone).Zone()
	}
	return shown, east, err
}

// HikvisionSearch reads an answer to a search.
func HikvisionSearch(b []byte) (found []camera.Interval, more, local bool, err error) {
	return parseHikvisionSearch(b)
}

// DahuaFiles reads an answer of findNextFile.
func DahuaFiles(b []byte) ([]camera.Interval, error) { return parseDahuaFiles(b, nil) }

// DahuaZone is seconds east of Greenwich.
func DahuaZone(b []byte) int {
	_, east := time.Unix(0, 0).In(dahuaZone(b)).Zone()
	return east
}

// Combine puts measurements together that were made so long after each other.
func Combine(ahead, bound []time.Duration, apart time.Duration) (time.Duration, time.Duration) {
	var r reading
	for i := range ahead {
		r = r.with(reading{at: time.Unix(1, 0).Add(time.Duration(i) * apart), ahead: ahead[i], bound: bound[i]})
	}
	return r.ahead, r.bound
}
