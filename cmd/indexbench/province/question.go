package province

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/rand/v2"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Window is how long the windows are that are asked about.
const Window = 90 * time.Minute

// Question is one page of an officer: some cameras, one window.
type Question struct {
	Cameras  []int
	From, To time.Time
}

// Questions are n questions about so many different cameras each, anywhere in the time
// that there is.
func (p Province) Questions(n, cameras int) []Question {
	dice := rand.New(rand.NewPCG(p.seed, 0x51))
	room := p.End().Sub(p.Begin()) - Window
	all := make([]Question, n)
	for i := range all {
		q := &all[i]
		q.From = p.Begin().Add(time.Duration(dice.Int64N(int64(room/time.Millisecond)+1)) * time.Millisecond)
		q.To = q.From.Add(Window)
		q.Cameras = dice.Perm(p.Cameras)[:min(cameras, p.Cameras)]
	}
	return all
}

// IDs are the names of the cameras asked about.
func (p Province) IDs(q Question) []camera.CameraID {
	ids := make([]camera.CameraID, len(q.Cameras))
	for i, n := range q.Cameras {
		ids[i] = p.Camera(n)
	}
	return ids
}

// Sum is an answer in few words: two arms that say the same have the same.
type Sum struct {
	hash     hash.Hash
	Segments int
}

// NewSum is that of no segments.
func NewSum() *Sum { return &Sum{hash: sha256.New()} }

// Add takes the next segment, in the order of cameras asked about, then of the index.
func (s *Sum) Add(id camera.CameraID, shape pack.Shape, g pack.Segment) {
	var b []byte
	for _, text := range []string{string(id), string(shape.Run), string(shape.Stream), string(shape.Origin), shape.Codec, string(g.State.Byte())} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	for _, n := range []int64{g.Start, g.End, int64(g.Media), int64(g.Size), int64(g.Seq), int64(shape.Width), int64(shape.Height), shape.InitSize} {
		b = binary.AppendVarint(b, n)
	}
	if g.Picture {
		b = append(b, 1)
	}
	_, _ = s.hash.Write(b) // never fails (hash.Hash)
	s.Segments++
}

// Hash is the sum so far.
func (s *Sum) Hash() (h camera.Hash) {
	s.hash.Sum(h[:0])
	return h
}

// Answer is what a question's answer must be, made without any database. All segments
// are at home.
func (p Province) Answer(q Question) *Sum {
	s := NewSum()
	for _, n := range q.Cameras {
		// What starts in the hour before may reach into the window.
		for hour := max(first, pack.HourOf(q.From)-1); hour <= min(p.Hour(p.Hours-1), pack.HourOf(q.To)); hour++ {
			m := p.Announced(n, hour)
			for i := range m.Facts {
				if f := &m.Facts[i]; f.Start.Before(q.To) && f.End.After(q.From) {
					s.Add(m.Camera, pack.ShapeOf(f.Segment), pack.HotOf(f.Segment, 0, pack.Home))
				}
			}
		}
	}
	return s
}
