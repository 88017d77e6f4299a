package link

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

const (
	whyLongest   = 10 * time.Second // for Config.Why
	pardonPeriod = 30 * time.Second // between two hellos of a device in quarantine
)

// Trouble says why there is no link, when that is nobody's absence:
// CodeBadCertificate (what answers is not the hub that the agent joined, or this
// machine's clock is far off), CodeForbidden (the hub does not know the device any
// more: it was revoked, or the household has left), CodeQuarantined (two boxes came
// with this identity), or what Config.Why found. It is "" when the link stands, and
// while the hub is merely not reached.
func (l *Link) Trouble() camera.Code {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trouble
}

func (l *Link) setTrouble(code camera.Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = code
}

// failed looks at why a connection could not be made. What has no reason of these
// leaves the last one: a revoked device stays revoked while the hub restarts.
func (l *Link) failed(err error) {
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		l.mu.Lock()
		if l.trouble != camera.CodeQuarantined { // which Why may have found
			l.trouble = camera.CodeForbidden
		}
		l.mu.Unlock()
		select {
		case l.refused <- struct{}{}:
		default: // it is being asked for already
		}
	case badCertificate(err):
		l.setTrouble(camera.CodeBadCertificate)
	}
}

// askWhy finds out more about a refused login.
func (l *Link) askWhy(ctx context.Context) {
	if l.cfg.Why == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, whyLongest)
	defer cancel()
	code := l.cfg.Why(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if code != "" && !l.up {
		l.trouble = code
	}
}

// quarantined ends what rests on an acknowledged hello. The next hello finds out
// whether it still is so.
func (l *Link) quarantined() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = camera.CodeQuarantined
	l.epoch++
}

// helloWait is the time to the next hello after one that was not acknowledged.
func (l *Link) helloWait() time.Duration {
	if l.Trouble() == camera.CodeQuarantined {
		return pardonPeriod
	}
	return helloAgain
}
