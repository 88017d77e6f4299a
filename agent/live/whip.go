package live

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	camera "xulang.vn/camera"
)

// answerLargest is the most that is read of an answer, in bytes.
const answerLargest = 64 << 10

// resource is a WHIP session at the hub.
type resource struct {
	url   string // "" when the hub named none on itself
	token string
}

// post sends the offer (RFC 9725 §4.2) and reads the answer.
func post(ctx context.Context, client *http.Client, hub, path, token, offer string) (resource, string, error) {
	if !strings.HasPrefix(path, "/") {
		return resource{}, "", camera.Errorf(camera.CodeBadRequest, "read command: path does not begin with /")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(hub, "/")+path, strings.NewReader(offer))
	if err != nil {
		return resource{}, "", camera.Errorf(camera.CodeBadRequest, "read command: %w", err)
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Accept", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return resource{}, "", camera.Errorf(camera.CodeUnavailable, "post offer: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerLargest+1))
	switch {
	case err != nil:
		return resource{}, "", camera.Errorf(camera.CodeUnavailable, "read answer: %w", err)
	case res.StatusCode != http.StatusCreated:
		return resource{}, "", camera.Errorf(codeOf(res.StatusCode), "post offer: hub says %s", res.Status)
	case len(answer) > answerLargest:
		return resource{}, "", camera.Errorf(camera.CodeUnavailable, "read answer: more than %d bytes", answerLargest)
	}
	return resource{url: sessionURL(req.URL, res.Header.Get("Location")), token: token}, string(answer), nil
}

func codeOf(status int) camera.Code {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return camera.CodeForbidden
	case http.StatusNotFound:
		return camera.CodeNotFound
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		return camera.CodeBadRequest
	}
	return camera.CodeUnavailable
}

// sessionURL resolves Location; one on another host gets neither token nor request.
func sessionURL(at *url.URL, location string) string {
	if location == "" {
		return ""
	}
	u, err := at.Parse(location)
	if err != nil || u.Scheme != at.Scheme || u.Host != at.Host {
		return ""
	}
	return u.String()
}

// remove ends the session (RFC 9725 §4.2, DELETE).
func (r resource) remove(ctx context.Context, client *http.Client) error {
	if r.url == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, r.url, nil)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("end session: hub says %s", res.Status)
	}
	return nil
}
