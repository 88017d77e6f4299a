package spool

import "time"

// Usage tells how full the spool is.
type Usage struct {
	Used    int64   // bytes of committed files
	Most    int64   // bytes that they may take
	Held    int64   // bytes of them that a want holds
	Waiting int     // segments whose fingerprints or bytes have to reach the hub and have not
	Days    float64 // how far back the ring reaches when it is full, at the present rate; 0: not known yet
}

// Usage is cheap.
func (s *Spool) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := Usage{Used: s.book.used, Most: s.limits.Bytes, Held: s.book.shelves.held, Waiting: len(s.book.shelves.fresh)}
	for _, q := range s.book.shelves.uploads {
		u.Waiting += len(q)
	}
	if perDay := s.book.rate.perDay(s.now()); perDay > 0 {
		u.Days = float64(max(u.Most-u.Held, 0)) / perDay
		if s.limits.Days > 0 {
			u.Days = min(u.Days, float64(s.limits.Days))
		}
	}
	return u
}

// rateLeast is how long must have been recorded before a rate is told: less is
// mostly the beginning of something.
const rateLeast = 10 * time.Minute

// rate counts what was recorded in the last day, by the hour (Unix) in which it
// ended. What leaves the ring stays counted.
type rate map[int64]*hour

type hour struct{ bytes, first int64 } // first: earliest start, Unix ms

func (r rate) add(f *footage) {
	n := f.end / time.Hour.Milliseconds()
	h, ok := r[n]
	if !ok {
		h = &hour{first: f.start}
		r[n] = h
		r.forget()
	}
	h.bytes += int64(f.size)
	h.first = min(h.first, f.start)
}

// forget keeps the newest hours: old ones and, of a clock that was ahead, some
// that are yet to come.
func (r rate) forget() {
	for len(r) > 48 {
		oldest := int64(1<<63 - 1)
		for n := range r {
			oldest = min(oldest, n)
		}
		delete(r, oldest)
	}
}

// perDay is in bytes; 0: not known.
func (r rate) perDay(now time.Time) float64 {
	until := now.UnixMilli()
	first, bytes := until, int64(0)
	for n, h := range r {
		if start := n * time.Hour.Milliseconds(); start <= until && until-start < 24*time.Hour.Milliseconds() {
			bytes += h.bytes
			first = min(first, h.first)
		}
	}
	span := time.Duration(until-first) * time.Millisecond
	if span < rateLeast {
		return 0
	}
	return float64(bytes) / (span.Hours() / 24)
}
