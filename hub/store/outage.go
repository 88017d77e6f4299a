package store

import (
	"log/slog"

	camera "xulang.vn/camera"
)

// outage is a failure of the object store. Its text goes to agents and browsers
// and names no address; the log gets the cause as well.
type outage struct {
	coded error
	doing string
	cause error
}

func unavailable(doing string, cause error) error {
	return &outage{
		coded: camera.Errorf(camera.CodeUnavailable, "the object store does not answer"),
		doing: doing,
		cause: cause,
	}
}

func (o *outage) Error() string { return o.doing + ": " + o.coded.Error() }

// Unwrap lets callers find the code and, for a cancelled request, its cause.
func (o *outage) Unwrap() []error { return []error{o.coded, o.cause} }

// LogValue is what slog prints in place of Error.
func (o *outage) LogValue() slog.Value {
	return slog.StringValue(o.doing + ": " + o.cause.Error())
}
