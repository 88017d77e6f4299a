package agent

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/onvif"
	"xulang.vn/camera/agent/setup"
)

// Routers give addresses anew. A recorder whose cameras are all away is looked for by
// its serial, and the book gets its new address.
const (
	healEach  = 30 * time.Second // between two looks at what is away
	awayFor   = time.Minute      // so long before it is looked for
	healAgain = 5 * time.Minute  // between two searches: some devices are asked with the stored password
	hubEach   = 10 * time.Minute // between two looks at where the hub is
)

// heal looks for lost recorders until ctx ends, and keeps the hub's addresses barred.
func (b *box) heal(ctx context.Context) error {
	tick := time.NewTicker(healEach)
	defer tick.Stop()
	searched := map[string]time.Time{}
	var asked time.Time
	for {
		if now := b.out.Now(); now.Sub(asked) >= hubEach && b.barHub(ctx) {
			asked = now
		}
		for _, r := range b.lost() {
			if b.out.Now().Sub(searched[r.ID]) >= healAgain {
				searched[r.ID] = b.out.Now()
				b.find(ctx, r)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lost are the recorders none of whose shared cameras answers.
func (b *box) lost() []home.Recorder {
	a, err := b.working()
	if err != nil {
		return nil
	}
	book := b.store.Book()
	var out []home.Recorder
	for _, r := range book.Recorders {
		shared, away := 0, 0
		for _, c := range book.Cameras {
			rec, ok := a.cameras.get(c.ID)
			if c.Recorder != r.ID || !ok || c.Consent.Paused {
				continue // a paused one does not tell
			}
			shared++
			if rec.away(b.out.Now()) >= awayFor {
				away++
			}
		}
		if shared > 0 && shared == away && !r.Nameless() { // what has no name cannot be known again
			out = append(out, r)
		}
	}
	return out
}

// find looks for a recorder, and writes down where it is now.
func (b *box) find(ctx context.Context, r home.Recorder) {
	last, err := foundOf(r)
	if err != nil {
		return
	}
	networks, err := Config{Networks: b.store.Book().Networks}.prefixes()
	if err != nil || len(networks) == 0 {
		return
	}
	now, err := onvif.Locate(ctx, finder{b}.calls(networks), r.Serial, last, r.Username, r.Password.Reveal())
	if err != nil {
		if ctx.Err() == nil && camera.CodeOf(err) != camera.CodeNotFound {
			b.log.Info("recorder not found again", "recorder", r.ID, "err", err)
		}
		return
	}
	same := func(now, was int) bool { return now == 0 || now == was }
	if now.Address == last.Address && same(now.HTTPPort, last.HTTPPort) && same(now.RTSPPort, last.RTSPPort) {
		return // it is where it was, and is away for another reason
	}
	b.log.Info("recorder is at another address", "recorder", r.ID, "address", now.Address, "before", last.Address)
	if err := b.store.Update(func(book *home.Book) error { return readdress(book, r.ID, now) }); err != nil {
		b.log.Error("write recorder's new address", "err", err)
		return
	}
	if err := b.Apply(ctx); err != nil {
		b.log.Warn("use recorder's new address", "err", err)
	}
}

// readdress moves a recorder and its channels to another host.
func readdress(book *home.Book, id string, now onvif.Found) error {
	r := book.Recorder(id)
	if r == nil {
		return nil // forgotten meanwhile
	}
	ports := map[int]int{}
	for _, port := range []struct{ was, is *int }{{&r.HTTPPort, &now.HTTPPort}, {&r.RTSPPort, &now.RTSPPort}} {
		if *port.is != 0 && *port.was != 0 { // else it was not looked for
			ports[*port.was], *port.was = *port.is, *port.is
		}
	}
	if r.Address = now.Address.String(); now.XAddr != "" {
		r.XAddr = now.XAddr
	}
	for i := range r.Channels {
		c := &r.Channels[i]
		for _, address := range []*string{&c.MainURL, &c.SubURL, &c.SnapshotURL} {
			*address = moved(*address, r.Address, ports)
		}
	}
	return nil
}

// barHub keeps the hub's addresses from being dialled as cameras, and tells whether
// they are known.
func (b *box) barHub(ctx context.Context) bool {
	m, ok := b.Member()
	if !ok {
		return false
	}
	u, err := url.Parse(m.Hub)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return false // tried again; the link does not get there either
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hubAt = found
	return true
}

// hubAddresses are never dialled as cameras.
func (b *box) hubAddresses() []netip.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hubAt
}

// Recorders are what the household's recorders are doing (setup.Agent).
func (b *box) Recorders() []setup.RecorderState {
	a, err := b.working()
	if err != nil {
		return nil
	}
	var all []setup.RecorderState
	for _, p := range a.cameras.recorders() {
		s := setup.RecorderState{ID: p.recorder}
		s.Ahead, _, s.AheadKnown = p.archive.Ahead()
		for _, ch := range p.channels {
			if from := a.pastFrom(ch.Camera); !from.IsZero() && (s.PastFrom.IsZero() || from.Before(s.PastFrom)) {
				s.PastFrom = from
			}
			if r, ok := a.cameras.get(ch.Camera); ok && r.status().State == camera.RecordState(camera.CauseWrongPassword) {
				s.Trouble = camera.CodeWrongPassword
			}
		}
		all = append(all, s)
	}
	return all
}
