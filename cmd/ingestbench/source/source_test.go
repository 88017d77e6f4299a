package source_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xulang.vn/camera/cmd/ingestbench/mark"
	"xulang.vn/camera/cmd/ingestbench/source"
)

// parameters of a real 1080p stream: RTSP clients look into them.
var (
	sps, _ = hex.DecodeString("6764000cac3b50b04b420000030002000003003d08")
	pps, _ = hex.DecodeString("68ebe3cb22c0")
)

// slice is a made-up picture of one slice that begins at macroblock 0.
func slice(kind byte, size, fill int) []byte {
	nal := bytes.Repeat([]byte{byte(0x10 + fill)}, size)
	nal[0], nal[1] = kind, 0x88
	return nal
}

// stream gives the NAL units of each picture: two groups of four.
func stream() [][][]byte {
	var out [][][]byte
	for i := range 8 {
		if i%4 == 0 {
			out = append(out, [][]byte{sps, pps, slice(0x65, 5000+i, i)})
		} else {
			out = append(out, [][]byte{slice(0x41, 900*i, i)})
		}
	}
	return out
}

func annexB(pictures [][][]byte) []byte {
	var b []byte
	for _, unit := range pictures {
		b = append(b, 0, 0, 0, 1, 9, 0xf0) // delimiter
		for _, nal := range unit {
			b = append(append(b, 0, 0, 1), nal...)
		}
	}
	return b
}

