package archive

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// mostAnswer is the largest answer of a recorder that is read, in bytes.
const mostAnswer = 2 << 20

// badRequest is an answer that a recorder gives to what it does not like, which for
// some is that there is nothing.
type badRequest struct{ status int }

func (b badRequest) Error() string { return fmt.Sprintf("answered %d", b.status) }

// web asks a recorder over HTTP. The client logs in, and dials only what may be.
type web struct {
	client *http.Client
	base   string // "http://host:port"
	now    func() time.Time
}

// ask sends a request and reads the answer. An address that is part of an error says
// what was asked for, never who asked.
func (w web) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(w.base, "/")+path, strings.NewReader(body))
	if err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "ask recorder: %w", err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/xml; charset=UTF-8")
	}
	res, err := w.client.Do(req)
	if err != nil {
		if code := camera.CodeOf(err); code != camera.CodeInternal {
			return nil, err // the guard's word, or the login's
		}
		return nil, camera.Errorf(camera.CodeUnreachable, "ask recorder: %w", err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return nil, camera.Errorf(camera.CodeWrongPassword, "ask recorder: it refused name or password (%d)", res.StatusCode)
	case res.StatusCode == http.StatusBadRequest:
		return nil, camera.Errorf(camera.CodeBadClaim, "ask recorder: %w", badRequest{res.StatusCode})
	case res.StatusCode != http.StatusOK:
		return nil, camera.Errorf(camera.CodeUnreachable, "ask recorder: it answered %d", res.StatusCode)
	case err != nil:
		return nil, camera.Errorf(camera.CodeUnreachable, "read recorder's answer: %w", err)
	case len(out) > mostAnswer:
		return nil, camera.Errorf(camera.CodeTooLarge, "read recorder's answer: more than %d bytes", mostAnswer)
	}
	return out, nil
}

// digits reads a time without a zone as if it were one of UTC.
func digits(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
