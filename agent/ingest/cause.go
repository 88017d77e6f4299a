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

// FullDetail is what Receiver.Stop hears of a camera or recorder that serves as many as
// it can.
const FullDetail = "camera is full: it has no session or bandwidth left (453)"

// trouble is what a failure means for the next try.
type trouble int

const (
	noTrouble  trouble = iota // none of the others
	refused                   // the camera refused the password
	doubted                   // it refused a password that it took before: maybe full (Dahua), maybe a new password
	isFull                    // it said that it has no session left
	notReached                // it did not take the connection
	outside                   // its address may not be dialled
	notThere                  // it has not what was asked for
)

// outcome is how a session ended.
type outcome struct {
	started bool // the receiver was started
	trouble trouble
	quiet   bool  // it said nothing any more
	whole   bool  // a playback ended where it should
	err     error // of the receiver
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

func (o outcome) because(t trouble) outcome {
	o.trouble = t
	return o
}

// failed names the cause of an error before any video came. The texts of
// gortsplib hold status lines and addresses, never credentials. Proven tells that
// the camera took the same credentials before.
func failed(doing string, err error, proven bool) outcome {
	var status liberrors.ErrClientBadStatusCode
	var sdp liberrors.ErrClientSDPInvalid
	var off unreachable
	errors.As(err, &status)
	switch {
	case status.Code == base.StatusUnauthorized && proven:
		return ended(camera.CauseCameraOff, "camera refused a password that it took before; perhaps all of its sessions are taken").because(doubted)
	case status.Code == base.StatusUnauthorized:
		return refusedTwice()
	case status.Code == base.StatusNotEnoughBandwidth: // RFC 2326, 11.3.1; recorders say it of their sessions
		return ended(camera.CauseCameraOff, "%s", FullDetail).because(isFull)
	case status.Code == base.StatusNotFound || status.Code == base.StatusInvalidRange:
		return ended(camera.CauseCameraOff, "%s: %s", doing, err).because(notThere)
	case errors.As(err, &sdp):
		return ended(camera.CauseBadCodec, "%s: %s", doing, err)
	case errors.As(err, &off):
		return ended(camera.CauseCameraOff, "%s: %s", doing, err).because(notReached)
	case camera.CodeOf(err) == camera.CodeOutsideLAN:
		return ended(camera.CauseCameraOff, "%s: %s", doing, err).because(outside)
	}
	return ended(camera.CauseCameraOff, "%s: %s", doing, err)
}

func refusedTwice() outcome {
	return ended(camera.CauseWrongPassword, "camera refused the name or password %d times", mostRefusals).because(refused)
}

// broken names the cause of the end of a session that gave video.
func broken(err error) outcome {
	var quiet liberrors.ErrClientTCPTimeout
	var quietUDP liberrors.ErrClientUDPTimeout
	switch {
	case errors.As(err, &quiet), errors.As(err, &quietUDP):
		return ended(camera.CauseCameraOff, "camera went silent")
	case errors.Is(err, io.EOF):
		return ended(camera.CauseReconnect, "camera closed the connection")
	}
	return ended(camera.CauseReconnect, "connection broke: %v", err)
}
