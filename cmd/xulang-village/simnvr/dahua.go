package simnvr

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// dahuaTime is how Dahua writes local times.
const dahuaTime = "2006-01-02 15:04:05"

// dahua answers the CGIs of Dahua's HTTP API: lines of name=value.
func (w *web) dahua(rw http.ResponseWriter, req *http.Request, path string) {
	if !w.admit(rw, req) {
		return
	}
	query, err := url.ParseQuery(req.URL.RawQuery)
	if path == "/cgi-bin/api/logicdevicemanager/getcamerastate" && req.Method == http.MethodPost {
		w.cameraStates(rw)
		return
	}
	if err != nil || req.Method != http.MethodGet {
		dahuaError(rw)
		return
	}
	action := query.Get("action")
	switch path {
	case "/cgi-bin/magicbox.cgi":
		w.magicBox(rw, action)
	case "/cgi-bin/global.cgi":
		if action != "getCurrentTime" {
			dahuaError(rw)
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
			dahuaError(rw)
		}
	case "/cgi-bin/storagedevice.cgi":
		if action != "getDeviceAllInfo" {
			dahuaError(rw)
			return
		}
		plain(rw, http.StatusOK, "list.info[0].Detail[0].IsError=false", "list.info[0].Detail[0].Type=ReadWrite", "list.info[0].Name=/dev/sda", "list.info[0].State=Success")
	case "/cgi-bin/mediafilefind.cgi":
		w.mediaFileFind(rw, action, query)
	default:
		http.NotFound(rw, req)
	}
}

// dahuaError is what the API's chapter "Error" shows.
func dahuaError(rw http.ResponseWriter) {
	plain(rw, http.StatusBadRequest, "Error", "Bad Request!")
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
		dahuaError(rw)
		return
	}
	plain(rw, http.StatusOK, lines...)
}

// dahuaZones are the first of the API's numbered time zones ("NTP", TimeZone), in
// minutes east.
var dahuaZones = []int{0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540}

func (w *web) dahuaConfig(rw http.ResponseWriter, action, name string) {
	if action != "getConfig" {
		dahuaError(rw)
		return
	}
	var lines []string
	switch name {
	case "ChannelTitle":
		for i, ch := range w.rec.cfg.Channels {
			lines = append(lines, fmt.Sprintf("table.ChannelTitle[%d].Name=%s", i, ch.Name))
		}
	case "RTSP":
		_, port, err := net.SplitHostPort(w.rec.RTSPAddr())
		if err != nil {
			dahuaError(rw)
			return
		}
		lines = []string{"table.RTSP.Enable=true", "table.RTSP.Port=" + port}
	case "NTP":
		now := w.rec.clock.shows()
		_, east := now.Zone()
		lines = []string{
			"table.NTP.Address=", "table.NTP.Enable=false", "table.NTP.Port=123",
			fmt.Sprintf("table.NTP.TimeZone=%d", max(0, slices.Index(dahuaZones, east/60))),
			"table.NTP.TimeZoneDesc=" + now.Format("GMT-07:00"), "table.NTP.UpdatePeriod=60",
		}
	default:
		dahuaError(rw)
		return
	}
	plain(rw, http.StatusOK, lines...)
}

// cameraStates tells of all channels whether a camera is connected (HTTP API,
// LogicDeviceManager.getCameraState).
func (w *web) cameraStates(rw http.ResponseWriter) {
	type state struct {
		Channel    int    `json:"channel"`
		Connection string `json:"connectionState"`
	}
	var told struct {
		States []state `json:"states"`
	}
	for i, ch := range w.rec.cfg.Channels {
		s := state{i, "Unconnect"}
		if ch.Online {
			s.Connection = "Connected"
		}
		told.States = append(told.States, s)
	}
	body, err := json.Marshal(told)
	if err != nil {
		dahuaError(rw)
		return
	}
	send(rw, http.StatusOK, "application/json", body)
}
