package onvif_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// nvt is an ONVIF device with a choice of habits, good and bad.
type nvt struct {
	account          // for HTTP digest
	token       bool // it takes WS-UsernameToken, else HTTP digest
	ahead       time.Duration
	told        string // SystemDateAndTime instead of UTCDateTime with ahead
	ignores     bool   // it compares Created with another clock than the one it tells
	open        bool   // it wants no login at all
	hides       bool   // it tells its time to its users only
	old         bool   // no GetServices
	media2      bool
	sources     int
	host        string // that it takes itself for
	serial      string
	mostToken   int // locked after so many wrong tokens
	badToken    int
	search      string // "events", "spans", "" none
	byJob       bool   // its recordings' sources are its own words; jobs tell whose they are
	lastCreated string
}

func newNVT() *nvt {
	return &nvt{account: account{realm: "onvif", password: secret}, token: true, sources: 2, host: "192.168.1.64", serial: "TEST-NVT-1"}
}

var (
	callName  = regexp.MustCompile(`<s:Body[^>]*><(\w+)`)
	profileOf = regexp.MustCompile(`<ProfileToken>([^<]*)</ProfileToken>`)
	username  = regexp.MustCompile(`<wsse:Username>([^<]*)<`)
	passDig   = regexp.MustCompile(`#PasswordDigest">([^<]*)<`)
	nonceText = regexp.MustCompile(`#Base64Binary">([^<]*)<`)
	createdAt = regexp.MustCompile(`<wsu:Created>([^<]*)<`)
)

