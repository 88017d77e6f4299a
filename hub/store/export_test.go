package store

import "time"

// Check lets the fuzzer at what decides over requests.
var Check = (*Store).check

// Bucket names the footage bucket.
func (s *Store) Bucket() string { return s.bucket }

// SetPatience shortens how long the object store may make one wait.
func (s *Store) SetPatience(most time.Duration) { s.patience = most }
