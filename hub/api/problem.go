package api

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
)

// status is where codes become HTTP statuses, once.
var status = map[camera.Code]int{
	camera.CodeInternal: http.StatusInternalServerError, camera.CodeUnavailable: http.StatusServiceUnavailable,
	camera.CodeNotFound: http.StatusNotFound, camera.CodeUnknownRoad: http.StatusNotFound,
	camera.CodeUnknownSegment: http.StatusNotFound, camera.CodeNoFootage: http.StatusNotFound,
	camera.CodeBadRequest: http.StatusBadRequest, camera.CodeBadClaim: http.StatusBadRequest,
	camera.CodeFutureClaim: http.StatusBadRequest, camera.CodeBadVersion: http.StatusBadRequest,
	camera.CodeNoCase: http.StatusBadRequest, camera.CodeBadWindow: http.StatusBadRequest,
	camera.CodeBadStretch: http.StatusBadRequest, camera.CodeOffRoad: http.StatusBadRequest,
	camera.CodeTooLarge:  http.StatusRequestEntityTooLarge,
	camera.CodeSignedOut: http.StatusUnauthorized,
	camera.CodeForbidden: http.StatusForbidden, camera.CodeForeignCamera: http.StatusForbidden,
	camera.CodeNoConsent: http.StatusForbidden, camera.CodePaused: http.StatusForbidden,
	camera.CodeCaseClosed: http.StatusForbidden, camera.CodeUsedCode: http.StatusForbidden,
	camera.CodeConflict: http.StatusConflict, camera.CodeLiveCodec: http.StatusConflict,
	camera.CodeTooMany:     http.StatusTooManyRequests,
	camera.CodeUnreachable: http.StatusServiceUnavailable, camera.CodeAskOwner: http.StatusForbidden,
	camera.CodeQuarantined: http.StatusForbidden, camera.CodeBadCertificate: http.StatusForbidden,
	camera.CodeOutsideLAN: http.StatusForbidden, camera.CodeWrongPassword: http.StatusForbidden,
	camera.CodeLockedOut: http.StatusTooManyRequests, camera.CodeClockSkew: http.StatusConflict,
	camera.CodeRecorderFull: http.StatusServiceUnavailable, camera.CodeNoPicture: http.StatusNotFound,
}

// fail answers every error with a Problem. Only what has no code is logged: the
// rest is an answer.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	code := codeOf(err)
	if code == camera.CodeInternal {
		s.Log.Error("request failed", "method", c.Request().Method, "route", c.Path(), "err", err)
	}
	p := gen.Problem{Code: string(code), Message: sentence(code, c.Request().Header.Get("Accept-Language"))}
	if code != camera.CodeInternal && code != camera.CodeUnavailable && code != camera.CodeSignedOut {
		detail := err.Error()
		p.Detail = &detail
	}
	if c.Request().Method == http.MethodHead {
		err = c.NoContent(statusOf(code))
	} else {
		err = c.JSON(statusOf(code), p)
	}
	if err != nil {
		s.Log.Debug("write problem", "err", err)
	}
}

func statusOf(code camera.Code) int {
	if n, ok := status[code]; ok {
		return n
	}
	return http.StatusInternalServerError
}

// codeOf also reads the errors of echo and of the generated binding.
func codeOf(err error) camera.Code {
	if code := camera.CodeOf(err); code != camera.CodeInternal {
		return code
	}
	var h *echo.HTTPError
	if !errors.As(err, &h) {
		return camera.CodeInternal
	}
	switch {
	case h.Code == http.StatusRequestEntityTooLarge:
		return camera.CodeTooLarge
	case h.Code == http.StatusNotFound || h.Code == http.StatusMethodNotAllowed:
		return camera.CodeNotFound
	case h.Code >= 400 && h.Code < 500:
		return camera.CodeBadRequest
	}
	return camera.CodeInternal
}

func remoteHost(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr
	}
	return strings.ToLower(host)
}
