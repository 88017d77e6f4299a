package setup

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

func (s *server) GetSession(ctx context.Context, _ gen.GetSessionRequestObject) (gen.GetSessionResponseObject, error) {
	return gen.GetSession200JSONResponse{Open: s.sessions.valid(tokenOf(ctx), s.now()), Simulated: optional(s.Simulated)}, nil
}

func (s *server) OpenSession(ctx context.Context, r gen.OpenSessionRequestObject) (gen.OpenSessionResponseObject, error) {
	caller, _ := ctx.Value(callerKey).(netip.Addr)
	typed := camera.SecretOf(r.Body.Code)
	ok, wait := s.slow.attempt(caller, s.now(), func() bool {
		return subtle.ConstantTimeCompare([]byte(typed), []byte(s.code)) == 1
	})
	switch {
	case wait > 0:
		return nil, waiting(camera.CodeTooMany, wait)
	case !ok:
		s.Log.Warn("wrong code for the household's page", "caller", caller.String())
		return nil, camera.Errorf(camera.CodeSignedOut, "wrong code")
	}
	token, until := s.sessions.begin(s.now())
	cookie := cookieOf(token, until)
	return gen.OpenSession204Response{Headers: gen.OpenSession204ResponseHeaders{SetCookie: &cookie}}, nil
}

func (s *server) CloseSession(ctx context.Context, _ gen.CloseSessionRequestObject) (gen.CloseSessionResponseObject, error) {
	s.sessions.end(tokenOf(ctx))
	gone := cookieOf("", time.Unix(1, 0))
	return gen.CloseSession204Response{Headers: gen.CloseSession204ResponseHeaders{SetCookie: &gone}}, nil
}

// cookieOf is not Secure: a box on a home network has no certificate that a phone
// would believe.
func cookieOf(token string, until time.Time) string {
	c := http.Cookie{Name: cookieName, Value: token, Path: "/api/", Expires: until, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	return c.String()
}

func tokenOf(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey).(string)
	return token
}
