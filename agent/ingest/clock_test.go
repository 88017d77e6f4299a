package ingest_test

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
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

// TestReportsThatSayNothing: none for a while, none at all, one that is old, one
// with the time stamps of another stream (lesson 1).
func TestReportsThatSayNothing(t *testing.T) {
	const second = 90000
	at := uint64(noon.Unix()+2208988800) << 32
	for _, c := range []struct {
		name   string
		report func(clock *ingest.Clock, n int) // before the n-th second
		known  func(n int) bool
	}{
		{"after 10 s", func(c *ingest.Clock, n int) {
			if n == 10 {
				c.Told(at+10<<32, 10*second)
			}
		}, func(n int) bool { return n >= 10 && n <= 130 }},
		{"never", func(*ingest.Clock, int) {}, func(int) bool { return false }},
		{"without a clock", func(c *ingest.Clock, n int) { c.Told(0, uint32(n*second)) }, func(int) bool { return false }},
		{"of another stream", func(c *ingest.Clock, n int) { c.Told(at, uint32(n*second)+1<<31) }, func(int) bool { return false }},
		{"one only", func(c *ingest.Clock, n int) {
			if n == 0 {
				c.Told(at, 0)
			}
		}, func(n int) bool { return n <= 120 }},
		{"a year behind", func(c *ingest.Clock, n int) { c.Told(at-365*86400<<32+uint64(n)<<32, uint32(n*second)) }, func(int) bool { return true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := ingest.NewClock()
			for n := range 50_000 { // the 32 bits of time stamps come around after 47,721 s
				c.report(clock, n)
				if got := clock.At(uint32(n*second), noon.Add(time.Duration(n)*time.Second)); got != time.Duration(n)*time.Second {
					t.Fatalf("second %d is at %s", n, got)
				}
				ntp := clock.NTP(uint32(n * second))
				if ntp.IsZero() == c.known(n) {
					t.Fatalf("second %d: sender's clock %s", n, ntp)
				}
				want := noon.Add(time.Duration(n) * time.Second)
				if c.name == "a year behind" {
					want = want.AddDate(-1, 0, 0)
				}
				if !ntp.IsZero() && !ntp.Equal(want) {
					t.Fatalf("second %d: sender's clock %s, want %s", n, ntp, want)
				}
			}
		})
	}
}

// FuzzReports gives the clock of a track any RTCP and any time stamps.
func FuzzReports(f *testing.F) {
	for _, r := range []rtcp.SenderReport{
		{SSRC: 1, NTPTime: uint64(noon.Unix()+2208988800) << 32, RTPTime: 9000}, // as it should be
		{SSRC: 1, RTPTime: 9000},                      // no clock
		{SSRC: 1, NTPTime: 1 << 32, RTPTime: 1 << 31}, // 1900 or 2036
		{SSRC: 1, NTPTime: ^uint64(0), RTPTime: ^uint32(0)},
	} {
		raw, err := r.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, uint32(9000), uint32(12600), int64(40*time.Millisecond))
		f.Add(append(raw, raw...), uint32(0), uint32(1<<31), int64(-time.Hour))
	}
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 1}, uint32(0), uint32(0), int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, first, second uint32, apart int64) {
		clock := ingest.NewClock()
		clock.At(first, noon)
		reports := clock.Report(raw)
		apart %= int64(1000 * time.Hour)
		step := clock.At(second, noon.Add(time.Duration(apart)))
		if wall := time.Duration(apart); step < -2*time.Second || step > max(wall, 0)+31*time.Second {
			t.Errorf("media time moved by %s in %s", step, wall)
		}
		ntp := clock.NTP(second)
		if len(reports) == 0 && !ntp.IsZero() {
			t.Error("a sender's clock without a report")
		}
		if year := ntp.Year(); !ntp.IsZero() && (year < 1968 || year > 2105) {
			t.Errorf("the sender's clock shows %s", ntp)
		}
	})
}
