package agent

import (
	"sync"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/segment"
	"xulang.vn/camera/agent/spool"
	"xulang.vn/camera/agent/upload"
)

// sharedSpool is the spool as the uploader sees it: fingerprints and gaps of a
// camera that is not shared any more stay at home, like its bytes.
type sharedSpool struct {
	*spool.Spool
	agent *agent
}

func (s sharedSpool) Unannounced(most int) ([]camera.Segment, []camera.Gap) {
	return s.UnannouncedBut(most, func(id camera.CameraID) bool { return !s.agent.mayTell(id) })
}

// Uploads tells the uploader what has to leave, and how soon. The class in force is
// asked once more: the spool hears of it a moment later, and keeps everything until
// one is known.
func (s sharedSpool) Uploads(most int, skip func(camera.SegmentID) bool) []upload.Upload {
	next, wants := s.Spool.Uploads(most, skip), sync.OnceValue(s.Wants)
	out := make([]upload.Upload, 0, len(next))
	for _, u := range next {
		if s.agent.mayGo(u.Segment, wants) != nil {
			continue
		}
		out = append(out, upload.Upload{Segment: u.Segment, Asked: u.Priority == spool.Asked, Held: u.Priority == spool.Held})
	}
	return out
}

// spoolSink hands the spool's files to the segment writer.
type spoolSink struct{ *agent }

func (s spoolSink) Create(id camera.CameraID) (segment.File, error) { return s.spool.Create(id) }
