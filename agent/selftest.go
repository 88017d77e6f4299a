package agent

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// What is tried when the household presses "test". Each line is one of these.
const (
	testRecordFor    = 20 * time.Second // of footage that has to be on the disk, read back
	testRecordWithin = 90 * time.Second // from the press: a segment has to close, and a camera may send key frames rarely
	testPastAgo      = time.Hour
	testPastFor      = time.Minute
	testProbe        = 4 << 20 // bytes to the hub, at most
	testLook         = 500 * time.Millisecond
)

// TestRecord waits until footage of now is on the disk and was read back as a whole,
// and gives how much of it.
func (b *box) TestRecord(ctx context.Context, id camera.CameraID) (seconds float64, err error) {
	a, err := b.working()
	if err != nil {
		return 0, err
	}
	began := b.out.Now()
	ctx, cancel := context.WithTimeout(ctx, testRecordWithin)
	defer cancel()
	tick := time.NewTicker(testLook)
	defer tick.Stop()
	for {
		r, ok := a.cameras.get(id)
		if !ok {
			return 0, camera.Errorf(camera.CodeNoConsent, "camera %s is not shared", id)
		}
		s := r.status()
		got := time.Duration(0)
		for _, i := range a.spool.Covered(id, began, s.Verified) {
			got += i.To.Sub(i.From)
		}
		if got >= testRecordFor {
			return got.Seconds(), nil
		}
		select {
		case <-ctx.Done():
			if s.State != camera.StateRecording {
				return 0, camera.Errorf(camera.Code(s.State), "camera %s: %s", id, s.Detail)
			}
			return got.Seconds(), camera.Errorf(camera.CodeNoFootage, "camera %s records, and nothing of it could be read back", id)
		case <-tick.C:
		}
	}
}

// TestPast fetches a minute from an hour ago out of the household's recorder. What
// came stays in the ring like any footage.
func (b *box) TestPast(ctx context.Context, id camera.CameraID) (seconds float64, err error) {
	a, err := b.working()
	if err != nil {
		return 0, err
	}
	from := b.out.Now().Add(-testPastAgo)
	return a.fetchPast(ctx, id, from, from.Add(testPastFor))
}

// TestUplink measures the line to the hub.
func (b *box) TestUplink(ctx context.Context) (rate float64, err error) {
	a, err := b.working()
	if err != nil {
		return 0, err
	}
	return a.link.Probe(ctx, testProbe)
}
