package simnvr

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// dahuaTime is how Dahua writes local times.
const dahuaTime = "2006-01-02 15:04:05"

// dahua answers the CGIs of Dahua's HTTP API: lines of name=value.
func (w *web) dahua(rw http.ResponseWriter, req *http.Request, path string) {
	if !w.admit(rw, req) {
		return
	}
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil || req.Method != http.MethodGet {
		dahuaError(rw, "Bad Request!")
		return
	}
	action := query.Get("action")
	switch path {
	case "/cgi-bin/magicbox.cgi":
		w.magicBox(rw, action)
	case "/cgi-bin/global.cgi":
		if action != "getCurrentTime" {
			dahuaError(rw, "Bad Request!")
			return
		}
		plain(rw, http.StatusOK, "result="+w.rec.clock.shows().Format(dahuaTime))
	case "/cgi-bin/configmanager.cgi":
		w.dahuaConfig(rw, action, query.Get("name"))
	case "/cgi-bin/snapshot.cgi":
		channel := 1
		if query.Has("channel") {
			channel = number(query.Get("channel"))
		}
		if !w.snapshot(rw, channel) {
			dahuaError(rw, "Bad Request!")
		}
	case "/cgi-bin/mediafilefind.cgi":
		w.mediaFileFind(rw, action, query)
	default:
		http.NotFound(rw, req)
	}
}

// dahuaError is what the API's chapter "Error" shows.
func dahuaError(rw http.ResponseWriter, why string) {
	plain(rw, http.StatusBadRequest, "Error", why)
}

// magicBox tells about the device (HTTP API, "System information").
func (w *web) magicBox(rw http.ResponseWriter, action string) {
	c := w.rec.cfg
	lines, ok := map[string][]string{
		"getSystemInfo": {
			"appAutoStart=true", "deviceType=" + c.Model, "hardwareVersion=V1.0", "processor=SIM",
			"serialNumber=" + c.Serial, "updateSerial=" + c.Model,
		},
		"getSerialNo":        {"sn=" + c.Serial},
		"getDeviceType":      {"type=" + c.Model},
		"getDeviceClass":     {"class=NVR"},
		"getMachineName":     {"name=" + c.Brand + " NVR"},
		"getHardwareVersion": {"version=V1.0"},
		"getSoftwareVersion": {"version=" + c.Firmware + ",build:2023-06-12"},
		"getVendor":          {"vendor=" + c.Brand},
	}[action]
	if !ok {
		dahuaError(rw, "Bad Request!")
		return
	}
	plain(rw, http.StatusOK, lines...)
}

// dahuaZones are the first of the API's numbered time zones ("NTP", TimeZone), in
// minutes east.
var dahuaZones = []int{0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540}

func (w *web) dahuaConfig(rw http.ResponseWriter, action, name string) {
	if action != "getConfig" {
		dahuaError(rw, "Bad Request!")
		return
	}
	var lines []string
	switch name {
	case "ChannelTitle":
		for i, ch := range w.rec.cfg.Channels {
			lines = append(lines, fmt.Sprintf("table.ChannelTitle[%d].Name=%s", i, ch.Name))
		}
	case "NTP":
		now := w.rec.clock.shows()
		_, east := now.Zone()
		lines = []string{
			"table.NTP.Address=", "table.NTP.Enable=false", "table.NTP.Port=123",
			fmt.Sprintf("table.NTP.TimeZone=%d", max(0, slices.Index(dahuaZones, east/60))),
			"table.NTP.TimeZoneDesc=" + now.Format("GMT-07:00"), "table.NTP.UpdatePeriod=60",
		}
	default:
		dahuaError(rw, "Bad Request!")
		return
	}
	plain(rw, http.StatusOK, lines...)
}

// mediaFileFind is the API's search: a finder is made, told what to find, asked for
// pages, closed and destroyed ("Find Media Files"). Channels count from 1 in the
// condition and from 0 in what was found.
func (w *web) mediaFileFind(rw http.ResponseWriter, action string, query url.Values) {
	id := query.Get("object")
	switch action {
	case "factory.create":
		if id = w.finders.create(); id == "" {
			dahuaError(rw, "Bad Request!")
			return
		}
		plain(rw, http.StatusOK, "result="+id)
		return
	case "findFile":
		channel, files, ok := w.dahuaFiles(query)
		if !ok || !w.finders.tell(id, finder{channel: channel, files: files}) {
			dahuaError(rw, "Bad Request!")
			return
		}
	case "findNextFile":
		count := number(query.Get("count"))
		f, ok := w.finders.next(id, min(count, 100))
		if !ok || count == 0 {
			dahuaError(rw, "Bad Request!")
			return
		}
		plain(rw, http.StatusOK, f.lines()...)
		return
	case "close":
		if !w.finders.tell(id, finder{}) {
			dahuaError(rw, "Bad Request!")
			return
		}
	case "destroy":
		if !w.finders.destroy(id) {
			dahuaError(rw, "Bad Request!")
			return
		}
	default:
		dahuaError(rw, "Bad Request!")
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
