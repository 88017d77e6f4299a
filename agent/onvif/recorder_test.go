package onvif_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// isapi is a Hikvision recorder: two analogue inputs, one of them off, and two
// network cameras.
type isapi struct {
	account
	local, zone string // of /ISAPI/System/time
	kind        string // deviceType
	pictures    func(w http.ResponseWriter)
}

func newISAPI() *isapi {
	return &isapi{
		account: account{realm: "IP Camera(TEST0)", password: secret}, kind: "NVR",
		local: "2026-11-23T00:30:00+07:00", zone: "CST-7:00:00",
	}
}

const hik = `<?xml version="1.0" encoding="UTF-8"?>`

func (d *isapi) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "App-webs/")
	if r.URL.Path == "/" {
		io.WriteString(w, "<html><head><title>Web page</title></head></html>")
		return
	}
	if !d.pass(w, r) {
		return
	}
	switch r.URL.Path {
	case "/ISAPI/System/deviceInfo":
		fmt.Fprintf(w, hik+`<DeviceInfo version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><deviceName>Nhà ông A</deviceName><deviceID>1</deviceID><model>DS-7604NI-K1</model><serialNumber>DS-7604NI-K10420200101TEST00000001WCVU</serialNumber><deviceType>%s</deviceType></DeviceInfo>`, d.kind)
	case "/ISAPI/System/time":
		fmt.Fprintf(w, hik+`<Time version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><timeMode>manual</timeMode><localTime>%s</localTime><timeZone>%s</timeZone></Time>`, d.local, d.zone)
	case "/ISAPI/Security/adminAccesses":
		io.WriteString(w, hik+`<AdminAccessProtocolList><AdminAccessProtocol><id>1</id><protocol>HTTP</protocol><portNo>80</portNo></AdminAccessProtocol><AdminAccessProtocol><id>3</id><protocol>RTSP</protocol><portNo>1554</portNo></AdminAccessProtocol></AdminAccessProtocolList>`)
	case "/ISAPI/System/Video/inputs/channels":
		io.WriteString(w, hik+`<VideoInputChannelList><VideoInputChannel><id>1</id><inputPort>1</inputPort><videoInputEnabled>true</videoInputEnabled><name>Cổng</name></VideoInputChannel><VideoInputChannel><id>2</id><videoInputEnabled>false</videoInputEnabled><name>tắt</name></VideoInputChannel></VideoInputChannelList>`)
	case "/ISAPI/ContentMgmt/InputProxy/channels":
		io.WriteString(w, hik+`<InputProxyChannelList><InputProxyChannel><id>3</id><name>Ngõ &lt;sau&gt;</name><sourceInputPortDescriptor><ipAddress>192.168.254.2</ipAddress><serialNumber>DS-2CD-SIM-0003</serialNumber></sourceInputPortDescriptor></InputProxyChannel><InputProxyChannel><id>4</id><name>Sân</name></InputProxyChannel><InputProxyChannel><id>0</id><name>không có</name></InputProxyChannel></InputProxyChannelList>`)
	case "/ISAPI/ContentMgmt/InputProxy/channels/status":
		io.WriteString(w, hik+`<InputProxyChannelStatusList><InputProxyChannelStatus><id>3</id><online>true</online></InputProxyChannelStatus><InputProxyChannelStatus><id>4</id><online>false</online></InputProxyChannelStatus></InputProxyChannelStatusList>`)
	case "/ISAPI/Streaming/channels/301/picture":
		d.pictures(w)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// cgi is a Dahua recorder with three channels, the last one empty.
type cgi struct {
	account
	now    string // of getCurrentTime
	states string // of getCameraState; empty: 404
	serial string
}

func newCGI() *cgi {
	return &cgi{
		account: account{realm: "Login to 3K0TEST0000001", password: secret}, now: "2026-11-23 0:30:0", serial: "3K0TEST0000001",
		states: `{"states":[{"channel":0,"connectionState":"Connect"},{"channel":1,"connectionState":"Unconnect"},{"channel":2,"connectionState":"Empty"}]}`,
	}
}

func (d *cgi) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		io.WriteString(w, "<html><title>WEB SERVICE</title></html>")
		return
	}
	if len(r.URL.Path) < 9 || r.URL.Path[:9] != "/cgi-bin/" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !d.pass(w, r) {
		return
	}
	q := r.URL.Query()
	switch call := r.URL.Path[9:] + " " + q.Get("action") + " " + q.Get("name"); call {
	case "magicBox.cgi getDeviceType ":
		io.WriteString(w, "type=DHI-NVR2104-4KS2\r\n")
	case "magicBox.cgi getSerialNo ":
		io.WriteString(w, "sn="+d.serial+"\r\n")
	case "magicBox.cgi getMachineName ":
		io.WriteString(w, "name=NVR\r\n")
	case "magicBox.cgi getDeviceClass ":
		io.WriteString(w, "class=NVR\r\n")
	case "global.cgi getCurrentTime ":
		io.WriteString(w, "result="+d.now+"\r\n")
	case "configManager.cgi getConfig RTSP":
		io.WriteString(w, "table.RTSP.Enable=true\r\ntable.RTSP.Port=1555\r\n")
	case "configManager.cgi getConfig ChannelTitle":
		io.WriteString(w, "table.ChannelTitle[0].Name=Đường 4A\r\ntable.ChannelTitle[1].Name=Kênh 2\r\ntable.ChannelTitle[2].Name=Kênh 3\r\ntable.ChannelTitle[x].Name=bad\r\n")
	case "api/LogicDeviceManager/getCameraState  ":
		if d.states == "" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		io.WriteString(w, d.states)
	default:
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "Error\r\nBad Request!\r\n")
	}
}

// jpegs answers with a picture.
func jpegs(t testing.TB) func(http.ResponseWriter) {
	data := picture(t)
	return func(w http.ResponseWriter) { _, _ = w.Write(data) }
}
