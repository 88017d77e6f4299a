package simnvr

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// mediaFileFind is the API's search: a finder is made, told what to find, asked for
// pages, closed and destroyed ("Find Media Files"). Channels count from 1 in the
// condition and from 0 in what was found.
func (w *web) mediaFileFind(rw http.ResponseWriter, action string, query url.Values) {
	id := query.Get("object")
	switch action {
	case "factory.create":
		if id = w.finders.create(); id == "" {
			dahuaError(rw)
			return
		}
		plain(rw, http.StatusOK, "result="+id)
		return
	case "findFile":
		channel, files, ok := w.dahuaFiles(query)
		if !ok || !w.finders.tell(id, finder{channel: channel, files: files}) {
			dahuaError(rw)
			return
		}
	case "findNextFile":
		count := number(query.Get("count"))
		f, ok := w.finders.next(id, min(count, 100))
		if !ok || count == 0 {
			dahuaError(rw)
			return
		}
		plain(rw, http.StatusOK, f.lines()...)
		return
	case "close":
		if !w.finders.tell(id, finder{}) {
			dahuaError(rw)
			return
		}
	case "destroy":
		if !w.finders.destroy(id) {
			dahuaError(rw)
			return
		}
	default:
		dahuaError(rw)
		return
	}
	plain(rw, http.StatusOK, "OK")
}

// dahuaFiles reads the condition. What it does not know of it is left out, as in
// devices.
func (w *web) dahuaFiles(query url.Values) (channel int, files []span, ok bool) {
	channel = number(query.Get("condition.Channel"))
	from, err1 := time.ParseInLocation("2006-1-2 15:04:05", query.Get("condition.StartTime"), w.rec.clock.zone)
	to, err2 := time.ParseInLocation("2006-1-2 15:04:05", query.Get("condition.EndTime"), w.rec.clock.zone)
	if err1 != nil || err2 != nil || channel < 1 || channel > len(w.rec.cfg.Channels) {
		return 0, nil, false
	}
	if _, online := w.rec.channel(channel); !online || !wantsVideo(query) {
		return channel, nil, true
	}
	return channel, w.rec.clock.files(from, to, recordedFile), true
}

// wantsVideo says whether the condition's types, if any, have the recorder's own.
func wantsVideo(query url.Values) bool {
	any := false
	for name, values := range query {
		if strings.HasPrefix(name, "condition.Types[") {
			if any = true; slices.Contains(values, "dav") {
				return true
			}
		}
	}
	return !any
}

// lines are a page of what was found.
func (f finder) lines() []string {
	out := []string{fmt.Sprintf("found=%d", len(f.files))}
	for i, file := range f.files {
		item := func(name, format string, values ...any) {
			out = append(out, fmt.Sprintf("items[%d].%s=%s", i, name, fmt.Sprintf(format, values...)))
		}
		item("Channel", "%d", f.channel-1)
		item("StartTime", "%s", file.From.Format(dahuaTime))
		item("EndTime", "%s", file.To.Format(dahuaTime))
		item("FilePath", "/mnt/dvr/%s/%d/dav/%s/%s-%s[R][0@0][0].dav", file.From.Format("2006-01-02"), f.channel-1,
			file.From.Format("15"), file.From.Format("15.04.05"), file.To.Format("15.04.05"))
		item("Length", "%d", int64(file.To.Sub(file.From).Seconds())*25_000)
		item("Duration", "%d", int64(file.To.Sub(file.From).Seconds()))
		item("Type", "dav")
		item("Flags[0]", "Timing")
		item("VideoStream", "Main")
	}
	return out
}
