package lan

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Recorders lock their family out for half an hour after five to seven wrong
// passwords, whoever sent them: a person, a picture that is asked for again and
// again, or the search for a recorder that moved. So one guard counts for all of its
// clients.
const (
	mostRefused  = 2 // of one login at one device
	refusedFor   = 30 * time.Minute
	mostRemember = 4096
)

// memory counts refused logins. It holds no password, only salted hashes.
type memory struct {
	now  func() time.Time
	salt [16]byte

	mu  sync.Mutex
	all map[[sha256.Size]byte]refusals // guarded by mu
}

type refusals struct {
	count int
	last  time.Time
}

func newMemory(now func() time.Time) *memory {
	if now == nil {
		now = time.Now
	}
	m := &memory{now: now, all: map[[sha256.Size]byte]refusals{}}
	_, _ = rand.Read(m.salt[:]) // never fails (crypto/rand)
	return m
}

func (m *memory) key(host, username, password string) [sha256.Size]byte {
	h := sha256.New()
	h.Write(m.salt[:])
	for _, s := range []string{host, username, password} {
		n := sha256.Sum256([]byte(s)) // of one length, so that no two logins run together
		h.Write(n[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// MayTry tells whether a login may be sent to a device (host and port): not after it
// was refused twice, until half an hour has passed.
func (g *Guard) MayTry(host, username, password string) bool {
	m := g.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.all[m.key(host, username, password)]
	return !ok || r.count < mostRefused || m.now().Sub(r.last) >= refusedFor
}

// Refused counts one refusal. Clients count theirs; logins that are no HTTP
// authentication are counted by whoever sends them.
func (g *Guard) Refused(host, username, password string) {
	m := g.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if len(m.all) >= mostRemember {
		for k, r := range m.all {
			if now.Sub(r.last) >= refusedFor {
				delete(m.all, k)
			}
		}
	}
	key := m.key(host, username, password)
	r := m.all[key]
	if now.Sub(r.last) >= refusedFor {
		r.count = 0
	}
	m.all[key] = refusals{r.count + 1, now}
}

// Worked forgets the refusals of a login.
func (g *Guard) Worked(host, username, password string) {
	m := g.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, m.key(host, username, password))
}
