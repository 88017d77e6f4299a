package simnvr_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// soap calls an operation of a service; without a password as nobody. Created is
// the client's clock.
func soap(t *testing.T, rec *simnvr.Recorder, service, operation, password string, created time.Time) (int, string) {
	t.Helper()
	header := ""
	if password != "" {
		nonce, stamp := []byte("nonce"+operation+password), created.UTC().Format("2006-01-02T15:04:05Z")
		sum := sha1.Sum([]byte(string(nonce) + stamp + password))
		header = fmt.Sprintf(`<s:Header><Security xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><UsernameToken>
<Username>%s</Username><Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">%s</Password>
<Nonce>%s</Nonce><Created xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">%s</Created></UsernameToken></Security></s:Header>`,
			user, base64.StdEncoding.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(nonce), stamp)
	}
	name, rest, _ := strings.Cut(operation, ">")
	end, _, _ := strings.Cut(name, " ")
	body := fmt.Sprintf(`<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">%s<s:Body><w:%s xmlns:w="http://www.onvif.org/ver10/%s/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">%s</w:%s></s:Body></s:Envelope>`,
		header, end, service, rest, end)
	code, _, text := send(t, http.MethodPost, "http://"+rec.HTTPAddr()+"/onvif/"+service+"_service", body, "")
	wellFormed(t, operation, text)
	return code, text
}

var shows = night.Add(-7 * time.Minute) // the recorder's clock

func TestONVIFTells(t *testing.T) {
	rec := start(t, simnvr.ONVIF, at(night))
	for operation, parts := range map[string][]string{
		"GetSystemDateAndTime": {"<tt:Hour>17</tt:Hour><tt:Minute>43<", "<tt:Day>22<", "<tt:Hour>0</tt:Hour><tt:Minute>43<", "<tt:Day>23<", "<tt:TZ>CST-7:00:00<"},
		"GetCapabilities":      {"/onvif/media_service<", "<tt:Replay><tt:XAddr>http://" + rec.HTTPAddr() + "/onvif/replay_service<"},
		"GetServices":          {"http://www.onvif.org/ver10/search/wsdl", rec.HTTPAddr() + "/onvif/search_service"},
	} {
		code, text := soap(t, rec, "device", operation, "", shows) // nobody may ask these
		if code != http.StatusOK {
			t.Errorf("%s: %d", operation, code)
		}
		contains(t, operation, text, parts...)
	}
	for service, operations := range map[string]map[string][]string{
		"device": {
			"GetDeviceInformation": {"<tds:SerialNumber>SIM-NVR-0001<", "<tds:Manufacturer>Viettro<"},
			"GetNetworkInterfaces": {"<tt:HwAddress>02:", "<tt:Address>127.0.77.11<"},
		},
		"media": {
			"GetProfiles":     {`token="Profile_101"`, `token="Profile_302"`, "<tt:SourceToken>VideoSource_2<"},
			"GetVideoSources": {`token="VideoSource_3"`},
			"GetStreamUri><w:ProfileToken>Profile_102</w:ProfileToken>":   {"<tt:Uri>rtsp://" + rec.RTSPAddr() + "/onvif/ch1/sub<"},
			"GetSnapshotUri><w:ProfileToken>Profile_101</w:ProfileToken>": {"<tt:Uri>http://" + rec.HTTPAddr() + "/onvif/snapshot?channel=1<"},
		},
		"recording": {"GetRecordings": {"<tt:RecordingToken>Recording_2<", "<tt:TrackToken>VIDEO001<"}},
		"search": {
			"GetRecordingSummary": {"<tt:DataFrom>2026-11-22T11:43:00.000Z<", "<tt:DataUntil>2026-11-22T17:43:00.000Z<", "<tt:NumberRecordings>2<"},
			"GetRecordingInformation><w:RecordingToken>Recording_1</w:RecordingToken>": {"<tt:EarliestRecording>2026-11-22T11:43:00.000Z<"},
		},
		"replay": {"GetReplayUri><w:RecordingToken>Recording_1</w:RecordingToken>": {"<trp:Uri>rtsp://" + rec.RTSPAddr() + "/onvif/replay/ch1<"}},
	} {
		for operation, parts := range operations {
			if code, _ := soap(t, rec, service, operation, "", shows); code != http.StatusUnauthorized {
				t.Errorf("%s by nobody: %d", operation, code)
			}
			code, text := soap(t, rec, service, operation, secret, shows)
			if code != http.StatusOK {
				t.Errorf("%s: %d", operation, code)
			}
			contains(t, operation, text, parts...)
		}
	}
}

