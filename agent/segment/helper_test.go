package segment_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
	"xulang.vn/camera/agent/segment"
)

const cameraID = camera.CameraID("caaaaaaaaaaaaaaaa")

// Parameter sets of test pictures, 320×240 and 640×480, 25 frames a second.
var (
	small264 = media.Track{Codec: media.H264, ClockRate: 90000, SPS: unhex("6764000dacb20283f60220000003002000000641e28549"), PPS: unhex("68ebc3cb22c0")}
	large264 = media.Track{Codec: media.H264, ClockRate: 90000, SPS: unhex("6764001eacb201407b6022000003000200000300641e2c5c90"), PPS: unhex("68ebc3cb22c0")}
	small265 = media.Track{
		Codec: media.H265, ClockRate: 90000, VPS: unhex("40010c01ffff01600000030090000003000003003c928090"),
		SPS: unhex("42010101600000030090000003000003003ca00a080f16592a4932bc05a02000000300200000030321"), PPS: unhex("4401c172b46240"),
	}
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	errCreate = errors.New("no place to create")
	errWrite  = errors.New("no place to write")
	errCommit = errors.New("no place to commit")
)

// sink keeps files in memory and can fail on demand.
type sink struct {
	fail      error
	files     []*memory
	open      []*memory // all that were created
	created   int
	discarded int
}

type memory struct {
	bytes.Buffer
	sink *sink
	seg  camera.Segment
	done bool
	ends []int // of each write
}

func (s *sink) Create(camera.CameraID) (segment.File, error) {
	if s.fail == errCreate {
		return nil, errCreate
	}
	s.created++
	m := &memory{sink: s}
	s.open = append(s.open, m)
	return m, nil
}

func (m *memory) Write(b []byte) (int, error) {
	if m.sink.fail == errWrite {
		return 0, errWrite
	}
	n, err := m.Buffer.Write(b)
	m.ends = append(m.ends, m.Len())
	return n, err
}

func (m *memory) Commit(s camera.Segment) error {
	if m.sink.fail == errCommit {
		return errCommit
	}
	m.seg, m.done = s, true
	m.sink.files = append(m.sink.files, m)
	return nil
}

func (m *memory) Discard() {
	if !m.done {
		m.sink.discarded++
	}
}

// rig is a writer with its sink and a camera that sends on demand.
type rig struct {
	t     testing.TB
	sink  *sink
	w     *segment.Writer
	track media.Track

	media time.Duration
	wall  time.Time     // receive time of the next unit
	moved time.Duration // how far the wall clock was stepped away from the monotonic one
	frame time.Duration // media time between two units
	pace  time.Duration // wall time between two units
	n     int
	sent  [][]byte // NAL units that must be in the files
}

// meter notes what it hears.
type meter struct {
	pictures []time.Duration
	bytes    int
	taken    [][2]time.Duration
}

func (m *meter) Picture(size int, _ bool, at time.Duration) {
	m.pictures, m.bytes = append(m.pictures, at), m.bytes+size
}

func (m *meter) Take(from, to time.Duration) camera.Activity {
	m.taken = append(m.taken, [2]time.Duration{from, to})
	return camera.Activity(bytes.Repeat([]byte{7}, int((to-from+time.Second-1)/time.Second)))
}

func newRig(t testing.TB, tracks ...media.Track) *rig {
	t.Helper()
	return newMeteredRig(t, nil, tracks...)
}

func newMeteredRig(t testing.TB, m segment.Meter, tracks ...media.Track) *rig {
	t.Helper()
	r := &rig{t: t, sink: &sink{}, track: tracks[0], frame: 40 * time.Millisecond, pace: 40 * time.Millisecond}
	r.wall = time.Date(2026, 11, 22, 7, 5, 9, 0, time.UTC)
	runs := 0
	r.w = segment.New(segment.Config{
		Camera: cameraID, Activity: m,
		Clock:  func() camera.Clock { return camera.Clock{Synchronised: true} },
		NewRun: func() camera.RunID { runs++; return camera.RunID(fmt.Sprintf("%016x", runs)) },
		Elapsed: func(at time.Time) time.Duration {
			return at.Add(-r.moved).Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		},
	}, r.sink, func() time.Time { return r.wall })
	if err := r.w.Start(media.Session{Tracks: tracks, Video: tracks[0].Codec}); err != nil {
		t.Fatal(err)
	}
	return r
}

