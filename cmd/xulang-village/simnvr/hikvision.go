package simnvr

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// recordedFile is how long a file of Hikvision's and Dahua's is.
const recordedFile = time.Hour

var (
	isapiStream  = regexp.MustCompile(`^/isapi/streaming/channels/(\d{1,3})(0[12])$`)
	isapiPicture = regexp.MustCompile(`^/isapi/(?:streaming|contentmgmt/streamingproxy)/channels/(\d{1,3})(0[12])/picture$`)
)

// isapiPages are the answers that only tell (ISAPI "System", "Streaming";
// RaCM Part section 12, "InputProxy").
var isapiPages = map[string]string{
	"/isapi/system/deviceinfo":                      "deviceInfo.xml",
	"/isapi/system/time":                            "time.xml",
	"/isapi/contentmgmt/inputproxy/channels":        "inputProxy.xml",
	"/isapi/contentmgmt/inputproxy/channels/status": "inputProxyStatus.xml",
	"/isapi/streaming/channels":                     "streamingChannels.xml",
	"/isapi/security/adminaccesses":                 "adminAccesses.xml",
	"/isapi/contentmgmt/storage":                    "storage.xml",
}

func (w *web) hikvision(rw http.ResponseWriter, req *http.Request, path string) {
	if !w.admit(rw, req) {
		return
	}
	path = strings.TrimSuffix(path, "/")
	if path == "/isapi/contentmgmt/search" {
		if req.Method != http.MethodPost {
			w.isapiError(rw, http.StatusMethodNotAllowed, 4, "Invalid Operation", "methodNotAllowed")
			return
		}
		w.isapiSearch(rw, req)
		return
	}
	if req.Method != http.MethodGet {
		w.isapiError(rw, http.StatusMethodNotAllowed, 4, "Invalid Operation", "methodNotAllowed")
		return
	}
	if page, ok := isapiPages[path]; ok {
		w.render(rw, http.StatusOK, page, nil)
		return
	}
	if path == "/isapi/security/usercheck" {
		w.render(rw, http.StatusOK, "userCheck.xml", w.account(http.StatusOK))
		return
	}
	if m := isapiStream.FindStringSubmatch(path); m != nil && number(m[1]) <= len(w.rec.cfg.Channels) {
		w.render(rw, http.StatusOK, "streamingChannel.xml", m[1]+m[2])
		return
	}
	if m := isapiPicture.FindStringSubmatch(path); m != nil {
		if !w.snapshot(rw, number(m[1])) {
			w.isapiError(rw, http.StatusInternalServerError, 3, "Device Error", "deviceError")
		}
		return
	}
	w.isapiError(rw, http.StatusNotFound, 4, "Invalid Operation", "notSupport")
}

// isapiError is a ResponseStatus (ISAPI "Error Processing").
func (w *web) isapiError(rw http.ResponseWriter, code, statusCode int, text, sub string) {
	w.render(rw, code, "responseStatus.xml", struct {
		Code      int
		Text, Sub string
	}{statusCode, text, sub})
}

// accountState is what userCheck tells (ISAPI "Security", userCheck), with a right
// password and without.
type accountState struct {
	Code, Left int
	Text, Lock string
	Seconds    int // until it opens
}

func (w *web) account(code int) accountState {
	a := accountState{Code: code, Text: "OK", Lock: "unlock", Seconds: int(w.rec.guard.unlocksIn().Seconds())}
	_, a.Left = w.rec.guard.tries()
	if code != http.StatusOK {
		a.Text = http.StatusText(code)
	}
	if a.Seconds > 0 {
		a.Lock, a.Left = "lock", 0
	}
	return a
}

// cmSearch is CMSearchDescription (RaCM Part, ContentMgmt/search). The position's
// name is misspelt in the document and so in devices.
type cmSearch struct {
	XMLName  xml.Name `xml:"CMSearchDescription"`
	SearchID string   `xml:"searchID"`
	Tracks   []string `xml:"trackList>trackID"`
	OldNames []string `xml:"trackIDList>trackID"`
	Spans    []struct {
		Start string `xml:"startTime"`
		End   string `xml:"endTime"`
	} `xml:"timeSpanList>timeSpan"`
	Most     int `xml:"maxResults"`
	Position int `xml:"searchResultPostion"`
	Spelt    int `xml:"searchResultPosition"`
}

// cmMatch is one file that was found.
type cmMatch struct {
	Track, Start, End, URI, Codec string
}

type cmResult struct {
	SearchID, Status string
	Matches          []cmMatch
}

// isapiSearch answers with a page of files, OK on the last, MORE before it.
func (w *web) isapiSearch(rw http.ResponseWriter, req *http.Request) {
	const most = 40 // that a device gives at once
	body, err := readBody(req)
	if err != nil {
		w.isapiError(rw, http.StatusBadRequest, 6, "Invalid XML Content", "badXmlContent")
		return
	}
	var ask cmSearch
	if xml.Unmarshal(body, &ask) != nil || len(ask.Spans) != 1 || max(ask.Position, ask.Spelt) < 0 {
		w.isapiError(rw, http.StatusBadRequest, 6, "Invalid XML Content", "badXmlContent")
		return
	}
	from, ok1 := w.rec.hikvisionTime(ask.Spans[0].Start)
	to, ok2 := w.rec.hikvisionTime(ask.Spans[0].End)
	if !ok1 || !ok2 || !from.Before(to) {
		w.isapiError(rw, http.StatusBadRequest, 6, "Invalid XML Content", "badParameters")
		return
	}
	var all []cmMatch
	for _, track := range append(ask.Tracks, ask.OldNames...) {
		all = append(all, w.matches(track, from, to)...)
	}
	result := cmResult{SearchID: ask.SearchID, Status: "NO MATCHES"}
	if len(all) > 0 {
		page := min(most, ask.Most)
		if page <= 0 {
			page = most
		}
		begin := min(max(ask.Position, ask.Spelt), len(all))
		end := min(begin+page, len(all))
		result.Matches, result.Status = all[begin:end], "OK"
		if end < len(all) {
			result.Status = "MORE"
		}
	}
	w.render(rw, http.StatusOK, "search.xml", result)
}

// matches are the files of a track, in the recorder's local time with a Z.
func (w *web) matches(track string, from, to time.Time) []cmMatch {
	n := number(track)
	ch, ok := w.rec.channel(n / 100)
	if !ok || n%100 != 1 {
		return nil
	}
	format := func(t time.Time, layout string) string {
		if w.rec.cfg.TrueUTC {
			t = t.UTC()
		}
		return t.Format(layout)
	}
	var out []cmMatch
	for _, f := range w.rec.clock.files(from, to, recordedFile) {
		const compact, long = "20060102T150405Z", "2006-01-02T15:04:05Z"
		m := cmMatch{Track: track, Start: format(f.From, long), End: format(f.To, long), Codec: "H.264-BP"}
		if ch.Home.VPS != nil {
			m.Codec = "H.265"
		}
		m.URI = fmt.Sprintf("rtsp://%s/Streaming/tracks/%s/?starttime=%s&endtime=%s&name=%08d&size=%d", w.rec.RTSPAddr(), track,
			format(f.From, compact), format(f.To, compact), f.From.Unix()/3600, int64(f.To.Sub(f.From).Seconds())*25_000)
		out = append(out, m)
	}
	return out
}
