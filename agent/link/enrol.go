package link

import (
	"bytes"
	"context"
	"crypto/tls"
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
	proofPath    = "/api/v1/enrol/proof"
	replyLargest = 64 << 10 // bytes
)

// Enrol registers the device with an invitation's code; client should be that of
// the hub's Trust. A refusal carries the hub's code (CodeUsedCode for one that is
// unknown, used or too old). Neither the code nor the signature shows up in an
// error, and no redirect is followed: it would carry the code elsewhere.
func Enrol(ctx context.Context, client *http.Client, hubURL, code, name string, id Identity) (camera.EnrolReply, error) {
	var reply camera.EnrolReply
	base, err := parseHub(hubURL)
	if err != nil {
		return reply, fmt.Errorf("enrol: %w", err)
	}
	request, err := enrolRequest(code, name, id)
	if err != nil {
		return reply, fmt.Errorf("enrol: %w", err)
	}
	got, err := post(ctx, client, base.JoinPath(enrolPath), request)
	if err != nil {
		return reply, fmt.Errorf("enrol: %w", err)
	}
	if got.status/100 != 2 {
		return reply, enrolRefusal(got.status, got.body)
	}
	if err := json.Unmarshal(got.body, &reply); err != nil {
		return reply, camera.Errorf(camera.CodeBadRequest, "enrol: read reply: %w", err)
	}
	if reply.Household == "" {
		return reply, camera.Errorf(camera.CodeBadRequest, "enrol: reply without a household")
	}
	return reply, nil
}

func enrolRequest(code, name string, id Identity) (camera.EnrolRequest, error) {
	sig, err := id.Sign(camera.EnrolPayload(code, id.Device()))
	if err != nil {
		return camera.EnrolRequest{}, err
	}
	return camera.EnrolRequest{
		Code: code, Device: id.Device(), Signature: base64.StdEncoding.EncodeToString(sig), Name: name,
	}, nil
}

// answer is what a hub says to a POST, before there is a link.
type answer struct {
	status int
	body   []byte
	tls    *tls.ConnectionState // nil: in the clear
}

// post sends a message as JSON. Its errors carry CodeBadCertificate, CodeUnreachable
// or, for an answer without an end, CodeBadRequest.
func post(ctx context.Context, client *http.Client, to *url.URL, message any) (answer, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := direct.Do(req)
	if err != nil {
		return answer{}, noHub(err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, replyLargest+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return answer{}, noHub(err)
	}
	if len(text) > replyLargest {
		return answer{}, camera.Errorf(camera.CodeBadRequest, "reply over %d bytes", replyLargest)
	}
	return answer{status: res.StatusCode, body: text, tls: res.TLS}, nil
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
