package simnvr_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// What the recorder of each maker tells, at 00:43 of its own clock in Vietnam.
func TestPages(t *testing.T) {
	for d, pages := range map[simnvr.Dialect]map[string][]string{
		simnvr.Hikvision: {
			"/ISAPI/System/deviceInfo":                      {"<serialNumber>SIM-NVR-0001<", "<model>DS-7604NI-SIM<", "<deviceType>NVR<"},
			"/ISAPI/System/time":                            {"<localTime>2026-11-23T00:43:00+07:00<", "<timeZone>CST-7:00:00<"},
			"/ISAPI/ContentMgmt/InputProxy/channels":        {"<id>3</id>", "<name>Cổng &amp; đường<"},
			"/ISAPI/ContentMgmt/InputProxy/channels/status": {"<online>true</online>", "<online>false</online>", "<streamingProxyChannelId>102<"},
			"/ISAPI/Streaming/channels":                     {"<id>101</id>", "<id>302</id>", "<videoCodecType>H.265<"},
			"/ISAPI/Security/adminAccesses":                 {"<protocol>RTSP</protocol><portNo>"},
			"/ISAPI/ContentMgmt/Storage":                    {"<status>ok<"},
			"/ISAPI/Streaming/channels/201":                 {"<id>201</id>", "<channelName>Sân<"},
			"/ISAPI/Security/userCheck":                     {"<statusValue>200<", "<lockStatus>unlock<", "<retryLoginTime>5<"},
		},
		simnvr.Dahua: {
			"/cgi-bin/magicBox.cgi?action=getSystemInfo":                    {"serialNumber=SIM-NVR-0001\r\n", "deviceType=DHI-NVR2104-SIM\r\n"},
			"/cgi-bin/magicBox.cgi?action=getSerialNo":                      {"sn=SIM-NVR-0001\r\n"},
			"/cgi-bin/magicBox.cgi?action=getDeviceType":                    {"type=DHI-NVR2104-SIM"},
			"/cgi-bin/magicBox.cgi?action=getSoftwareVersion":               {"version=4.001"},
			"/cgi-bin/configManager.cgi?action=getConfig&name=RTSP":         {"table.RTSP.Port="},
			"/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo":            {"list.info[0].Name="},
			"/cgi-bin/global.cgi?action=getCurrentTime":                     {"result=2026-11-23 00:43:00\r\n"},
			"/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle": {"table.ChannelTitle[0].Name=Cổng & đường\r\n", "table.ChannelTitle[2].Name=Kho"},
			"/cgi-bin/configManager.cgi?action=getConfig&name=NTP":          {"table.NTP.TimeZone=12\r\n", "TimeZoneDesc=GMT+07:00"},
		},
	} {
		rec := start(t, d, at(night))
		for path, parts := range pages {
			code, text := get(t, "http://"+rec.HTTPAddr()+path)
			if code != http.StatusOK {
				t.Errorf("%s: %d", path, code)
			}
			contains(t, path, text, parts...)
			if d == simnvr.Hikvision {
				wellFormed(t, path, text)
			}
		}
		if rec.WrongTries() != 0 {
			t.Errorf("%s: %d wrong tries", d, rec.WrongTries())
		}
	}
}

func TestCameraStates(t *testing.T) {
	rec := start(t, simnvr.Dahua, at(night))
	code, _, text := ask(t, http.MethodPost, "http://"+rec.HTTPAddr()+"/cgi-bin/api/LogicDeviceManager/getCameraState", `{"uniqueChannels":[-1]}`, secret)
	if want := `{"states":[{"channel":0,"connectionState":"Connected"},{"channel":1,"connectionState":"Connected"},{"channel":2,"connectionState":"Unconnect"}]}`; code != http.StatusOK || text != want {
		t.Errorf("%d %s", code, text)
	}
}

func wellFormed(t *testing.T, what, text string) {
	t.Helper()
	var any struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(text), &any); err != nil || !strings.HasPrefix(text, "<?xml") {
		t.Errorf("%s: %v:\n%s", what, err, text)
	}
}

func TestSnapshots(t *testing.T) {
	paths := map[simnvr.Dialect][2]string{
		simnvr.Hikvision: {"/ISAPI/Streaming/channels/101/picture", "/ISAPI/Streaming/channels/301/picture"},
		simnvr.Dahua:     {"/cgi-bin/snapshot.cgi?channel=1", "/cgi-bin/snapshot.cgi?channel=3"},
		simnvr.ONVIF:     {"/onvif/snapshot?channel=1", "/onvif/snapshot?channel=3"},
	}
	for _, d := range dialects {
		rec := start(t, d, at(night))
		code, header, text := ask(t, http.MethodGet, "http://"+rec.HTTPAddr()+paths[d][0], "", secret)
		if _, err := jpeg.Decode(bytes.NewReader([]byte(text))); err != nil || code != http.StatusOK || header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %d, %v", d, code, err)
		}
		if code, _ := get(t, "http://"+rec.HTTPAddr()+paths[d][1]); code < 400 || code == http.StatusUnauthorized {
			t.Errorf("%s: offline channel: %d", d, code)
		}
		if code, _, _ := send(t, http.MethodGet, "http://"+rec.HTTPAddr()+paths[d][0], "", ""); code != http.StatusUnauthorized {
			t.Errorf("%s: nobody: %d", d, code)
		}
	}
}

