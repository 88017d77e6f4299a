package simnvr_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtcp"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// past names a stretch of recorder time in each dialect: where, and PLAY's Range.
func past(d simnvr.Dialect, channel int, from, to time.Time) (string, *headers.Range) {
	switch d {
	case simnvr.Hikvision: // local time, a Z behind it
		return fmt.Sprintf("/Streaming/tracks/%d01/?starttime=%s&endtime=%s", channel,
			from.In(ict).Format("20060102T150405Z"), to.In(ict).Format("20060102T150405Z")), nil
	case simnvr.Dahua:
		return fmt.Sprintf("/cam/playback?channel=%d&subtype=0&starttime=%s&endtime=%s", channel,
			from.In(ict).Format("2006_01_02_15_04_05"), to.In(ict).Format("2006_01_02_15_04_05")), nil
	}
	return fmt.Sprintf("/onvif/replay/ch%d", channel), clockRange(from.UTC(), to.UTC())
}

var dialects = []simnvr.Dialect{simnvr.Hikvision, simnvr.Dahua, simnvr.ONVIF}

// Seven minutes slow, in Vietnam, asked for half past midnight and for midnight
// itself: what is played is what the camera showed at that true time.
func TestPlayback(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			clock := at(night)
			rec := start(t, d, clock)
			for _, begin := range []time.Time{
				time.Date(2026, 11, 23, 0, 30, 0, 0, ict),
				time.Date(2026, 11, 22, 23, 59, 57, 0, ict), // not on a key picture
			} {
				for channel, home := range []string{"home-07", "home-04"} {
					path, r := past(d, channel+1, begin, begin.Add(9*time.Second))
					v := view(t, rec, path, secret).in(base.Play, "Speed", "1000")
					res, err := v.play(r)
					if err != nil {
						t.Fatal(err)
					}
					truth := begin.Add(7 * time.Minute)
					clock.Move(time.Second)
					got := v.toEnd()
					compare(t, got, showed(load(t, home), truth, truth.Add(9*time.Second)))
					for i := 1; i < len(got); i++ {
						if step := got[i].ticks - got[i-1].ticks; step != 90000/scene.FPS {
							t.Fatalf("picture %d comes %d ticks after the one before", i, step)
						}
					}
					key := begin.Truncate(scene.GOPDuration).UTC().Format("clock=20060102T150405.000Z-")
					if got := res.Header["Range"]; len(got) != 1 || !strings.HasPrefix(got[0], key) {
						t.Errorf("range %v, want from %s", got, key)
					}
					v.leave(rec)
				}
			}
		})
	}
}

// The second playback is too many, live is not, and after TEARDOWN there is room.
func TestOnePlayback(t *testing.T) {
	refusal := map[simnvr.Dialect]string{simnvr.Hikvision: "453", simnvr.Dahua: "401", simnvr.ONVIF: "453"}
	live := map[simnvr.Dialect]string{simnvr.Hikvision: "/Streaming/Channels/101", simnvr.Dahua: "/cam/realmonitor?channel=1&subtype=0", simnvr.ONVIF: "/onvif/ch1/main"}
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			rec := start(t, d, at(night), func(c *simnvr.Config) { c.LiveSessions = 1 })
			path, r := past(d, 1, night.Add(-time.Hour), night)
			one := view(t, rec, path, secret)
			if _, err := one.play(r); err != nil {
				t.Fatal(err)
			}
			two := view(t, rec, path, secret)
			refusedWith(t, "second playback", two.setup(), refusal[d])
			if _, err := view(t, rec, live[d], secret).play(nil); err != nil {
				t.Errorf("live beside a playback: %v", err)
			}
			refusedWith(t, "second live session", view(t, rec, live[d], secret).setup(), refusal[d])
			if l, p := rec.Sessions(); l != 1 || p != 1 {
				t.Errorf("sessions %d live, %d playback", l, p)
			}
			one.leave(rec)
			if _, err := view(t, rec, path, secret).play(r); err != nil {
				t.Errorf("after the first has left: %v", err)
			}
			if rec.WrongTries() != 0 {
				t.Errorf("%d wrong tries were counted", rec.WrongTries())
			}
		})
	}
}

// What is older than six hours has been overwritten; what has not happened yet is
// not there either. A stretch that begins before the oldest begins with the oldest.
func TestOverwrite(t *testing.T) {
	refusal := map[simnvr.Dialect]string{simnvr.Hikvision: "404", simnvr.Dahua: "404", simnvr.ONVIF: "457"}
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			clock := at(night)
			rec := start(t, d, clock)
			shows := night.Add(-7 * time.Minute)
			for name, from := range map[string]time.Time{"overwritten": shows.Add(-6*time.Hour - time.Minute), "not yet": shows.Add(time.Minute)} {
				path, r := past(d, 1, from, from.Add(30*time.Second))
				v := view(t, rec, path, secret)
				_, err := v.play(r)
				refusedWith(t, name, err, refusal[d])
				v.leave(rec)
			}
			path, r := past(d, 1, shows.Add(-7*time.Hour), shows.Add(-6*time.Hour).Add(4*time.Second))
			v := view(t, rec, path, secret).in(base.Play, "Speed", "1000")
			if _, err := v.play(r); err != nil {
				t.Fatal(err)
			}
			clock.Move(time.Second)
			oldest := night.Add(-6 * time.Hour)
			compare(t, v.toEnd(), showed(load(t, "home-07"), oldest, oldest.Add(4*time.Second)))
			path, _ = past(d, 3, shows.Add(-time.Hour), shows)
			refusedWith(t, "offline channel", view(t, rec, path, secret).setup(), "404")
		})
	}
}

