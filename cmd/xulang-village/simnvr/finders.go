package simnvr

import (
	"strconv"
	"sync"
)

// finder is one search of Dahua's, with what it has not handed out yet.
type finder struct {
	channel int
	files   []span
}

// finders are those that exist. Recorders have few, and a client that never
// destroys its own runs out of them.
type finders struct {
	mu   sync.Mutex
	last int
	all  map[string]finder
}

const mostFinders = 32

// create gives the name of a new finder, or nothing when there are too many.
func (f *finders) create() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) >= mostFinders {
		return ""
	}
	if f.all == nil {
		f.all = make(map[string]finder)
	}
	f.last++
	id := strconv.Itoa(8136 + f.last)
	f.all[id] = finder{}
	return id
}

// tell gives an existing finder its findings.
func (f *finders) tell(id string, found finder) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.all[id]
	if ok {
		f.all[id] = found
	}
	return ok
}

// next takes up to count files out of the finder.
func (f *finders) next(id string, count int) (finder, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, ok := f.all[id]
	n := min(count, len(all.files))
	if ok {
		f.all[id] = finder{all.channel, all.files[n:]}
	}
	return finder{all.channel, all.files[:n]}, ok
}

func (f *finders) destroy(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.all[id]
	delete(f.all, id)
	return ok
}

// findings are ONVIF's search sessions: tokens, of which the oldest is forgotten
// when there are too many.
type findings struct {
	mu     sync.Mutex
	last   int
	tokens []findingOf
}

// findingOf says which recordings a session asked for; none: all.
type findingOf struct {
	token      string
	recordings []string
	events     *eventScope // nil: it searches recordings
}

// open gives the session its token.
func (f *findings) open(of findingOf) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	of.token = "Search_" + strconv.Itoa(f.last)
	f.tokens = append(f.tokens, of)
	if len(f.tokens) > mostFinders {
		f.tokens = f.tokens[1:]
	}
	return of.token
}

func (f *findings) get(token string, events bool) (findingOf, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tokens {
		if t.token == token && events == (t.events != nil) {
			return t, true
		}
	}
	return findingOf{}, false
}

func (f *findings) end(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, t := range f.tokens {
		if t.token == token {
			f.tokens = append(f.tokens[:i:i], f.tokens[i+1:]...)
			return true
		}
	}
	return false
}
