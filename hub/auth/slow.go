package auth

import (
	"net/netip"
	"sync"
	"time"
)

// How failures slow the next attempt down: after so many free ones it waits 1 s,
// then twice as long each time. It never locks a person out for longer than
// waitMost, so nobody can shut an officer out for good by failing in his name.
const (
	freeLogin   = 5
	freeAddress = 20
	waitMost    = time.Minute
	forgetAfter = 15 * time.Minute
	keysMost    = 10_000 // of each kind
)

// slowDown counts failures in memory; a restart forgets them.
type slowDown struct {
	mu        sync.Mutex
	logins    map[string]failures
	addresses map[string]failures
}

type failures struct {
	n    int
	last time.Time
}

func newSlowDown() *slowDown {
	return &slowDown{logins: map[string]failures{}, addresses: map[string]failures{}}
}

// attempt is one sign-in on its way. It counts as a failure until it succeeds, so
// that a hundred at once do not slip through before the first has failed.
type attempt struct {
	s              *slowDown
	login, address string
}

// begin counts an attempt, or says how long to wait.
func (s *slowDown) begin(login, from string, now time.Time) (attempt, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := attempt{s, login, network(from)}
	if wait := max(s.logins[a.login].wait(freeLogin, now), s.addresses[a.address].wait(freeAddress, now)); wait > 0 {
		return attempt{}, wait
	}
	add(s.logins, a.login, now)
	add(s.addresses, a.address, now)
	return a, 0
}

func (f failures) wait(free int, now time.Time) time.Duration {
	if f.n < free || now.Sub(f.last) >= forgetAfter {
		return 0
	}
	delay := waitMost
	if over := f.n - free; over < 6 {
		delay = time.Second << over
	}
	return max(0, f.last.Add(delay).Sub(now))
}

func add(m map[string]failures, key string, now time.Time) {
	f := m[key]
	if now.Sub(f.last) >= forgetAfter {
		f.n = 0
	}
	if _, known := m[key]; !known && len(m) >= keysMost {
		makeRoom(m, now)
	}
	m[key] = failures{f.n + 1, now}
}

// makeRoom forgets what is old, or else any one key: whoever has ten thousand
// addresses is not stopped here.
func makeRoom(m map[string]failures, now time.Time) {
	for key, f := range m {
		if now.Sub(f.last) >= forgetAfter {
			delete(m, key)
		}
	}
	for key := range m {
		if len(m) < keysMost {
			break
		}
		delete(m, key)
	}
}

// succeed clears the login. Its address keeps the failures of others.
func (a attempt) succeed() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	delete(a.s.logins, a.login)
	takeBack(a.s.addresses, a.address)
}

// forget takes the attempt back: it was neither right nor wrong.
func (a attempt) forget() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	takeBack(a.s.logins, a.login)
	takeBack(a.s.addresses, a.address)
}

func takeBack(m map[string]failures, key string) {
	f, known := m[key]
	switch {
	case !known:
	case f.n <= 1:
		delete(m, key)
	default:
		m[key] = failures{f.n - 1, f.last}
	}
}

// network is what one caller commands: an IPv4 address, or the /64 of an IPv6 one.
func network(from string) string {
	ip, err := netip.ParseAddr(from)
	if err != nil {
		if withPort, err := netip.ParseAddrPort(from); err == nil {
			ip = withPort.Addr()
		} else {
			return from[:min(len(from), 64)]
		}
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return p.String()
}
