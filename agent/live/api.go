package live

import (
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// resendPackets is how many packets are kept for the hub's NACKs (RFC 4585 §6.2.1):
// about one second of 8 Mbit/s. The interceptor wants a power of two.
const resendPackets = 1024

// h264 is what is offered. Constrained baseline at level 3.1 finds a common payload
// type with every browser at the hub's other side; what goes over the wire is the
// camera's own profile and level, which decoders take from the parameter sets
// (RFC 6184 §8.1, level-asymmetry-allowed).
func h264() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}
}

func newAPI() (*webrtc.API, error) {
	var s webrtc.SettingEngine
	logs := logging.NewDefaultLoggerFactory() // pion speaks only where PION_LOG_… asks it to
	logs.DefaultLogLevel = logging.LogLevelDisabled
	s.LoggerFactory = logs
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetIncludeLoopbackCandidate(true) // a hub on the same machine
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(silenceMost/2, silenceMost/2, 2*time.Second)
	codec := &webrtc.MediaEngine{}
	err := codec.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: h264(), PayloadType: 102}, webrtc.RTPCodecTypeVideo)
	if err != nil {
		return nil, err
	}
	parts := &interceptor.Registry{}
	if err := webrtc.ConfigureNackWithOptions(codec, parts, nil, nack.ResponderSize(resendPackets)); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureRTCPReports(parts); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(codec), webrtc.WithInterceptorRegistry(parts)), nil
}
