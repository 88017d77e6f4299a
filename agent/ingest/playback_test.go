package ingest_test

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"xulang.vn/camera/agent/ingest"
)

var hour = ingest.Times{Start: evening, End: evening.Add(time.Hour)}

func TestRangeOfAnAnswer(t *testing.T) {
	for text, want := range map[string]time.Time{
		"clock=20261122T112958.500Z-20261122T123000Z": evening.Add(-1500 * time.Millisecond),
		"clock=20261122T112959Z-":                     evening.Add(-time.Second),
		"clock=20261122T113000Z-":                     {}, // what was asked for
		"clock=20261122T114500Z-":                     {}, // later: the pictures will tell
		"clock=20261122T100000Z-":                     {}, // something else
		"npt=0.000-":                                  {}, "": {}, "clock=-": {}, "clock=2026-11-22": {},
	} {
		if got := ingest.NewPlayback(hour).Began(text); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// FuzzReplayTimes: whatever a recorder says, the time of a picture is one of those
// that were asked for, or none.
func FuzzReplayTimes(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xab, 0xac, 0, 3, 0xee, 0xac, 0x5a, 0x38, 0, 0, 0, 0, 0x90, 1, 0, 0, 0x65, 1}, "clock=20261122T112959Z-")
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xab, 0xac, 0, 1, 0xee, 0xac, 0x5a, 0x38, 0x65, 1}, "clock=")
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x65, 1}, "npt=1-")
	f.Fuzz(func(t *testing.T, raw []byte, ranges string) {
		p := ingest.NewPlayback(hour)
		if at := p.Began(ranges); !at.IsZero() && (at.Before(evening.Add(-time.Minute)) || !at.Before(evening)) {
			t.Errorf("began at %v", at)
		}
		var pkt rtp.Packet
		if pkt.Unmarshal(raw) != nil {
			return
		}
		if at, _ := p.Told(&pkt); !at.IsZero() && (at.Before(hour.Start.Add(-time.Minute)) || at.After(hour.End.Add(time.Minute))) {
			t.Errorf("picture of %v", at)
		}
	})
}
