package onvif

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// reading is what a device's clock said, in the form that its maker gives.
type reading struct {
	at    time.Time // when zoned, the moment; else the wall clock's numbers in UTC
	zoned bool
	step  time.Duration // the clock is told in whole steps
}

// homeOffset is the households' zone: UTC+7, without summer time.
const homeOffset = 7 * time.Hour

// zoneStep: a wall clock without a zone is taken for that of Vietnam or, when it is
// further off, of a zone that differs by whole half hours from it: makers ship
// recorders with UTC+8 or UTC. What remains is the clock's own error, so that one
// of more than 15 minutes cannot be told from a zone. (The zones with odd quarters
// of an hour, Nepal's and two more, are not where these boxes come from; taking
// them in would halve what can be told.)
const zoneStep = 30 * time.Minute

// against compares a reading that was taken between two moments of our clock.
func (r reading) against(before, after time.Time) (ahead, bound time.Duration) {
	round := after.Sub(before)
	middle := before.Add(round / 2)
	at := r.at
	if !r.zoned {
		at = r.at.Add(-homeOffset)
	}
	// The device showed the step that had begun: on average half of it is over.
	ahead = at.Add(r.step / 2).Sub(middle.Round(0))
	if !r.zoned {
		ahead -= ahead.Round(zoneStep)
	}
	return ahead, round/2 + r.step/2
}

var (
	localTime = regexp.MustCompile(`^(\d{4}-\d\d?-\d\d?)[T ](\d\d?:\d\d?:\d\d?)(\.\d{1,9})?\s*(Z|[+-]\d\d:?\d\d)?$`)
	posixZone = regexp.MustCompile(`^(?:[A-Za-z]{1,10}|<[A-Za-z0-9+-]{1,10}>)([+-]?)(\d{1,2})(?::(\d\d))?(?::(\d\d))?(.*)$`)
)

// wall reads a date and time with one or two digits each and tells the zone's text.
func wall(text string) (time.Time, string, bool) {
	m := localTime.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return time.Time{}, "", false
	}
	t, err := time.Parse("2006-1-2 15:4:5", m[1]+" "+m[2])
	return t, m[4], err == nil
}

// zone reads a POSIX TZ text (POSIX.1-2017, 8.3), whose sign is that of the way to
// UTC: CST-7:00:00 is UTC+7. Summer time is left to the caller's doubt.
func zone(text string) (offset time.Duration, summer, ok bool) {
	m := posixZone.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, false, false
	}
	offset = time.Duration(number(m[2], 0, 24))*time.Hour +
		time.Duration(number(m[3], 0, 59))*time.Minute + time.Duration(number(m[4], 0, 59))*time.Second
	if m[1] != "-" {
		offset = -offset
	}
	return offset, strings.Trim(m[5], " ,") != "", true
}

// zoned brings a wall clock to UTC. With summer time in the rule there are two
// moments for it; the one nearer to ours is right, since an hour's error is rarer
// than a zone's rule.
func zoned(at time.Time, tz string, now time.Time) (time.Time, bool) {
	offset, summer, ok := zone(tz)
	if !ok {
		return at, false
	}
	t := at.Add(-offset)
	if s := t.Add(-time.Hour); summer && s.Sub(now).Abs() < t.Sub(now).Abs() {
		t = s
	}
	return t, true
}

// isapiClock reads Hikvision's Time: localTime with a numeric offset says all. A Z
// there stands for nothing: firmware writes it behind local time too, so that the
// timeZone beside it decides.
func isapiClock(local, tz string, now time.Time) (reading, error) {
	at, suffix, ok := wall(local)
	if !ok {
		return reading{}, camera.Errorf(camera.CodeBadRequest, "device's time of %d bytes cannot be read", len(local))
	}
	if suffix != "" && suffix != "Z" {
		hours, _ := strconv.Atoi(suffix[1:3])
		minutes, _ := strconv.Atoi(suffix[len(suffix)-2:])
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if suffix[0] == '-' {
			offset = -offset
		}
		return reading{at: at.Add(-offset), zoned: true, step: time.Second}, nil
	}
	at, ok = zoned(at, tz, now)
	return reading{at: at, zoned: ok, step: time.Second}, nil
}

// dahuaClock reads "2011-7-3 21:02:32", local time without a zone (HTTP API,
// global.cgi getCurrentTime).
func dahuaClock(text string) (reading, error) {
	at, _, ok := wall(text)
	if !ok {
		return reading{}, camera.Errorf(camera.CodeBadRequest, "device's time of %d bytes cannot be read", len(text))
	}
	return reading{at: at, step: time.Second}, nil
}

// dateTime is ONVIF's (schema onvif.xsd, type DateTime).
type dateTime struct {
	Year   string `xml:"Date>Year"`
	Month  string `xml:"Date>Month"`
	Day    string `xml:"Date>Day"`
	Hour   string `xml:"Time>Hour"`
	Minute string `xml:"Time>Minute"`
	Second string `xml:"Time>Second"`
}

func (d dateTime) time() (time.Time, bool) {
	for _, s := range []string{d.Hour, d.Minute, d.Second} {
		if _, err := strconv.Atoi(strings.TrimSpace(s)); err != nil {
			return time.Time{}, false
		}
	}
	year, month, day := number(d.Year, 1970, 9999), number(d.Month, 1, 12), number(d.Day, 1, 31)
	t := time.Date(year, time.Month(month), day, number(d.Hour, 0, 23), number(d.Minute, 0, 59), number(d.Second, 0, 60), 0, time.UTC)
	return t, year != 0 && month != 0 && day != 0
}

// onvifClock reads SystemDateAndTime (Core Specification, GetSystemDateAndTime):
// UTC where it is told, else local time with its TZ.
func onvifClock(utc, local *dateTime, tz string, now time.Time) (reading, error) {
	if utc != nil {
		if t, ok := utc.time(); ok {
			return reading{at: t, zoned: true, step: time.Second}, nil
		}
	}
	if local != nil {
		if t, ok := local.time(); ok {
			t, ok = zoned(t, tz, now)
			return reading{at: t, zoned: ok, step: time.Second}, nil
		}
	}
	return reading{}, camera.Errorf(camera.CodeBadRequest, "device tells no time")
}
