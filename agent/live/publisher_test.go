package live_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/live"
	"xulang.vn/camera/agent/media"
)

var (
	cam = camera.NewCameraID("h1", "serial", 1)
	sps = []byte{0x67, 100, 0, 31, 0xac, 1}
	pps = []byte{0x68, 0xee, 0x3c, 0x80}

	video = media.Track{Codec: media.H264, ClockRate: 90000, SPS: sps, PPS: pps}
)

func newPublisher(t *testing.T, h *hub) *live.Publisher {
	t.Helper()
	p := live.New(live.Config{HubURL: h.URL + "/base/"}, time.Now)
	t.Cleanup(p.Close)
	return p
}

// picture is access unit number n, every one different.
func picture(n int, key bool, size int, before ...[]byte) media.Unit {
	slice := bytes.Repeat([]byte{byte(n%200) + 1, byte(n/200) + 1, 0xaa}, size/3)
	slice = append([]byte{0x41}, slice...)
	if key {
		slice[0] = 0x65
	}
	return media.Unit{NALUs: append(before, slice), PTS: time.Duration(n) * 40 * time.Millisecond, Key: key}
}

// nalus puts the NAL units of one access unit together again.
func (h *hub) nalus(t *testing.T) (got [][]byte, stamp uint32) {
	t.Helper()
	var d codecs.H264Packet
	for {
		p := wait(t, h.packets, "a packet")
		b, err := d.Unmarshal(p.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 4 { // behind the start code
			got = append(got, bytes.Clone(b[4:]))
		}
		if p.Marker {
			return got, p.Timestamp
		}
	}
}

// begin sends units until the first picture arrives, and returns them.
func begin(t *testing.T, p *live.Publisher, h *hub, scene func(n int) media.Unit) (sent []media.Unit) {
	t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(soon)
	defer tick.Stop()
	for len(h.packets) == 0 {
		select {
		case <-tick.C:
			u := scene(len(sent))
			sent = append(sent, u)
			p.Unit(cam, u)
		case <-late:
			t.Fatal("nothing arrived")
		}
	}
	return sent
}

func TestPicturesArriveAsTheyWere(t *testing.T) {
	h := newHub(t)
	p := newPublisher(t, h)
	p.Unit(cam, picture(0, true, 100)) // nobody publishes: nothing happens
	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil {
		t.Fatal(err)
	}
	inBand := []byte{0x67, 77, 0, 31, 0xac, 9}
	second := []byte{0x68, 0xee, 0x3c, 0x81}
	scene := func(n int) media.Unit {
		switch {
		case n%10 != 3: // the first units cannot be decoded by themselves
			return picture(n, false, 5000)
		case n%20 == 3:
			return picture(n, true, 9000) // parameter sets only in the SDP
		}
		return picture(n, true, 9000, inBand, pps, second)
	}
	wait(t, h.up, "the connection")
	sent := begin(t, p, h, scene)
	got, zero := h.nalus(t)
	at := -1
	for i, u := range sent {
		if bytes.Equal(u.NALUs[len(u.NALUs)-1], got[len(got)-1]) {
			at = i
		}
	}
	if at < 0 || !sent[at].Key {
		t.Fatalf("first picture is unit %d, want a key frame", at)
	}
	seen := len(sent[at].NALUs) > 1
	for i := at; ; i++ {
		want := sent[i].NALUs
		if i > at && len(want) > 1 {
			seen = true
		}
		if sent[i].Key && len(want) == 1 {
			if seen { // the newest sets, in-band ones
				want = [][]byte{inBand, pps, want[0]}
			} else {
				want = [][]byte{sps, pps, want[0]}
			}
		}
		if len(got) != len(want) {
			t.Fatalf("unit %d: %d NAL units, want %d", i, len(got), len(want))
		}
		for j := range want {
			if !bytes.Equal(got[j], want[j]) {
				t.Fatalf("unit %d: NAL unit %d differs", i, j)
			}
		}
		if i == at+60 {
			return
		}
		if i == len(sent)-1 {
			u := scene(len(sent))
			sent = append(sent, u)
			p.Unit(cam, media.Unit{Track: 1, NALUs: [][]byte{{1, 2, 3}}}) // sound stays out
			p.Unit(cam, u)
		}
		var stamp uint32
		if got, stamp = h.nalus(t); stamp-zero != uint32(i+1-at)*3600 {
			t.Fatalf("unit %d: %d ticks after the first, want %d", i+1, stamp-zero, (i+1-at)*3600)
		}
	}
}

func TestStopTellsTheHub(t *testing.T) {
	h := newHub(t)
	p := newPublisher(t, h)
	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil {
		t.Fatal(err)
	}
	wait(t, h.up, "the connection")
	p.Stop(cam)
	if p.Publishing(cam) {
		t.Error("still publishing")
	}
	if got := wait(t, h.deleted, "DELETE"); got != "Bearer "+token {
		t.Errorf("DELETE with %q", got)
	}
	p.Stop(cam) // once more does nothing

	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil { // replaces the one before
		t.Fatal(err)
	}
	wait(t, h.deleted, "DELETE of the one before")
	p.Close()
	wait(t, h.deleted, "DELETE at the end")
	err := p.Start(t.Context(), cam, video, "/whip", token)
	wantCode(t, err, camera.CodeUnavailable)
}

func TestHubThatGoesEndsThePublication(t *testing.T) {
	h := newHub(t)
	p := newPublisher(t, h)
	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil {
		t.Fatal(err)
	}
	wait(t, h.up, "the connection")
	h.closePeers()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(soon)
	defer tick.Stop()
	for p.Publishing(cam) {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("still publishing")
		}
	}
}

