package keep_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/index/indextest"
	"xulang.vn/camera/hub/keep"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// rig is a keep over an index and buckets in memory.
type rig struct {
	t      testing.TB
	clock  *clock
	ledger *ledger
	bucket *bucket
	shelf  *indextest.Memory
	homes  homes
	*keep.Keep
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return rigOn(t, dbtest.Open(t))
}

// rigOn is for many rigs one after the other: a new database takes a while.
func rigOn(t testing.TB, d *db.DB) *rig {
	t.Helper()
	execute(t, d, `DELETE FROM checks`)
	r := &rig{t: t, clock: &clock{at: noon}, homes: homes{}, shelf: &indextest.Memory{}}
	r.ledger, r.bucket = newLedger(r.clock.now), newBucket(r.clock.now)
	r.Keep = keep.New(keep.Parts{
		Database: d, Index: r.ledger, Footage: r.bucket, Shelf: r.shelf, Homes: r.homes, Holds: r.ledger, Now: r.clock.now,
	})
	return r
}

func cameraOf(i int) camera.CameraID { return camera.NewCameraID("h", "serial", i) }

// segmentOf makes the n-th segment of a camera's run, six seconds each.
func segmentOf(id camera.CameraID, start time.Time, n int) (camera.Segment, []byte) {
	body := fmt.Appendf(nil, "footage of %s, %s, %d", id, start, n)
	at := start.Add(time.Duration(n) * camera.SegmentGoal)
	return camera.Segment{
		SegmentID: camera.SegmentID{Camera: id, Run: camera.RunID(fmt.Sprintf("%016x", start.Unix())), Seq: uint32(n)},
		Start:     at, End: at.Add(camera.SegmentGoal), Media: camera.Millis(camera.SegmentGoal), Size: int64(len(body)), InitSize: 1, SHA256: sha256.Sum256(body),
		Codec: "avc1.64001f", Width: 640, Height: 360,
	}, body
}

// film puts n segments into the index, and their bytes into the bucket where the state
// says that they are there.
func (r *rig) film(id camera.CameraID, start time.Time, n int, state camera.ByteState) []camera.Segment {
	r.t.Helper()
	all := make([]camera.Segment, n)
	for i := range n {
		s, body := segmentOf(id, start, i)
		r.ledger.add(s, state)
		if state.Playable() {
			r.bucket.put(s.Key().String(), body)
		}
		all[i] = s
	}
	return all
}

func (r *rig) mustExpire() keep.Round {
	r.t.Helper()
	round, err := r.Expire(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return round
}

func (r *rig) mustCheck(w keep.Wish) keep.Report {
	r.t.Helper()
	report, err := r.Check(r.t.Context(), w, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return report
}
