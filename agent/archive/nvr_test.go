package archive_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
	"xulang.vn/camera/agent/ingest/replaytest"
)

// Dialects of the simulated recorder. They were written from the makers' documents;
// no real recorder was at hand.
const (
	hikvisionLocal = "hikvision with local digits"
	hikvisionUTC   = "hikvision with UTC digits"
	dahua          = "dahua"
	onvif          = "onvif"
)

var (
	quiet    = slog.New(slog.DiscardHandler)
	hanoi    = time.FixedZone("", 7*60*60)
	film     = sync.OnceValues(replaytest.Shoot)
	dialects = []string{hikvisionLocal, hikvisionUTC, dahua, onvif}
)

// nvr is a recorder with a clock of its own: RTSP by replaytest, and its maker's
// pages.
type nvr struct {
	*replaytest.Recorder
	t       *testing.T
	dialect string
	now     func() time.Time // the recorder's clock
	rtsp    string
	web     *httptest.Server

	mu      sync.Mutex
	deny    int // status of every page; 0: none
	finders map[string][]camera.Interval
	open    int // finders that were not destroyed
	asked   int
	calls   int // pages
}

// newNVR starts a recorder that keeps has, by its own clock.
func newNVR(t *testing.T, dialect string, now func() time.Time, has []camera.Interval, change func(*replaytest.Recorder)) *nvr {
	t.Helper()
	f, err := film()
	if err != nil {
		t.Fatal(err)
	}
	n := &nvr{t: t, dialect: dialect, now: now, finders: map[string][]camera.Interval{}}
	n.Recorder = &replaytest.Recorder{Film: f, Has: has, Clock: now, End: replaytest.Bye, Window: n.window}
	if dialect == onvif {
		n.Extension, n.End = true, replaytest.Terminal
	}
	if change != nil {
		change(n.Recorder)
	}
	if n.rtsp, err = n.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	n.web = httptest.NewServer(n)
	t.Cleanup(n.web.Close)
	return n
}

func (n *nvr) source(now func() time.Time) archive.Source {
	switch n.dialect {
	case dahua:
		return archive.Dahua(n.web.Client(), n.web.URL, n.rtsp, now)
	case onvif:
		return archive.Onvif(calls{n, now})
	}
	return archive.Hikvision(n.web.Client(), n.web.URL, n.rtsp, now)
}

// zone is that of the digits.
func (n *nvr) zone() *time.Location {
	if n.dialect == hikvisionUTC {
		return time.UTC
	}
	return hanoi
}

// window is what an address, or the Range of PLAY, asks for.
func (n *nvr) window(u *url.URL, header textproto.MIMEHeader) (from, to time.Time, ok bool) {
	var err1, err2 error
	q := u.Query()
	digits := func(name, form string) (time.Time, error) {
		text, _, _ := strings.Cut(q.Get(name), "/trackID")
		return time.ParseInLocation(form, text, n.zone())
	}
	switch {
	case n.dialect == dahua:
		from, err1 = digits("starttime", "2006_01_02_15_04_05")
		to, err2 = digits("endtime", "2006_01_02_15_04_05")
		ok = strings.HasPrefix(u.Path, "/cam/playback") && q.Get("channel") == "2" && q.Get("subtype") == "0"
	case n.dialect == onvif && header == nil:
		return from, to, strings.HasPrefix(u.Path, "/replay")
	case n.dialect == onvif:
		begin, end, _ := strings.Cut(strings.TrimPrefix(header.Get("Range"), "clock="), "-")
		from, err1 = time.Parse("20060102T150405Z", begin)
		to, err2 = time.Parse("20060102T150405Z", end)
		ok = header.Get("Require") == "onvif-replay" && header.Get("Rate-Control") == "no"
	default:
		from, err1 = digits("starttime", "20060102T150405Z")
		to, err2 = digits("endtime", "20060102T150405Z")
		ok = strings.HasPrefix(u.Path, "/Streaming/tracks/201/")
	}
	return from.UTC(), to.UTC(), ok && err1 == nil && err2 == nil
}

// files are what is kept within a time, in pieces as recorders make them.
func (n *nvr) files(from, to time.Time) (out []camera.Interval) {
	n.Mu.Lock()
	defer n.Mu.Unlock()
	for _, i := range n.Has {
		if i.To.After(n.now()) {
			i.To = n.now()
		}
		for at := i.From; at.Before(i.To); {
			end := at.Truncate(30 * time.Minute).Add(30 * time.Minute)
			if end.After(i.To) {
				end = i.To
			}
			if end.After(from) && at.Before(to) {
				out = append(out, camera.Interval{From: at, To: end})
			}
			at = end
		}
	}
	return out
}

