package cert

import (
	"context"
	"time"
)

// Tend does once what Run does again and again.
func Tend(ctx context.Context, c *Certs) time.Duration { return c.source.tend(ctx) }

var ListenWith = listen
