package ingest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
)

// One second of a camera of the measurement: 25 pictures, 4 Mbit.
const (
	keySize   = 120_000
	otherSize = (500_000 - keySize) / 24
	warmUp    = 2 * time.Second
	measured  = 6 * time.Second
)

// cost is what an agent process tells of itself.
type cost struct {
	CPU     time.Duration // user and system
	Units   int64
	Bytes   int64
	Allocs  uint64
	GC      uint32
	Wakings float64 // voluntary context switches
}

// BenchmarkCost prints the CPU seconds that ingest alone takes for an hour of one
// stream, in a process of its own, with the connection read at once and gathered.
func BenchmarkCost(b *testing.B) {
	for _, n := range []int{8, 32} {
		for _, gather := range []time.Duration{-1, 40 * time.Millisecond} {
			b.Run(fmt.Sprintf("streams=%d/gather=%dms", n, max(0, gather.Milliseconds())), func(b *testing.B) {
				cameras := child(b, "cameras", strconv.Itoa(n))
				address := line(b, cameras.out)
				for range b.N {
					agent := child(b, "agent", strconv.Itoa(n), gather.String(), address)
					var c cost
					if err := json.Unmarshal([]byte(line(b, agent.out)), &c); err != nil {
						b.Fatal(err)
					}
					agent.end(b)
					if most := int64(n) * int64((measured+time.Second)/(40*time.Millisecond)); c.Units < most*3/4 {
						b.Fatalf("%d pictures of %d cameras: the machine is too busy to measure", c.Units, n)
					}
					hours := float64(n) * measured.Hours()
					b.ReportMetric(c.CPU.Seconds()/hours, "cpu-s/stream-h")
					b.ReportMetric(c.Wakings/float64(n)/measured.Seconds(), "wakes/stream-s")
					b.ReportMetric(float64(c.Allocs)/float64(c.Units), "allocs/picture")
					b.ReportMetric(float64(c.GC)/measured.Seconds(), "gc/s")
					b.ReportMetric(0, "ns/op")
				}
				cameras.end(b)
			})
		}
	}
}

type process struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

func child(b *testing.B, role string, args ...string) *process {
	b.Helper()
	p := &process{cmd: exec.CommandContext(b.Context(), os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), "XULANG_INGEST_CHILD="+role)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	return p
}

func line(b *testing.B, r *bufio.Reader) string {
	b.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// end lets a child go: it lives as long as its input.
func (p *process) end(b *testing.B) {
	b.Helper()
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// beAgent pulls n cameras, and prints what that costs.
func beAgent() int {
	n, _ := strconv.Atoi(os.Args[1])
	gather, _ := time.ParseDuration(os.Args[2])
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	count := &counter{}
	for k := range n {
		i := ingest.New(ingest.Config{
			URL: fmt.Sprintf("rtsp://%s/%d", os.Args[3], k), Control: loopback, Gather: gather,
		}, count, time.Now, discard())
		wait.Go(func() { _ = i.Run(ctx) })
	}
	<-time.After(warmUp)
	before, units, bytes := usage(), count.units.Load(), count.bytes.Load()
	<-time.After(measured)
	c := usage()
	c.CPU, c.Allocs, c.GC, c.Wakings = c.CPU-before.CPU, c.Allocs-before.Allocs, c.GC-before.GC, c.Wakings-before.Wakings
	c.Units, c.Bytes = count.units.Load()-units, count.bytes.Load()-bytes
	err := json.NewEncoder(os.Stdout).Encode(c)
	cancel()
	wait.Wait()
	if err != nil {
		return 1
	}
	return 0
}

func usage() cost {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return cost{CPU: time.Duration(u.Utime.Nano() + u.Stime.Nano()), Wakings: float64(u.Nvcsw), Allocs: m.Mallocs, GC: m.NumGC}
}

// counter is a receiver that keeps nothing.
type counter struct{ units, bytes atomic.Int64 }

func (c *counter) Start(media.Session) error { return nil }
func (c *counter) Unit(u media.Unit) error {
	c.units.Add(1)
	for _, n := range u.NALUs {
		c.bytes.Add(int64(len(n)))
	}
	return nil
}
func (c *counter) Stop(cause camera.GapCause, detail string) {
	if cause != camera.CauseAgentOff {
		fmt.Fprintln(os.Stderr, "a camera was lost:", cause, detail)
	}
}

// crowd is many cameras on one port, without a password: /0, /1, …
type crowd struct{ streams []*gortsplib.ServerStream }

func (c *crowd) stream(path string) (*base.Response, *gortsplib.ServerStream, error) {
	var n int
	if got, _ := fmt.Sscanf(path, "/%d", &n); got == 1 && n >= 0 && n < len(c.streams) {
		return &base.Response{StatusCode: base.StatusOK}, c.streams[n], nil
	}
	return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
}

func (c *crowd) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.stream(ctx.Path)
}

func (c *crowd) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.stream(ctx.Path)
}

func (c *crowd) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// beCameras serves until its input ends. The cameras film at the same pace, each
// a little later than the one before.
func beCameras() int {
	n, _ := strconv.Atoi(os.Args[1])
	c, address := &crowd{}, ""
	server := &gortsplib.Server{Handler: c, RTSPAddress: "127.0.0.1:0", WriteQueueSize: 4096, Listen: func(network, at string) (net.Listener, error) {
		l, err := net.Listen(network, at)
		if err == nil {
			address = l.Addr().String()
		}
		return l, err
	}}
	if err := server.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wait sync.WaitGroup
	for k := range n {
		s := &gortsplib.ServerStream{Server: server, Desc: &description.Session{Medias: []*description.Media{video264()}}}
		if err := s.Initialize(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		c.streams = append(c.streams, s)
		wait.Go(func() { filmForCost(ctx, s, time.Duration(k)*40*time.Millisecond/time.Duration(n)) })
	}
	fmt.Println(address)
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	wait.Wait()
	server.Close()
	return 0
}

func filmForCost(ctx context.Context, s *gortsplib.ServerStream, later time.Duration) {
	m := s.Desc.Medias[0]
	encoder, err := m.Formats[0].(*format.H264).CreateEncoder()
	if err != nil {
		panic(err)
	}
	picture := func(head byte, size int) []byte {
		// first_mb_in_slice 0, slice_type 7 or 5, parameter set 0, and then anything.
		p := append([]byte{head, 0x88, 0x80}, make([]byte, size)...)
		for i := range size {
			p[3+i] = byte(1 + (i*31)%251)
		}
		return p
	}
	key := append(slices.Clone(sets264), picture(0x65, keySize))
	other := [][]byte{picture(0x41, otherSize)}
	began := time.Now().Add(later)
	for k := 0; ; k++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(began.Add(time.Duration(k) * 40 * time.Millisecond))):
		}
		au := other
		if k%25 == 0 {
			au = key
		}
		pkts, err := encoder.Encode(au)
		if err != nil {
			panic(err)
		}
		for _, p := range pkts {
			p.Timestamp = uint32(k) * 3600
			if s.WritePacketRTP(m, p) != nil {
				return
			}
		}
	}
}
