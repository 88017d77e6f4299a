package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
	"xulang.vn/camera/agent/setup"
)

// What the household's page asks of the box (setup.Agent).

// hubHears is how long a receipt waits for the hello before it.
const hubHears = 2 * time.Second

// Fingerprint is the short form of the box's key.
func (b *box) Fingerprint() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.device.ShortFingerprint()
}

// Member tells whose box this is.
func (b *box) Member() (setup.Member, bool) {
	m, err := readMembership(filepath.Join(b.cfg.Data, memberFile))
	if err != nil {
		return setup.Member{}, false
	}
	return setup.Member{Label: m.Label, Hub: m.Hub, Joined: m.Joined, Place: m.Place, Household: m.Household}, true
}

// Pair joins the hub that invited.
func (b *box) Pair(ctx context.Context, inviteLink, hub, code string) error {
	b.turning.Lock()
	defer b.turning.Unlock()
	if m, ok := b.Member(); ok {
		return camera.Errorf(camera.CodeConflict, "pair: this box is of %q already", m.Label)
	}
	if inviteLink != "" {
		code = inviteLink
	}
	invitations, err := invited(hub, code)
	if err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	identity, err := link.LoadOrCreateIdentity(filepath.Join(b.cfg.Data, seedFile))
	if err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	member, err := acceptOne(ctx, invitations, b.cfg.Name, identity, b.out.Now)
	if err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	b.log.Info("joined", "household", member.Label, "fingerprint", identity.Device().ShortFingerprint())
	if err := writeMembership(filepath.Join(b.cfg.Data, memberFile), member); err != nil {
		return err
	}
	b.barHub(ctx) // before the household searches its network
	b.turn()
	return nil
}

// Leave ends the membership: the hub is told when it can be reached, the key goes, and
// with erase the recordings go as well. A key that has left is worth nothing, so the
// next membership begins with a new one.
func (b *box) Leave(ctx context.Context, anew, erase bool) error {
	b.turning.Lock()
	defer b.turning.Unlock()
	b.mu.Lock()
	a, end, ended := b.agent, b.end, b.ended
	b.mu.Unlock()
	if a != nil {
		if err := a.link.Leave(ctx); err != nil && !anew {
			b.log.Warn("the hub was not told of the leaving", "err", err)
		}
		end()
		<-ended // whoever pressed has gone perhaps, and the leaving goes on
	}
	gone := []string{seedFile, memberFile, policyFile} // without the key it is left, whatever is cut off
	if erase {
		gone = append(gone, "spool")
	}
	var failed error
	for _, name := range gone {
		failed = errors.Join(failed, os.RemoveAll(filepath.Join(b.cfg.Data, name)))
	}
	b.turn()
	if failed != nil {
		return fmt.Errorf("leave: %w", failed)
	}
	b.log.Info("left the hub")
	return nil
}

// Linked tells whether the hub is there and knows us.
func (b *box) Linked() bool {
	a, err := b.working()
	return err == nil && a.link.Connected()
}

// Trouble says why there will be no link without a person; "" when there is none.
func (b *box) Trouble() camera.Code {
	a, err := b.working()
	if err != nil {
		return ""
	}
	return a.link.Trouble()
}

// Roads asks the hub for its map.
func (b *box) Roads(ctx context.Context, m camera.RoadsRequest) (camera.RoadsReply, error) {
	a, err := b.working()
	if err != nil {
		return camera.RoadsReply{}, err
	}
	reply, err := a.link.Roads(ctx, m)
	if err == nil {
		err = reply.Err()
	}
	return reply, err
}

// Seen asks the hub what a view sees.
func (b *box) Seen(ctx context.Context, v camera.View) ([]camera.Sight, error) {
	a, err := b.working()
	if err != nil {
		return nil, err
	}
	return a.link.Seen(ctx, v)
}

