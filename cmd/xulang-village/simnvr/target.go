package simnvr

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// target is what an RTSP URL names. Times are the recorder's; zero: not said.
type target struct {
	channel  int // from 1
	sub      bool
	playback bool
	replay   bool // ONVIF: the time comes with PLAY
	from, to time.Time
}

var (
	// Hikvision numbers streams as channel × 100 + stream: 101 is the first channel's
	// main stream, 102 its sub-stream.
	hikvisionPath = regexp.MustCompile(`^(?:/isapi|/psia)?/streaming/(channels|tracks)/(\d{1,3})(\d\d)/?$`)
	onvifPath     = regexp.MustCompile(`^/onvif/ch(\d{1,3})/(main|sub)$`)
	replayPath    = regexp.MustCompile(`^/onvif/replay/ch(\d{1,3})$`)
)

// parseTarget reads a URL of DESCRIBE, or one of SETUP without its track.
func (r *Recorder) parseTarget(u *url.URL) (target, bool) {
	path := strings.TrimSuffix(strings.ToLower(u.Path), "/")
	query, err := url.ParseQuery(strings.TrimSuffix(strings.ToLower(u.RawQuery), "/"))
	if err != nil {
		return target{}, false
	}
	switch r.cfg.Dialect {
	case Hikvision:
		return r.hikvisionTarget(path, query)
	case Dahua:
		return r.dahuaTarget(path, query)
	}
	if m := onvifPath.FindStringSubmatch(path); m != nil {
		return target{channel: number(m[1]), sub: m[2] == "sub"}, true
	}
	if m := replayPath.FindStringSubmatch(path); m != nil {
		return target{channel: number(m[1]), playback: true, replay: true}, true
	}
	return target{}, false
}

// hikvisionTarget: live /Streaming/Channels/101, past
// /Streaming/tracks/101/?starttime=20261122T140000Z&endtime=…. Without a start the
// oldest footage comes, as field reports have it.
func (r *Recorder) hikvisionTarget(path string, query url.Values) (target, bool) {
	m := hikvisionPath.FindStringSubmatch(path)
	if m == nil {
		return target{}, false
	}
	stream := number(m[3])
	t := target{channel: number(m[2]), sub: stream == 2, playback: m[1] == "tracks"}
	if stream != 1 && stream != 2 {
		return target{}, false
	}
	if !t.playback {
		return t, true
	}
	var ok bool
	if t.from, ok = r.hikvisionTime(query.Get("starttime")); !ok {
		return target{}, false
	}
	t.to, ok = r.hikvisionTime(query.Get("endtime"))
	return t, ok
}

// hikvisionTime reads ISO 8601, compact or not. A Z means UTC only where TrueUTC
// is set; an offset is always what it says. Empty is zero.
func (r *Recorder) hikvisionTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	s = strings.ToUpper(s)
	for _, layout := range []string{"20060102T150405Z", "2006-01-02T15:04:05Z", "20060102T150405", "2006-01-02T15:04:05"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if r.cfg.TrueUTC && strings.HasSuffix(layout, "Z") {
			return t, true
		}
		return r.clock.local(t), true
	}
	for _, layout := range []string{"20060102T150405-07:00", "2006-01-02T15:04:05-07:00"} {
		// A + in a query means a space when it was not escaped.
		if t, err := time.Parse(layout, strings.ReplaceAll(s, " ", "+")); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// dahuaTarget: live /cam/realmonitor?channel=1&subtype=0, past
// /cam/playback?channel=1&starttime=2026_11_22_14_00_00&endtime=…, local time.
func (r *Recorder) dahuaTarget(path string, query url.Values) (target, bool) {
	t := target{channel: number(query.Get("channel")), sub: query.Get("subtype") == "1", playback: path == "/cam/playback"}
	if !t.playback && path != "/cam/realmonitor" {
		return target{}, false
	}
	if kind := query.Get("subtype"); kind != "" && kind != "0" && kind != "1" {
		return target{}, false
	}
	if !t.playback {
		return t, true
	}
	for _, end := range []struct {
		name string
		time *time.Time
	}{{"starttime", &t.from}, {"endtime", &t.to}} {
		text := query.Get(end.name)
		if text == "" {
			continue
		}
		at, err := time.ParseInLocation("2006-1-2-15-4-5", strings.ReplaceAll(text, "_", "-"), r.clock.zone)
		if err != nil {
			return target{}, false
		}
		*end.time = at
	}
	return t, true
}

// number is 0, no channel, for what is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// channel gives the one that the target names, if there are pictures.
func (r *Recorder) channel(n int) (Channel, bool) {
	if n < 1 || n > len(r.cfg.Channels) || !r.cfg.Channels[n-1].Online {
		return Channel{}, false
	}
	return r.cfg.Channels[n-1], true
}

// window cuts a stretch of recorder time to what is kept and gives it in true time.
// A zero end means as far as there is footage.
func (r *Recorder) window(from, to time.Time) (begin, end time.Time, ok bool) {
	begin, end = r.clock.oldest(), r.clock.now()
	if !from.IsZero() {
		begin = later(begin, r.clock.truth(from))
	}
	if !to.IsZero() && (!r.cfg.RunsOn || r.cfg.Dialect == ONVIF) {
		end = earlier(end, r.clock.truth(to))
	}
	return begin, end, begin.Before(end)
}

// holds says whether there is anything to play: the channel, and its footage.
func (r *Recorder) holds(t target) bool {
	if _, ok := r.channel(t.channel); !ok {
		return false
	}
	if !t.playback || t.replay {
		return true
	}
	_, _, ok := r.window(t.from, t.to)
	return ok && !t.sub // only main streams are recorded
}
