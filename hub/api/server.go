// Package api is the hub's HTTP edge: routes generated from openapi.yaml,
// sessions, and the one place where a code becomes a status and a sentence.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/registry"
	"xulang.vn/camera/hub/road"
)

// bodyMost bounds every request body of the API; object traffic has a limit of its own.
const bodyMost = "256K"

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

// Newest tells when a camera's newest announced footage ends.
type Newest interface {
	Last(context.Context, camera.CameraID) (time.Time, bool, error)
}

// Config is what the edge stands on.
type Config struct {
	Auth      *auth.Auth
	Registry  *registry.Registry
	Cases     *cases.Cases
	Publisher Publisher
	Devices   Devices
	Newest    Newest
	Roads     *road.Graph // never nil; an empty graph when no roads are loaded
	Sketch    bool        // the roads are a drawing
	Secure    bool        // served over TLS: cookies say so
	Version   string
	Health    func(context.Context) gen.Health
	Link      http.Handler // /link, the agents' WebSocket
	Objects   http.Handler // /o/, presigned object traffic
	Web       http.Handler // everything else
	Log       *slog.Logger
	Now       func() time.Time
}

// server answers the operations of openapi.yaml.
type server struct{ Config }

var _ gen.StrictServerInterface = (*server)(nil)

// New puts the hub's whole HTTP surface together.
func New(cfg Config) http.Handler {
	s := &server{cfg}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			cfg.Log.Error("handler panicked", "path", c.Path(), "err", err, "stack", string(stack))
			return err
		},
	}))
	v1 := e.Group("/api/v1", middleware.BodyLimit(bodyMost), noStore)
	gen.RegisterHandlers(v1, gen.NewStrictHandler(s, []gen.StrictMiddlewareFunc{s.guard}))
	e.Any("/api/*", func(echo.Context) error { return camera.Errorf(camera.CodeNotFound, "no such path") })
	e.Any("/link", echo.WrapHandler(cfg.Link))
	e.Any("/o/*", echo.WrapHandler(cfg.Objects))
	e.Any("/*", echo.WrapHandler(cfg.Web))
	return e
}

func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		return next(c)
	}
}
