package upload

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	liveLasts    = 2 * time.Second        // a live view runs this long after its last bytes
	rateLeast    = 8 << 10                // bytes per second: below it a segment takes longer than a hub waits for it
	debtMost     = 60                     // seconds of the rate that live bytes may be ahead of it
	pausePoll    = 250 * time.Millisecond // between looks whether a pause is over
	pauseLongest = time.Minute            // in one go, before a put is given up: servers do not wait longer for its next bytes
	pieceMost    = 16 << 10               // bytes that leave at once under a rate
	rateWindow   = 60                     // seconds that Rate looks back
)

// Minute is a time of the day in minutes since midnight. Its text is "HH:MM", up
// to "24:00".
type Minute int

// UnmarshalText reads "HH:MM".
func (m *Minute) UnmarshalText(b []byte) error {
	if len(b) == 5 && b[2] == ':' {
		h, hErr := strconv.ParseUint(string(b[:2]), 10, 8)
		min, mErr := strconv.ParseUint(string(b[3:]), 10, 8)
		if hErr == nil && mErr == nil && min < 60 && h*60+min <= 24*60 {
			*m = Minute(h*60 + min)
			return nil
		}
	}
	return fmt.Errorf("read time of day: %.10q is not HH:MM", b)
}

// MarshalText writes "HH:MM".
func (m Minute) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", m/60, m%60), nil
}

// Hours is a rate for a part of the day. To before From means over midnight, To
// the same as From the whole day.
type Hours struct {
	From, To Minute
	Rate     int64 // bytes per second; 0: no limit
}

func (h Hours) contain(m Minute) bool {
	if h.From < h.To {
		return h.From <= m && m < h.To
	}
	return m >= h.From || m < h.To
}

// Budget paces what leaves the house. Live views come first and never wait; what
// they take is taken from the same rate. It is safe for concurrent use.
type Budget struct {
	hours []Hours
	zone  *time.Location
	now   func() time.Time

	mu     sync.Mutex
	tokens float64   // bytes that may leave now; below zero: owed
	filled time.Time // when tokens was last brought up to date
	live   time.Time // the last live bytes
	asked  []*pass   // puts of asked segments, in the order in which they began
	sent   [rateWindow]int64
	second int64     // since began; sent holds the seconds up to this one
	began  time.Time // with its monotonic reading, which no clock step moves
}

// NewBudget makes a Budget; the first of the hours that contains the time counts,
// outside of all of them there is no limit. A rate below 8 KiB/s is taken for that.
func NewBudget(hours []Hours, zone *time.Location, now func() time.Time) *Budget {
	hours = slices.Clone(hours)
	for i := range hours {
		if hours[i].Rate > 0 {
			hours[i].Rate = max(hours[i].Rate, rateLeast)
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	at := now()
	return &Budget{hours: hours, zone: zone, now: now, began: at, filled: at}
}

// Live tells that n bytes of a live view have left.
func (b *Budget) Live(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.live = now
	b.spend(now, n)
}

// Rate is what was sent over the last minute, live views included, and what is
// allowed now, in bytes per second; 0 allowed: no limit.
func (b *Budget) Rate() (sent, allowed int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.turnTo(now)
	for _, n := range b.sent {
		sent += n
	}
	return sent / rateWindow, b.rate(now)
}

// rate is the one in force.
func (b *Budget) rate(now time.Time) int64 {
	if len(b.hours) == 0 {
		return 0
	}
	t := now.In(b.zone)
	minute := Minute(t.Hour()*60 + t.Minute())
	for _, h := range b.hours {
		if h.contain(minute) {
			return h.Rate
		}
	}
	return 0
}

// spend takes n bytes out of the budget, however little is in it.
func (b *Budget) spend(now time.Time, n int) {
	b.turnTo(now)
	b.sent[b.second%rateWindow] += int64(n)
	if rate := float64(b.fill(now)); rate > 0 {
		b.tokens = max(b.tokens-float64(n), -rate*debtMost)
	}
}

// fill adds what has come in since the last time and gives the rate. What is left
// over is kept for a quarter of a second only: a pause is no credit.
func (b *Budget) fill(now time.Time) int64 {
	rate := float64(b.rate(now))
	b.tokens += rate * max(now.Sub(b.filled).Seconds(), 0)
	b.tokens = max(min(b.tokens, rate/4), -rate*debtMost)
	b.filled = now
	return int64(rate)
}

// turnTo clears the seconds that have passed in silence.
func (b *Budget) turnTo(now time.Time) {
	second := int64(now.Sub(b.began) / time.Second)
	for s := max(b.second, second-rateWindow) + 1; s <= second; s++ {
		b.sent[s%rateWindow] = 0
	}
	b.second = max(b.second, second)
}

func (b *Budget) watched(now time.Time) bool {
	d := now.Sub(b.live)
	return !b.live.IsZero() && d >= 0 && d < liveLasts
}

// busy tells whether only asked segments may go now.
func (b *Budget) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.watched(b.now())
}

// pass is one put's place in the queue for the uplink; its fields are the Budget's.
type pass struct {
	asked    bool
	waited   time.Duration // pauses and waits for the rate
	paused   time.Duration // pauses alone
	reserved int           // bytes taken out of the budget for the piece that is about to leave
}

// enter gives a put its pass, or nil when it may not begin now: while somebody
// watches only asked segments go, one at a time, and while asked ones go no others.
func (b *Budget) enter(asked bool) *pass {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(b.asked) > 0 && (!asked || b.watched(b.now())):
		return nil
	case !asked && b.watched(b.now()):
		return nil
	}
	p := &pass{asked: asked}
	if asked {
		b.asked = append(b.asked, p)
	}
	return p
}

// leave ends a pass and tells how long it paused.
func (b *Budget) leave(p *pass) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = slices.DeleteFunc(b.asked, func(other *pass) bool { return other == p })
	b.tokens += float64(p.reserved)
	p.reserved = 0
	return p.paused
}

// waited is how long a pass was held up.
func (b *Budget) waited(p *pass) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return p.waited
}

// wait returns when the next piece may leave, with its largest size (0: any), or
// with errYield when others took the uplink for too long, or with ctx.
func (b *Budget) wait(ctx context.Context, p *pass) (piece int, err error) {
	var inOneGo time.Duration
	for ctx.Err() == nil {
		d, paused, rate := b.turn(p)
		if d <= 0 {
			if rate > 0 {
				piece = pieceMost
			}
			return piece, nil
		}
		if inOneGo += d; !paused {
			inOneGo = 0
		} else if inOneGo > pauseLongest {
			return 0, errYield
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
	return 0, ctx.Err()
}

// turn is how long a pass has to wait before it asks again; 0: it is its turn.
func (b *Budget) turn(p *pass) (d time.Duration, paused bool, rate int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	rate = b.fill(now)
	switch first := len(b.asked) > 0 && b.asked[0] == p; {
	case b.watched(now) && !first, len(b.asked) > 0 && !p.asked:
		p.paused += pausePoll
		d, paused = pausePoll, true
	case rate > 0 && b.tokens <= 0:
		d = min(time.Duration((1-b.tokens)/float64(rate)*float64(time.Second)), time.Second)
	case rate > 0:
		b.tokens -= pieceMost
		p.reserved += pieceMost
	}
	p.waited += d
	return d, paused, rate
}

// carried tells that n bytes of a put have left.
func (b *Budget) carried(p *pass, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens += float64(p.reserved)
	p.reserved = 0
	b.spend(b.now(), n)
}
