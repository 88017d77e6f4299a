package live

import (
	"math/rand/v2"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"xulang.vn/camera/agent/media"
)

// payloadMost leaves room for RTP, SRTP, TCP framing and tunnels in 1280 bytes.
const payloadMost = 1180

// packer makes RTP packets (RFC 6184) of access units. Time stamps are the units'
// own PTS, so neither a frame of delay nor rounding comes in.
type packer struct {
	payload codecs.H264Payloader
	sets    media.Parameters // newest ones, for key frames that come without
	seq     uint16           // of the next packet
	zero    uint32           // time stamp of PTS 0
}

func newPacker(video media.Track) packer {
	return packer{
		// Parameter sets go as packets of their own: pion's aggregation would keep only
		// the last one of several picture parameter sets.
		payload: codecs.H264Payloader{DisableStapA: true},
		sets:    media.ParametersOf(video),
		seq:     uint16(rand.Uint32()),
		zero:    rand.Uint32(),
	}
}

// unit packs one access unit; the last packet carries the marker bit.
func (p *packer) unit(u media.Unit) []*rtp.Packet {
	stamp := p.zero + uint32(u.PTS.Microseconds()*9/100) // 90 kHz, RFC 6184 §8.2.1
	var packets []*rtp.Packet
	for _, nalu := range p.complete(u) {
		for _, payload := range p.payload.Payload(payloadMost, nalu) {
			packets = append(packets, &rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: stamp},
				Payload: payload,
			})
			p.seq++
		}
	}
	if len(packets) > 0 {
		packets[len(packets)-1].Marker = true
	}
	return packets
}

// complete puts the newest parameter sets before a key frame that lacks one. A set
// that is there twice then does no harm.
func (p *packer) complete(u media.Unit) [][]byte {
	own := media.ParametersIn(media.H264, u.NALUs)
	p.sets = own.Over(p.sets)
	if !u.Key || own.Complete(media.H264) || !p.sets.Complete(media.H264) {
		return u.NALUs
	}
	return append([][]byte{p.sets.SPS, p.sets.PPS}, u.NALUs...)
}
