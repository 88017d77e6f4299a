package ingest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	camera "xulang.vn/camera"
)

// mostDetail is the largest detail in bytes (camera.CameraStatus).
const mostDetail = 200

// outcome is how a session ended.
type outcome struct {
	started bool // the receiver was started
	refused bool // the camera refused the password
	cause   camera.GapCause
	detail  string
}

func ended(cause camera.GapCause, format string, args ...any) outcome {
	// A camera's own words may be no UTF-8; in JSON each such byte becomes three.
	detail := strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")
	if len(detail) > mostDetail {
		detail = strings.ToValidUTF8(detail[:mostDetail], "") // without half a letter at its end
	}
	return outcome{cause: cause, detail: detail}
}

// failed names the cause of an error before any video came. The texts of
// gortsplib hold status lines and addresses, never credentials.
func failed(doing string, err error) outcome {
	var status liberrors.ErrClientBadStatusCode
	var sdp liberrors.ErrClientSDPInvalid
	switch {
	case errors.As(err, &status) && status.Code == base.StatusUnauthorized:
		out := ended(camera.CauseWrongPassword, "camera refused the name or password %d times", mostRefusals)
		out.refused = true
		return out
	case errors.As(err, &sdp):
		return ended(camera.CauseBadCodec, "%s: %s", doing, err)
	}
	return ended(camera.CauseCameraOff, "%s: %s", doing, err)
}

// broken names the cause of the end of a session that gave video.
func broken(err error) outcome {
	var quiet liberrors.ErrClientTCPTimeout
	switch {
	case errors.As(err, &quiet):
		return ended(camera.CauseCameraOff, "camera went silent")
	case errors.Is(err, io.EOF):
		return ended(camera.CauseReconnect, "camera closed the connection")
	}
	return ended(camera.CauseReconnect, "connection broke: %v", err)
}
