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
)

// queue hands requests to workers. Each device has its own few, so that one agent
// cannot starve the others; its queue is short, because an agent that gave up
// after answerWithin asks again.
type queue struct {
	now    func() time.Time
	log    *slog.Logger
	answer func(id camera.DeviceID, verb string, payload []byte) any // nil: no answer
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
	waiting []*nats.Msg
	size    int // bytes of waiting
}

func newQueue(ctx context.Context, f *Fleet) *queue {
	return &queue{
		now: f.now, log: f.log, limit: rate.Limit(f.cfg.Rate), burst: f.cfg.Burst,
		few: f.few, lanes: map[camera.DeviceID]*lane{},
		answer: func(id camera.DeviceID, verb string, payload []byte) any {
			ctx, cancel := context.WithTimeout(ctx, answerWithin)
			defer cancel()
			if !f.presence.introduced(ctx, id) {
				return nil // dropped, or the hub ends
			}
			return f.answer(ctx, id, verb, payload)
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
	id, _ := split(m.Subject)
	// The server lets a client name any reply subject. Only the device's own inbox
	// will do: the hub, which may publish everywhere, must not speak for it.
	if !strings.HasPrefix(m.Reply, camera.InboxPrefix(id)+".") {
		q.few.Do(func() { q.log.Warn("request without a reply inbox of its own", "device", id) })
		return
	}
	if !q.admit(id, m) {
		q.few.Do(func() { q.log.Warn("device asks too much", "device", id) })
		q.reply(m, refusal(camera.Errorf(camera.CodeTooMany, "too many requests, ask again later")))
	}
}

// admit starts a worker, or lets the message wait for one; false when neither.
func (q *queue) admit(id camera.DeviceID, m *nats.Msg) bool {
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
	if !l.tokens.AllowN(q.now(), min(1+len(m.Data)/tokenSize, q.burst)) {
		return false
	}
	if l.running < workersEach {
		l.running++
		q.workers.Go(func() { q.work(l, m) })
		return true
	}
	if len(l.waiting) >= waitingMost || l.size+len(m.Data) > waitingSize {
		return false
	}
	l.waiting = append(l.waiting, m)
	l.size += len(m.Data)
	return true
}

// work answers a message, and then those that wait in the lane.
func (q *queue) work(l *lane, m *nats.Msg) {
	for m != nil {
		if r := q.safely(m); r != nil {
			q.reply(m, r)
		}
		m = q.next(l)
	}
}

func (q *queue) next(l *lane) *nats.Msg {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(l.waiting) == 0 || q.closed {
		l.running--
		return nil
	}
	m := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.size -= len(m.Data)
	return m
}

// safely keeps the hub up when a handler panics over one agent's message.
func (q *queue) safely(m *nats.Msg) (reply any) {
	id, verb := split(m.Subject)
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("handler panicked", "device", id, "verb", verb, "panic", p, "stack", string(debug.Stack()))
			reply = refusal(camera.Errorf(camera.CodeInternal, "the hub could not do this"))
		}
	}()
	return q.answer(id, verb, m.Data)
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
