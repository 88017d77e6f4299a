package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	camera "xulang.vn/camera"
)

// reconcileEach is how often the table is compared with the server's connections,
// should an event have been lost.
const reconcileEach = 10 * time.Second

// presence is the table of who is here. Entries come from the gate, before the
// connection can say anything; they go with the server's disconnect events.
// Callbacks are made by one goroutine, in the order in which things happened.
type presence struct {
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{} // 1: there are changes, or stopped

	mu      sync.Mutex
	devices map[camera.DeviceID]*link
	cids    map[uint64]camera.DeviceID // every admitted connection, also replaced ones
	changes []change
	stopped bool
}

// link is a device's current connection.
type link struct {
	cid   uint64
	ready chan struct{} // closed when Facts.Linked has returned
}

type change struct {
	id camera.DeviceID
	at time.Time
	up *link // nil: unlinked
}

func newPresence(now func() time.Time, log *slog.Logger) *presence {
	return &presence{
		now: now, log: log, wake: make(chan struct{}, 1),
		devices: map[camera.DeviceID]*link{}, cids: map[uint64]camera.DeviceID{},
	}
}

// enter records a connection. The newest one of a device is the one that counts.
// ok is false for a connection that has an identity already, and after stop.
func (p *presence) enter(id camera.DeviceID, cid uint64) (old uint64, replaced, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.cids[cid]; known || p.stopped {
		return 0, false, false
	}
	if l := p.devices[id]; l != nil {
		old, replaced = l.cid, true
		p.note(change{id: id, at: p.now()})
	}
	l := &link{cid: cid, ready: make(chan struct{})}
	p.devices[id], p.cids[cid] = l, id
	p.note(change{id: id, at: p.now(), up: l})
	return old, replaced, true
}

// leave records the end of a connection; more than once is once.
func (p *presence) leave(cid uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.cids[cid]
	if !ok {
		return
	}
	delete(p.cids, cid)
	if l := p.devices[id]; l != nil && l.cid == cid {
		delete(p.devices, id)
		p.note(change{id: id, at: p.now()})
	}
}

// note queues a callback. mu is held.
func (p *presence) note(c change) {
	p.changes = append(p.changes, c)
	p.poke()
}

func (p *presence) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// current gives the connection that counts.
func (p *presence) current(id camera.DeviceID) (cid uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.devices[id]; l != nil {
		return l.cid, true
	}
	return 0, false
}

// all are the devices that have a link.
func (p *presence) all() []camera.DeviceID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.devices))
}

func (p *presence) linked(id camera.DeviceID) bool {
	_, ok := p.current(id)
	return ok
}

// introduced waits until the hub has been told of the connection's link; false when
// it is not the device's any more. What an earlier run of a program said must not
// be worked on after what the next one says.
func (p *presence) introduced(ctx context.Context, id camera.DeviceID, cid uint64) bool {
	p.mu.Lock()
	l := p.devices[id]
	p.mu.Unlock()
	if l == nil || l.cid != cid {
		return false
	}
	select {
	case <-l.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch hears of connections that end, whoever ends them: the server reports a
// closed socket at once and a silent one after two pings.
func (p *presence) watch(sys *nats.Conn) error {
	_, err := sys.Subscribe("$SYS.ACCOUNT.*.DISCONNECT", func(m *nats.Msg) {
		var event struct {
			Client struct {
				ID uint64 `json:"id"`
			} `json:"client"`
		}
		if err := json.Unmarshal(m.Data, &event); err != nil {
			p.log.Error("read disconnect event", "err", err)
			return
		}
		p.leave(event.Client.ID)
	})
	if err != nil {
		return fmt.Errorf("subscribe to disconnects: %w", err)
	}
	return nil
}

// run makes the callbacks until stop; those that are due are made even when ctx
// has ended, each within a bounded time.
func (p *presence) run(ctx context.Context, facts Facts, srv *server.Server) {
	tick := time.NewTicker(reconcileEach)
	defer tick.Stop()
	for {
		select {
		case <-p.wake:
		case <-tick.C:
			p.reconcile(srv)
			continue
		}
		changes, stopped := p.take()
		for _, c := range changes {
			tell(context.WithoutCancel(ctx), facts, c)
		}
		if stopped {
			return
		}
	}
}

func (p *presence) take() (changes []change, stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changes, p.changes = p.changes, nil
	return changes, p.stopped
}

func tell(ctx context.Context, facts Facts, c change) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if c.up == nil {
		facts.Unlinked(ctx, c.id, c.at)
		return
	}
	facts.Linked(ctx, c.id, c.at)
	close(c.up.ready)
}

// reconcile lets go of connections that the server no longer has.
func (p *presence) reconcile(srv *server.Server) {
	p.mu.Lock()
	var gone []uint64
	for cid := range p.cids {
		if srv.GetClient(cid) == nil {
			gone = append(gone, cid)
		}
	}
	p.mu.Unlock()
	for _, cid := range gone {
		p.leave(cid)
	}
}

// stop ends the table: everybody is reported as unlinked, nobody enters.
func (p *presence) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	for id := range p.devices {
		delete(p.devices, id)
		p.changes = append(p.changes, change{id: id, at: p.now()})
	}
	clear(p.cids)
	p.poke()
}
