package pack_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

const (
	hour  = int64(497_000) // some hour of 2026
	begin = hour * 3_600_000
	mine  = camera.CameraID("cabcdefgh23456723")
)

// device signs; its key is no secret.
var device = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func at(ms int64) time.Time { return time.UnixMilli(begin + ms).UTC() }

func digest(words ...any) camera.Hash { return sha256.Sum256(fmt.Append(nil, words...)) }

// day makes facts of an hour as cameras make them: segments of about six seconds one
// after the other in one or two streams, runs that break now and then, sizes ±20 %.
type day struct {
	dice *rand.Rand
	runs uint64
}

func newDay(seed uint64) *day { return &day{dice: rand.New(rand.NewPCG(seed, 7))} }

func (d *day) manifest(breaks int, streams ...camera.Stream) pack.Manifest {
	m := pack.Manifest{Camera: mine, Hour: hour}
	for _, stream := range streams {
		cuts := map[int]bool{}
		for range breaks {
			cuts[d.dice.IntN(600)] = true
		}
		var last *pack.Fact
		for ms, i := int64(d.dice.IntN(6000)), 0; ms < 3_600_000; i++ {
			if last == nil || cuts[i] {
				if last != nil {
					ms += d.dice.Int64N(20_000) + 1
					m.Gaps = append(m.Gaps, d.gap(last.End, min(ms, 3_600_000), stream))
				}
				last = nil
				d.runs++
			}
			if ms >= 3_600_000 {
				break
			}
			f := d.segment(stream, ms, last)
			m.Facts = append(m.Facts, f)
			last = &m.Facts[len(m.Facts)-1]
			ms = f.End.UnixMilli() - begin - d.dice.Int64N(4)
		}
	}
	m.Sort()
	return m
}

func (d *day) segment(stream camera.Stream, ms int64, last *pack.Fact) pack.Fact {
	var run [8]byte
	binary.BigEndian.PutUint64(run[:], d.runs*0x9e3779b97f4a7c15)
	lasts := 6000 + 40*(d.dice.Int64N(3)-1)
	mean := int64(500_000)
	f := pack.Fact{Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: mine, Run: camera.RunID(fmt.Sprintf("%x", run))}, Stream: stream,
		Start: at(ms), End: at(ms + lasts), Media: camera.Millis(time.Duration(lasts) * time.Millisecond),
		SenderReport: at(ms - 700), Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(3 * time.Millisecond), Bound: camera.Millis(12 * time.Millisecond)},
		InitSize: 788, Codec: "avc1.64001f", Width: 1920, Height: 1080,
		SHA256: digest(d.runs, ms, stream), KeySize: 60_000 + d.dice.Int64N(9000), KeySHA256: digest("key", d.runs, ms),
	}, Received: at(ms + 7000)}
	if stream == camera.StreamSub {
		mean, f.Width, f.Height = 60_000, 640, 360
	}
	f.Size = mean*8/10 + d.dice.Int64N(mean*4/10)
	if last != nil {
		f.Run, f.Seq, f.Prev = last.Run, last.Seq+1, last.SHA256
	}
	moved := make([]byte, (lasts+999)/1000)
	for i := range moved {
		moved[i] = byte(max(0, d.dice.IntN(400)-300))
	}
	f.Activity = camera.Activity(moved)
	copy(f.Signature[:], ed25519.Sign(device, f.Payload()))
	return f
}

func (d *day) gap(from time.Time, to int64, stream camera.Stream) pack.GapFact {
	g := pack.GapFact{Gap: camera.Gap{Camera: mine, Stream: stream, Start: from, End: at(to), Cause: camera.CauseReconnect}, Received: at(to + 10)}
	copy(g.Signature[:], ed25519.Sign(device, g.Payload()))
	return g
}

// states are those of a household whose footage was uploaded here and there.
func (d *day) states(n int) []pack.State {
	all := make([]pack.State, n)
	for i := 0; i < n; {
		s := pack.State(1 + d.dice.IntN(8))
		for to := min(n, i+1+d.dice.IntN(200)); i < to; i++ {
			all[i] = s
		}
	}
	return all
}
