package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	camera "xulang.vn/camera"
)

// Run pulls until ctx ends, and then returns nil. It returns an error at once
// when the address cannot be one of a camera.
func (i *Ingest) Run(ctx context.Context) error {
	configured, err := parseAddress(i.cfg.URL) // of which the log shows the host: paths and queries of some makers hold a password
	if err != nil {
		return err
	}
	address := configured
	var wait pause
	var out outcome
	refusals := 0
	for ctx.Err() == nil {
		began := i.now()
		if out.trouble == notReached || out.trouble == doubted || !out.started && address != configured {
			address = i.where(ctx, address, configured)
		}
		out = i.session(ctx, address)
		if ctx.Err() != nil {
			if out.started {
				i.r.Stop(camera.CauseAgentOff, "agent is stopping")
			}
			break
		}
		if out.trouble != refused {
			refusals = 0
		} else if refusals++; refusals < mostRefusals {
			i.log.Warn("camera refused the password, trying once more", "address", address.Host)
			if i.sleep(ctx, shortest) {
				refusals = 0
			}
			continue
		}
		i.log.Warn("no footage", "address", address.Host, "cause", string(out.cause), "detail", out.detail)
		i.r.Stop(out.cause, out.detail)
		if refusals == mostRefusals {
			i.sleep(ctx, forever)
			refusals, wait = 0, pause{}
			continue
		}
		if i.sleep(ctx, wait.next(out, i.now().Sub(began))) {
			refusals, wait = 0, pause{}
		}
	}
	return nil
}

// findTimeout keeps a slow answer from delaying the dials.
const findTimeout = time.Second

// where asks for the camera's present address; last is the one that was dialled.
func (i *Ingest) where(ctx context.Context, last, configured *base.URL) *base.URL {
	if i.cfg.Find == nil {
		return configured
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	text, ok := i.cfg.Find(ctx)
	if !ok {
		return configured
	}
	found, err := parseAddress(text)
	if err != nil {
		i.log.Warn("the camera's new address cannot be used", "error", err)
		return configured
	}
	if found.String() != last.String() {
		i.log.Info("camera is at another address", "address", found.Host, "before", last.Host)
	}
	return found
}

// forever makes sleep wait for new credentials only.
const forever = time.Duration(-1)

// sleep waits for the time, the end of ctx or new credentials, and tells whether
// it was the last.
func (i *Ingest) sleep(ctx context.Context, d time.Duration) bool {
	var after <-chan time.Time
	if d != forever {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-ctx.Done():
	case <-after:
	case <-i.changed:
		return true
	}
	return false
}

// parseAddress reads the address; its errors do not repeat it, since it may hold
// a password that was put there by mistake.
func parseAddress(s string) (*base.URL, error) {
	u, err := base.ParseURL(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read camera address: not an RTSP URL")
	case u.User != nil:
		return nil, fmt.Errorf("read camera address: it holds credentials, which belong beside it")
	case u.Hostname() == "":
		return nil, fmt.Errorf("read camera address: no host")
	}
	return u, nil
}