func TestNoSuchPage(t *testing.T) {
	for d, paths := range map[simnvr.Dialect]map[string]int{
		simnvr.Hikvision: {"/ISAPI/System/other": 404, "/ISAPI/Streaming/channels/901": 404, "/cgi-bin/snapshot.cgi": 404, "/ISAPI/ContentMgmt/search": 405, "/": 302},
		simnvr.Dahua:     {"/cgi-bin/other.cgi": 404, "/cgi-bin/magicBox.cgi?action=reboot": 400, "/cgi-bin/global.cgi": 400, "/cgi-bin/configManager.cgi?action=setConfig": 400, "/ISAPI/System/time": 404, "/": 200},
		simnvr.ONVIF:     {"/onvif/device_service": 404, "/ISAPI/System/time": 404, "/": 200},
	} {
		rec := start(t, d, at(night))
		for path, want := range paths {
			if code, text := get(t, "http://"+rec.HTTPAddr()+path); code != want {
				t.Errorf("%s %s: %d, want %d: %s", d, path, code, want, text)
			}
		}
	}
}

const cmSearch = `<?xml version="1.0"?><CMSearchDescription><searchID>C1</searchID><trackList><trackID>%s</trackID></trackList>
<timeSpanList><timeSpan><startTime>%s</startTime><endTime>%s</endTime></timeSpan></timeSpanList>
<maxResults>%d</maxResults><searchResultPostion>%d</searchResultPostion></CMSearchDescription>`

// The whole of what is kept, in pages of three: seven files cut at whole hours of
// local time; the playbackURI plays.
func TestISAPISearch(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.Hikvision, clock)
	place := "http://" + rec.HTTPAddr() + "/ISAPI/ContentMgmt/search"
	var starts, uris []string
	status := "MORE"
	for pages := 0; status == "MORE" && pages < 9; pages++ {
		code, _, text := ask(t, http.MethodPost, place, fmt.Sprintf(cmSearch, "101", "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z", 3, len(starts)), secret)
		var found struct {
			Status  string   `xml:"responseStatusStrg"`
			Number  int      `xml:"numOfMatches"`
			Starts  []string `xml:"matchList>searchMatchItem>timeSpan>startTime"`
			URIs    []string `xml:"matchList>searchMatchItem>mediaSegmentDescriptor>playbackURI"`
			Version string   `xml:"version,attr"`
		}
		if err := xml.Unmarshal([]byte(text), &found); err != nil || code != http.StatusOK || found.Number != len(found.Starts) {
			t.Fatalf("%d %v:\n%s", code, err, text)
		}
		status = found.Status
		starts, uris = append(starts, found.Starts...), append(uris, found.URIs...)
	}
	want := []string{"2026-11-22T18:43:00Z", "2026-11-22T19:00:00Z", "2026-11-22T20:00:00Z", "2026-11-22T21:00:00Z", "2026-11-22T22:00:00Z", "2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z"}
	if strings.Join(starts, " ") != strings.Join(want, " ") || status != "OK" {
		t.Fatalf("files from %v, %s", starts, status)
	}
	u, err := url.Parse(uris[6])
	if err != nil || !strings.Contains(uris[6], "/Streaming/tracks/101/?starttime=20261123T000000Z&endtime=20261123T004300Z") {
		t.Fatalf("playbackURI %s: %v", uris[6], err)
	}
	if _, err := view(t, rec, u.RequestURI(), secret).play(nil); err != nil {
		t.Errorf("play what was found: %v", err)
	}
	for track, want := range map[string]string{"301": "NO MATCHES", "102": "NO MATCHES", "x": "NO MATCHES"} {
		_, _, text := ask(t, http.MethodPost, place, fmt.Sprintf(cmSearch, track, "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z", 3, 0), secret)
		contains(t, track, text, want)
	}
	for _, body := range []string{"", "<a>", fmt.Sprintf(cmSearch, "101", "soon", "2026-11-24T00:00:00Z", 3, 0)} {
		if code, _, text := ask(t, http.MethodPost, place, body, secret); code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", body, code, text)
		}
	}
}

