package api

import (
	"context"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// How many of those who have no session yet are answered: a commune that joins in one
// evening is far below it, and a code of 130 bits far beyond. One who floods uses up
// its own share and not that of the others.
const (
	strangersRate  = 20 // a second
	strangersBurst = 300
	strangerRate   = 5 // of one address
	strangerBurst  = 100
	strangersMost  = 4096 // addresses that are remembered
)

// strangers bounds what is asked with an invitation and nothing else.
type strangers struct {
	all *rate.Limiter

	mu  sync.Mutex
	one map[string]*rate.Limiter // by address
}

func newStrangers() *strangers {
	return &strangers{all: rate.NewLimiter(strangersRate, strangersBurst), one: map[string]*rate.Limiter{}}
}

// admit refuses with CodeTooMany.
func (s *strangers) admit(ctx context.Context) error {
	if !s.of(neighbourhood(stringOf(ctx, addressKey))).Allow() || !s.all.Allow() {
		return camera.Errorf(camera.CodeTooMany, "too many strangers ask at a time")
	}
	return nil
}

func (s *strangers) of(address string) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.one[address]
	if l == nil {
		if len(s.one) >= strangersMost {
			clear(s.one) // who floods from so many addresses meets the limit of all
		}
		l = rate.NewLimiter(strangerRate, strangerBurst)
		s.one[address] = l
	}
	return l
}

// neighbourhood is an address, or of IPv6 the /64 in which one machine may have as many
// addresses as it likes.
func neighbourhood(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
