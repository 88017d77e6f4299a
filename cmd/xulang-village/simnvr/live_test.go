package simnvr_test

import (
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtcp"

	"xulang.vn/camera/cmd/xulang-village/scene"
	"xulang.vn/camera/cmd/xulang-village/simnvr"
)

// Each channel and stream has its pictures of now, beginning with a key picture;
// sender reports follow the recorder's own clock.
func TestLive(t *testing.T) {
	paths := map[simnvr.Dialect][]string{
		simnvr.Hikvision: {"/Streaming/Channels/101", "/Streaming/Channels/102", "/ISAPI/Streaming/channels/201"},
		simnvr.Dahua:     {"/cam/realmonitor?channel=1&subtype=0", "/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif", "/cam/realmonitor?channel=2&subtype=0"},
		simnvr.ONVIF:     {"/onvif/ch1/main", "/onvif/ch1/sub", "/onvif/ch2/main"},
	}
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			clock := at(night)
			rec := start(t, d, clock)
			var viewers []*viewer
			for _, path := range paths[d] {
				v := view(t, rec, path, secret)
				if _, err := v.play(nil); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				viewers = append(viewers, v)
				v.take(1)
			}
			clock.Move(5 * time.Second)
			for i, v := range viewers {
				home := "home-07"
				if i == 2 {
					home = "home-04"
				}
				want := showed(load(t, home), night, night.Add(5*time.Second))
				compare(t, v.take(59), want[1:])
				var report *rtcp.SenderReport
				for report == nil {
					report, _ = (<-v.reports).(*rtcp.SenderReport)
				}
				if got := int64(report.NTPTime>>32) - 2208988800; got != night.Add(-7*time.Minute).Unix() {
					t.Errorf("sender report of %s", time.Unix(got, 0).UTC())
				}
			}
		})
	}
}

func TestNotThere(t *testing.T) {
	for d, paths := range map[simnvr.Dialect][]string{
		simnvr.Hikvision: {"/Streaming/Channels/301", "/Streaming/Channels/901", "/Streaming/Channels/103", "/Streaming/tracks/102?starttime=20261122T233000Z", "/Streaming/tracks/101?starttime=yesterday", "/cam/realmonitor?channel=1&subtype=0"},
		simnvr.Dahua:     {"/cam/realmonitor?channel=3&subtype=0", "/cam/realmonitor?channel=0", "/cam/realmonitor?channel=1&subtype=7", "/cam/playback?channel=1&subtype=1&starttime=2026_11_23_00_00_00", "/cam/playback?channel=1&starttime=now", "/Streaming/Channels/101"},
		simnvr.ONVIF:     {"/onvif/ch3/main", "/onvif/ch9/main", "/onvif/replay/ch3", "/live"},
	} {
		rec := start(t, d, at(night))
		for _, path := range paths {
			refusedWith(t, path, view(t, rec, path, secret).setup(), "404")
		}
		udp := view(t, rec, map[simnvr.Dialect]string{simnvr.Hikvision: "/Streaming/Channels/101", simnvr.Dahua: "/cam/realmonitor?channel=1", simnvr.ONVIF: "/onvif/ch1/main"}[d], secret)
		*udp.client.Transport = gortsplib.TransportUDP
		refusedWith(t, "UDP", udp.setup(), "461")
	}
}

// After a pause of the whole machine the time is left out, not caught up.
func TestLiveLeapsOverSleep(t *testing.T) {
	clock := at(night)
	rec := start(t, simnvr.ONVIF, clock)
	v := view(t, rec, "/onvif/ch1/main", secret)
	if _, err := v.play(nil); err != nil {
		t.Fatal(err)
	}
	v.take(1)
	clock.Move(time.Hour)
	got := v.take(scene.GOP)
	rest := showed(load(t, "home-07"), night, night.Add(2*time.Second))[1:] // of the group that was begun
	compare(t, got[:len(rest)], rest)
	now := showed(load(t, "home-07"), night.Add(time.Hour), night.Add(time.Hour).Add(time.Second))
	compare(t, got[len(rest):], now[:1])
	if leap := got[len(rest)].ticks - got[0].ticks; leap < 3590*90000 {
		t.Errorf("RTP time leaps by %d ticks", leap)
	}
}