// A playback that is asked for too much ends with the last picture there is.
func TestEndOfFootage(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.Hikvision, clock, func(c *simnvr.Config) { c.RunsOn = true })
	shows := night.Add(-7 * time.Minute)
	path, _ := past(simnvr.Hikvision, 1, shows.Add(-20*time.Second), shows.Add(-10*time.Second))
	v := view(t, rec, path, secret).in(base.Play, "Speed", "1000")
	if _, err := v.play(nil); err != nil {
		t.Fatal(err)
	}
	clock.Move(time.Second)
	compare(t, v.toEnd(), showed(load(t, "home-07"), night.Add(-20*time.Second), night)) // firmware that runs past endtime
}

// Firmware that means UTC when it writes Z.
func TestTrueUTC(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.Hikvision, clock, func(c *simnvr.Config) { c.TrueUTC = true })
	begin := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	path := fmt.Sprintf("/Streaming/tracks/101?starttime=%s&endtime=%s", begin.Format("20060102t150405z"), begin.Add(4*time.Second).Format("2006-01-02T15:04:05Z"))
	v := view(t, rec, path, secret).in(base.Play, "Speed", "1000")
	if _, err := v.play(nil); err != nil {
		t.Fatal(err)
	}
	truth := begin.Add(7 * time.Minute)
	clock.Move(time.Second)
	compare(t, v.toEnd(), showed(load(t, "home-07"), truth, truth.Add(4*time.Second)))
}

// With four times the speed, one second of the clock gives four of the past, and
// not a picture more.
func TestSpeed(t *testing.T) {
	tests := []struct {
		name, header, value string
		answer              string
		ticks               uint32 // between pictures
		dialect             simnvr.Dialect
		pictures            int
	}{
		{"real time", "", "", "", 7500, simnvr.Hikvision, 13},
		{"speed", "Speed", "4", "4.000", 7500, simnvr.Hikvision, 49},
		{"scale", "Scale", "4", "4.000", 1875, simnvr.Dahua, 49},
		{"more than there is", "Scale", "64", "8.000", 7500 / 8, simnvr.Dahua, 97},
		{"no rate control", "Rate-Control", "no", "no", 7500, simnvr.ONVIF, 97},
		{"backwards is not known", "Scale", "-1", "", 7500, simnvr.Hikvision, 13},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := at(night)
			rec := start(t, tt.dialect, clock, func(c *simnvr.Config) { c.Speed = 8 })
			path, r := past(tt.dialect, 1, night.Add(-time.Hour), night.Add(-30*time.Minute))
			v := view(t, rec, path, secret)
			if tt.header != "" {
				v.in(base.Play, tt.header, tt.value)
			}
			res, err := v.play(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(res.Header[tt.header], ""); got != tt.answer {
				t.Errorf("%s: %q, want %q", tt.header, got, tt.answer)
			}
			v.take(1)
			clock.Move(time.Second)
			got := v.take(tt.pictures - 1)
			if step := got[1].ticks - got[0].ticks; step < tt.ticks-1 || step > tt.ticks+1 {
				t.Errorf("%d ticks between pictures, want %d", step, tt.ticks)
			}
			if _, err := v.client.Pause(); err != nil {
				t.Fatal(err)
			}
			if len(v.pictures) != 0 {
				t.Errorf("%d pictures too many", len(v.pictures))
			}
		})
	}
}

// ONVIF's header extension tells of every picture when it was, by the recorder's
// clock, and where playback begins and ends.
func TestReplayExtension(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.ONVIF, clock)
	begin := time.Date(2026, 11, 23, 0, 30, 0, 0, ict)
	path, r := past(simnvr.ONVIF, 1, begin, begin.Add(4*time.Second))
	v := view(t, rec, path, secret).in(base.Setup, "Require", "onvif-replay").in(base.Play, "Rate-Control", "no")
	if _, err := v.play(r); err != nil {
		t.Fatal(err)
	}
	clock.Move(time.Second)
	got := v.take(2 * scene.GOP)
	for i, p := range got {
		for _, packet := range p.all {
			ext := packet.GetExtension(0)
			if !packet.Extension || packet.ExtensionProfile != 0xABAC || len(ext) != 12 {
				t.Fatalf("picture %d: extension %t %x of %d bytes", i, packet.Extension, packet.ExtensionProfile, len(ext))
			}
			stamp := binary.BigEndian.Uint64(ext)
			nano := int64((stamp & 0xffffffff) * 1e9 >> 32)
			when := time.Unix(int64(stamp>>32)-2208988800, nano)
			want := begin.Add(time.Duration(i) * time.Second / scene.FPS)
			if d := when.Sub(want).Abs(); d > time.Microsecond {
				t.Fatalf("picture %d: %s, want %s", i, when, want)
			}
			var flags byte
			if i%scene.GOP == 0 {
				flags |= 0x80
			}
			if i == 0 {
				flags |= 0x20
			}
			if i == len(got)-1 {
				flags |= 0x10
			}
			if ext[8] != flags || ext[9] == 0 {
				t.Fatalf("picture %d: flags %08b, CSeq %d, want %08b", i, ext[8], ext[9], flags)
			}
		}
	}
	for len(v.reports) > 0 {
		if sr, ok := (<-v.reports).(*rtcp.SenderReport); ok && (sr.NTPTime != 0 || sr.RTPTime != 0) {
			t.Errorf("sender report %v without rate control", sr)
		}
	}
	plain := view(t, rec, "/onvif/ch1/main", secret).in(base.Setup, "Require", "onvif-replay")
	refusedWith(t, "replay of a live stream", plain.setup(), "551")
}
