package setup

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Limits of sessions. They live in memory: a restart asks for the code again.
const (
	sessionLasts = 24 * time.Hour
	sessionsMost = 32
)

// sessions knows the hashes of tokens, so that no dump of memory tells one.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]time.Time // until when
}

// begin makes a token; the session that ends first goes when there are too many.
func (s *sessions) begin(now time.Time) (token string, until time.Time) {
	token, until = rand.Text(), now.Add(sessionLasts) // 130 bits
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[sha256.Size]byte]time.Time{}
	}
	for len(s.open) >= sessionsMost {
		var first [sha256.Size]byte
		var ends time.Time
		for key, at := range s.open {
			if ends.IsZero() || at.Before(ends) {
				first, ends = key, at
			}
		}
		delete(s.open, first)
	}
	s.open[sha256.Sum256([]byte(token))] = until
	return token, until
}

func (s *sessions) valid(token string, now time.Time) bool {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.open[key]
	if ok && !now.Before(until) {
		delete(s.open, key)
		return false
	}
	return ok
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(token)))
}
