package fleet

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// Bounds of what one device may have in hand.
const (
	workersEach = 4
	waitingMost = 32      // requests beyond those being worked on
	waitingSize = 4 << 20 // bytes of them
	tokenSize   = 64 << 10
	pastSize    = 8 << 10 // a token's worth of a recorder's past: some hundred rows
)

// dear are the tokens that a verb costs beside its size. Those that people set off
// may be dear: a household's page draws one map and drags one cone at a time, and
// nobody agrees to something twice a second.
var dear = map[string]int{
	camera.VerbRoads:    20, // half a megabyte of answer
	camera.VerbSeen:     1,
	camera.VerbPast:     10, // rows for every span
	camera.VerbConsent:  20, // rows that are kept for good
	camera.VerbAnswer:   20,
	camera.VerbSelfTest: 20,
	camera.VerbLeave:    20,
}

// cost of a message in tokens: 1, one for each 64 KiB, and what its verb costs. The
// eight largest probes that measure an uplink fit into the default burst.
func cost(verb string, size int) int {
	tokens := 1 + size/tokenSize + dear[verb]
	if verb == camera.VerbPast {
		tokens += size / pastSize
	}
	return tokens
}

// queue hands requests to workers. Each device has its own few, so that one agent
// cannot starve the others; its queue is short, because an agent that gave up
// after answerWithin asks again.
type queue struct {
	now    func() time.Time
	log    *slog.Logger
	here   func(camera.DeviceID) (cid uint64, ok bool)
	answer func(task) any // nil: no answer
	limit  rate.Limit
	burst  int
	few    *rate.Sometimes

	workers sync.WaitGroup
	mu      sync.Mutex
	lanes   map[camera.DeviceID]*lane // of devices that were admitted: as many as are enrolled
	closed  bool
}

// lane is one device's share. It outlives a link, so that connecting again does
// not buy new tokens.
type lane struct {
	tokens  *rate.Limiter
	running int
	waiting []task
	size    int // bytes of waiting
}

// task is a message and the connection that was the device's when it came.
type task struct {
	*nats.Msg
	cid uint64
}

func newQueue(ctx context.Context, f *Fleet) *queue {
	return &queue{
		now: f.now, log: f.log, limit: rate.Limit(f.cfg.Rate), burst: f.cfg.Burst,
		few: f.few, lanes: map[camera.DeviceID]*lane{},
		here: f.presence.current,
		answer: func(t task) any {
			ctx, cancel := context.WithTimeout(ctx, answerWithin)
			defer cancel()
			id, verb := split(t.Subject)
			if !f.presence.introduced(ctx, id, t.cid) {
				return nil // dropped, replaced, or the hub ends
			}
			return f.answer(ctx, id, verb, t.Data)
		},
	}
}

// split reads the subject. The server has checked that the device in it is the one
// that sends.
func split(subject string) (id camera.DeviceID, verb string) {
	parts := strings.Split(subject, ".")
	return camera.DeviceID(parts[2]), parts[3] // the subscription is for four tokens
}

// take is called for one message after the other and must not block.
func (q *queue) take(m *nats.Msg) {
	id, verb := split(m.Subject)
	// The server lets a client name any reply subject. Only the device's own inbox
	// will do: the hub, which may publish everywhere, must not speak for it.
	if !strings.HasPrefix(m.Reply, camera.InboxPrefix(id)+".") {
		q.few.Do(func() { q.log.Warn("request without a reply inbox of its own", "device", id) })
		return
	}
	cid, ok := q.here(id)
	if !ok {
		return // its link is gone
	}
	if !q.admit(id, cost(verb, len(m.Data)), task{m, cid}) {
		q.few.Do(func() { q.log.Warn("device asks too much", "device", id) })
		q.reply(m, refusal(camera.Errorf(camera.CodeTooMany, "too many requests, ask again later")))
	}
}

// admit starts a worker, or lets the message wait for one; false when neither.
func (q *queue) admit(id camera.DeviceID, tokens int, t task) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true // nobody waits for this answer any more
	}
	l := q.lanes[id]
	if l == nil {
		l = &lane{tokens: rate.NewLimiter(q.limit, q.burst)}
		q.lanes[id] = l
	}
	if !l.tokens.AllowN(q.now(), min(tokens, q.burst)) {
		return false
	}
	if l.running < workersEach {
		l.running++
		q.workers.Go(func() { q.work(l, t) })
		return true
	}
	if len(l.waiting) >= waitingMost || l.size+len(t.Data) > waitingSize {
		return false
	}
	l.waiting = append(l.waiting, t)
	l.size += len(t.Data)
	return true
}

// work answers a message, and then those that wait in the lane.
func (q *queue) work(l *lane, t task) {
	for ok := true; ok; t, ok = q.next(l) {
		if r := q.safely(t); r != nil {
			q.reply(t.Msg, r)
		}
	}
}

func (q *queue) next(l *lane) (task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(l.waiting) == 0 || q.closed {
		l.running--
		return task{}, false
	}
	t := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.size -= len(t.Data)
	return t, true
}

// safely keeps the hub up when a handler panics over one agent's message.
func (q *queue) safely(t task) (reply any) {
	id, verb := split(t.Subject)
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("handler panicked", "device", id, "verb", verb, "panic", p, "stack", string(debug.Stack()))
			reply = refusal(camera.Errorf(camera.CodeInternal, "the hub could not do this"))
		}
	}()
	return q.answer(t)
}

func (q *queue) reply(m *nats.Msg, reply any) {
	data, err := json.Marshal(reply)
	if err == nil && len(data) > camera.MessageLargest {
		data, err = json.Marshal(refusal(camera.Errorf(camera.CodeTooLarge, "the answer is too large")))
	}
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		q.log.Error("reply to agent", "subject", m.Subject, "err", err)
	}
}

// close waits for the workers; what waits in lanes is not answered.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.workers.Wait()
}
