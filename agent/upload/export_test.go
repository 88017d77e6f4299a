package upload

import "time"

// SetPace makes waiting quick.
func SetPace(u *Uploader, first, idle time.Duration) { u.first, u.longest, u.idle = first, first, idle }
