package store

// Check lets the fuzzer at what decides over requests.
var Check = (*Store).check

// Bucket names the footage bucket.
func (s *Store) Bucket() string { return s.bucket }
