package hub

import (
	"context"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// Facts is what agents tell and ask, without a link in between.
type Facts interface {
	Hello(context.Context, camera.DeviceID, camera.Hello) camera.HelloReply
	Announce(context.Context, camera.DeviceID, camera.Announce) camera.AnnounceReply
	Slots(context.Context, camera.DeviceID, []camera.SegmentID) camera.SlotsReply
	Stored(context.Context, camera.DeviceID, []camera.SegmentID) camera.StoredReply
	Wants(context.Context, camera.DeviceID) camera.WantsReply
	Status(context.Context, camera.DeviceID, camera.Status) error
}

// Opened is a hub that does not serve.
type Opened struct {
	Facts
	*hub
}

// Open opens a hub; Close closes it again.
func Open(ctx context.Context, cfg Config, out Outside) (Opened, error) {
	h, err := open(ctx, cfg, out)
	return Opened{facts{h}, h}, err
}

// Close ends what was opened.
func (o Opened) Close() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := o.live.Run(ended); err != nil { // closes its sockets
		return err
	}
	return o.db.Close()
}

// BreakDatabase makes every read and write fail from now on.
func (o Opened) BreakDatabase() error { return o.db.Close() }

// Join enrols a device without its ceremony.
func (o Opened) Join(ctx context.Context, enrol func(code string) camera.EnrolRequest) (camera.HouseholdID, error) {
	home, err := o.registry.CreateHousehold(ctx, "Nhà 01", nil)
	if err != nil {
		return "", err
	}
	invited, err := o.registry.Invite(ctx, home.ID)
	if err != nil {
		return "", err
	}
	_, err = o.registry.Enrol(ctx, enrol(invited.Secret))
	return home.ID, err
}

// Cases is the door to footage.
func (o Opened) Cases() *cases.Cases { return o.cases }

// Reach is what traces start from.
func (o Opened) Reach() cases.Reach { return reach{o.hub} }

// Tracing are the two that look at the roads for a trace.
func (o Opened) Tracing() (cases.Tracer, cases.Paths) { return o.cases.Tracer, o.cases.Paths }

// Revoke refuses a device's key for good.
func (o Opened) Revoke(ctx context.Context, d camera.DeviceID) error {
	return o.registry.Revoke(ctx, d)
}

// Ledger is the newest record of a clock.
func (o Opened) Ledger(t *testing.T, id camera.CameraID, source string) (camera.Clock, bool) {
	t.Helper()
	r, ok, err := o.registry.ClockAt(t.Context(), id, source, time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return r.Clock, ok
}

// State is where a segment's bytes are.
func (o Opened) State(ctx context.Context, id camera.SegmentID) (camera.ByteState, error) {
	e, err := o.index.Segment(ctx, id)
	return e.State, err
}
