package onvif

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// dahua speaks Dahua's HTTP API ("DAHUA HTTP API", 2.x: Video Products).
type dahua struct {
	web  *web
	rtsp int
}

func (d *Device) openDahua(ctx context.Context) error {
	const kind = "/cgi-bin/magicBox.cgi?action=getDeviceType"
	a, err := d.web.get(ctx, kind)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return a.refused(kind)
	}
	told, err := pairs(a.body)
	if err != nil {
		return err
	}
	if told["type"] == "" {
		return camera.Errorf(camera.CodeBadRequest, "%s: device's answer cannot be read", kind)
	}
	h := &dahua{web: d.web, rtsp: d.found.RTSPPort}
	d.speaker = h
	serial, err := h.value(ctx, "/cgi-bin/magicBox.cgi?action=getSerialNo", "sn")
	if err != nil {
		return err
	}
	name, err := h.value(ctx, "/cgi-bin/magicBox.cgi?action=getMachineName", "name")
	if err != nil {
		return err
	}
	class, err := h.value(ctx, "/cgi-bin/magicBox.cgi?action=getDeviceClass", "class")
	if err != nil {
		return err
	}
	d.found.Brand = first(d.found.Brand, "Dahua")
	d.found.Model, d.found.Serial, d.found.Name = clean(told["type"]), first(serial, d.found.Serial), first(name, d.found.Name)
	if d.found.Kind = kindOf(class); d.found.Kind == KindUnknown {
		d.found.Kind = kindOf(told["type"])
	}
	if h.rtsp == 0 {
		port, err := h.value(ctx, "/cgi-bin/configManager.cgi?action=getConfig&name=RTSP", "table.RTSP.Port")
		if err != nil {
			return err
		}
		if h.rtsp = number(port, 1, 65535); h.rtsp == 0 {
			h.rtsp = 554
		}
	}
	d.found.RTSPPort = h.rtsp
	if d.past = d.found.Kind == KindRecorder; !d.past {
		// A camera with a card: getDeviceAllInfo lists what it stores on.
		disk, err := h.value(ctx, "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo", "list.info[0].Name")
		if err != nil {
			return err
		}
		d.past = disk != ""
	}
	return nil
}

// value asks for one value of a call that a model may not have; "" when it does not.
func (h *dahua) value(ctx context.Context, path, key string) (string, error) {
	all, err := h.optional(ctx, path)
	return clean(all[key]), err
}

func (h *dahua) optional(ctx context.Context, path string) (map[string]string, error) {
	a, err := h.web.get(ctx, path)
	if err != nil {
		return nil, err
	}
	switch a.status {
	case http.StatusOK:
		return pairs(a.body)
	case http.StatusUnauthorized:
		return nil, a.refused(path)
	}
	return nil, nil // "Error", "Bad Request!", not implemented: all models differ
}

// channels are those with a title; a recorder has one for each of its channels,
// used or not, and may tell which are connected.
func (h *dahua) channels(ctx context.Context) ([]Channel, error) {
	const path = "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle"
	titles, err := h.optional(ctx, path)
	if err != nil {
		return nil, err
	}
	byNumber := map[int]Channel{}
	for key, name := range titles {
		// Some firmware leaves the "table." out.
		n, ok := indexed(strings.TrimPrefix(key, "table."), "ChannelTitle", ".Name")
		if !ok || n > 998 {
			continue
		}
		stream := "rtsp://" + net.JoinHostPort(h.web.host.String(), strconv.Itoa(h.rtsp)) + "/cam/realmonitor?channel=" + strconv.Itoa(n+1)
		byNumber[n] = Channel{
			Number: n, Name: clean(name), MainURL: stream + "&subtype=0", SubURL: stream + "&subtype=1",
			SnapshotURL: h.web.at("/cgi-bin/snapshot.cgi?channel=" + strconv.Itoa(n+1)),
		}
	}
	if len(byNumber) == 0 {
		return nil, camera.Errorf(camera.CodeBadRequest, "%s: device tells none of its channels", path)
	}
	if err := h.states(ctx, byNumber); err != nil {
		return nil, err
	}
	all := ordered(byNumber)
	return all[:min(len(all), mostChannels)], nil
}

// states asks which channels have a camera (LogicDeviceManager, getCameraState).
// RemoteDevice would tell it too, and the cameras' passwords with it.
func (h *dahua) states(ctx context.Context, byNumber map[int]Channel) error {
	a, err := h.web.do(ctx, http.MethodPost, h.web.at("/cgi-bin/api/LogicDeviceManager/getCameraState"), "application/json", []byte(`{"uniqueChannels":[-1]}`), mostBody)
	if err != nil {
		return err
	}
	var told struct {
		States []struct {
			Channel int    `json:"channel"`
			State   string `json:"connectionState"`
		} `json:"states"`
	}
	if bad := json.Unmarshal(a.body, &told); a.status != http.StatusOK || bad != nil {
		told.States = nil // not of this model: nothing is known of them
	}
	for _, s := range told.States {
		c, ok := byNumber[s.Channel]
		switch {
		case !ok:
		case strings.EqualFold(s.State, "Empty") || strings.EqualFold(s.State, "Disable"):
			delete(byNumber, s.Channel)
		default:
			online := strings.HasPrefix(strings.ToLower(s.State), "connected") || strings.EqualFold(s.State, "Connect")
			c.Online = &online
			byNumber[s.Channel] = c
		}
	}
	return nil
}

// clock reads global.cgi; see dahuaClock.
func (h *dahua) clock(ctx context.Context) (reading, error) {
	body, err := h.web.good(ctx, "/cgi-bin/global.cgi?action=getCurrentTime")
	if err != nil {
		return reading{}, err
	}
	told, err := pairs(body)
	if err != nil {
		return reading{}, err
	}
	return dahuaClock(told["result"])
}