// A search by its token, with and without a scope.
func TestFindRecordings(t *testing.T) {
	rec := start(t, simnvr.ONVIF, at(night))
	for scope, want := range map[string]int{"": 2, "<tt:IncludedRecordings>Recording_2</tt:IncludedRecordings>": 1} {
		_, text := soap(t, rec, "search", "FindRecordings><w:Scope>"+scope+"</w:Scope><w:KeepAliveTime>PT10S</w:KeepAliveTime>", secret, shows)
		token := regexp.MustCompile(`<tse:SearchToken>([^<]+)<`).FindStringSubmatch(text)
		if token == nil {
			t.Fatal(text)
		}
		asked := "><w:SearchToken>" + token[1] + "</w:SearchToken>"
		_, text = soap(t, rec, "search", "GetRecordingSearchResults"+asked, secret, shows)
		contains(t, "results", text, "<tt:SearchState>Completed<", "<tt:DataTo>2026-11-22T17:43:00.000Z<")
		if got := strings.Count(text, "<tt:RecordingInformation>"); got != want {
			t.Errorf("scope %q: %d recordings, want %d", scope, got, want)
		}
		if code, _ := soap(t, rec, "search", "EndSearch"+asked, secret, shows); code != http.StatusOK {
			t.Errorf("end search: %d", code)
		}
		code, text := soap(t, rec, "search", "GetRecordingSearchResults"+asked, secret, shows.Add(time.Second))
		if code != http.StatusBadRequest {
			t.Errorf("ended search: %d", code)
		}
		contains(t, "ended search", text, "ter:InvalidToken")
	}
}

// There is one moment at which footage begins; asked about later times, the state
// at their beginning is told when it is wanted.
func TestFindEvents(t *testing.T) {
	rec := start(t, simnvr.ONVIF, at(night))
	for name, tt := range map[string]struct{ from, state, want string }{
		"before the oldest": {"2026-11-22T00:00:00Z", "true", `<tt:Time>2026-11-22T11:43:00.000Z<`},
		"in the middle":     {"2026-11-22T15:00:00Z", "true", `<tt:Time>2026-11-22T15:00:00.000Z<`},
		"without the state": {"2026-11-22T15:00:00Z", "false", ""},
	} {
		ask := "FindEvents><w:StartPoint>" + tt.from + "</w:StartPoint><w:EndPoint>2026-11-22T16:00:00Z</w:EndPoint><w:Scope><tt:IncludedRecordings>Recording_1</tt:IncludedRecordings></w:Scope>" +
			"<w:IncludeStartState>" + tt.state + "</w:IncludeStartState><w:KeepAliveTime>PT10S</w:KeepAliveTime>"
		_, text := soap(t, rec, "search", ask, secret, shows)
		token := regexp.MustCompile(`<tse:SearchToken>([^<]+)<`).FindStringSubmatch(text)
		if token == nil {
			t.Fatal(text)
		}
		_, text = soap(t, rec, "search", "GetEventSearchResults><w:SearchToken>"+token[1]+"</w:SearchToken>", secret, shows)
		contains(t, name, text, "<tt:SearchState>Completed<", tt.want)
		want := 1
		if tt.want == "" {
			want = 0
		}
		if got := strings.Count(text, `Name="IsDataPresent" Value="true"`); got != want {
			t.Errorf("%s: %d events, want %d", name, got, want)
		}
		if code, _ := soap(t, rec, "search", "GetRecordingSearchResults><w:SearchToken>"+token[1]+"</w:SearchToken>", secret, shows); code != http.StatusBadRequest {
			t.Errorf("%s: another search's token: %d", name, code)
		}
	}
}

