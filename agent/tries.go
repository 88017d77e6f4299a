package agent

import (
	"net/url"
	"sync"

	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/lan"
)

// tries counts the passwords that cameras refuse over RTSP together with those that
// they refuse over HTTP: a recorder with eight channels is one device, and shows its
// family the door after five wrong ones.
type tries struct {
	guard *lan.Guard

	mu    sync.Mutex
	turns map[string]chan struct{} // by device and name: a token while somebody tries
}

func (t *tries) turn(name string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.turns == nil {
		t.turns = map[string]chan struct{}{}
	}
	turn, ok := t.turns[name]
	if !ok {
		turn = make(chan struct{}, 1)
		t.turns[name] = turn
	}
	return turn
}

// of is the try of one camera's login (ingest.Config.Try).
func (t *tries) of(cam Camera) func(<-chan struct{}) (func(ingest.Verdict), bool) {
	device := cam.device()
	return func(stop <-chan struct{}) (func(ingest.Verdict), bool) {
		turn := t.turn(device + "\n" + cam.Username)
		select {
		case turn <- struct{}{}:
		case <-stop:
			return nil, false
		}
		if !t.guard.MayTry(device, cam.Username, cam.Password) {
			<-turn
			return nil, false
		}
		return func(v ingest.Verdict) {
			switch v {
			case ingest.Taken:
				t.guard.Worked(device, cam.Username, cam.Password)
			case ingest.Refused:
				t.guard.Refused(device, cam.Username, cam.Password)
			}
			<-turn
		}, true
	}
}

// device is what counts as one: where a recorder answers HTTP, under which its other
// clients count; else the camera's own address.
func (c Camera) device() string {
	if c.login != "" {
		return c.login
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return u.Host
}
