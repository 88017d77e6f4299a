package agent

import (
	"context"
	"io"
	"net"
	"testing"

	camera "xulang.vn/camera"
)

// calls is a camera that takes calls and never says a word.
func calls(t *testing.T) (url string, taken <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn)
	go func() {
		defer close(conns)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range conns {
			c.Close()
		}
	})
	return "rtsp://" + l.Addr().String() + "/sub", conns
}

// TestSubStreamGivesWay to the main one: a camera that is full, away or of another
// password is called for the main stream alone.
func TestSubStreamGivesWay(t *testing.T) {
	b := newBench(t)
	url, taken := calls(t)
	cam := b.cam()
	cam.SubURL, cam.Uplink = url, camera.UplinkSub
	b.shared.Store(&cam)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.sub.run(ctx) }()
	for _, cause := range []camera.GapCause{camera.CauseCameraOff, camera.CauseWrongPassword} {
		b.start()
		conn := <-taken
		b.Stop(camera.CauseReconnect, "connection broken") // the camera is there
		if there, _ := b.there.now(); !there {
			t.Error("a broken session ends the small stream as well")
		}
		b.Stop(cause, "full")
		if _, err := io.Copy(io.Discard, conn); err != nil { // until it hangs up
			t.Errorf("%s: %v", cause, err)
		}
		conn.Close()
	}
	select {
	case <-taken:
		t.Error("called while the main stream is away")
	default:
	}
	b.Stop(camera.CauseBadCodec, "MJPEG only") // the small stream is all that can be had
	(<-taken).Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
