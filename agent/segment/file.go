package segment

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

const (
	partGoal  = time.Second // length of a part: what a crash may cost
	partBytes = 768 << 10   // a part is written when it is this large, whatever its length
	partTable = 2000        // most samples of a track in a part
	partSound = 256 << 10   // bytes of sound that may wait for a picture

	videoRate = 90000            // RTP clock of all video (RFC 6184, RFC 7798)
	videoID   = 1                // track ids of the file
	soundID   = 2                //
	overhead  = 256 << 10        // room left under SegmentLargest for boxes
	soundLead = 10 * time.Second // sound further away from the picture is not believed
	oneFrame  = videoRate / 25   // length of a last frame that has no neighbour
)

// buffers hold what is not written yet. A writer uses them again for each part of
// each file: parts come every second, for years.
type buffers struct {
	part     buffer // video
	sound    []byte // finished frames, then the held one
	lead     []byte // what stands before the payload of a part
	pictures []sample
	sounds   []sample
	g711     *g711Sound // nil without such sound
	reader   reader
}

// file is one segment being written. Its methods must not be used after an error.
//
// Its first part is the key frame alone, and goes out in one write with all that
// stands before it; then each write is one part.
type file struct {
	to    File
	head  *head
	note  note
	base  time.Duration // media time of the run's first sample
	clock *timeline     // of the run
	first media.Unit    // its first unit, without the pictures
	last  media.Unit    // its newest one, likewise

	buf      *buffers
	pictures track
	sounds   *track // nil without sound

	sum hash.Hash
	key camera.Hash // of the bytes up to the end of the first part
	put tally       // what was written: the reader has to find the same
}

func newFile(to File, r *run, n note, buf *buffers, u media.Unit) *file {
	f := &file{to: to, head: &r.head, note: n, base: r.base, clock: &r.times, buf: buf, sum: sha256.New()}
	f.pictures = track{id: videoID, scale: videoRate, usual: oneFrame, done: buf.pictures[:0]}
	if s := r.head.sound; s != nil {
		f.sounds = &track{id: soundID, scale: int64(s.ClockRate), usual: r.head.soundFrame, done: buf.sounds[:0]}
		buf.g711 = newG711Sound(*s, buf.g711)
	}
	buf.part.reset()
	buf.sound = buf.sound[:0]
	buf.reader = reader{table: buf.reader.table}
	u.NALUs = nil
	f.first, f.last = u, u
	return f
}

// full tells whether the unit could make the file larger than the hub takes.
func (f *file) full(u media.Unit) bool {
	waiting := f.buf.part.size() + len(f.buf.sound) + payloadSize(u.NALUs)
	return f.put.size+int64(waiting) > camera.SegmentLargest-overhead
}

// payloadSize is the size of a picture with the lengths of its NAL units.
func payloadSize(nalus [][]byte) int {
	n := 0
	for _, b := range nalus {
		n += 4 + len(b)
	}
	return n
}

// picture adds one access unit.
func (f *file) picture(u media.Unit) error {
	p, size := &f.pictures, payloadSize(u.NALUs)
	at := p.next(max(0, ticks(u.DTS-f.base, videoRate)))
	if f.due(at, size) {
		if err := f.flush(); err != nil {
			return err
		}
	}
	one := sample{size: uint32(size), flags: isOther}
	if u.Key {
		one.flags = isKey
	}
	if shown := ticks(u.PTS-f.base, videoRate) - at; max(shown, -shown) < math.MaxInt32 {
		one.offset = int32(shown)
	}
	p.hold(at, one)
	f.buf.part.nalus(u.NALUs, size)
	u.NALUs = nil
	f.last = u
	return nil
}

// due tells whether to write the finished samples before the next picture of
// size bytes is added at a time.
func (f *file) due(at int64, size int) bool {
	p := &f.pictures
	return f.put.parts == 0 || at-p.doneAt >= ticks(partGoal, videoRate) ||
		f.buf.part.size()+size > partBytes || len(p.done) >= partTable
}

