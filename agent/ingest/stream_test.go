package ingest_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

// TestClaimsMoreThanItSends: a camera whose time stamps say 25 pictures a second,
// and which sends 21. Media time follows the stamps, Received the wall clock, and
// nothing is torn apart because they differ (lesson 2). The camera sends a picture
// when the one before has arrived, so the test's clock stands for each of them.
func TestClaimsMoreThanItSends(t *testing.T) {
	const frame = time.Second / 21
	var passed atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	f := start(t, "", video264())
	cfg := config(f)
	cfg.Gather = time.Millisecond
	r := pullBy(t, cfg, nil, now)
	eventually(t, "the camera plays", func() bool { return f.count("play") == 1 })
	sent := 0
	film := func() (last []byte) {
		au := access(media.H264, sent)
		f.write(au, uint32(sent)*3600)
		sent++
		return au[len(au)-1]
	}
	arrived := func(picture []byte) func([]event) bool {
		return func(es []event) bool {
			us := units(es)
			return len(us) > 0 && slices.ContainsFunc(us[len(us)-1].NALUs, func(n []byte) bool { return bytes.Equal(n, picture) })
		}
	}
	var last []byte
	eventually(t, "a first picture arrives", func() bool { // the first ones may come before the session listens
		last = film()
		passed.Add(int64(frame))
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(units(r.events)) > 0
	})
	r.until(t, "all that was sent", arrived(last))
	const most = 21 * 20
	for range most {
		passed.Add(int64(frame))
		r.until(t, "the picture", arrived(film()))
	}
	events := r.until(t, "20 s", func(es []event) bool { return len(units(es)) > most })
	if len(stops(events)) > 0 || len(sessions(events)) != 1 {
		t.Errorf("%d sessions, stops %+v", len(sessions(events)), stops(events))
	}
	got := units(events)
	got = got[len(got)-most:]
	for i, u := range got[1:] {
		if media := u.PTS - got[i].PTS; media != 40*time.Millisecond {
			t.Fatalf("picture %d: %s of media time", i, media)
		}
		if wall := u.Received.Sub(got[i].Received); wall != frame {
			t.Fatalf("picture %d: received %s after the one before, want %s", i, wall, frame)
		}
		if !u.NTP.IsZero() {
			t.Fatal("a sender's clock from nowhere")
		}
	}
}

// TestReportComesLate: nothing waits for the first sender report (lesson 1).
func TestReportComesLate(t *testing.T) {
	f := start(t, "", video264())
	var reporting atomic.Bool
	f.roll(t.Context(), media.H264, func(n int, stamp uint32) bool {
		if reporting.Load() {
			f.stream.WritePacketRTCP(f.video, &rtcp.SenderReport{ // fails only when nobody plays any more
				NTPTime: uint64(noon.Unix()+2208988800) << 32, RTPTime: 0,
			})
		}
		return true
	})
	r := pull(t, config(f), nil)
	events := r.until(t, "40 pictures", func(es []event) bool { return len(units(es)) >= 40 })
	for i, u := range units(events) {
		if !u.NTP.IsZero() {
			t.Fatalf("picture %d: sender's clock %s before it told any", i, u.NTP)
		}
	}
	reporting.Store(true)
	r.until(t, "the sender's clock", func(es []event) bool {
		u := units(es)[len(units(es))-1]
		return !u.NTP.IsZero() && u.NTP.After(noon)
	})
}

// TestTwelveHourGOP: one key frame at the start and then none is a named state,
// and the next session asks the camera for another.
func TestTwelveHourGOP(t *testing.T) {
	f := start(t, "", video264())
	played := 0
	f.roll(t.Context(), media.H264, func(n int, _ uint32) bool {
		if n%10 != 0 {
			return true
		}
		if plays := f.count("play"); plays > played && n > 0 {
			r := plays - played
			played += r
			return true
		}
		return false
	})
	cfg := config(f)
	cfg.NoKeyFrame = time.Second
	r := pull(t, cfg, nil)
	events := r.until(t, "two sessions", func(es []event) bool { return len(stops(es)) >= 1 && es[len(es)-1].unit != nil })
	if got := stops(events)[0]; got.cause != camera.CauseNoKeyFrame {
		t.Errorf("%+v", got)
	}
	if n := len(sessions(events)); n < 1 || len(units(events)) < 10 {
		t.Errorf("%d sessions, %d pictures", n, len(units(events)))
	}
}

