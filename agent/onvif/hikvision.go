package onvif

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// hikvision speaks ISAPI (Hikvision, "Intelligent Security API (General
// Application) Developer Guide").
type hikvision struct {
	web  *web
	rtsp int
}

type isapiDevice struct {
	Name   string `xml:"deviceName"`
	Model  string `xml:"model"`
	Serial string `xml:"serialNumber"`
	Type   string `xml:"deviceType"`
}

func (d *Device) openHikvision(ctx context.Context) error {
	const info = "/ISAPI/System/deviceInfo"
	a, err := d.web.get(ctx, info)
	if err != nil {
		return err
	}
	if a.status != 200 {
		return a.refused(info)
	}
	var told isapiDevice
	if err := decode(a.body, &told); err != nil || told.Model == "" && told.Serial == "" {
		return camera.Errorf(camera.CodeBadRequest, "%s: device's answer cannot be read", info)
	}
	h := &hikvision{web: d.web, rtsp: d.found.RTSPPort}
	d.speaker = h
	d.found.Brand = first(d.found.Brand, "Hikvision")
	d.found.Model, d.found.Name = first(clean(told.Model), d.found.Model), first(clean(told.Name), d.found.Name)
	d.found.Serial = first(clean(told.Serial), d.found.Serial)
	d.found.Kind = kindOf(told.Type + " " + told.Model)
	if h.rtsp == 0 {
		if h.rtsp, err = h.rtspPort(ctx); err != nil {
			return err
		}
	}
	d.found.RTSPPort = h.rtsp
	d.past, err = h.stores(ctx, d.found.Kind)
	return err
}

// optional asks for a resource that a model may not have: not ok when it says so.
func (h *hikvision) optional(ctx context.Context, path string, into any) (ok bool, err error) {
	a, err := h.web.get(ctx, path)
	if err != nil {
		return false, err
	}
	switch a.status {
	case 200:
		if err := decode(a.body, into); err != nil {
			return false, camera.Errorf(camera.CodeBadRequest, "%s: device's answer cannot be read", path)
		}
		return true, nil
	case 400, 403, 404, 405, 501: // not of this model, or not for this account
		return false, nil
	}
	return false, a.refused(path)
}

// rtspPort asks for the port of the streams; 554 where it is not told.
func (h *hikvision) rtspPort(ctx context.Context) (int, error) {
	var list struct {
		Protocols []struct {
			Protocol string `xml:"protocol"`
			Port     string `xml:"portNo"`
		} `xml:"AdminAccessProtocol"`
	}
	if _, err := h.optional(ctx, "/ISAPI/Security/adminAccesses", &list); err != nil {
		return 0, err
	}
	for _, p := range list.Protocols {
		if port := number(p.Port, 1, 65535); port != 0 && strings.EqualFold(p.Protocol, "RTSP") {
			return port, nil
		}
	}
	return 554, nil
}

// stores tells whether it records: a recorder does, a camera with a card may.
func (h *hikvision) stores(ctx context.Context, kind string) (bool, error) {
	if kind == KindRecorder {
		return true, nil
	}
	var list struct {
		Disks []struct{} `xml:"hddList>hdd"`
		NAS   []struct{} `xml:"nasList>nas"`
	}
	ok, err := h.optional(ctx, "/ISAPI/ContentMgmt/Storage", &list)
	return ok && len(list.Disks)+len(list.NAS) > 0, err
}

// channels are the device's own inputs and, of a recorder, those of network
// cameras. An input's id counts from 1; its main stream is <id>01, its sub stream
// <id>02 (ISAPI, "Streaming channel").
func (h *hikvision) channels(ctx context.Context) ([]Channel, error) {
	var inputs struct {
		All []struct {
			ID      string `xml:"id"`
			Name    string `xml:"name"`
			Enabled string `xml:"videoInputEnabled"`
		} `xml:"VideoInputChannel"`
	}
	var proxies struct {
		All []struct {
			ID     string `xml:"id"`
			Name   string `xml:"name"`
			Serial string `xml:"sourceInputPortDescriptor>serialNumber"`
		} `xml:"InputProxyChannel"`
	}
	var states struct {
		All []struct {
			ID     string `xml:"id"`
			Online string `xml:"online"`
		} `xml:"InputProxyChannelStatus"`
	}
	own, err := h.optional(ctx, "/ISAPI/System/Video/inputs/channels", &inputs)
	if err != nil {
		return nil, err
	}
	proxied, err := h.optional(ctx, "/ISAPI/ContentMgmt/InputProxy/channels", &proxies)
	if err != nil {
		return nil, err
	}
	if proxied {
		if _, err := h.optional(ctx, "/ISAPI/ContentMgmt/InputProxy/channels/status", &states); err != nil {
			return nil, err
		}
	}
	if !own && !proxied {
		return nil, camera.Errorf(camera.CodeBadRequest, "device tells none of its channels")
	}
	byID := map[int]Channel{}
	for _, c := range inputs.All {
		if c.Enabled != "false" {
			h.put(byID, c.ID, c.Name, "")
		}
	}
	for _, c := range proxies.All {
		h.put(byID, c.ID, c.Name, c.Serial)
	}
	for _, s := range states.All {
		if c, ok := byID[number(s.ID, 1, 999)]; ok && (s.Online == "true" || s.Online == "false") {
			online := s.Online == "true"
			c.Online = &online
			byID[c.Number+1] = c
		}
	}
	return ordered(byID), nil
}

func (h *hikvision) put(into map[int]Channel, text, name, serial string) {
	id := number(text, 1, 999)
	if id == 0 || len(into) == mostChannels {
		return
	}
	stream := "rtsp://" + net.JoinHostPort(h.web.host.String(), strconv.Itoa(h.rtsp)) + "/Streaming/Channels/" + strconv.Itoa(id)
	into[id] = Channel{
		Number: id - 1, Name: clean(name), Serial: clean(serial), MainURL: stream + "01", SubURL: stream + "02",
		SnapshotURL: h.web.at("/ISAPI/Streaming/channels/" + strconv.Itoa(id) + "01/picture"),
	}
}

func ordered(byID map[int]Channel) []Channel {
	out := make([]Channel, 0, len(byID))
	for _, c := range byID {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Channel) int { return a.Number - b.Number })
	return out
}

// clock reads /ISAPI/System/time; see isapiClock.
func (h *hikvision) clock(ctx context.Context) (reading, error) {
	const path = "/ISAPI/System/time"
	body, err := h.web.good(ctx, path)
	if err != nil {
		return reading{}, err
	}
	var told struct {
		Local string `xml:"localTime"`
		Zone  string `xml:"timeZone"`
	}
	if err := decode(body, &told); err != nil {
		return reading{}, camera.Errorf(camera.CodeBadRequest, "%s: device's answer cannot be read", path)
	}
	return isapiClock(told.Local, told.Zone, h.web.now())
}