// sound adds one frame of sound, or drops it when its time makes no sense or the
// picture does not come: sound must not be able to break the picture.
func (f *file) sound(u media.Unit) {
	if f.sounds == nil || u.Track != f.head.soundTrack {
		return
	}
	off := u.PTS - f.last.DTS
	at := ticks(u.PTS-f.base, f.sounds.scale)
	if at < 0 || off > soundLead || off < -soundLead || f.full(u) {
		return
	}
	if g := f.buf.g711; g != nil {
		g.add(at, u.NALUs[0], f.frame)
		return
	}
	f.frame(at, u.NALUs[0])
}

// frame adds a sample of sound.
func (f *file) frame(at int64, frame []byte) {
	if len(f.buf.sound)+len(frame) > partSound || len(f.sounds.done) >= partTable-1 { // and the held one
		return
	}
	f.sounds.hold(f.sounds.next(at), sample{size: uint32(len(frame)), flags: isKey})
	f.buf.sound = append(f.buf.sound, frame...)
}

// finish writes the rest.
func (f *file) finish(boundary *media.Unit) error {
	end := int64(-1)
	if boundary != nil {
		end = ticks(boundary.DTS-f.base, videoRate)
	}
	f.pictures.release(end)
	if f.sounds != nil {
		soundEnd := int64(-1)
		if f.buf.g711 != nil {
			soundEnd = f.buf.g711.finish(f.frame)
		}
		f.sounds.release(soundEnd)
	}
	return f.flush()
}

// flush writes the finished samples as one part.
func (f *file) flush() error {
	if len(f.pictures.done) == 0 {
		return nil
	}
	first := f.put.parts == 0
	lead := f.buf.lead[:0]
	if first {
		lead = f.note.append(append(lead, f.head.bytes...))
	}
	wall := toNTP(f.clock.at(fromTicks(f.pictures.doneAt)))
	lead = appendPrft(lead, wall, f.pictures.doneAt)
	tracks := []*track{&f.pictures}
	if f.sounds != nil && len(f.sounds.done) > 0 && !first {
		tracks = append(tracks, f.sounds)
		f.buf.part.put(f.buf.sound[:f.sounds.size])
		f.buf.sound = f.buf.sound[:copy(f.buf.sound, f.buf.sound[f.sounds.size:])]
	}
	lead = appendMoof(lead, uint32(f.put.parts+1), tracks...)
	if err := f.write(f.buf.part.after(lead)); err != nil {
		return err
	}
	f.put.add(wall, tracks)
	if first {
		f.put.init, f.put.key = int64(len(f.head.bytes)), f.put.size
		f.sum.Sum(f.key[:0])
	}
	for _, t := range tracks {
		t.taken()
	}
	f.buf.part.reset()
	f.buf.lead, f.buf.pictures = lead, f.pictures.done
	if f.sounds != nil {
		f.buf.sounds = f.sounds.done
	}
	return nil
}

// write hands bytes on, and reads them as anyone would who finds the file.
func (f *file) write(b []byte) error {
	n, err := f.to.Write(b)
	if err != nil {
		return err
	}
	if n != len(b) {
		return io.ErrShortWrite
	}
	f.sum.Write(b)
	f.put.size += int64(n)
	return f.buf.reader.take(b)
}

// describe tells what is in the file. It is an error when a reader finds
// something else.
func (f *file) describe() (camera.Segment, error) {
	r := &f.buf.reader
	if r.got != f.put || r.note != f.note || r.look != f.head.look {
		return camera.Segment{}, fmt.Errorf("read back: found %+v, wrote %+v", r.got, f.put)
	}
	s := r.segment()
	f.sum.Sum(s.SHA256[:0])
	if s.KeySize > 0 {
		s.KeySHA256 = f.key
	}
	if !f.last.NTP.IsZero() {
		s.SenderReport = f.last.NTP.Add(f.first.PTS - f.last.PTS).UTC().Truncate(time.Millisecond)
	}
	return s, nil
}
