package agent

import (
	"context"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestRecordedSeconds: what counts is the footage, and not the time until it came.
func TestRecordedSeconds(t *testing.T) {
	b := newBench(t)
	b.agent.cameras.set([]*recorder{b.recorder})
	house := &box{agent: b.agent, out: Outside{Now: func() time.Time { return noon }}}
	at := func() (float64, error) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		return house.TestRecord(over, b.id)
	}
	b.advance(19 * time.Second) // the camera was away
	b.start()
	b.media = b.media.Truncate(time.Second)
	b.must(b.film(8 * time.Second))
	if got, err := at(); camera.CodeOf(err) != camera.CodeNoFootage || got < 5 || got > 9 {
		t.Errorf("after 8 s of footage: %v s, %v", got, err)
	}
	b.must(b.film(20 * time.Second))
	if got, err := at(); err != nil || got < 20 {
		t.Errorf("after 28 s: %v s, %v", got, err)
	}
	b.Stop(camera.CauseCameraOff, "gone")
	b.verified = time.Time{}
	if _, err := at(); camera.CodeOf(err) != camera.Code(camera.CauseCameraOff) {
		t.Errorf("a camera that is away: %v", err)
	}
}