// A finder's life, in pages of four.
func TestMediaFileFind(t *testing.T) {
	rec := start(t, simnvr.Dahua, at(night))
	cgi := "http://" + rec.HTTPAddr() + "/cgi-bin/mediaFileFind.cgi?action="
	_, text := get(t, cgi+"factory.create")
	id := strings.TrimSpace(strings.TrimPrefix(text, "result="))
	condition := "findFile&object=" + id + "&condition.Channel=2&condition.StartTime=2026-11-22%2020:30:00&condition.EndTime=2026-11-23%2003:00:00&condition.Types[0]=dav&condition.VideoStream=Main"
	if code, text := get(t, cgi+condition); code != http.StatusOK || text != "OK\r\n" {
		t.Fatalf("findFile: %d %s", code, text)
	}
	_, one := get(t, cgi+"findNextFile&count=4&object="+id)
	contains(t, "first page", one, "found=4\r\n", "items[0].Channel=1\r\n", "items[0].StartTime=2026-11-22 20:00:00\r\n", "items[3].EndTime=2026-11-23 00:00:00\r\n")
	_, two := get(t, cgi+"findNextFile&count=4&object="+id)
	contains(t, "second page", two, "found=1\r\n", "items[0].StartTime=2026-11-23 00:00:00\r\n", "items[0].EndTime=2026-11-23 00:43:00\r\n")
	if _, three := get(t, cgi+"findNextFile&count=4&object="+id); three != "found=0\r\n" {
		t.Errorf("third page: %s", three)
	}
	for _, action := range []string{"close", "destroy"} {
		if code, text := get(t, cgi+action+"&object="+id); code != http.StatusOK {
			t.Errorf("%s: %d %s", action, code, text)
		}
	}
	if code, _ := get(t, cgi+"findNextFile&count=4&object="+id); code != http.StatusBadRequest {
		t.Errorf("a destroyed finder still finds: %d", code)
	}
	last := 0
	for range 33 { // of which one is too many
		last, _ = get(t, cgi+"factory.create")
	}
	if last != http.StatusBadRequest {
		t.Errorf("finder without end: %d", last)
	}
}

// Wrong passwords of all protocols together lock the account for half an hour, for
// the right one too.
func TestLockOut(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			clock := at(night)
			rec := start(t, d, clock)
			page := "http://" + rec.HTTPAddr() + map[simnvr.Dialect]string{
				simnvr.Hikvision: "/ISAPI/System/time", simnvr.Dahua: "/cgi-bin/magicBox.cgi?action=getSerialNo", simnvr.ONVIF: "/onvif/snapshot?channel=1",
			}[d]
			live := map[simnvr.Dialect]string{simnvr.Hikvision: "/Streaming/Channels/101", simnvr.Dahua: "/cam/realmonitor?channel=1", simnvr.ONVIF: "/onvif/ch1/main"}[d]
			for range 2 {
				if code, _, _ := ask(t, http.MethodGet, page, "", "wrong"); code != http.StatusUnauthorized {
					t.Fatalf("wrong password: %d", code)
				}
				refusedWith(t, "wrong password", view(t, rec, live, "wrong").setup(), "401")
			}
			if code, _ := get(t, page); code != http.StatusOK || rec.WrongTries() != 4 {
				t.Fatalf("after four wrong tries: %d, counted %d", code, rec.WrongTries())
			}
			for range 5 {
				_, _, _ = ask(t, http.MethodGet, page, "", "wrong")
			}
			code, text := get(t, page)
			if code != http.StatusUnauthorized || !rec.Locked() || rec.WrongTries() != 9 {
				t.Fatalf("not locked: %d, %d wrong tries", code, rec.WrongTries())
			}
			if d == simnvr.Hikvision {
				contains(t, "userCheck", text, "<lockStatus>lock<", "<unlockTime>1800<", "<retryLoginTime>0<")
			}
			refusedWith(t, "locked", view(t, rec, live, secret).setup(), "401")
			clock.Move(30 * time.Minute)
			if code, _ := get(t, page); code != http.StatusOK || rec.Locked() {
				t.Errorf("after half an hour: %d", code)
			}
		})
	}
}

// An old challenge is nobody's wrong password.
func TestStaleChallenge(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.Hikvision, clock)
	page := "http://" + rec.HTTPAddr() + "/ISAPI/System/time"
	_, header, _ := send(t, http.MethodGet, page, "", "")
	nonce := nonceOf.FindStringSubmatch(header.Get("WWW-Authenticate"))[1]
	clock.Move(time.Hour)
	code, header, _ := send(t, http.MethodGet, page, "", fmt.Sprintf(
		`Digest username="admin", realm="DVRNVRDVS", nonce="%s", uri="/ISAPI/System/time", response="00"`, nonce))
	if code != http.StatusUnauthorized || !regexp.MustCompile(`stale="TRUE"`).MatchString(header.Get("WWW-Authenticate")) || rec.WrongTries() != 0 {
		t.Errorf("%d %s, %d wrong tries", code, header.Get("WWW-Authenticate"), rec.WrongTries())
	}
}