// TestParameterSetsChange: another picture size in the middle of the stream is
// handed on as it comes, in the same session.
func TestParameterSetsChange(t *testing.T) {
	other := unhex("67f4000d919b28280f67f0110000030001000003003280f14a6180") // 320×240, another profile
	for codec, m := range map[media.Codec]func(int) [][]byte{
		media.H264: func(n int) [][]byte {
			au := access(media.H264, n)
			if n%10 == 0 && n >= 50 {
				au[0] = other
			}
			return au
		},
		media.H265: func(n int) [][]byte {
			au := access(media.H265, n)
			if n%10 == 0 && n >= 50 {
				au[2] = append(slices.Clone(au[2]), 0x80)
			}
			return au
		},
	} {
		t.Run(string(codec), func(t *testing.T) {
			v := video264()
			if codec == media.H265 {
				v = video265()
			}
			f := start(t, "", v)
			f.roll(t.Context(), codec, func(n int, stamp uint32) bool { f.write(m(n), stamp); return false })
			r := pull(t, config(f), nil)
			changed := -1
			events := r.until(t, "20 pictures after the change", func(es []event) bool {
				us := units(es)
				changed = slices.IndexFunc(us, func(u media.Unit) bool {
					p := media.ParametersIn(codec, u.NALUs)
					return bytes.Equal(p.SPS, other) || codec == media.H265 && bytes.HasSuffix(p.PPS, []byte{0x80})
				})
				return changed >= 0 && len(us) > changed+20
			})
			if changed < 1 || len(sessions(events)) != 1 || len(stops(events)) > 0 {
				t.Fatalf("changed at %d, %d sessions, %+v", changed, len(sessions(events)), stops(events))
			}
			for i, u := range units(events) {
				if want := time.Duration(i) * 40 * time.Millisecond; u.PTS != want || u.DTS < want || u.DTS > want+time.Millisecond {
					t.Errorf("picture %d: PTS %s, DTS %s", i, u.PTS, u.DTS)
				}
			}
		})
	}
}

// TestUnknownMessagesStay: what no decoder knows is evidence all the same.
func TestUnknownMessagesStay(t *testing.T) {
	for codec, m := range map[media.Codec]func(n int) [][]byte{
		media.H264: func(n int) [][]byte {
			odd := []byte{6, 12, 14, 19, 20, 21, 22, 23, 0, 30, 31}[n%11] // SEI, filler, reserved and unspecified types (24 … 29 are RTP's own)
			return [][]byte{append([]byte{odd, 255, byte(n)}, noise(n, 3000)...), append([]byte{6, 5, 16}, noise(n+1, 16)...)}
		},
		media.H265: func(n int) [][]byte {
			odd := []byte{39, 40, 38, 41, 44, 47, 51, 63}[n%8] // SEI, filler, reserved, unspecified (48 … 50 are RTP's own)
			return [][]byte{append([]byte{odd << 1, 1, 255, byte(n)}, noise(n, 3000)...), append([]byte{40 << 1, 1, 5, 16}, noise(n+1, 16)...)}
		},
	} {
		t.Run(string(codec), func(t *testing.T) {
			v := video264()
			if codec == media.H265 {
				v = video265()
			}
			f := start(t, "", v)
			f.roll(t.Context(), codec, func(n int, stamp uint32) bool {
				au := access(codec, n)
				f.write(append(append(au[:len(au)-1:len(au)-1], m(n)...), au[len(au)-1]), stamp)
				return false
			})
			r := pull(t, config(f), nil)
			events := r.until(t, "60 pictures", func(es []event) bool { return len(units(es)) >= 60 })
			var nalus [][]byte
			for _, u := range units(events) {
				nalus = append(nalus, u.NALUs...)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if !contiguous(f.sent, nalus) {
				t.Error("not an exact run of what was sent")
			}
		})
	}
}

// noise is bytes without a start code in them.
func noise(seed, size int) []byte {
	out := fmt.Appendf(nil, "message %d ", seed)
	for i := range size {
		out = append(out, byte(1+(i*i+seed*31)%255))
	}
	return out
}
