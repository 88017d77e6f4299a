package store

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Times of the keys that a session works with. A slot is signed with keys that
// outlive it: with those in hand it lives no longer than they do.
const (
	sessionLife   = 4 * time.Hour
	sessionRenew  = sessionLife / 2
	sessionSpare  = SlotLongest + 5*time.Minute // with less than this left, keys sign nothing more
	sessionAgain  = time.Minute                 // between tries, when the store mints none
	sessionAnswer = 10 * time.Second            // longest wait for new keys
)

// session works with keys that live for hours and hold one policy, minted with the
// long-lived keys by AssumeRole (AWS STS API; MinIO has it at the S3 address). While
// the store mints none, the keys in hand go on. It is a credentials.Provider and
// safe for concurrent use.
type session struct {
	mint credentials.Provider
	now  func() time.Time

	mu     sync.Mutex
	keys   credentials.Value // the last that were minted
	minted time.Time
	next   time.Time // when to mint again
}

func newSession(cfg Config, endpoint, policy string) *session {
	return &session{
		now: time.Now,
		mint: &credentials.STSAssumeRole{
			Client:      &http.Client{Transport: transport(), Timeout: sessionAnswer},
			STSEndpoint: endpoint,
			Options: credentials.STSAssumeRoleOptions{
				AccessKey: cfg.AccessKey, SecretKey: cfg.SecretKey, Location: cfg.Region,
				Policy: policy, DurationSeconds: int(sessionLife.Seconds()),
			},
		},
	}
}

func (s *session) IsExpired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.now().Before(s.next)
}

// Retrieve is there for the interface.
func (s *session) Retrieve() (credentials.Value, error) { return s.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext mints new keys; minio-go calls it when IsExpired says so,
// one call at a time. The context is not used: one caller's end is not the end of
// all who wait for the same keys, and sessionAnswer bounds the wait.
func (s *session) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	keys, err := s.mint.RetrieveWithCredContext(&credentials.CredContext{})
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err == nil {
		s.keys, s.minted, s.next = keys, now, now.Add(min(sessionRenew, keys.Expiration.Sub(now)/2))
		return keys, nil
	}
	if s.keys.Expiration.Sub(now) < sessionSpare {
		return credentials.Value{}, fmt.Errorf("mint keys: %w", err)
	}
	s.next = now.Add(sessionAgain)
	return s.keys, nil
}

// doubt mints again soon: the store has refused a request, as it does when it lost
// the keys that it had minted.
func (s *session) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if soon := s.minted.Add(sessionAgain); soon.Before(s.next) {
		s.next = soon
	}
}

// doubtful tells sessions of every refusal that the hub itself gets. Links have
// other users, whose refusals say nothing.
type doubtful struct {
	http.RoundTripper
	sessions []*session
}

func (d doubtful) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusForbidden {
		for _, s := range d.sessions {
			s.doubt()
		}
	}
	return resp, err
}
