package setup

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// foundMost bounds what a search brings: four networks full of devices.
const foundMost = 1024

// look is the newest search.
type look struct {
	ask chan struct{} // a token: begin

	mu           sync.Mutex // guards what follows
	running      bool
	tried, total int
	found        []home.Recorder // one an address
}

func (s *server) ConfirmNetworks(ctx context.Context, r gen.ConfirmNetworksRequestObject) (gen.ConfirmNetworksResponseObject, error) {
	prefixes, err := s.networks(r.Body.Confirmed)
	if err != nil {
		return nil, err
	}
	before := s.Store.Book().Networks
	if err := s.Finder.Allow(prefixes); err != nil {
		return nil, err
	}
	if err := s.Store.Update(func(b *home.Book) error {
		b.Networks = each(prefixes, netip.Prefix.String)
		return nil
	}); err != nil {
		if back := s.allow(before); back != nil {
			s.Log.Error("allow the networks that were confirmed before", "err", back)
		}
		return nil, err
	}
	return gen.ConfirmNetworks200JSONResponse{StateJSONResponse: s.state()}, s.Agent.Apply(ctx)
}

func (s *server) allow(texts []string) error {
	prefixes, err := s.networks(texts)
	if err != nil {
		return err
	}
	return s.Finder.Allow(prefixes)
}

// networks reads prefixes as people type them; each private and at most a /24. What
// else may not be dialled the Finder knows.
func (s *server) networks(texts []string) ([]netip.Prefix, error) {
	if len(texts) > home.NetworksMost {
		return nil, camera.Errorf(camera.CodeTooMany, "%d networks, at most %d", len(texts), home.NetworksMost)
	}
	out := []netip.Prefix{}
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, camera.Errorf(camera.CodeBadRequest, "a network is no address with its length, such as 192.168.1.0/24")
		}
		p = p.Masked()
		if a := p.Addr(); a.Is4In6() || !a.IsPrivate() && (!a.IsLoopback() || !s.Simulated) || a.BitLen()-p.Bits() > 8 {
			return nil, camera.Errorf(camera.CodeOutsideLAN, "network %s is not private or more than 256 addresses", p)
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// inside refuses an address outside of the confirmed networks before anybody dials it.
func (s *server) inside(b home.Book, at netip.Addr) error {
	prefixes, err := s.networks(b.Networks)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(at) }) {
		return camera.Errorf(camera.CodeOutsideLAN, "address is not in the confirmed networks")
	}
	return nil
}

func (s *server) Search(context.Context, gen.SearchRequestObject) (gen.SearchResponseObject, error) {
	if len(s.Store.Book().Networks) == 0 {
		return nil, camera.Errorf(camera.CodeConflict, "confirm a network first")
	}
	l := &s.look
	l.mu.Lock()
	if !l.running {
		l.running, l.tried, l.total, l.found = true, 0, 0, nil
		l.ask <- struct{}{} // there is room: the last token was taken before running ended
	}
	l.mu.Unlock()
	return gen.Search202JSONResponse{SearchJSONResponse: s.searchJSON()}, nil
}

func (s *server) GetSearch(context.Context, gen.GetSearchRequestObject) (gen.GetSearchResponseObject, error) {
	return gen.GetSearch200JSONResponse{SearchJSONResponse: s.searchJSON()}, nil
}

// runSearches does one search after another, as they are asked for.
func (s *server) runSearches(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.look.ask:
		}
		prefixes, err := s.networks(s.Store.Book().Networks)
		if err == nil {
			err = s.Finder.Search(ctx, prefixes, s.look.report)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("search for recorders", "err", err)
		}
		s.look.mu.Lock()
		s.look.running = false
		s.look.mu.Unlock()
	}
}

func (l *look) report(tried, total int, found *home.Recorder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried, l.total = tried, total
	if found == nil {
		return
	}
	at, err := netip.ParseAddr(found.Address)
	if err != nil {
		return // what has no address cannot be signed in at
	}
	one := *found
	one.Address = at.Unmap().String()
	if i := slices.IndexFunc(l.found, func(r home.Recorder) bool { return r.Address == one.Address }); i >= 0 {
		l.found[i] = one
	} else if len(l.found) < foundMost {
		l.found = append(l.found, one)
	}
}

// at finds what was found at an address.
func (l *look) at(address string) (home.Recorder, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.found, func(r home.Recorder) bool { return r.Address == address })
	if i < 0 {
		return home.Recorder{}, false
	}
	return l.found[i], true
}

func (s *server) searchJSON() gen.SearchJSONResponse {
	b := s.Store.Book()
	l := &s.look
	l.mu.Lock()
	defer l.mu.Unlock()
	return gen.SearchJSONResponse{Running: l.running, Tried: l.tried, Total: l.total, Found: each(l.found, func(f home.Recorder) gen.Found {
		kind := gen.FoundKind(f.Kind)
		if !kind.Valid() {
			kind = gen.FoundKindUnknown
		}
		opened := slices.ContainsFunc(b.Recorders, func(r home.Recorder) bool { return r.Address == f.Address })
		return gen.Found{Address: f.Address, Kind: kind, Brand: optional(f.Brand), Model: optional(f.Model), Name: optional(f.Name), Opened: opened}
	})}
}
