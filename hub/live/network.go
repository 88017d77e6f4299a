package live

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// network is the two sockets and the pion settings that all peers share.
type network struct {
	api     *webrtc.API
	udp     net.PacketConn
	tcp     net.Listener
	udpMux  ice.UDPMux
	tcpMux  ice.TCPMux
	hostIPs []netip.Addr
}

// resendPackets is how many packets per viewer are kept for NACKs (RFC 4585 §6.2.1).
const resendPackets = 512

func openNetwork(cfg Config) (*network, error) {
	n := &network{}
	for _, text := range cfg.HostIPs {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("read announced address: %w", err)
		}
		n.hostIPs = append(n.hostIPs, ip)
	}
	logs := logging.NewDefaultLoggerFactory() // pion speaks only where PION_LOG_… asks it to
	logs.DefaultLogLevel = logging.LogLevelDisabled
	var err error
	if n.udp, err = net.ListenPacket("udp", cfg.UDPAddr); err != nil {
		return nil, fmt.Errorf("listen for media: %w", err)
	}
	if n.tcp, err = net.Listen("tcp", cfg.TCPAddr); err != nil {
		n.udp.Close()
		return nil, fmt.Errorf("listen for media: %w", err)
	}
	n.udpMux = ice.NewUDPMuxDefault(ice.UDPMuxParams{Logger: logs.NewLogger("ice"), UDPConn: n.udp})
	n.tcpMux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: steady{n.tcp, cfg.Silence / 2}, Logger: logs.NewLogger("ice"), ReadBufferSize: 32,
		FirstStunBindTimeout: cfg.Patience, AliveDurationForConnFromStun: cfg.Patience,
	})
	if n.api, err = newAPI(n, cfg, logs); err != nil {
		n.close()
		return nil, fmt.Errorf("set up pion: %w", err)
	}
	return n, nil
}

func (n *network) close() {
	n.udpMux.Close()
	n.tcpMux.Close()
	n.udp.Close()
	n.tcp.Close()
}

func newAPI(n *network, cfg Config, logs logging.LoggerFactory) (*webrtc.API, error) {
	var s webrtc.SettingEngine
	s.LoggerFactory = logs
	s.SetLite(true)
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetICEUDPMux(n.udpMux)
	s.SetICETCPMux(n.tcpMux)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(cfg.Silence/2, cfg.Silence/2, 2*time.Second)
	codecs := &webrtc.MediaEngine{}
	if err := registerH264(codecs); err != nil {
		return nil, err
	}
	parts := &interceptor.Registry{}
	if err := webrtc.ConfigureNackWithOptions(codecs, parts, nil, nack.ResponderSize(resendPackets)); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureRTCPReports(parts); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(codecs), webrtc.WithInterceptorRegistry(parts)), nil
}

// profiles of H.264 that are taken, best known first. The profile in the SDP only
// finds a common payload type: every browser offers constrained baseline (42e0) and
// decodes whatever profile then arrives, which is the camera's (mostly High).
var profiles = []string{"42e01f", "42001f", "4d001f", "64001f"}

func h264Capability() webrtc.RTPCodecCapability {
	return capability(profiles[0])
}

func capability(profile string) webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		// RFC 6184 §8.1: mode 1 is non-interleaved, asymmetry lets each side have its own level.
		SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}},
	}
}

func registerH264(m *webrtc.MediaEngine) error {
	for i, profile := range profiles {
		err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: capability(profile), PayloadType: webrtc.PayloadType(102 + i),
		}, webrtc.RTPCodecTypeVideo)
		if err != nil {
			return err
		}
	}
	return nil
}

// announce replaces the candidates of a section by the announced addresses at our
// ports. pion's own address rewriting makes equal candidates of several interfaces
// and then drops their TCP ends.
func (n *network) announce(m *sdp.MediaDescription) {
	if len(n.hostIPs) == 0 {
		return
	}
	at := slices.IndexFunc(m.Attributes, func(a sdp.Attribute) bool { return a.Key == "candidate" })
	if at < 0 {
		return
	}
	var lines []sdp.Attribute
	for i, ip := range n.hostIPs {
		// RFC 8445 §5.1.2.1: type preference 126 for hosts, here less for TCP (RFC 6544 §4.2).
		udp, tcp := 126<<24|(65535-i)<<8|255, 90<<24|(65535-i)<<8|255
		lines = append(lines,
			sdp.NewAttribute("candidate", fmt.Sprintf("%d 1 udp %d %s %s typ host", 2*i+1, udp, ip, port(n.udp.LocalAddr()))),
			sdp.NewAttribute("candidate", fmt.Sprintf("%d 1 tcp %d %s %s typ host tcptype passive", 2*i+2, tcp, ip, port(n.tcp.Addr()))))
	}
	rest := slices.DeleteFunc(slices.Clone(m.Attributes), func(a sdp.Attribute) bool { return a.Key == "candidate" })
	m.Attributes = slices.Insert(rest, at, lines...)
}

func port(a net.Addr) string {
	switch a := a.(type) {
	case *net.UDPAddr:
		return strconv.Itoa(a.Port)
	case *net.TCPAddr:
		return strconv.Itoa(a.Port)
	}
	return "0"
}
