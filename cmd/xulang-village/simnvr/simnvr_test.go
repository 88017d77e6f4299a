package simnvr_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simcam"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

const (
	user     = "admin"
	secret   = `p@ss:w/ord?#%&+ "ổ\`
	patience = 20 * time.Second
)

var ict = time.FixedZone("ICT", 7*60*60)

// testClock stands still until it is moved.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// night is a true time at which a recorder in Vietnam that is 7 minutes slow shows
// 00:43:00 of the 23rd, while it is the 22nd in UTC.
var night = time.Date(2026, 11, 22, 17, 50, 0, 0, time.UTC)

func at(now time.Time) *testClock { return &testClock{now: now} }

// every lets a car pass in each group of three: four seconds of car, two of road;
// another picture at each home and time of day would not show a wrong minute, so
// each tenth minute has trucks instead.
func every(from, to time.Time) []simcam.Pass {
	const period = 3 * scene.GOPDuration
	enter := from.Truncate(period).Add(300 * time.Millisecond)
	for ; enter.Before(to); enter = enter.Add(period) {
		if !enter.Before(from) {
			kind := []scene.Kind{scene.Car, scene.Truck, scene.Motorbike, scene.Rider}[enter.Unix()/60%4]
			return []simcam.Pass{{Kind: kind, Direction: scene.RTL, Enter: enter}}
		}
	}
	return nil
}

func load(t *testing.T, id string) *scene.Home {
	t.Helper()
	home, err := scene.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// start runs a recorder with three channels, of which the third is offline, until
// the end of the test.
func start(t *testing.T, dialect simnvr.Dialect, clock *testClock, change ...func(*simnvr.Config)) *simnvr.Recorder {
	t.Helper()
	cfg := simnvr.Config{
		IP: "127.0.77.11", Dialect: dialect, Serial: "SIM-NVR-0001", User: user, Password: secret, ONVIF: true,
		Zone: ict, ClockOffset: -7 * time.Minute, Now: clock.Now, Log: slog.New(slog.DiscardHandler), Speed: 1000,
		Channels: []simnvr.Channel{
			{Name: "Cổng & đường", Home: load(t, "home-07"), Passes: every, Online: true},
			{Name: "Sân", Home: load(t, "home-04"), Passes: every, Online: true},
			{Name: "Kho", Home: load(t, "home-02"), Passes: every},
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	rec, err := simnvr.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	if err := rec.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return rec
}

var (
	realmOf = regexp.MustCompile(`realm="([^"]*)"`)
	nonceOf = regexp.MustCompile(`nonce="([^"]*)"`)
)

// ask sends a request, and once more with a digest (RFC 2617 with qop) when it is
// asked for one. It is written apart from the recorder's own digest.
func ask(t *testing.T, method, url, body, password string) (int, http.Header, string) {
	t.Helper()
	code, header, text := send(t, method, url, body, "")
	challenge := header.Get("WWW-Authenticate")
	if code != http.StatusUnauthorized || challenge == "" {
		return code, header, text
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	uri, sum := "/"+path, func(s string) string { m := md5.Sum([]byte(s)); return hex.EncodeToString(m[:]) }
	realm, nonce := realmOf.FindStringSubmatch(challenge)[1], nonceOf.FindStringSubmatch(challenge)[1]
	response := sum(sum(user+":"+realm+":"+password) + ":" + nonce + ":00000001:abcdef:auth:" + sum(method+":"+uri))
	return send(t, method, url, body, fmt.Sprintf(
		`Digest username="%s", realm="%s", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="abcdef", response="%s"`, user, realm, nonce, uri, response))
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	code, _, text := ask(t, http.MethodGet, url, "", secret)
	return code, text
}

func send(t *testing.T, method, url, body, authorization string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s: no %q in\n%s", what, p, text)
		}
	}
}

func loadFuzz(f *testing.F) *scene.Home {
	f.Helper()
	home, err := scene.Load("home-01")
	if err != nil {
		f.Fatal(err)
	}
	return home
}
