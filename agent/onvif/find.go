package onvif

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	camera "xulang.vn/camera"
)

// Progress counts addresses.
type Progress struct{ Tried, Total int }

// Limits of a search.
const (
	mostAddresses  = 254 // of one network
	addressesAtNow = 16  // tried at the same time, each on all ports
)

// finder is one search.
type finder struct {
	cfg      Config
	plain    *http.Client // without a login
	log      *slog.Logger
	ports    []int
	patience time.Duration
}

func newFinder(cfg Config) *finder {
	f := &finder{cfg: cfg, plain: cfg.Guard.Client("", "", callTimeout), log: cfg.Log.With("room", "onvif"), ports: cfg.Ports, patience: cfg.Patience}
	if len(f.ports) == 0 {
		f.ports = usualPorts
	}
	if f.patience == 0 {
		f.patience = discoveryTime
	}
	return f
}

// mayContact tells whether an address is in a network of this search and passes the
// guard.
func (f *finder) mayContact(a netip.Addr) bool {
	a = a.Unmap()
	return slices.ContainsFunc(f.cfg.Networks, func(n netip.Prefix) bool { return n.Contains(a) }) && f.cfg.Guard.Check(a) == nil
}

// Find looks for cameras and recorders in the confirmed networks: it asks by
// WS-Discovery, then tries at most 254 addresses of each network on a few ports and
// looks at what answers, without any login. Report is called one at a time, with a
// device when there is a new one.
func Find(ctx context.Context, cfg Config, report func(Progress, *Found)) error {
	f := newFinder(cfg)
	defer f.plain.CloseIdleConnections()
	addresses := f.addresses()
	progress := Progress{Total: len(addresses)}
	report(progress, nil)
	hints, err := f.discover(ctx, addresses)
	if err != nil {
		return fmt.Errorf("find devices: %w", err)
	}
	byAddress := map[netip.Addr][]hint{}
	for _, h := range hints {
		a := h.at.Addr()
		if byAddress[a] = append(byAddress[a], h); !slices.Contains(addresses, a) {
			addresses = append(addresses, a) // IPv4 of a larger network
		}
	}
	progress.Total = len(addresses)
	// Who answered first is looked at first.
	slices.SortStableFunc(addresses, func(a, b netip.Addr) int { return min(1, len(byAddress[b])) - min(1, len(byAddress[a])) })

	var mu sync.Mutex
	var wait sync.WaitGroup
	next := make(chan netip.Addr)
	for range addressesAtNow {
		wait.Go(func() {
			for a := range next {
				found := f.try(ctx, a, byAddress[a])
				mu.Lock()
				progress.Tried++
				for i := range found {
					report(progress, &found[i])
				}
				if len(found) == 0 {
					report(progress, nil)
				}
				mu.Unlock()
			}
		})
	}
	for _, a := range addresses {
		select {
		case next <- a:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return camera.Errorf(camera.CodeUnavailable, "find devices: %w", err)
	}
	return nil
}

// addresses are those to try: all of each IPv4 network that has at most 254.
func (f *finder) addresses() []netip.Addr {
	var all []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, n := range f.cfg.Networks {
		if !n.Addr().Is4() || n.Bits() < 24 {
			continue
		}
		count := 0
		for a := n.Masked().Addr(); n.Contains(a) && count < mostAddresses; a = a.Next() {
			if !seen[a] && f.cfg.Guard.Check(a) == nil {
				seen[a] = true
				all = append(all, a)
				count++
			}
		}
	}
	return all
}
