package segment

import (
	"crypto/sha256"
	"hash"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/media"
)

const (
	partGoal  = time.Second // length of a moof/mdat pair: what a crash may cost
	videoRate = 90000       // RTP clock of all video (RFC 6184, RFC 7798)
	videoID   = 1           // track ids of the file
	soundID   = 2
	overhead  = 256 << 10        // room left under SegmentLargest for boxes
	soundLead = 10 * time.Second // sound further away from the picture is not believed
	oneFrame  = videoRate / 25   // length of a last frame that has no neighbour
)

// file is one segment being written. Its methods must not be used after an error.
type file struct {
	to    File
	head  head
	base  time.Duration // media time of the run's first sample
	first media.Unit    // its first unit, without the pictures
	last  media.Unit    // its newest one, likewise

	sum      hash.Hash
	written  int64
	waiting  int64 // bytes in samples that are not written yet
	sequence uint32
	from     int64 // video ticks of the first sample

	pictures track
	sounds   *track // nil without sound
}

func newFile(to File, h head, base time.Duration, u media.Unit) *file {
	f := &file{to: to, head: h, base: base, sum: sha256.New()}
	f.pictures = track{id: videoID, scale: videoRate, usual: oneFrame}
	if h.sound != nil {
		f.sounds = &track{id: soundID, scale: int64(h.sound.ClockRate), usual: h.soundFrame}
	}
	u.NALUs = nil
	f.first, f.last = u, u
	f.from = max(0, ticks(u.DTS-base, videoRate))
	return f
}

func (f *file) begin() error { return f.write(f.head.bytes) }

func (f *file) write(b []byte) error {
	n, err := f.to.Write(b)
	f.sum.Write(b[:n])
	f.written += int64(n)
	return err
}

// full tells whether the unit could make the file larger than the hub takes.
func (f *file) full(u media.Unit) bool {
	return f.written+f.waiting+payloadSize(u.NALUs) > camera.SegmentLargest-overhead
}

func payloadSize(nalus [][]byte) int64 {
	n := int64(0)
	for _, b := range nalus {
		n += 4 + int64(len(b))
	}
	return n
}

// picture adds one access unit.
func (f *file) picture(u media.Unit) error {
	payload, err := h264.AVCC(u.NALUs).Marshal() // four-byte lengths, the same for H.265 (ISO/IEC 14496-15)
	if err != nil {
		return err
	}
	at := max(0, ticks(u.DTS-f.base, videoRate))
	at = f.pictures.push(at, &fmp4.Sample{IsNonSyncSample: !u.Key, Payload: payload})
	f.pictures.held.PTSOffset = int32(ticks(u.PTS-f.base, videoRate) - at)
	f.waiting += int64(len(payload))
	u.NALUs = nil
	f.last = u
	if f.pictures.ready() >= ticks(partGoal, videoRate) {
		return f.flush()
	}
	return nil
}

// sound adds one frame of sound, or drops it when its time makes no sense:
// sound must not be able to break the picture.
func (f *file) sound(u media.Unit) {
	if f.sounds == nil || u.Track != f.head.soundTrack {
		return
	}
	off := u.PTS - f.last.DTS
	at := ticks(u.PTS-f.base, f.sounds.scale)
	if at < 0 || off > soundLead || off < -soundLead || f.full(u) {
		return
	}
	f.sounds.push(at, &fmp4.Sample{Payload: u.NALUs[0]})
	f.waiting += int64(len(u.NALUs[0]))
}

// finish writes the rest and returns the length in media time.
func (f *file) finish(boundary *media.Unit) (time.Duration, error) {
	end := int64(-1)
	if boundary != nil {
		end = ticks(boundary.DTS-f.base, videoRate)
	}
	end = f.pictures.release(end)
	if f.sounds != nil {
		f.sounds.release(-1)
	}
	return fromTicks(end-f.from, videoRate), f.flush()
}

// flush writes the finished samples as one part.
func (f *file) flush() error {
	part := fmp4.Part{SequenceNumber: f.sequence}
	for _, t := range []*track{&f.pictures, f.sounds} {
		if t != nil && len(t.done) > 0 {
			part.Tracks = append(part.Tracks, t.take())
		}
	}
	if len(part.Tracks) == 0 {
		return nil
	}
	var buf seekablebuffer.Buffer
	if err := part.Marshal(&buf); err != nil {
		return err
	}
	f.sequence++
	f.waiting = f.pictures.heldSize() + f.sounds.heldSize()
	return f.write(buf.Bytes())
}

// describe fills in what the file knows about itself.
func (f *file) describe() camera.Segment {
	s := camera.Segment{
		Size: f.written, InitSize: int64(len(f.head.bytes)),
		Codec: f.head.codec, Width: f.head.width, Height: f.head.height,
	}
	f.sum.Sum(s.SHA256[:0])
	if !f.last.NTP.IsZero() {
		s.SenderReport = f.last.NTP.Add(f.first.PTS - f.last.PTS).UTC().Truncate(time.Millisecond)
	}
	return s
}
