package simnvr

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"text/template"
	"time"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

//go:embed answers
var answers embed.FS

// mostBody is what a request may bring.
const mostBody = 64 << 10

// web is the recorder's HTTP side.
type web struct {
	rec     *Recorder
	pages   *template.Template
	finders finders
	finds   findings
}

func newWeb(r *Recorder) (*web, error) {
	w := &web{rec: r}
	var err error
	w.pages, err = template.New("").Funcs(template.FuncMap{
		"x":    escape,
		"port": func(addr string) (string, error) { _, port, err := net.SplitHostPort(addr); return port, err },
		"iso":  func(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") },
		"utc":  func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
	}).ParseFS(answers, "answers/*/*.xml")
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	return w, nil
}

// escape makes text of XML.
func escape(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

// ServeHTTP tells ONVIF and the maker's interface apart; anything else is a page
// by which people and probes know the maker.
func (w *web) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	req.Body = http.MaxBytesReader(rw, req.Body, mostBody)
	path := strings.ToLower(req.URL.Path)
	cfg := w.rec.cfg
	if cfg.Dialect == Hikvision {
		rw.Header().Set("Server", "DNVRS-Webs")
	}
	switch {
	case cfg.ONVIF && strings.HasPrefix(path, "/onvif/"):
		w.onvif(rw, req, path)
	case cfg.Dialect == Hikvision && strings.HasPrefix(path, "/isapi/"):
		w.hikvision(rw, req, path)
	case cfg.Dialect == Dahua && strings.HasPrefix(path, "/cgi-bin/"):
		w.dahua(rw, req, path)
	case path != "/" && path != "/doc/page/login.asp":
		http.NotFound(rw, req)
	case cfg.Dialect == Hikvision && path == "/":
		http.Redirect(rw, req, "/doc/page/login.asp", http.StatusFound)
	default:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		title := map[Dialect]string{Hikvision: "login", Dahua: "WEB SERVICE"}[cfg.Dialect]
		if title == "" {
			title = cfg.Brand + " " + cfg.Model
		}
		fmt.Fprintf(rw, "<!doctype html><title>%s</title>", template.HTMLEscapeString(title))
	}
}

// admit lets a request with the right digest through; another gets its 401 here.
func (w *web) admit(rw http.ResponseWriter, req *http.Request) bool {
	v := asked
	if a, ok := parseDigest(req.Header.Get("Authorization")); !ok || a["uri"] == req.RequestURI {
		v = w.rec.guard.digest(req.Method, req.Header.Get("Authorization"))
	}
	if v == granted {
		return true
	}
	if v != locked {
		rw.Header().Set("WWW-Authenticate", w.rec.guard.challenge(v == stale))
	}
	switch w.rec.cfg.Dialect {
	case Hikvision:
		w.render(rw, http.StatusUnauthorized, "userCheck.xml", w.account(http.StatusUnauthorized))
	case Dahua:
		plain(rw, http.StatusUnauthorized, "Error", "Invalid Authority!")
	default:
		w.fault(rw, http.StatusUnauthorized, "env:Sender", "ter:NotAuthorized", "Sender not authorized")
	}
	return false
}

// facts are what any answer may say of the recorder.
type facts struct {
	Config
	HTTP, RTSP string // host:port
	MAC        string
	Now        time.Time // by the recorder's clock, in its zone
	Posix      string    // the zone
	Streams    []streamFacts
	More       any
}

// streamFacts are of one channel's main or small stream.
type streamFacts struct {
	Channel  int
	ID       string // 101, 102
	Sub      bool
	Name     string
	Online   bool
	Codec    string // H.264, H.265
	URL      string // live
	Snapshot string
}

func (w *web) facts(more any) facts {
	r := w.rec
	f := facts{Config: r.cfg, HTTP: r.HTTPAddr(), RTSP: r.RTSPAddr(), MAC: mac(r.cfg.Serial), Now: r.clock.shows(), More: more}
	f.IP, _, _ = net.SplitHostPort(f.HTTP) // it may have moved
	f.Posix = posix(f.Now)
	for i, ch := range r.cfg.Channels {
		for sub := range 2 {
			s := streamFacts{Channel: i + 1, ID: fmt.Sprintf("%d%02d", i+1, sub+1), Sub: sub == 1, Name: ch.Name, Online: ch.Online, Codec: "H.264"}
			if ch.Home.Codec == scene.H265 {
				s.Codec = "H.265"
			}
			s.URL, s.Snapshot = r.liveURL(f.RTSP, s), r.snapshotURL(f.HTTP, s)
			f.Streams = append(f.Streams, s)
		}
	}
	return f
}

// liveURL is the one that GetStreamUri tells, with the parameters that makers add
// to their own.
func (r *Recorder) liveURL(host string, s streamFacts) string {
	kind, name := 0, "main"
	if s.Sub {
		kind, name = 1, "sub"
	}
	switch r.cfg.Dialect {
	case Hikvision:
		return fmt.Sprintf("rtsp://%s/Streaming/Channels/%s?transportmode=unicast&profile=Profile_%s", host, s.ID, s.ID)
	case Dahua:
		return fmt.Sprintf("rtsp://%s/cam/realmonitor?channel=%d&subtype=%d&unicast=true&proto=Onvif", host, s.Channel, kind)
	}
	return fmt.Sprintf("rtsp://%s/onvif/ch%d/%s", host, s.Channel, name)
}

func (r *Recorder) snapshotURL(host string, s streamFacts) string {
	switch r.cfg.Dialect {
	case Hikvision:
		return fmt.Sprintf("http://%s/ISAPI/Streaming/channels/%s/picture", host, s.ID)
	case Dahua:
		return fmt.Sprintf("http://%s/cgi-bin/snapshot.cgi?channel=%d", host, s.Channel)
	}
	return fmt.Sprintf("http://%s/onvif/snapshot?channel=%d", host, s.Channel)
}

// mac is a locally administered address (IEEE 802 section 8.4) made of the serial.
func mac(serial string) string {
	sum := sha256.Sum256([]byte(serial))
	return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", sum[0], sum[1], sum[2], sum[3], sum[4])
}

// render fills in one of the answers; more is its .More.
func (w *web) render(rw http.ResponseWriter, code int, name string, more any) {
	var b bytes.Buffer
	if err := w.pages.ExecuteTemplate(&b, name, w.facts(more)); err != nil {
		w.rec.cfg.Log.Error("recorder's answer cannot be written", "answer", name, "error", err)
		http.Error(rw, "internal error", http.StatusInternalServerError)
		return
	}
	kind := "application/xml; charset=utf-8"
	if strings.HasPrefix(name, "onvif") {
		kind = "application/soap+xml; charset=utf-8"
	}
	send(rw, code, kind, b.Bytes())
}

// plain is Dahua's way: lines of text.
func plain(rw http.ResponseWriter, code int, lines ...string) {
	send(rw, code, "text/plain;charset=utf-8", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}

func send(rw http.ResponseWriter, code int, kind string, body []byte) {
	rw.Header().Set("Content-Type", kind)
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(code)
	_, _ = rw.Write(body) // a client that hung up misses nothing
}

// snapshot sends the channel's still, or false when it has none.
func (w *web) snapshot(rw http.ResponseWriter, channel int) bool {
	ch, ok := w.rec.channel(channel)
	if ok {
		send(rw, http.StatusOK, "image/jpeg", ch.Home.Still)
	}
	return ok
}

func readBody(req *http.Request) ([]byte, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	return body, nil
}
