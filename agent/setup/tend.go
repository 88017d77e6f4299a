package setup

import (
	"context"
	"time"
)

// How often what the hub does not have is tried again, and how long one try takes. A
// receipt can come to the hub before the camera does: it waits for the next look.
const (
	tendEvery  = 10 * time.Second
	tendWithin = time.Minute
)

// tend brings to the hub what it missed, and checks daily where the cameras look.
func (s *server) tend(ctx context.Context) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, joined := s.Agent.Member(); joined {
			s.delivering.Lock() // who asked us to look is still at it
			s.bring(ctx, tendWithin)
			s.delivering.Unlock()
		}
		s.checkDaily(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// poke lets tend look now.
func (s *server) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