func sub(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// allowed checks a token: the digest, and that Created is within five seconds of the
// clock that the device goes by.
func (d *nvt) allowed(body string) bool {
	if sub(username, body) == "" {
		return false
	}
	d.tries++
	nonce, _ := base64.StdEncoding.DecodeString(sub(nonceText, body))
	d.lastCreated = sub(createdAt, body)
	sum := sha1.Sum([]byte(string(nonce) + d.lastCreated + d.password))
	clock := noon.Add(d.ahead)
	if d.ignores {
		clock = noon.Add(-d.ahead)
	}
	created, err := time.Parse(time.RFC3339, d.lastCreated)
	good := err == nil && created.Sub(clock).Abs() <= 5*time.Second && sub(passDig, body) == base64.StdEncoding.EncodeToString(sum[:]) && sub(username, body) == user
	if !good {
		d.badToken++
	}
	return good && (d.mostToken == 0 || d.badToken < d.mostToken)
}

const soapHead = `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tse="http://www.onvif.org/ver10/search/wsdl"><SOAP-ENV:Body>`

func (d *nvt) fault(w http.ResponseWriter, sub, reason string) {
	w.WriteHeader(http.StatusBadRequest)
	io.WriteString(w, soapHead+`<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:`+sub+`</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">`+reason+`</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`)
}

func (d *nvt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/snap.jpg" {
		if d.pass(w, r) {
			w.Write([]byte("no picture"))
		}
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/onvif/") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	data, _ := io.ReadAll(r.Body)
	body := string(data)
	name := sub(callName, body)
	free := name == "GetSystemDateAndTime" && !d.hides || name == "GetServices" || name == "GetCapabilities" // PRE_AUTH
	if !free && !d.open {
		if !d.token && !d.pass(w, r) {
			return
		}
		if d.token {
			d.mu.Lock()
			ok, locked := d.allowed(body), d.mostToken > 0 && d.badToken >= d.mostToken
			d.mu.Unlock()
			if !ok && locked {
				d.fault(w, "NotAuthorized", "The user is locked, try again later: canary")
				return
			}
			if !ok {
				d.fault(w, "NotAuthorized", "Sender not Authorized")
				return
			}
		}
	}
	answer := d.answer(name, body)
	if answer == "" {
		d.fault(w, "ActionNotSupported", "Optional Action Not Implemented")
		return
	}
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	io.WriteString(w, soapHead+answer+`</SOAP-ENV:Body></SOAP-ENV:Envelope>`)
}

func (d *nvt) answer(name, body string) string {
	base := "http://" + d.host + "/onvif/"
	switch name {
	case "GetSystemDateAndTime":
		if d.told != "" {
			return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>` + d.told + `</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
		}
		return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>` + dateTime("UTC", noon.Add(d.ahead)) + `</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
	case "GetDeviceInformation":
		return `<tds:GetDeviceInformationResponse><tds:Manufacturer>SimMaker</tds:Manufacturer><tds:Model>Cam-1</tds:Model><tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>` + d.serial + `</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`
	case "GetNetworkInterfaces":
		return `<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>02:00:00:AA:BB:CC</tt:HwAddress></tt:Info></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>`
	case "GetServices":
		if d.old {
			return ""
		}
		out := `<tds:GetServicesResponse>`
		for space, at := range map[string]string{"http://www.onvif.org/ver10/device/wsdl": "device_service", "http://www.onvif.org/ver10/media/wsdl": "media", "http://www.onvif.org/ver20/media/wsdl": "media2", "http://www.onvif.org/ver10/search/wsdl": "search", "http://www.onvif.org/ver10/replay/wsdl": "replay", "http://www.onvif.org/ver10/recording/wsdl": "recording"} {
			if at == "media2" && !d.media2 || (at == "search" || at == "replay") && d.search == "" || at == "recording" && !d.byJob {
				continue
			}
			out += `<tds:Service><tds:Namespace>` + space + `</tds:Namespace><tds:XAddr>` + base + at + `</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service>`
		}
		return out + `</tds:GetServicesResponse>`
	case "GetCapabilities":
		return `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>` + base + `media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`
	case "GetProfiles":
		return d.profiles()
	case "GetStreamUri":
		uri := "rtsp://user:canary@" + d.host + ":8555/" + sub(profileOf, body) + "?x=1"
		if d.media2 {
			return `<tr2:GetStreamUriResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"><tr2:Uri>` + uri + `</tr2:Uri></tr2:GetStreamUriResponse>`
		}
		return `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>` + uri + `</tt:Uri><tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>`
	case "GetSnapshotUri":
		return `<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://` + d.host + `/snap.jpg</tt:Uri></trt:MediaUri></trt:GetSnapshotUriResponse>`
	}
	return d.past(name)
}

func dateTime(which string, t time.Time) string {
	return fmt.Sprintf(`<tt:%sDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:%sDateTime>`,
		which, t.Hour(), t.Minute(), t.Second(), t.Year(), t.Month(), t.Day(), which)
}

// profiles has a small, a large and a middle one of each source, in this order.
func (d *nvt) profiles() string {
	var b strings.Builder
	for i := range d.sources {
		for _, p := range []struct {
			name string
			w, h int
		}{{"sub", 640, 360}, {"main", 2560, 1440}, {"mid", 1280, 720}} {
			token := fmt.Sprintf("%s%d", p.name, i)
			source := fmt.Sprintf(`<tt:Name>Kênh %d</tt:Name><tt:SourceToken>src%d</tt:SourceToken>`, i+1, i)
			encoder := fmt.Sprintf(`<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution>`, p.w, p.h)
			if d.media2 {
				fmt.Fprintf(&b, `<tr2:Profiles token="%s"><tr2:Name>%s</tr2:Name><tr2:Configurations><tr2:VideoSource token="v">%s</tr2:VideoSource><tr2:VideoEncoder token="e">%s</tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>`, token, p.name, source, encoder)
				continue
			}
			fmt.Fprintf(&b, `<trt:Profiles token="%s" fixed="true"><tt:Name>%s</tt:Name><tt:VideoSourceConfiguration token="v">%s</tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="e">%s</tt:VideoEncoderConfiguration></trt:Profiles>`, token, p.name, source, encoder)
		}
	}
	if d.media2 {
		return `<tr2:GetProfilesResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl">` + b.String() + `</tr2:GetProfilesResponse>`
	}
	return `<trt:GetProfilesResponse>` + b.String() + `<trt:Profiles token="sound"><tt:Name>no picture</tt:Name></trt:Profiles></trt:GetProfilesResponse>`
}

// past is Profile G: a recording of each source, with a hole in that of the second.
func (d *nvt) past(name string) string {
	if d.search == "" {
		return ""
	}
	at := func(hours float64) string {
		return noon.Add(d.ahead + time.Duration(hours*float64(time.Hour))).UTC().Format("2006-01-02T15:04:05Z")
	}
	switch name {
	case "FindRecordings":
		return `<tse:FindRecordingsResponse><tse:SearchToken>s&amp;1</tse:SearchToken></tse:FindRecordingsResponse>`
	case "FindEvents":
		if d.search != "events" {
			return ""
		}
		return `<tse:FindEventsResponse><tse:SearchToken>e1</tse:SearchToken></tse:FindEventsResponse>`
	case "EndSearch":
		return `<tse:EndSearchResponse><tse:Endpoint>` + at(0) + `</tse:Endpoint></tse:EndSearchResponse>`
	case "GetRecordingSearchResults":
		out := `<tse:GetRecordingSearchResultsResponse><tse:ResultList><tt:SearchState>Completed</tt:SearchState>`
		for i := range d.sources {
			source := fmt.Sprintf("src%d", d.sources-1-i)
			if d.byJob {
				source = "urn:own:" + source
			}
			out += fmt.Sprintf(`<tt:RecordingInformation><tt:RecordingToken>rec%d</tt:RecordingToken><tt:Source><tt:SourceId>%s</tt:SourceId><tt:Name>x</tt:Name></tt:Source><tt:EarliestRecording>%s</tt:EarliestRecording><tt:LatestRecording>%s</tt:LatestRecording><tt:Content>x</tt:Content><tt:Track><tt:TrackToken>V</tt:TrackToken><tt:TrackType>Video</tt:TrackType></tt:Track></tt:RecordingInformation>`,
				d.sources-1-i, source, at(-6), at(0))
		}
		return out + `</tse:ResultList></tse:GetRecordingSearchResultsResponse>`
	case "GetEventSearchResults":
		out := `<tse:GetEventSearchResultsResponse><tse:ResultList><tt:SearchState>Completed</tt:SearchState>`
		for _, e := range []struct {
			hours   float64
			present bool
			track   string
		}{{-3, true, "V"}, {-2, false, "V"}, {-2.5, false, "A"}, {-1.5, true, "V"}} {
			out += fmt.Sprintf(`<tt:Result><tt:RecordingToken>rec1</tt:RecordingToken><tt:TrackToken>%s</tt:TrackToken><tt:Time>%s</tt:Time><tt:Event><wsnt:Topic xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2">tns1:RecordingHistory/Track/State</wsnt:Topic><wsnt:Message xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"><tt:Message UtcTime="%s"><tt:Source/><tt:Data><tt:SimpleItem Name="IsDataPresent" Value="%v"/></tt:Data></tt:Message></wsnt:Message></tt:Event><tt:StartStateEvent>false</tt:StartStateEvent></tt:Result>`,
				e.track, at(e.hours), at(e.hours), e.present)
		}
		return out + `</tse:ResultList></tse:GetEventSearchResultsResponse>`
	case "GetRecordingJobs":
		return `<trc:GetRecordingJobsResponse xmlns:trc="http://www.onvif.org/ver10/recording/wsdl"><trc:JobItem><tt:JobToken>j</tt:JobToken><tt:JobConfiguration><tt:RecordingToken>rec1</tt:RecordingToken><tt:Mode>Active</tt:Mode><tt:Priority>1</tt:Priority><tt:Source><tt:SourceToken Type="http://www.onvif.org/ver10/schema/Profile"><tt:Token>main1</tt:Token></tt:SourceToken></tt:Source></tt:JobConfiguration></trc:JobItem></trc:GetRecordingJobsResponse>`
	case "GetReplayUri":
		return `<trp:GetReplayUriResponse xmlns:trp="http://www.onvif.org/ver10/replay/wsdl"><trp:Uri>rtsp://0.0.0.0:8556/replay/rec</trp:Uri></trp:GetReplayUriResponse>`
	}
	return ""
}
