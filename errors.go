package camera

import (
	"errors"
	"fmt"
)

// Code is a machine-readable reason. The edge maps it to an HTTP status, the web
// to a sentence in the reader's language.
type Code string

// Codes. New ones are added at the end; none is renamed.
const (
	CodeInternal       Code = "internal"
	CodeNotFound       Code = "not-found"
	CodeBadRequest     Code = "bad-request"
	CodeSignedOut      Code = "signed-out"
	CodeForbidden      Code = "forbidden"
	CodeConflict       Code = "conflict"
	CodeTooMany        Code = "too-many"
	CodeTooLarge       Code = "too-large"
	CodeBadClaim       Code = "bad-claim"       // an announcement that contradicts itself
	CodeFutureClaim    Code = "future-claim"    // an announcement from a time that has not come
	CodeForeignCamera  Code = "foreign-camera"  // a camera of another device
	CodeBadVersion     Code = "bad-version"     // a message of a version not spoken here
	CodeUnknownSegment Code = "unknown-segment" // a slot for what was never announced
	CodeNoCase         Code = "no-case"         // a look without a case
	CodeCaseClosed     Code = "case-closed"
	CodeNoConsent      Code = "no-consent"
	CodePaused         Code = "paused"
	CodeBadWindow      Code = "bad-window" // inverted, empty or longer than allowed
	CodeBadStretch     Code = "bad-stretch"
	CodeUnknownRoad    Code = "unknown-road"
	CodeOffRoad        Code = "off-road" // a point too far from any road
	CodeNoFootage      Code = "no-footage"
	CodeUnreachable    Code = "unreachable"     // the agent has no link now
	CodeLiveCodec      Code = "live-codec"      // no H.264 stream for a live view
	CodeAskOwner       Code = "ask-owner"       // the household says yes or no to each window
	CodeUsedCode       Code = "used-code"       // an invitation that is unknown, used or too old
	CodeQuarantined    Code = "quarantined"     // one identity on two boxes: neither is believed
	CodeBadCertificate Code = "bad-certificate" // the hub cannot show that it is the one that invited
	CodeOutsideLAN     Code = "outside-lan"     // an address that the agent must not dial
	CodeWrongPassword  Code = "wrong-password"  // a camera or recorder refused name or password
	CodeLockedOut      Code = "locked-out"      // it refuses everybody for a while, or two tries are used up
	CodeClockSkew      Code = "clock-skew"      // its clock is too far off for it to believe a good password
	CodeRecorderFull   Code = "recorder-full"   // a recorder serves as many sessions as it can
	CodeNoPicture      Code = "no-picture"      // a camera gives no picture that can be shown
	CodeUnavailable    Code = "unavailable"     // a part that is needed does not answer
)

// Error carries a code to the edge.
type Error struct {
	Code    Code
	Message string // English, for logs; never shows a secret
	cause   error  // what %w named; its text is already in Message
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

// Errorf makes an Error; a %w in the format is kept as its cause.
func Errorf(code Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// CodeOf finds the code in an error's chain: "" for nil, CodeInternal for none.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
