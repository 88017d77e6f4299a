package link

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	camera "xulang.vn/camera"
)

const (
	enrolPath    = "/api/v1/enrol"
	enrolLargest = 64 << 10 // bytes of the reply
)

// Enrol registers the device with an invitation's code. A refusal carries the
// hub's code (CodeUsedCode for one that is unknown, used or too old). Neither the
// code nor the signature shows up in an error, and no redirect is followed: it
// would carry the code elsewhere.
func Enrol(ctx context.Context, client *http.Client, hubURL, code, name string, id Identity) (camera.EnrolReply, error) {
	var reply camera.EnrolReply
	req, err := enrolRequest(ctx, hubURL, code, name, id)
	if err != nil {
		return reply, fmt.Errorf("enrol: %w", err)
	}
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := direct.Do(req)
	if err != nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "enrol: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, enrolLargest+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return reply, camera.Errorf(camera.CodeUnreachable, "enrol: %w", err)
	}
	if len(body) > enrolLargest {
		return reply, camera.Errorf(camera.CodeBadRequest, "enrol: reply over %d bytes", enrolLargest)
	}
	if res.StatusCode/100 != 2 {
		return reply, enrolRefusal(res.StatusCode, body)
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return reply, camera.Errorf(camera.CodeBadRequest, "enrol: read reply: %w", err)
	}
	if reply.Household == "" {
		return reply, camera.Errorf(camera.CodeBadRequest, "enrol: reply without a household")
	}
	return reply, nil
}

func enrolRequest(ctx context.Context, hubURL, code, name string, id Identity) (*http.Request, error) {
	base, err := parseHub(hubURL)
	if err != nil {
		return nil, err
	}
	sig, err := id.Sign(camera.EnrolPayload(code, id.Device()))
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(camera.EnrolRequest{
		Code: code, Device: id.Device(), Signature: base64.StdEncoding.EncodeToString(sig), Name: name,
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(enrolPath).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// enrolRefusal reads the API's error body; what is not one is only counted.
func enrolRefusal(status int, body []byte) error {
	var r camera.Refusal
	if json.Unmarshal(body, &r) == nil && r.Code != "" {
		return camera.Errorf(r.Code, "enrol: hub answers %d: %s", status, short(r.Message))
	}
	return camera.Errorf(camera.CodeUnavailable, "enrol: hub answers %d", status)
}

// short cuts what another program said before it reaches a log.
func short(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// parseHub checks the hub's address. Its errors do not repeat it: people paste
// passwords into addresses.
func parseHub(hubURL string) (*url.URL, error) {
	u, err := url.Parse(hubURL)
	switch {
	case err != nil:
		return nil, errors.New("hub address cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("hub address must start with http:// or https://")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("hub address must be a host and perhaps a path")
	}
	return u, nil
}