// A client whose clock is not the recorder's is told NotAuthorized, as with a wrong
// password, and is not counted as one; neither is a token that is sent again.
func TestSkewLooksLikeAWrongPassword(t *testing.T) {
	rec := start(t, simnvr.ONVIF, at(night))
	code, text := soap(t, rec, "device", "GetDeviceInformation", secret, night) // true time, but the recorder is 7 minutes slow
	contains(t, "skewed", text, "env:Sender", "ter:NotAuthorized")
	if code != http.StatusBadRequest || rec.WrongTries() != 0 {
		t.Errorf("skewed: %d, %d wrong tries", code, rec.WrongTries())
	}
	if code, _ := soap(t, rec, "device", "GetDeviceInformation", secret, shows.Add(4*time.Minute)); code != http.StatusOK {
		t.Errorf("four minutes off: %d", code)
	}
	if code, _ := soap(t, rec, "device", "GetDeviceInformation", secret, shows.Add(4*time.Minute)); code != http.StatusBadRequest || rec.WrongTries() != 0 {
		t.Errorf("the same token again: %d, %d wrong tries", code, rec.WrongTries())
	}
	_, wrong := soap(t, rec, "device", "GetDeviceInformation", "wrong", shows)
	if wrong != text || rec.WrongTries() != 1 {
		t.Errorf("wrong password is told apart, or not counted (%d):\n%s", rec.WrongTries(), wrong)
	}
	rec.SetClockOffset(0)
	if code, _ := soap(t, rec, "device", "GetNetworkInterfaces", secret, night); code != http.StatusOK {
		t.Errorf("after the clock was set: %d", code)
	}
}

func TestONVIFFaults(t *testing.T) {
	rec := start(t, simnvr.ONVIF, at(night))
	maker := start(t, simnvr.Hikvision, at(night), func(c *simnvr.Config) { c.IP = "127.0.77.12" })
	for _, tt := range []struct {
		rec                *simnvr.Recorder
		service, operation string
		fault              string
	}{
		{rec, "device", "SystemReboot", "ter:ActionNotSupported"},
		{rec, "media", "GetSystemDateAndTime", "ter:ActionNotSupported"},
		{rec, "media", "GetStreamUri><w:ProfileToken>x</w:ProfileToken>", "ter:InvalidArgVal"},
		{rec, "replay", "GetReplayUri><w:RecordingToken>Recording_3</w:RecordingToken>", "ter:NoRecording"},
		{rec, "replay", "GetReplayUri", "ter:NoRecording"},
		{maker, "replay", "GetReplayUri><w:RecordingToken>Recording_1</w:RecordingToken>", "ter:ActionNotSupported"},
	} {
		code, text := soap(t, tt.rec, tt.service, tt.operation, secret, shows)
		if code < 400 {
			t.Errorf("%s: %d", tt.operation, code)
		}
		contains(t, tt.operation, text, tt.fault)
	}
	_, text := soap(t, maker, "media", "GetStreamUri><w:ProfileToken>Profile_201</w:ProfileToken>", secret, shows)
	contains(t, "maker's stream", text, maker.RTSPAddr()+"/Streaming/Channels/201?transportmode=unicast&amp;profile=Profile_201")
	code, _, _ := send(t, http.MethodPost, "http://"+rec.HTTPAddr()+"/onvif/device_service", "hello", "")
	if code != http.StatusBadRequest {
		t.Errorf("no envelope: %d", code)
	}
	silent := start(t, simnvr.Dahua, at(night), func(c *simnvr.Config) { c.ONVIF, c.IP = false, "127.0.77.13" })
	if code, _ := get(t, "http://"+silent.HTTPAddr()+"/onvif/device_service"); code != http.StatusNotFound {
		t.Errorf("without ONVIF: %d", code)
	}
}
