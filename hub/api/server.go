// Package api is the hub's HTTP edge: routes generated from openapi.yaml,
// sessions, and the one place where a code becomes a status and a sentence.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/store"
)

// bodyMost bounds every request body of the API; object traffic has a limit of its own.
const bodyMost = "256K"

// How long one request may take from its header to the end of its body and its
// work. A live view waits for its publisher less long than that; footage may take
// as long as hub/store lets a transfer take.
const (
	requestWithin  = 30 * time.Second
	transferWithin = 16 * time.Minute
)

// Publisher is the agents' side of live views (WHIP, RFC 9725).
type Publisher interface {
	Publish(ctx context.Context, cam camera.CameraID, token, offer string) (session, answer string, err error)
	Unpublish(cam camera.CameraID, session string) error
}

// Devices tells which agents are linked, and cuts a revoked one off.
type Devices interface {
	Linked(camera.DeviceID) bool
	Drop(camera.DeviceID)
}

// Past tells how far a camera's footage reaches.
type Past interface {
	// Last is when the newest announced footage ends.
	Last(context.Context, camera.CameraID) (time.Time, bool, error)
	// Past is what the household's own recorder says that it has.
	Past(context.Context, camera.CameraID) (camera.CameraPast, bool, error)
}

// CA is the hub's own; zero when its certificate is a public one.
type CA struct {
	Hash camera.Hash // SHA-256 of the certificate's DER
	PEM  []byte
}

// Config is what the edge stands on.
type Config struct {
	Auth      *auth.Auth
	Registry  *registry.Registry
	Cases     *cases.Cases
	Publisher Publisher
	Devices   Devices
	Past      Past
	Roads     *road.Graph // never nil; an empty graph when no roads are loaded
	Signs     Signs       // of the kilometres
	Coverage  func(context.Context) (Coverage, error)
	Upkeep    func(context.Context) (Upkeep, error)
	Sketch    bool      // the roads are a drawing
	Public    string    // the hub's address for agents, as invitations carry it
	CA        func() CA // asked each time: given files may change
	Secure    bool      // a proxy before the hub speaks TLS: cookies say so
	Version   string
	Health    func(context.Context) gen.Health
	SetUp     func()       // called when the setup token has been used; may be nil
	Link      http.Handler // /link, the agents' WebSocket
	Objects   http.Handler // /o/, presigned object traffic
	Web       http.Handler // everything else
	Log       *slog.Logger
	Now       func() time.Time
	Within    time.Duration   // of one request; zero: 30 s; object traffic and event streams have bounds of their own
	Beat      time.Duration   // between two signs of life of an event stream; zero: 15 s
	Ending    <-chan struct{} // closed when event streams are to end; may be nil
}

// server answers the operations of openapi.yaml.
type server struct {
	Config
	strangers *strangers
	streams   streams
}

var _ gen.StrictServerInterface = (*server)(nil)

// New puts the hub's whole HTTP surface together.
func New(cfg Config) http.Handler {
	if cfg.Within == 0 {
		cfg.Within = requestWithin
	}
	if cfg.Beat == 0 {
		cfg.Beat = beatEach
	}
	s := &server{Config: cfg, strangers: newStrangers(), streams: streams{of: map[string]int{}}}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			cfg.Log.Error("handler panicked", "path", c.Path(), "err", err, "stack", string(stack))
			return err
		},
	}))
	e.Use(s.bounded)
	v1 := e.Group("/api/v1", noStore, middleware.BodyLimit(bodyMost))
	gen.RegisterHandlers(v1, gen.NewStrictHandler(s, []gen.StrictMiddlewareFunc{s.guard}))
	e.Any("/api/*", func(echo.Context) error { return camera.Errorf(camera.CodeNotFound, "no such path") }, noStore)
	e.Any("/link", echo.WrapHandler(cfg.Link))
	e.Any(store.Prefix+"*", echo.WrapHandler(cfg.Objects))
	e.Any("/*", echo.WrapHandler(cfg.Web))
	return e
}

// bounded gives up on a body that does not come, also one that no handler reads:
// net/http waits for its end before it takes the next request. A connection that
// becomes a link loses this bound when it is hijacked.
func (s *server) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		within := s.Within
		if strings.HasPrefix(c.Request().URL.Path, store.Prefix) {
			within = transferWithin
		}
		err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(within))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("bound request: %w", err)
		}
		return next(c)
	}
}

func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		return next(c)
	}
}
