package agent

import (
	"maps"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/health"
)

// tally is what a recorder has counted since the agent began.
type tally struct {
	segments, bytes int64
	lost            map[camera.GapCause]time.Duration // of gaps that have ended
}

func (t *tally) lose(g camera.Gap) {
	if t.lost == nil {
		t.lost = map[camera.GapCause]time.Duration{}
	}
	t.lost[g.Cause] += g.End.Sub(g.Start)
}

// count hears of every durable segment, of either stream.
func (r *recorder) count(s camera.Segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorded.segments++
	r.recorded.bytes += s.Size
}

// status is what the hub hears of the agent's health.
func (a *agent) status() camera.Status {
	u := a.spool.Usage()
	sent, allowed := a.budget.Rate()
	s := camera.Status{
		V: camera.LinkVersion, At: a.now().UTC(), Clock: a.link.Clock(),
		Spool:  camera.SpoolStatus{Used: u.Used, Most: u.Most, Held: u.Held, Waiting: u.Waiting, Days: u.Days},
		Uplink: camera.UplinkStatus{Rate: sent, Budget: allowed},
	}
	if t, ok := health.Temperature(); ok {
		s.Temperature = &t
	}
	for _, r := range a.cameras.all() {
		s.Cameras = append(s.Cameras, r.status())
	}
	return s
}

func (r *recorder) status() camera.CameraStatus {
	class, _ := r.agent.class(r.cam())
	r.mu.Lock()
	defer r.mu.Unlock()
	return camera.CameraStatus{
		Camera: r.id, State: r.state, Since: r.since.UTC(), Detail: r.detail, Codec: string(r.codec),
		Verified: r.verified.UTC(), Uplink: class, Aim: r.cam().Aim,
	}
}

// snapshot is the status with what was counted, for the metrics.
func (a *agent) snapshot() health.Snapshot {
	s := health.Snapshot{Status: a.status(), Counters: map[camera.CameraID]health.Counters{}}
	for _, r := range a.cameras.all() {
		s.Counters[r.id] = r.counters()
	}
	return s
}

func (r *recorder) counters() health.Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := maps.Clone(r.recorded.lost)
	if g, ok := r.hole.upTo(r.agent.now()); ok && !r.open {
		if lost == nil {
			lost = map[camera.GapCause]time.Duration{}
		}
		lost[g.Cause] += g.End.Sub(g.Start)
	}
	return health.Counters{Segments: r.recorded.segments, Bytes: r.recorded.bytes, Gaps: lost}
}
