package onvif

import (
	"context"
	"fmt"
	"net/netip"

	camera "xulang.vn/camera"
)

// mostTries is how many devices of the same maker are tried with a stored login in
// one search for a lost one.
const mostTries = 8

// Locate finds a device again that has another address than before: who it is, is
// its serial. Where a device tells its serial to anybody, that decides; others of
// the same maker and dialect are tried with the stored login, each once, and by
// digest only, so that none is told the password. CodeNotFound when it is nowhere.
// A device that refused this login twice is not tried again for half an hour, however
// often it is searched.
func Locate(ctx context.Context, cfg Config, serial string, last Found, username, password string) (Found, error) {
	if serial == "" {
		return Found{}, camera.Errorf(camera.CodeBadRequest, "locate: no serial")
	}
	l := &locator{cfg: cfg, serial: serial, last: last, username: username, password: func() string { return password }, tried: map[netip.AddrPort]bool{}}
	f := newFinder(cfg)
	defer f.plain.CloseIdleConnections()
	if last.Address.IsValid() && f.mayContact(last.Address) {
		at := netip.AddrPortFrom(last.Address, uint16(last.port()))
		if seen, ok := f.look(ctx, at, hint{at: at, xaddr: last.XAddr}); ok {
			if found, ok := l.same(ctx, seen); ok {
				return found, nil
			}
		}
	}
	var all []Found
	err := Find(ctx, cfg, func(_ Progress, seen *Found) {
		if seen != nil {
			all = append(all, *seen)
		}
	})
	if err != nil {
		return Found{}, fmt.Errorf("locate: %w", err)
	}
	for _, seen := range all {
		if seen.Serial == serial {
			return seen, nil
		}
	}
	for _, seen := range all {
		if found, ok := l.same(ctx, seen); ok {
			return found, nil
		}
	}
	return Found{}, camera.Errorf(camera.CodeNotFound, "locate: device is not in the confirmed networks")
}

// locator is one search for a lost device.
type locator struct {
	cfg      Config
	serial   string
	last     Found
	username string
	password func() string
	tried    map[netip.AddrPort]bool
}

// same tells whether a device is the lost one, by a login when it does not say.
func (l *locator) same(ctx context.Context, seen Found) (Found, bool) {
	if seen.Serial != "" {
		return seen, seen.Serial == l.serial
	}
	at := netip.AddrPortFrom(seen.Address, uint16(seen.port()))
	if l.username == "" || seen.Dialect != l.last.Dialect || seen.Dialect == RTSP || l.tried[at] || len(l.tried) >= mostTries {
		return Found{}, false
	}
	if l.last.Brand != "" && seen.Brand != "" && l.last.Brand != seen.Brand {
		return Found{}, false
	}
	// A refusal is remembered: a search that is made again does not lock the family out
	// of a recorder whose password they changed.
	if !l.cfg.Guard.MayTry(at.String(), l.username, l.password()) {
		return Found{}, false
	}
	l.tried[at] = true
	d, err := open(ctx, l.cfg, seen, l.username, l.password(), l.cfg.Guard.DigestClient(l.username, l.password(), callTimeout))
	if err != nil || d.Serial() != l.serial {
		return Found{}, false // another device; that it refuses is no news
	}
	return d.Found(), true
}
