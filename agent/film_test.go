package agent_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
)

const (
	filmRate = 25 // frames a second
	filmGOP  = 10
)

// stamp marks the number that stands in each frame, as a message for nobody
// (user_data_unregistered, ISO/IEC 14496-10, D.1.7).
var stamp = []byte("xulang test film")

// film is a camera that sends real pictures, each with its number. Whoever comes
// sees the same.
type film struct {
	address string
	server  *gortsplib.Server
	stream  *gortsplib.ServerStream
	media   *description.Media
	encoder *rtph264.Encoder
	reel    [][][]byte // access units

	mu    sync.Mutex
	next  int           // number of the next frame
	grown chan struct{} // closed with each frame and each PLAY
	plays map[int][]int // by path: the next frame when somebody began to watch
}

func startFilm(t *testing.T) *film {
	t.Helper()
	f := &film{reel: shoot(t), grown: make(chan struct{}), plays: map[int][]int{}}
	h264 := &format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: f.reel[0][1], PPS: f.reel[0][2]}
	var err error
	if f.encoder, err = h264.CreateEncoder(); err != nil {
		t.Fatal(err)
	}
	f.server = &gortsplib.Server{Handler: f, RTSPAddress: "127.0.0.1:0", Listen: func(network, at string) (net.Listener, error) {
		l, err := net.Listen(network, at)
		if err == nil {
			f.address = l.Addr().String()
		}
		return l, err
	}}
	if err := f.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.server.Close)
	f.media = &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{h264}}
	f.stream = &gortsplib.ServerStream{Server: f.server, Desc: &description.Session{Medias: []*description.Media{f.media}}}
	if err := f.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	var rolling sync.WaitGroup
	ctx, cut := context.WithCancel(t.Context())
	rolling.Go(func() { f.roll(ctx, t) })
	t.Cleanup(func() { cut(); rolling.Wait(); f.stream.Close() })
	return f
}

// shoot makes two seconds of coded pictures with delimiters in front of each.
func shoot(t *testing.T) (reel [][][]byte) {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=160x96:rate=%d:duration=2", filmRate),
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-x264-params", fmt.Sprintf("aud=1:keyint=%d:min-keyint=%d:scenecut=0:bframes=0:slices=1", filmGOP, filmGOP),
		"-f", "h264", "-").Output()
	if err != nil {
		t.Fatalf("make film (scripts/need ffmpeg installs the program): %v", err)
	}
	for nalu := range bytes.SplitSeq(out, []byte{0, 0, 1}) {
		nalu = bytes.TrimRight(nalu, "\x00")
		if len(nalu) == 0 {
			continue
		}
		if nalu[0]&0x1f == 9 {
			reel = append(reel, nil)
		}
		reel[len(reel)-1] = append(reel[len(reel)-1], nalu)
	}
	return reel
}

// roll sends the film in a loop.
func (f *film) roll(ctx context.Context, t *testing.T) {
	tick := time.NewTicker(time.Second / filmRate)
	defer tick.Stop()
	for n := 0; ; n++ {
		au := append([][]byte{}, f.reel[n%len(f.reel)]...)
		message := append([]byte{6, 5, byte(len(stamp) + 8)}, fmt.Sprintf("%s%08d", stamp, n)...)
		au = append(au[:len(au)-1], append(message, 0x80), au[len(au)-1]) // before the slice
		packets, err := f.encoder.Encode(au)
		if err != nil {
			t.Error(err)
			return
		}
		f.mu.Lock()
		f.next = n + 1
		f.news()
		f.mu.Unlock()
		for _, p := range packets {
			p.Timestamp = uint32(n) * (90000 / filmRate)
			if err := f.stream.WritePacketRTP(f.media, p); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (f *film) news() {
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *film) url(n int) string { return fmt.Sprintf("rtsp://%s/%d", f.address, n) }

// filmed finds the numbers of the frames in a file.
func filmed(data []byte) (numbers []int) {
	for {
		at := bytes.Index(data, stamp)
		if at < 0 || len(data) < at+len(stamp)+8 {
			return numbers
		}
		data = data[at+len(stamp):]
		if n, err := strconv.Atoi(string(data[:8])); err == nil {
			numbers = append(numbers, n)
		}
	}
}

// sent is how many frames have been sent.
func (f *film) sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// played is how often somebody began to watch a path.
func (f *film) played(path int) watched {
	f.mu.Lock()
	defer f.mu.Unlock()
	return watched{path, len(f.plays[path])}
}

// watched says how often a path had been played.
type watched struct{ path, times int }

// await waits for the next one who watches the path, and gives the first frame that
// they can have seen; ok is false when ended or ctx came first.
func (f *film) await(ctx context.Context, w watched, ended <-chan error) (from int, ok bool) {
	ok = f.until(ctx, ended, func() bool { return len(f.plays[w.path]) > w.times })
	f.mu.Lock()
	defer f.mu.Unlock()
	if ok {
		from = f.plays[w.path][w.times]
	}
	return from, ok
}

// reach waits until a frame has been sent.
func (f *film) reach(ctx context.Context, n int, ended <-chan error) bool {
	return f.until(ctx, ended, func() bool { return f.next > n })
}

func (f *film) until(ctx context.Context, ended <-chan error, holds func() bool) bool {
	for {
		f.mu.Lock()
		done, grown := holds(), f.grown
		f.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-grown:
		case <-ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// OnDescribe answers everyone (gortsplib.ServerHandler).
func (f *film) OnDescribe(*gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, f.stream, nil
}

// OnSetup answers everyone (gortsplib.ServerHandler).
func (f *film) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, f.stream, nil
}

// OnPlay notes who watches (gortsplib.ServerHandler).
func (f *film) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path, err := strconv.Atoi(ctx.Path[1:]); err == nil {
		f.plays[path] = append(f.plays[path], f.next)
		f.news()
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}
