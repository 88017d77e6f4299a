// Package camera_test records real cameras through ingest and segment, as the
// agent does, and compares what is in the files with what was sent.
package camera_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

const (
	user   = "gia-dinh"
	secret = "p@ss:w/rd?#é"
)

// recorder writes what the ingest gives to files in a folder.
type recorder struct {
	t      *testing.T
	dir    string
	w      *segment.Writer
	until  time.Duration // media time to record
	enough func()        // called then

	causes []string
	files  []string // of the closed segments
	segs   []camera.Segment
}

func (r *recorder) Start(s media.Session) error { return r.w.Start(s) }

func (r *recorder) Unit(u media.Unit) error {
	if u.Track == 0 && u.PTS >= r.until {
		r.enough()
	}
	return r.w.Unit(u)
}

func (r *recorder) Stop(cause camera.GapCause, detail string) {
	r.causes = append(r.causes, string(cause)+": "+detail)
	if err := r.w.Stop(); err != nil {
		r.t.Errorf("stop: %v", err)
	}
	if cause != camera.CauseAgentOff {
		r.enough() // the test says what is missing
	}
}

// Create opens the next file (segment.Sink).
func (r *recorder) Create(camera.CameraID) (segment.File, error) {
	f, err := os.Create(filepath.Join(r.dir, fmt.Sprintf("%02d.mp4", len(r.files))))
	return &file{f, r}, err
}

type file struct {
	*os.File
	r *recorder
}

func (f *file) Commit(s camera.Segment) error {
	f.r.files = append(f.r.files, f.Name())
	f.r.segs = append(f.r.segs, s)
	return f.Close()
}

func (f *file) Discard() {
	f.r.t.Errorf("segment discarded: %v", errors.Join(f.Close(), os.Remove(f.Name())))
}

// record pulls a camera for so long and returns what was kept.
func record(t *testing.T, address string, length time.Duration, udp bool) *recorder {
	t.Helper()
	ctx, enough := context.WithTimeout(t.Context(), length+40*time.Second)
	defer enough()
	r := &recorder{t: t, dir: t.TempDir(), until: length, enough: enough}
	r.w = segment.New(segment.Config{
		Camera: camera.NewCameraID("h", "serial", 1),
		Clock:  func() camera.Clock { return camera.Clock{} },
	}, r, time.Now)
	i := ingest.New(ingest.Config{
		URL: address, Username: user, Password: secret, Control: func(string, string, syscall.RawConn) error { return nil }, UDP: udp,
	}, r, time.Now, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err := i.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if len(r.causes) != 1 || r.causes[0] != "agent-off: agent is stopping" {
		t.Errorf("recording ended with %q", r.causes)
	}
	return r
}

// nalus reads all files back, and checks each against its segment.
func (r *recorder) nalus(t *testing.T) (all [][]byte, frames []int) {
	t.Helper()
	for i, name := range r.files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := r.segs[i]
		if err := s.Check(); err != nil || int64(len(b)) != s.Size {
			t.Fatalf("segment %d: %d bytes, %v", i, len(b), err)
		}
		if i > 0 && (s.Run != r.segs[0].Run || s.Seq != uint32(i) || s.Prev != r.segs[i-1].SHA256) {
			t.Errorf("segment %d is not next in its chain", i)
		}
		var head fmp4.Init
		var parts fmp4.Parts
		if err := errors.Join(head.Unmarshal(bytes.NewReader(b[:s.InitSize])), parts.Unmarshal(b[s.InitSize:])); err != nil {
			t.Fatalf("read segment %d: %v", i, err)
		}
		n := 0
		for _, p := range parts {
			for _, one := range p.Tracks[0].Samples {
				nalus, err := one.GetH264() // the same form for H.265
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, nalus...)
				n++
			}
		}
		frames = append(frames, n)
	}
	return all, frames
}

// contiguous tells whether got is an exact run within sent.
func contiguous(sent, got [][]byte) bool {
	for from := 0; len(got) > 0 && from+len(got) <= len(sent); from++ {
		n := 0
		for n < len(got) && bytes.Equal(sent[from+n], got[n]) {
			n++
		}
		if n == len(got) {
			return true
		}
	}
	return false
}
