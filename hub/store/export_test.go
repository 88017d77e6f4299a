package store

import (
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Check lets the fuzzer at what decides over requests.
var Check = (*Store).check

// Bucket names the footage bucket.
func (s *Store) Bucket() string { return s.bucket }

// SetPatience shortens how long the object store may make one wait.
func (s *Store) SetPatience(most time.Duration) { s.patience = most }

// Keys are what the hub's own requests and its links are signed with now.
func (s *Store) Keys() (own, links credentials.Value, err error) {
	if own, err = s.api.GetCreds(); err != nil {
		return own, links, err
	}
	links, err = s.signer.GetCreds()
	return own, links, err
}

// Links is the policy of links.
var Links = Buckets.links

// Session is what mints keys.
type Session = session

// NewSession mints with what a test gives.
func NewSession(mint credentials.Provider, now func() time.Time) *Session {
	return &session{mint: mint, now: now}
}

// Doubt tells of a refusal.
func (s *session) Doubt() { s.doubt() }

// SetClock is the clock of all sessions.
func (s *Store) SetClock(now func() time.Time) {
	for _, session := range s.sessions {
		session.now = now
	}
}
