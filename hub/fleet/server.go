package fleet

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/time/rate"

	camera "xulang.vn/camera"
)

// Limits of the link as a whole.
const (
	linksMost   = 4096
	pendingMost = 16 << 20 // bytes that wait for one slow agent before it is dropped
)

// newServer prepares the NATS server: a WebSocket listener on loopback and nothing
// else. A link that is cut without a word is noticed after two pings, 30 s at most.
func newServer(auth server.Authentication, log *slog.Logger, few *rate.Sometimes) (*server.Server, error) {
	opts := &server.Options{
		ServerName:                 "xulang-hub",
		DontListen:                 true, // no plain NATS port; the hub itself connects in-process
		NoSigs:                     true,
		CustomClientAuthentication: auth,
		AlwaysEnableNonce:          true, // without configured nkeys the server would send none to sign
		AuthTimeout:                15,   // s; two look-ups of 5 s fit
		MaxPayload:                 camera.MessageLargest,
		MaxPending:                 pendingMost,
		MaxConn:                    linksMost,
		MaxSubs:                    64, // a device needs two, the hub a handful
		MaxClosedClients:           64,
		PingInterval:               10 * time.Second,
		MaxPingsOut:                2,
		WriteDeadline:              10 * time.Second,
		DisableShortFirstPing:      true,
		Websocket: server.WebsocketOpts{
			Host: "127.0.0.1", Port: server.RANDOM_PORT, NoTLS: true,
			HandshakeTimeout: 5 * time.Second, AuthTimeout: 15,
		},
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("make link server: %w", err)
	}
	srv.SetLoggerV2(serverLog{log, few}, false, false, false)
	return srv, nil
}

// serverLog passes the NATS server's words on. Its notices are for people who run
// NATS by itself.
type serverLog struct {
	log *slog.Logger
	few *rate.Sometimes
}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

func (l serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Websocket not configured with TLS") {
		return // it is on loopback, behind the hub's port
	}
	l.log.Warn(fmt.Sprintf(format, v...))
}

// Errorf mostly tells what one client did, and may do again at once: wrong
// subjects, a protocol error.
func (l serverLog) Errorf(format string, v ...any) {
	l.few.Do(func() { l.log.Warn(fmt.Sprintf(format, v...)) })
}

func (l serverLog) Fatalf(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Tracef(string, ...any)          {}
