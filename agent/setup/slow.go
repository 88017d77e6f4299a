package setup

import (
	"net/netip"
	"sync"
	"time"
)

// Wrong codes cost time: each caller has some for nothing, then waits twice as long
// after each one. All callers together wait as well, but never long: a stranger on
// the network must not keep the household out.
const (
	freeOfOne   = 5
	freeOfAll   = 30
	waitOfOne   = 5 * time.Minute // at most
	waitOfAll   = 20 * time.Second
	waitFirst   = 2 * time.Second
	forgetAfter = time.Hour // without a wrong one
	callersMost = 512
)

type slow struct {
	mu      sync.Mutex
	callers map[netip.Prefix]*patience
	all     patience
}

type patience struct {
	wrong       int
	last, until time.Time
}

// attempt tells whether the code is right; while the caller has to wait, wait is
// more than 0 and the code is not looked at.
func (s *slow) attempt(caller netip.Addr, now time.Time, right func() bool) (ok bool, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := neighbour(caller)
	one := s.of(who, now)
	if wait = max(one.until.Sub(now), s.all.until.Sub(now)); wait > 0 {
		return false, wait
	}
	if right() {
		delete(s.callers, who)
		return true, 0
	}
	one.fail(now, freeOfOne, waitOfOne)
	s.all.fail(now, freeOfAll, waitOfAll)
	return false, 0
}

func (p *patience) fail(now time.Time, free int, most time.Duration) {
	if now.Sub(p.last) > forgetAfter {
		p.wrong = 0
	}
	p.wrong++
	p.last = now
	if over := p.wrong - free; over >= 0 {
		p.until = now.Add(min(waitFirst<<min(over, 10), most))
	}
}

// of finds a caller's patience; the one that was wrong longest ago makes room.
func (s *slow) of(who netip.Prefix, now time.Time) *patience {
	if s.callers == nil {
		s.callers = map[netip.Prefix]*patience{}
	}
	if p := s.callers[who]; p != nil {
		return p
	}
	for len(s.callers) >= callersMost {
		var oldest netip.Prefix
		for key, p := range s.callers {
			if !oldest.IsValid() || p.last.Before(s.callers[oldest].last) {
				oldest = key
			}
		}
		delete(s.callers, oldest)
	}
	p := &patience{last: now}
	s.callers[who] = p
	return p
}

// neighbour is what counts as one caller: an IPv4 address, or an IPv6 network, of
// which one machine has as many addresses as it likes.
func neighbour(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // never fails: bits fit
	return p
}
