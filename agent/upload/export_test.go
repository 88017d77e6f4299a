package upload

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// SetPace makes waiting quick.
func SetPace(u *Uploader, first, idle time.Duration) { u.first, u.longest, u.idle = first, first, idle }

// SetPatience makes what hangs be given up soon.
func SetPatience(u *Uploader, stall, ask time.Duration) { u.stall, u.askMost = stall, ask }

// Remembered is how many segments the uploader keeps anything of.
func Remembered(u *Uploader) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.plan) + len(u.busy) + len(u.arrived) + len(u.trials)
}

// Request is the PUT that a slot makes.
func Request(ctx context.Context, hub *url.URL, slot camera.Slot, size int64) (*http.Request, error) {
	return request(ctx, hub, &job{Upload: Upload{Segment: camera.Segment{Size: size}}, slot: slot}, strings.NewReader(""))
}
