package simnvr

import "sync"

// seat is what a session takes.
type seat int

const (
	liveSeat seat = iota
	playbackSeat
)

// seats are those that the recorder has.
type seats struct {
	most [2]int

	mu    sync.Mutex
	taken [2]int
}

func (s *seats) full(kind seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[kind] >= s.most[kind]
}

// take reports whether there was one left.
func (s *seats) take(kind seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[kind] >= s.most[kind] {
		return false
	}
	s.taken[kind]++
	return true
}

func (s *seats) free(kind seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[kind]--
}

func (s *seats) count(kind seat) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[kind]
}