// ServeHTTP is the recorder's pages.
func (n *nvr) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	deny := n.deny
	n.calls++
	n.mu.Unlock()
	switch {
	case deny != 0:
		w.WriteHeader(deny)
	case r.URL.Path == "/ISAPI/System/time" && n.dialect != dahua:
		fmt.Fprintf(w, `<?xml version="1.0"?><Time xmlns="http://www.hikvision.com/ver20/XMLSchema"><timeMode>manual</timeMode><localTime>%s</localTime><timeZone>CST-7:00:00</timeZone></Time>`,
			n.now().In(hanoi).Format("2006-01-02T15:04:05-07:00"))
	case r.URL.Path == "/ISAPI/ContentMgmt/search" && n.dialect != dahua:
		n.search(w, r)
	case strings.HasPrefix(r.URL.Path, "/cgi-bin/") && n.dialect == dahua:
		n.cgi(w, r.URL.Path, r.URL.Query())
	default:
		http.NotFound(w, r)
	}
}

// search is ISAPI's, with three matches a page.
func (n *nvr) search(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Track    string `xml:"trackList>trackID"`
		Start    string `xml:"timeSpanList>timeSpan>startTime"`
		End      string `xml:"timeSpanList>timeSpan>endTime"`
		Position int    `xml:"searchResultPostion"`
	}
	const form = "2006-01-02T15:04:05Z"
	err := xml.NewDecoder(r.Body).Decode(&ask)
	from, err1 := time.ParseInLocation(form, ask.Start, n.zone())
	to, err2 := time.ParseInLocation(form, ask.End, n.zone())
	if err != nil || err1 != nil || err2 != nil || ask.Track != "201" {
		n.t.Errorf("search %+v: %v %v %v", ask, err, err1, err2)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	all := n.files(from, to)
	page, status := all[min(ask.Position, len(all)):], "OK"
	if len(page) > 3 {
		page, status = page[:3], "MORE"
	}
	if len(all) == 0 {
		status = "NO MATCHES"
	}
	fmt.Fprintf(w, `<CMSearchResult xmlns="http://www.hikvision.com/ver20/XMLSchema"><responseStatus>true</responseStatus><responseStatusStrg>%s</responseStatusStrg><numOfMatches>%d</numOfMatches><matchList>`, status, len(page))
	for _, f := range page {
		fmt.Fprintf(w, "<searchMatchItem><trackID>201</trackID><timeSpan><startTime>%s</startTime><endTime>%s</endTime></timeSpan></searchMatchItem>",
			f.From.In(n.zone()).Format(form), f.To.In(n.zone()).Format(form))
	}
	fmt.Fprint(w, "</matchList></CMSearchResult>")
}

// cgi is Dahua's.
func (n *nvr) cgi(w http.ResponseWriter, path string, q url.Values) {
	const form = "2006-01-02 15:04:05"
	n.mu.Lock()
	defer n.mu.Unlock()
	switch action := q.Get("action"); {
	case path == "/cgi-bin/configManager.cgi" && q.Get("name") == "NTP":
		fmt.Fprint(w, "table.NTP.Enable=false\r\ntable.NTP.TimeZone=12\r\n")
	case path == "/cgi-bin/global.cgi":
		fmt.Fprintf(w, "result=%s\r\n", n.now().In(hanoi).Format(form))
	case action == "factory.create":
		n.asked++
		n.open++
		fmt.Fprintf(w, "result=%d\r\n", n.asked)
	case action == "findFile":
		from, err1 := time.ParseInLocation(form, q.Get("condition.StartTime"), hanoi)
		to, err2 := time.ParseInLocation(form, q.Get("condition.EndTime"), hanoi)
		if err1 != nil || err2 != nil || q.Get("condition.Channel") != "2" {
			n.t.Errorf("findFile %v", q)
		}
		n.finders[q.Get("object")] = n.files(from, to)
		fmt.Fprint(w, "OK\r\n")
	case action == "findNextFile":
		list := n.finders[q.Get("object")]
		page := list[:min(3, len(list))]
		n.finders[q.Get("object")] = list[len(page):]
		fmt.Fprint(w, "found="+strconv.Itoa(len(page))+"\r\n")
		for i, f := range page {
			fmt.Fprintf(w, "items[%d].Channel=1\r\nitems[%d].StartTime=%s\r\nitems[%d].EndTime=%s\r\nitems[%d].Type=dav\r\n",
				i, i, f.From.In(hanoi).Format(form), i, f.To.In(hanoi).Format(form), i)
		}
	case action == "destroy":
		n.open--
		fmt.Fprint(w, "OK\r\n")
	case action == "close":
		fmt.Fprint(w, "OK\r\n")
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (n *nvr) denies(status int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deny = status
}

// calls are the ONVIF calls that another room makes.
type calls struct {
	n   *nvr
	now func() time.Time
}

func (c calls) Clock(context.Context) (ahead, bound time.Duration, err error) {
	return c.n.now().Sub(c.now()).Truncate(time.Second), time.Second, nil
}

func (c calls) Recordings(_ context.Context, token string, from, to time.Time) ([]camera.Interval, error) {
	if token != "track-2" {
		c.n.t.Errorf("token %q", token)
	}
	return c.n.files(from, to), nil
}

func (c calls) ReplayURI(context.Context, string) (string, error) {
	return "rtsp://" + c.n.rtsp + "/replay", nil
}
