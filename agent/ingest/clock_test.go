package ingest_test

import (
	"testing"
	"time"

	"xulang.vn/camera/agent/ingest"
)

func TestClockFollowsTimeStamps(t *testing.T) {
	const frame = 40 * time.Millisecond
	for _, c := range []struct {
		name   string
		stamps []uint32
		walls  []time.Duration
		want   []time.Duration
	}{
		{"steady", []uint32{100, 3700, 7300}, []time.Duration{0, frame, 2 * frame}, []time.Duration{0, frame, 2 * frame}},
		{"wraps", []uint32{0xffffffff - 1799, 1800, 5400}, []time.Duration{0, frame, 2 * frame}, []time.Duration{0, frame, 2 * frame}},
		{"reordered", []uint32{0, 10800, 3600}, []time.Duration{0, frame, 2 * frame}, []time.Duration{0, 3 * frame, frame}},
		{"jumps ahead by an hour", []uint32{0, 324000000, 324003600}, []time.Duration{0, frame, 2 * frame}, []time.Duration{0, frame, 2 * frame}},
		{"jumps back by ten seconds", []uint32{900000, 0, 3600}, []time.Duration{0, frame, 2 * frame}, []time.Duration{0, frame, 2 * frame}},
		{"stands still for a minute", []uint32{0, 1, 3601}, []time.Duration{0, time.Minute, time.Minute + frame}, []time.Duration{0, time.Minute, time.Minute + frame}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := ingest.NewClock()
			for i, s := range c.stamps {
				if got := clock.At(s, noon.Add(c.walls[i])); got != c.want[i] {
					t.Errorf("stamp %d at %s, want %s", s, got, c.want[i])
				}
			}
		})
	}
}

func TestClockKeepsExactTicks(t *testing.T) {
	clock := ingest.NewClock()
	var got time.Duration
	const step = 3003 // 29.97 frames a second
	for n := range 90000 {
		got = clock.At(uint32(n*step), noon.Add(time.Duration(n)*33366667))
	}
	if want := time.Duration(89999*step) * time.Second / 90000; (got - want).Abs() > time.Nanosecond {
		t.Errorf("after 90000 frames %s, want %s", got, want)
	}
}

func TestSenderReportTimes(t *testing.T) {
	const toUnix = 2208988800
	at := time.Date(2026, 11, 22, 7, 0, 0, 500_000_000, time.UTC)
	for _, c := range []struct {
		name  string
		ntp   uint64
		stamp uint32
		want  time.Time
	}{
		{"at the report", uint64(at.Unix()+toUnix)<<32 | 1<<31, 9000, at},
		{"no clock", 0, 9000, time.Time{}},
		{"second era", uint64(100)<<32 | 1<<31, 9000, time.Unix(1<<32-toUnix+100, 500_000_000).UTC()},
	} {
		clock := ingest.NewClock()
		clock.Told(c.ntp, c.stamp)
		if got := clock.NTP(9000); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := clock.NTP(0); !c.want.IsZero() && !got.Equal(c.want.Add(-100*time.Millisecond)) {
			t.Errorf("%s: 0.1 s before it %s", c.name, got)
		}
	}
}