// Receipt signs what the household agreed to, and brings it to the hub. What is signed
// comes back also when the hub cannot be reached.
func (b *box) Receipt(ctx context.Context, r camera.Receipt) (camera.Receipt, camera.ReceiptReply, error) {
	a, err := b.working()
	if err != nil {
		return r, camera.ReceiptReply{}, err
	}
	r.V = camera.LinkVersion
	if r.Signature.IsZero() {
		if r.Signature, err = a.member.identity.SignPayload(r.Payload()); err != nil {
			return r, camera.ReceiptReply{}, err
		}
	}
	a.awaitHub(ctx)
	reply, err := a.link.Consent(ctx, r)
	if err == nil {
		err = reply.Err()
	}
	return r, reply, err
}

// awaitHub lets the hub hear of a camera that the household has just shared, before
// anything is said about it. It waits for a moment only: there may be no hub.
func (a *agent) awaitHub(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, hubHears)
	defer cancel()
	tick := time.NewTicker(hubHears / 100)
	defer tick.Stop()
	for !a.link.Connected() && a.link.Trouble() == "" {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Cameras are the ones that are shared now.
func (b *box) Cameras() []setup.CameraState {
	a, err := b.working()
	if err != nil {
		return nil
	}
	var all []setup.CameraState
	for _, r := range a.cameras.all() {
		s := r.status()
		all = append(all, setup.CameraState{
			ID: r.id, State: string(s.State), Since: s.Since, Verified: s.Verified, Watched: a.publisher.Publishing(r.id), PastFrom: a.pastFrom(r.id),
		})
	}
	return all
}

// Wants are what cases hold and ask for.
func (b *box) Wants() []camera.Want {
	a, err := b.working()
	if err != nil {
		return nil
	}
	return a.spool.Wants()
}

// Answer brings the household's yes or no to the hub, signed.
func (b *box) Answer(ctx context.Context, want string, granted bool) error {
	a, err := b.working()
	if err != nil {
		return err
	}
	m := camera.Answer{V: camera.LinkVersion, Want: want, Granted: granted, At: b.out.Now().UTC().Truncate(time.Millisecond)}
	if m.Signature, err = a.member.identity.SignPayload(m.Payload()); err != nil {
		return err
	}
	if err := a.link.Answer(ctx, m); err != nil {
		return err
	}
	return a.askWants(ctx)
}

// KeyFrame is the newest recorded picture of a shared camera: at most about two
// segments old.
func (b *box) KeyFrame(_ context.Context, id camera.CameraID) (data []byte, kind string, at time.Time, err error) {
	a, err := b.working()
	if err != nil {
		return nil, "", time.Time{}, err
	}
	r, ok := a.cameras.get(id)
	if !ok {
		return nil, "", time.Time{}, camera.Errorf(camera.CodeNotFound, "camera %s is not shared", id)
	}
	r.mu.Lock()
	newest, at := r.newest, r.verified
	r.mu.Unlock()
	if at.IsZero() {
		return nil, "", time.Time{}, camera.Errorf(camera.CodeNoPicture, "camera %s has recorded nothing yet", id)
	}
	data, err = a.spool.ReadKey(newest)
	return data, "video/mp4", at, err
}

// Apply makes what the household has decided come true, now.
func (b *box) Apply(ctx context.Context) error {
	if err := b.confirm(); err != nil {
		return err
	}
	a, err := b.working()
	if err != nil {
		return nil //nolint:nilerr // nothing runs before a membership: what is decided comes true with it
	}
	return a.apply(ctx)
}

// Clock is what is known of this box's clock.
func (b *box) Clock() camera.Clock {
	a, err := b.working()
	if err != nil {
		return camera.Clock{}
	}
	return a.link.Clock()
}

// DiskDays is how far back the disk reaches; 0: not known yet.
func (b *box) DiskDays() float64 {
	a, err := b.working()
	if err != nil {
		return 0
	}
	return a.spool.Usage().Days
}

// Report brings the result of a self-test to the hub.
func (b *box) Report(ctx context.Context, t camera.SelfTest) error {
	a, err := b.working()
	if err != nil {
		return err
	}
	t.V = camera.LinkVersion
	return a.link.SelfTest(ctx, t)
}
