// Package agent joins the rooms of the program beside the household's recorder.
// README.md tells the life of a segment, and that of a membership.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/lan"
	"xulang.vn/camera/agent/link"
)

// Version is of the agent's program.
const Version = "0.2.0"

// Outside is what the program around the agent hands in.
type Outside struct {
	Page http.Handler // the household's page as it was built; nil: there is no page
	Log  *slog.Logger
	Now  func() time.Time
}

// Run serves the household's page, joins the hub when the household does, then records
// and reports until ctx ends.
func Run(ctx context.Context, cfg Config, out Outside) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	unlock, err := lockFolder(cfg.Data)
	if err != nil {
		return err
	}
	defer unlock()
	b, err := openBox(cfg, out)
	if err != nil {
		return err
	}
	if cfg.Code != "" || out.Page == nil || cfg.Page == "" {
		if _, err := Join(ctx, cfg, out.Log); err != nil {
			if out.Page == nil || cfg.Page == "" {
				return err
			}
			out.Log.Warn("the config's code leads nowhere; the household's page can join", "err", err)
		}
	}
	return b.run(ctx)
}

// box is the program in the house: it is there before a membership and after it.
type box struct {
	cfg   Config
	out   Outside
	log   *slog.Logger
	store *home.Store
	guard *lan.Guard

	turning sync.Mutex    // one pairing, leaving or beginning of an agent at a time
	turned  chan struct{} // a token after one

	mu     sync.Mutex         // guards what follows
	agent  *agent             // nil while there is no membership
	end    context.CancelFunc // of the agent
	ended  chan struct{}      // closed when it has
	device camera.DeviceID    // of this box, member or not
	hubAt  []netip.Addr       // where the hub is
}

func openBox(cfg Config, out Outside) (*box, error) {
	if err := checkFormat(cfg.Data); err != nil {
		return nil, err
	}
	b := &box{cfg: cfg, out: out, log: out.Log, turned: make(chan struct{}, 1)}
	var err error
	if b.store, err = home.Open(cfg.Data); err != nil {
		return nil, fmt.Errorf("open household's book: %w", err)
	}
	b.guard = lan.New(lan.Config{Loopback: cfg.Simulated, Barred: b.hubAddresses})
	return b, b.confirm()
}

// confirm lets the guard know the networks of the config and of the book.
func (b *box) confirm() error {
	networks, err := b.cfg.prefixes()
	if err != nil {
		return err
	}
	more, err := Config{Networks: b.store.Book().Networks}.prefixes()
	if err != nil {
		return err
	}
	return b.guard.Set(append(networks, more...))
}

func (b *box) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if b.out.Page != nil && b.cfg.Page != "" {
		page, err := b.openPage()
		if err != nil {
			return err
		}
		group.Go(func() error { return page.Run(ctx) })
	}
	group.Go(func() error { return b.live(ctx) })
	group.Go(func() error { return b.heal(ctx) })
	return group.Wait()
}

// live works for one membership after the other.
func (b *box) live(ctx context.Context) error {
	for ctx.Err() == nil {
		err := b.work(ctx)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-b.turned:
		}
	}
	return nil
}

// membership reads whose this box is; os.ErrNotExist: nobody's yet.
func (b *box) membership() (Membership, error) {
	identity, err := link.LoadOrCreateIdentity(filepath.Join(b.cfg.Data, seedFile))
	if err != nil {
		return Membership{}, fmt.Errorf("open identity: %w", err)
	}
	b.mu.Lock()
	b.device = identity.Device()
	b.mu.Unlock()
	member, err := readMembership(filepath.Join(b.cfg.Data, memberFile))
	member.identity = identity
	if b.cfg.Hub != "" {
		member.Hub = b.cfg.Hub
	}
	return member, err
}

// work runs the agent for a membership until ctx or the membership ends.
func (b *box) work(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	a, ended, err := b.begin(end)
	if err != nil {
		return err
	}
	err = errors.Join(a.run(ctx), a.spool.Close())
	b.mu.Lock()
	b.agent, b.end, b.ended = nil, nil, nil
	b.mu.Unlock()
	close(ended)
	return err
}

// begin opens the agent of the membership that there is. Nobody leaves meanwhile: who
// does finds the agent, or is before it.
func (b *box) begin(end context.CancelFunc) (*agent, chan struct{}, error) {
	b.turning.Lock()
	defer b.turning.Unlock()
	member, err := b.membership()
	if err != nil {
		return nil, nil, err
	}
	a, err := openAgent(b.cfg, member, b.store, b.guard, b.out.Now, b.log)
	if err != nil {
		return nil, nil, err
	}
	ended := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.agent, b.end, b.ended = a, end, ended
	return a, ended, nil
}

// working is the agent that works now, or why there is none.
func (b *box) working() (*agent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.agent == nil {
		return nil, camera.Errorf(camera.CodeUnreachable, "this box is not a member yet")
	}
	return b.agent, nil
}

// turn tells live that a membership has come or gone.
func (b *box) turn() {
	select {
	case b.turned <- struct{}{}:
	default: // told already
	}
}
