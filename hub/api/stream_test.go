package api_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/hub/api"
)

// listener reads an event stream.
type listener struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Scanner
}

// listen opens the case's event stream, as a page does.
func (l *lane) listen(who string) *listener {
	l.t.Helper()
	return l.listenAt(http.DefaultClient, l.url, who)
}

func (l *lane) listenAt(client *http.Client, url, who string) *listener {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, url+"/api/v1/cases/"+l.caseID+"/trace/events", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.AddCookie(l.cookies[who])
	resp, err := client.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { resp.Body.Close() })
	return &listener{l.t, resp, bufio.NewScanner(resp.Body)}
}

// next is the next event as "name data"; "" at the end of the stream. Progress is left
// out unless it is wanted.
func (s *listener) next(progress bool) string {
	s.t.Helper()
	event := ""
	for s.in.Scan() {
		switch name, value, _ := strings.Cut(s.in.Text(), ": "); name {
		case "event":
			event = value
		case "data":
			if progress || event != "progress" {
				return event + " " + value
			}
		}
	}
	return ""
}

// beat waits for a sign of life.
func (s *listener) beat() bool {
	for s.in.Scan() {
		if s.in.Text() == ":" {
			return true
		}
	}
	return false
}

// TestTwoOfficersHearOfEachOther also after one of them was cut off.
func TestTwoOfficersHearOfEachOther(t *testing.T) {
	l := newLane(t)
	early := l.listen(second)
	if early.resp.StatusCode != http.StatusOK || early.resp.Header.Get("Content-Type") != "text/event-stream" || early.resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("stream: %d %v", early.resp.StatusCode, early.resp.Header)
	}
	l.start()
	if got := early.next(false); got != `changed {"by":"Cán bộ","version":1}` {
		t.Errorf("after the start: %s", got)
	}
	late := l.listen(officer)
	if got := late.next(false); got != `changed {"version":1}` {
		t.Errorf("at first: %s", got)
	}
	l.ask(second, http.MethodPost, "/marks", l.clip("not-seen", "A", 0, time.Minute, ""), http.StatusCreated, nil)
	for _, s := range []*listener{early, late} {
		if got := s.next(false); got != `changed {"by":"Cán bộ thứ hai","version":2}` {
			t.Errorf("after a mark: %s", got)
		}
	}
	late.resp.Body.Close()
	l.ask(second, http.MethodPost, "/marks", l.clip("not-seen", "B", 0, time.Minute, ""), http.StatusCreated, nil)
	if got := l.listen(officer).next(false); got != `changed {"version":3}` {
		t.Errorf("read anew: %s", got)
	}
	if got := early.next(false); got != `changed {"by":"Cán bộ thứ hai","version":3}` {
		t.Errorf("after another mark: %s", got)
	}
	if got := l.do(officer, http.MethodPost, "/api/v1/cases/"+l.caseID+"/close", ""); got.status != http.StatusOK {
		t.Fatalf("close: %d %s", got.status, got.body)
	}
	if got := early.next(false); got != "" {
		t.Errorf("after the case was closed: %s", got)
	}
	if again := l.listen(second); again.resp.StatusCode != http.StatusForbidden {
		t.Errorf("stream of a closed case: %d", again.resp.StatusCode)
	}
}

// TestProgressOfATrace is told while it is built.
func TestProgressOfATrace(t *testing.T) {
	l := newLane(t)
	stream := l.listen(second)
	began := make(chan struct{})
	go func() {
		defer close(began)
		l.start()
	}()
	var done, of int
	for first := true; ; first = false {
		got := stream.next(true)
		if strings.HasPrefix(got, "changed") {
			if first {
				t.Error("no progress before the change")
			}
			break
		}
		if _, err := fmt.Sscanf(got, `progress {"done":%d,"of":%d}`, &done, &of); err != nil || done > of || of == 0 {
			t.Fatalf("progress: %q %v", got, err)
		}
	}
	<-began
}

// TestStreamOutlivesARequest: the bound on a request's body does not end it, whichever
// HTTP it is.
func TestStreamOutlivesARequest(t *testing.T) {
	const within = 300 * time.Millisecond
	l := newLane(t, func(c *api.Config) { c.Within, c.Beat = within, 20*time.Millisecond })
	l.start()
	second := httptest.NewUnstartedServer(api.New(l.cfg))
	second.EnableHTTP2 = true
	second.StartTLS()
	defer second.Close()
	streams := map[string]*listener{"HTTP/1.1": l.listen(officer), "HTTP/2.0": l.listenAt(second.Client(), second.URL, officer)}
	for name, stream := range streams {
		if stream.resp.Proto != name {
			t.Fatalf("%s instead of %s", stream.resp.Proto, name)
		}
		for began := time.Now(); time.Since(began) < 3*within; {
			if !stream.beat() {
				t.Fatalf("%s: the stream ended: %v", name, stream.in.Err())
			}
		}
	}
	l.ask(officer, http.MethodPost, "/marks", l.clip("not-seen", "A", 0, time.Minute, ""), http.StatusCreated, nil)
	for name, stream := range streams {
		if got := stream.next(false); got == "" {
			t.Errorf("%s: the stream ended: %v", name, stream.in.Err())
		}
		stream.resp.Body.Close()
	}
}

func TestStreamEndsWithTheSession(t *testing.T) {
	l := newLane(t, func(c *api.Config) { c.Beat = 20 * time.Millisecond })
	l.start()
	stream := l.listen(second)
	if !stream.beat() {
		t.Fatal("no sign of life")
	}
	if got := l.do(second, http.MethodDelete, "/api/v1/session", ""); got.status != http.StatusNoContent {
		t.Fatalf("sign out: %d", got.status)
	}
	for stream.beat() {
	}
	if err := stream.in.Err(); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	if again := l.listen(second); again.resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("stream without a session: %d", again.resp.StatusCode)
	}
}

func TestStreamEndsWithTheHub(t *testing.T) {
	ending := make(chan struct{})
	l := newLane(t, func(c *api.Config) { c.Ending = ending })
	l.start()
	stream := l.listen(officer)
	if got := stream.next(false); got == "" {
		t.Fatal("no stream")
	}
	close(ending)
	if got := stream.next(false); got != "" || stream.in.Err() != nil {
		t.Errorf("after the hub's end: %q, %v", got, stream.in.Err())
	}
}

// TestStreamsOfOnePerson are bounded, and counted again when they end.
func TestStreamsOfOnePerson(t *testing.T) {
	l := newLane(t, func(c *api.Config) { c.Beat = 20 * time.Millisecond })
	l.start()
	var open []*listener
	for len(open) < 20 {
		s := l.listen(officer)
		if s.resp.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %d", len(open)+1, s.resp.StatusCode)
		}
		open = append(open, s)
	}
	if s := l.listen(officer); s.resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %d", s.resp.StatusCode)
	}
	if s := l.listen(second); s.resp.StatusCode != http.StatusOK {
		t.Errorf("of somebody else: %d", s.resp.StatusCode)
	}
	open[0].resp.Body.Close()
	for deadline := time.Now().Add(10 * time.Second); l.listen(officer).resp.StatusCode != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("a stream that ended counts on")
		}
	}
}
