package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

// answers has status and sentence of every code that this page gives. The page has
// its own words for each; the English ones are for who reads the traffic.
var answers = map[camera.Code]struct {
	status  int
	message string
}{
	camera.CodeInternal:       {http.StatusInternalServerError, "The box met an error. Nothing was done."},
	camera.CodeUnavailable:    {http.StatusServiceUnavailable, "A part that is needed does not answer."},
	camera.CodeNotFound:       {http.StatusNotFound, "Not found."},
	camera.CodeBadRequest:     {http.StatusBadRequest, "Something is missing or wrong."},
	camera.CodeBadClaim:       {http.StatusBadRequest, "The hub finds that this contradicts itself."},
	camera.CodeSignedOut:      {http.StatusUnauthorized, "The code that was printed at the installation is needed."},
	camera.CodeForbidden:      {http.StatusForbidden, "Not allowed."},
	camera.CodeForeignCamera:  {http.StatusForbidden, "The hub knows this camera as another box's."},
	camera.CodeConflict:       {http.StatusConflict, "That does not fit what is there already."},
	camera.CodeTooMany:        {http.StatusTooManyRequests, "Too many."},
	camera.CodeTooLarge:       {http.StatusRequestEntityTooLarge, "Too large."},
	camera.CodeNoConsent:      {http.StatusForbidden, "The household does not share this."},
	camera.CodePaused:         {http.StatusConflict, "The camera is paused."},
	camera.CodeUnreachable:    {http.StatusServiceUnavailable, "It does not answer."},
	camera.CodeUsedCode:       {http.StatusForbidden, "The invitation is unknown, used or too old."},
	camera.CodeQuarantined:    {http.StatusForbidden, "The hub has put this box in quarantine."},
	camera.CodeBadCertificate: {http.StatusBadGateway, "The hub could not show that it is the one that invited."},
	camera.CodeOutsideLAN:     {http.StatusForbidden, "This address is not in the networks that the household confirmed."},
	camera.CodeWrongPassword:  {http.StatusForbidden, "Name or password is wrong."},
	camera.CodeLockedOut:      {http.StatusTooManyRequests, "Two wrong passwords: wait, so that the recorder does not lock the family out."},
	camera.CodeClockSkew:      {http.StatusConflict, "The recorder's clock is too far off for it to believe a good password."},
	camera.CodeRecorderFull:   {http.StatusServiceUnavailable, "The recorder serves as many as it can."},
	camera.CodeNoPicture:      {http.StatusNotFound, "There is no picture that can be shown."},
	camera.CodeBadVersion:     {http.StatusConflict, "The hub speaks another version."},
}

// detailed is an error with what the page fills into its sentence.
type detailed struct {
	error
	detail string
}

func (d detailed) Unwrap() error { return d.error }

// waiting tells how many seconds are left.
func waiting(code camera.Code, wait time.Duration) error {
	seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	return detailed{camera.Errorf(code, "wait %s s", seconds), seconds}
}

// hush cuts an error of a room that handles secrets down to its code: whatever its
// text repeats stays unread.
func (s *server) hush(err error, doing string) error {
	if err == nil {
		return nil
	}
	code := camera.CodeOf(err)
	if code == camera.CodeInternal {
		s.Log.Warn(doing, "kind", fmt.Sprintf("%T", err))
		code = camera.CodeUnavailable
	}
	return camera.Errorf(code, "%s: %s", doing, code)
}

// fail answers an error with a Problem. Only what has no code is logged: the rest is
// an answer.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := camera.CodeOf(err)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		code = camera.CodeTooLarge
	}
	a, ok := answers[code]
	if !ok {
		code, a = camera.CodeInternal, answers[camera.CodeInternal]
	}
	if code == camera.CodeInternal {
		s.Log.Error("request failed", "method", r.Method, "route", r.Pattern, "err", err)
	}
	p := gen.Problem{Code: string(code), Message: a.message}
	var d detailed
	if errors.As(err, &d) && d.detail != "" {
		p.Detail = &d.detail
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	if a.status == http.StatusTooManyRequests && d.detail != "" {
		w.Header().Set("Retry-After", d.detail)
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.Log.Debug("write problem", "err", err)
	}
}

// unreadable answers what could not be decoded; the decoder's words may repeat it.
func (s *server) unreadable(w http.ResponseWriter, r *http.Request, err error) {
	var large *http.MaxBytesError
	if !errors.As(err, &large) {
		err = camera.Errorf(camera.CodeBadRequest, "request cannot be read")
	}
	s.fail(w, r, err)
}