func clip(t *testing.T) *source.Clip {
	t.Helper()
	c, err := source.Make(annexB(stream()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// packets takes a picture's bytes on the wire apart.
func packets(t *testing.T, wire []byte) []rtp.Packet {
	t.Helper()
	var out []rtp.Packet
	for len(wire) > 0 {
		if wire[0] != '$' || wire[1] != 6 {
			t.Fatalf("channel %x", wire[:2])
		}
		n := int(wire[2])<<8 + int(wire[3])
		var p rtp.Packet
		if err := p.Unmarshal(wire[4 : 4+n]); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
		wire = wire[4+n:]
	}
	return out
}

// TestContinuousOverLoops: nothing in RTP shows where the clip starts again, also
// where sequence numbers and time stamps wrap.
func TestContinuousOverLoops(t *testing.T) {
	c := clip(t)
	at := source.Stream{Index: 3, Channel: 6}
	var last rtp.Packet
	total := 0
	for number := uint32(0); number < 40_000; number++ {
		wire := c.Append(nil, at, number)
		total += len(wire)
		all := packets(t, wire)
		for i, p := range all {
			if number+uint32(i) > 0 && p.SequenceNumber != last.SequenceNumber+1 {
				t.Fatalf("picture %d: sequence number %d after %d", number, p.SequenceNumber, last.SequenceNumber)
			}
			step := uint32(0)
			if i == 0 {
				step = 3600
			}
			if number+uint32(i) > 0 && p.Timestamp != last.Timestamp+step {
				t.Fatalf("picture %d: time stamp %d after %d", number, p.Timestamp, last.Timestamp)
			}
			if p.Marker != (i == len(all)-1) || p.PayloadType != 96 || last.SSRC != 0 && p.SSRC != last.SSRC {
				t.Fatalf("picture %d: %v", number, p)
			}
			last = p
		}
		if m, end := mark.Next(wire); end == 0 || m.Number != number || m.Stream != 3 {
			t.Fatalf("picture %d has the mark %v", number, m)
		}
	}
	want := 0
	for _, size := range c.Sizes() {
		want += size
	}
	if len(c.Sizes()) != 8 || total != want*40_000/8 {
		t.Errorf("%d bytes sent; the sizes tell %d for a loop of %d", total, want, len(c.Sizes()))
	}
	if c.KeyEvery() != 4 {
		t.Errorf("key pictures every %d", c.KeyEvery())
	}
}

func TestBadClips(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty": nil, "noise": []byte("noise"), "no parameters": annexB([][][]byte{{slice(0x65, 50, 1)}}),
		"no key picture first": annexB([][][]byte{{sps, pps, slice(0x41, 50, 1)}, {slice(0x65, 50, 1)}}), "parameters only": annexB([][][]byte{{sps, pps}}),
	} {
		if _, err := source.Make(b); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// serve runs a server until the test ends.
func serve(t *testing.T, n int) (*source.Server, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := source.New(clip(t), n, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s, "rtsp://" + ln.Addr().String()
}

// received is what a client that is not ours got.
type received struct {
	packets []*rtp.Packet
	reports int
}

// watch plays a stream until it has pictures packets that end a picture.
func watch(t *testing.T, address string, pictures int) (*format.H264, received) {
	t.Helper()
	u, err := base.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.TransportTCP
	c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Transport: &tcp}
	if err := c.Start2(); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	desc, _, err := c.Describe(u)
	if err != nil {
		t.Fatal(err)
	}
	var f *format.H264
	medi := desc.FindFormat(&f)
	if medi == nil {
		t.Fatalf("no H.264 in %v", desc)
	}
	if _, err := c.Setup(desc.BaseURL, medi, 0, 0); err != nil {
		t.Fatal(err)
	}
	var got received
	full := make(chan struct{})
	ended := 0
	c.OnPacketRTP(medi, f, func(p *rtp.Packet) {
		if ended >= pictures {
			return
		}
		got.packets = append(got.packets, p)
		if p.Marker {
			if ended++; ended == pictures {
				close(full)
			}
		}
	})
	c.OnPacketRTCP(medi, func(p rtcp.Packet) {
		if sr, ok := p.(*rtcp.SenderReport); ok && sr.NTPTime != 0 && ended == 0 {
			got.reports++
		}
	})
	if _, err := c.Play(nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-full:
	case <-t.Context().Done():
	}
	c.Close()
	return f, got
}

// TestPlay: another library's client gets every NAL unit as it was in the clip,
// over several loops, and a sender report before the first picture.
func TestPlay(t *testing.T) {
	s, base := serve(t, 3)
	f, got := watch(t, fmt.Sprintf("%s/%d", base, 2), 20)
	if !bytes.Equal(f.SPS, sps) || !bytes.Equal(f.PPS, pps) {
		t.Errorf("described %x, %x", f.SPS, f.PPS)
	}
	if got.reports != 1 {
		t.Errorf("%d sender reports before the first picture", got.reports)
	}
	dec, err := f.CreateDecoder()
	if err != nil {
		t.Fatal(err)
	}
	pictures := stream()
	var next uint32
	seen := 0
	for _, p := range got.packets {
		nals, err := dec.Decode(p)
		if err != nil {
			continue // more packets are needed
		}
		var m mark.Mark
		var plain [][]byte
		slices := 0
		for _, nal := range nals {
			if found, end := mark.Next(nal); end > 0 {
				m = found
				continue
			}
			if nal[0]&31 <= 5 {
				slices += len(nal)
			}
			plain = append(plain, nal)
		}
		if m.Stream != 2 || seen > 0 && m.Number != next || int(m.Picture) != slices {
			t.Errorf("picture %d: mark %v, %d bytes of slices", seen, m, slices)
		}
		next = m.Number + 1
		want := pictures[m.Number%8]
		if len(plain) != len(want) {
			t.Fatalf("picture %d: %d NAL units, want %d", m.Number, len(plain), len(want))
		}
		for i := range want {
			if !bytes.Equal(plain[i], want[i]) {
				t.Errorf("picture %d: NAL unit %d is another one", m.Number, i)
			}
		}
		seen++
	}
	if seen != 20 {
		t.Errorf("%d pictures, want 20", seen)
	}
	told := s.Told()[2] // it is told after the picture has left: the last one may be missing
	if told.Plays != 1 || told.Sent < 19 || told.Last+2 < next || told.Bytes == 0 || told.Dropped != 0 {
		t.Errorf("the source says %+v", told)
	}
}

func TestUnknownStream(t *testing.T) {
	_, address := serve(t, 2)
	for _, path := range []string{"/2", "/-1", "/x", "/"} {
		u, err := base.ParseURL(address + path)
		if err != nil {
			t.Fatal(err)
		}
		c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host}
		if err := c.Start2(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Describe(u); err == nil {
			t.Errorf("%s is described", path)
		}
		c.Close()
	}
}