func TestStartErrors(t *testing.T) {
	h := newHub(t)
	p := newPublisher(t, h)
	for name, test := range map[string]struct {
		video  media.Track
		path   string
		status int
		code   camera.Code
	}{
		"H.265":      {media.Track{Codec: media.H265}, "/whip", 0, camera.CodeLiveCodec},
		"bad token":  {video, "/whip", http.StatusForbidden, camera.CodeForbidden},
		"bad offer":  {video, "/whip", http.StatusBadRequest, camera.CodeBadRequest},
		"hub broken": {video, "/whip", http.StatusBadGateway, camera.CodeUnavailable},
		"no such":    {video, "/nowhere", 0, camera.CodeNotFound},
		"other host": {video, "@example.invalid/whip", 0, camera.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			h.refuse = test.status
			wantCode(t, p.Start(t.Context(), cam, test.video, test.path, token), test.code)
			if p.Publishing(cam) {
				t.Error("publishing")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantCode(t, p.Start(ctx, cam, video, "/whip", token), camera.CodeUnavailable)
}

// Units of a peer that takes nothing are left out, and Unit returns.
func TestUnitNeverWaits(t *testing.T) {
	h := newHub(t)
	p := newPublisher(t, h)
	if err := p.Start(t.Context(), cam, video, "/whip", token); err != nil {
		t.Fatal(err)
	}
	wait(t, h.up, "the connection")
	for n := range 1000 { // 100 MB at once: far more than queue and hub can take
		p.Unit(cam, picture(n, n%25 == 0, 100_000))
	}
	// It goes on at a key frame; these are small enough for one packet.
	tick, late := time.NewTicker(5*time.Millisecond), time.After(soon)
	defer tick.Stop()
	var before uint16 // number of the packet that came last
	lost := false     // packets are missing since the last one of the flood
	for n := 1000; ; {
		select {
		case <-tick.C:
			p.Unit(cam, picture(n, n%5 == 0, 900)) // the first one is a key frame
			n++
		case got := <-h.packets:
			// Where numbers are missing the loopback dropped a part of the flood: the
			// key frame may have been among it, and the next one is waited for.
			small := got.Payload[0] == 0x41
			lost = got.SequenceNumber != before+1 || lost && small
			before = got.SequenceNumber
			if got.Payload[0] == 0x65 {
				return
			}
			if small && !lost {
				t.Fatal("went on in the middle of a group")
			}
		case <-late:
			t.Fatal("nothing came any more")
		}
	}
}

func wantCode(t *testing.T, err error, code camera.Code) {
	t.Helper()
	if err == nil || camera.CodeOf(err) != code {
		t.Fatalf("got %v (code %q), want code %q", err, camera.CodeOf(err), code)
	}
}
