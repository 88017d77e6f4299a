// Package media is what flows inside the agent: the tracks that a camera offers
// and the units that it sends. It imports nothing but the standard library.
package media

import "time"

// Codec names how a track is coded.
type Codec string

// Codecs that are recorded.
const (
	H264  Codec = "h264"  // ISO/IEC 14496-10
	H265  Codec = "h265"  // ISO/IEC 23008-2
	AAC   Codec = "aac"   // ISO/IEC 14496-3
	Opus  Codec = "opus"  // RFC 6716
	G711A Codec = "g711a" // ITU-T G.711 A-law, 8 bits a sample
	G711U Codec = "g711u" // ITU-T G.711 µ-law, 8 bits a sample
)

// Video tells whether the codec is one of pictures.
func (c Codec) Video() bool { return c == H264 || c == H265 }

// Track is one elementary stream of a session.
type Track struct {
	Codec         Codec
	ClockRate     int    // RTP ticks per second
	VPS, SPS, PPS []byte // NAL units without start code; VPS with H.265 only
	AudioConfig   []byte // AAC: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)
	Channels      int    // sound only
}

// Unit is one access unit of video or one frame of sound. Readers must not
// change it: several of them share the bytes.
type Unit struct {
	Track    int           // index in the session's tracks; video is 0
	NALUs    [][]byte      // video: one access unit in decoding order, without start codes, byte for byte as received. Sound: one frame
	PTS, DTS time.Duration // media time since the session's first unit, from RTP time stamps
	Received time.Time     // wall clock with its monotonic reading when the first packet of the unit was read
	NTP      time.Time     // the sender's clock from its newest RTCP sender report, zero when there is none
	Key      bool          // decoding can start here (IDR, IRAP)
}

// Session is what ingest hands over when an RTSP session starts to give pictures.
type Session struct {
	Tracks []Track
	Video  Codec
}
