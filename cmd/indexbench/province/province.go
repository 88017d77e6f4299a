// Package province makes up what the cameras of a province announce: the same facts for
// the same seed, whichever arm of the benchmark asks, and any hour of any camera without
// those before it.
package province

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// first is the hour in which everything begins.
const first = int64(497_000)

// subEach: of so many cameras one has a second stream.
const subEach = 4

// perHour is about how many segments a camera announces in an hour.
const perHour = 600 + 600/subEach

// Province is how large it is. It is never changed.
type Province struct {
	Cameras int
	Hours   int
	seed    uint64
}

// New makes a province whose cameras together have about so many segments, in two whole
// hours at least.
func New(cameras, segments int, seed uint64) Province {
	each := cameras * perHour
	return Province{Cameras: cameras, Hours: max(2, (segments+each/2)/each), seed: seed}
}

// HoursOf is how many hours of all cameras have about so many segments, at least one.
func (p Province) HoursOf(segments int) int {
	return max(1, min(p.Hours, segments/(p.Cameras*perHour)))
}

// Hour is the number of the i-th hour.
func (p Province) Hour(i int) int64 { return first + int64(i) }

// Begin and End are when everything begins and ends; the last segments end seconds later.
func (p Province) Begin() time.Time { return pack.StartOf(first) }

// End is the end of the last hour.
func (p Province) End() time.Time { return pack.StartOf(p.Hour(p.Hours)) }

// Camera is the name of the n-th camera.
func (p Province) Camera(n int) camera.CameraID {
	return camera.NewCameraID("bench", fmt.Sprint(p.seed), n)
}

// dice of a camera's stream in an hour.
func (p Province) dice(n int, hour int64, stream camera.Stream, what byte) *rand.Rand {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[0:], p.seed)
	binary.LittleEndian.PutUint64(seed[8:], uint64(n))
	binary.LittleEndian.PutUint64(seed[16:], uint64(hour))
	seed[24], seed[25] = byte(len(stream)), what
	return rand.New(rand.NewChaCha8(seed))
}

// Limits of what is made up, in milliseconds.
const (
	hourMillis = 3_600_000
	goal       = 6000 // a segment, give or take a picture of 40 ms
	shortest   = 3000
	breakMost  = 20_000
)

// offset is when in an hour the first segment starts; the last one of the hour before
// ends there.
func (p Province) offset(n int, hour int64, stream camera.Stream) int64 {
	return p.dice(n, hour, stream, 'o').Int64N(shortest - 100)
}

// Announced is everything that a camera announces of an hour, in the order of the index.
func (p Province) Announced(n int, hour int64) pack.Manifest {
	m := pack.Manifest{Camera: p.Camera(n), Hour: hour}
	m.Facts = make([]pack.Fact, 0, 2*hourMillis/goal+20)
	p.stream(&m, n, camera.StreamMain)
	if n%subEach == subEach-1 {
		p.stream(&m, n, camera.StreamSub)
	}
	m.Sort()
	return m
}

// stream adds one stream of an hour: one to three runs, segment after segment, each
// starting up to 3 ms before the end of the one before, as the rule for starts makes it.
func (p Province) stream(m *pack.Manifest, n int, stream camera.Stream) {
	dice := p.dice(n, m.Hour, stream, 'f')
	until := hourMillis + p.offset(n, m.Hour+1, stream)
	breaks := map[int]bool{}
	for range max(0, dice.IntN(10)-7) { // mostly none, at most two
		breaks[dice.IntN(600)] = true
	}
	begin := pack.StartOf(m.Hour)
	last := segment(dice, m.Camera, stream)
	ms := p.offset(n, m.Hour, stream)
	for i := 0; ms < until; i++ {
		f := last
		lasts := int64(goal + 40*(dice.IntN(3)-1))
		if until-ms-lasts < shortest {
			lasts = until - ms
		}
		f.Start, f.End = begin.Add(time.Duration(ms)*time.Millisecond), begin.Add(time.Duration(ms+lasts)*time.Millisecond)
		f.Media = camera.Millis(time.Duration(lasts) * time.Millisecond)
		f.SenderReport, f.Received = f.Start.Add(-700*time.Millisecond), f.End.Add(time.Second)
		vary(dice, &f, lasts)
		m.Facts = append(m.Facts, f)
		last = f
		last.Prev, last.Seq = f.SHA256, f.Seq+1
		if ms += lasts; ms >= until {
			break
		}
		ms -= dice.Int64N(4)
		if away := 1000 + dice.Int64N(breakMost-1000); breaks[i] && ms+away < hourMillis-goal {
			m.Gaps = append(m.Gaps, gap(dice, f, away))
			ms += away
			last = segment(dice, m.Camera, stream)
		}
	}
}

// segment begins a run: what all segments of it have in common.
func segment(dice *rand.Rand, id camera.CameraID, stream camera.Stream) pack.Fact {
	f := pack.Fact{Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: id, Run: camera.RunID(fmt.Sprintf("%016x", dice.Uint64()))}, Stream: stream,
		Clock:    camera.Clock{Synchronised: true, Offset: camera.Millis(3 * time.Millisecond), Bound: camera.Millis(12 * time.Millisecond)},
		InitSize: 788, Codec: "avc1.64001f", Width: 1920, Height: 1080,
	}}
	if stream == camera.StreamSub {
		f.Codec, f.Width, f.Height = "avc1.4d401e", 640, 360
	}
	return f
}

// vary fills in what differs from segment to segment. Hashes and signatures are dice:
// nothing here checks them, and they do not pack, as real ones.
func vary(dice *rand.Rand, f *pack.Fact, lasts int64) {
	mean := int64(500_000)
	if f.Stream == camera.StreamSub {
		mean = 60_000
	}
	f.Size = mean*8/10 + dice.Int64N(mean*4/10)
	f.KeySize = mean/10 + dice.Int64N(mean/50)
	fill(dice, f.SHA256[:])
	fill(dice, f.KeySHA256[:])
	fill(dice, f.Signature[:])
	var moved [16]byte
	n := int((lasts + 999) / 1000)
	for i := range n {
		moved[i] = byte(max(0, dice.IntN(400)-300))
	}
	f.Activity = camera.Activity(moved[:n])
}

func gap(dice *rand.Rand, after pack.Fact, away int64) pack.GapFact {
	g := pack.GapFact{Gap: camera.Gap{
		Camera: after.Camera, Stream: after.Stream, Cause: camera.CauseReconnect,
		Start: after.End, End: after.End.Add(time.Duration(away) * time.Millisecond),
	}}
	g.Received = g.End.Add(time.Second)
	fill(dice, g.Signature[:])
	return g
}

func fill(dice *rand.Rand, b []byte) {
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], dice.Uint64())
	}
}