// unit makes the next unit; a key frame carries its parameter sets.
func (r *rig) unit(key bool) media.Unit {
	r.n++
	body := []byte(fmt.Sprintf("picture %d", r.n))
	var nalus [][]byte
	switch {
	case r.track.Codec == media.H264 && key:
		nalus = [][]byte{r.track.SPS, r.track.PPS, append([]byte{6, 5}, body...), append([]byte{0x65}, body...)}
	case r.track.Codec == media.H264:
		nalus = [][]byte{append([]byte{0x41}, body...)}
	case key:
		nalus = [][]byte{r.track.VPS, r.track.SPS, r.track.PPS, append([]byte{39 << 1, 1}, body...), append([]byte{19 << 1, 1}, body...)}
	default:
		nalus = [][]byte{append([]byte{1 << 1, 1}, body...)}
	}
	u := media.Unit{NALUs: nalus, PTS: r.media, DTS: r.media, Received: r.wall, Key: key}
	r.media += r.frame
	r.wall = r.wall.Add(r.pace)
	return u
}

func (r *rig) send(key bool) error {
	u := r.unit(key)
	r.sent = append(r.sent, u.NALUs...)
	return r.w.Unit(u)
}

// seconds sends seconds of media, each begun by a key frame.
func (r *rig) seconds(n int) {
	r.t.Helper()
	for i := range n * 25 {
		if err := r.send(i%25 == 0); err != nil {
			r.t.Fatalf("unit %d: %v", r.n, err)
		}
	}
}

func (r *rig) stop() []*memory {
	r.t.Helper()
	if err := r.w.Stop(); err != nil {
		r.t.Fatal(err)
	}
	return r.sink.files
}

// content is a file read back by itself.
type content struct {
	init  fmp4.Init
	parts fmp4.Parts
}

// read checks a file against what its segment claims and takes it apart.
func read(t testing.TB, m *memory) content {
	t.Helper()
	b := m.Bytes()
	if err := m.seg.Check(); err != nil {
		t.Errorf("segment: %v", err)
	}
	if int64(len(b)) != m.seg.Size || sha256.Sum256(b) != [32]byte(m.seg.SHA256) {
		t.Errorf("segment %s: size or hash is not that of its bytes", m.seg.SegmentID)
	}
	var c content
	if err := c.init.Unmarshal(bytes.NewReader(b[:m.seg.InitSize])); err != nil {
		t.Fatalf("read head: %v", err)
	}
	if err := c.parts.Unmarshal(b[m.seg.InitSize:]); err != nil {
		t.Fatalf("read parts: %v", err)
	}
	first := c.parts[0]
	if len(first.Tracks) != 1 || len(first.Tracks[0].Samples) != 1 || first.Tracks[0].Samples[0].IsNonSyncSample {
		t.Errorf("segment %s: the first part is not one key frame", m.seg.SegmentID)
	}
	if key := b[:m.seg.KeySize]; m.ends[0] > camera.KeyLargest {
		if m.seg.KeySize != 0 || !m.seg.KeySHA256.IsZero() {
			t.Errorf("segment %s: key frame of %d bytes is too large", m.seg.SegmentID, m.seg.KeySize)
		}
	} else if len(key) != m.ends[0] || sha256.Sum256(key) != [32]byte(m.seg.KeySHA256) {
		t.Errorf("segment %s: key frame of %d bytes, written in %d", m.seg.SegmentID, len(key), m.ends[0])
	}
	if len(m.ends) != len(c.parts) {
		t.Errorf("segment %s: %d parts in %d writes", m.seg.SegmentID, len(c.parts), len(m.ends))
	}
	return c
}

// samples are those of one track, in order.
func (c content) samples(id int) (out []*fmp4.Sample) {
	for _, p := range c.parts {
		for _, t := range p.Tracks {
			if t.ID == id {
				out = append(out, t.Samples...)
			}
		}
	}
	return out
}

func (c content) nalus(t *testing.T) (out [][]byte) {
	t.Helper()
	for _, s := range c.samples(1) {
		n, err := s.GetH264()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n...)
	}
	return out
}

func sameNALUs(t *testing.T, got, want [][]byte) {
	t.Helper()
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("recorded %d NAL units are not the %d sent", len(got), len(want))
	}
}
