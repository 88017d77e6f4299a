package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// The demo's sign-ins. They exist only in hubs that the village has set up.
const (
	adminLogin, adminPassword     = "quantri", "quan-tri-lang-mau"
	officerLogin, officerPassword = "canbo", "can-bo-lang-mau"
	unit                          = "Công an xã (mô phỏng)"
)

// office is the commune's administrator as the village plays it: it speaks the
// hub's own API, nothing else.
type office struct {
	hub    string
	client *http.Client
}

func newOffice(hub string) (*office, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make cookie jar: %w", err)
	}
	return &office{hub: strings.TrimSuffix(hub, "/"), client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}, nil
}

// problem is the hub's answer when it refuses.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

func (p *problem) Error() string {
	return fmt.Sprintf("hub says %s: %s %s", p.Code, p.Message, p.Detail)
}

func (o *office) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, o.hub+"/api/v1"+path, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	resp, err := o.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask hub: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= 400 {
		p := &problem{Code: resp.Status}
		_ = json.Unmarshal(text, p) // a body that is no Problem leaves the status line
		return p
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// awaitHub waits until the hub and its parts answer.
func (o *office) awaitHub(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := o.call(ctx, http.MethodGet, "/health", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for hub at %s: %w", o.hub, err)
		case <-tick.C:
		}
	}
}

// open signs in as administrator. On a new hub it follows the one-time setup
// link first and makes the demo's officer.
func (o *office) open(ctx context.Context, setupLink string) error {
	link, err := os.ReadFile(setupLink)
	if errors.Is(err, os.ErrNotExist) {
		err = o.call(ctx, http.MethodPost, "/session", map[string]string{"login": adminLogin, "password": adminPassword}, nil)
		if err != nil {
			return fmt.Errorf("sign in as the village's administrator (is this hub the village's own?): %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read setup link: %w", err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(link)), "#")
	err = o.call(ctx, http.MethodPost, "/setup", map[string]string{
		"token": token, "login": adminLogin, "name": "Quản trị viên mẫu", "password": adminPassword,
	}, nil)
	if err != nil {
		return fmt.Errorf("set up hub: %w", err)
	}
	err = o.call(ctx, http.MethodPost, "/users", map[string]string{
		"login": officerLogin, "name": "Cán bộ mẫu", "role": "officer", "unit": unit, "password": officerPassword,
	}, nil)
	if err != nil {
		return fmt.Errorf("make officer: %w", err)
	}
	return nil
}

// invite makes a household and gives the link of its invitation, as the QR code has it.
func (o *office) invite(ctx context.Context, label string, place camera.Position) (string, error) {
	var household struct {
		ID string `json:"id"`
	}
	if err := o.call(ctx, http.MethodPost, "/households", map[string]any{"label": label, "place": place}, &household); err != nil {
		return "", fmt.Errorf("make household %s: %w", label, err)
	}
	var invitation struct {
		Link string `json:"link"`
	}
	if err := o.call(ctx, http.MethodPost, "/households/"+household.ID+"/invitations", nil, &invitation); err != nil {
		return "", fmt.Errorf("invite %s: %w", label, err)
	}
	return invitation.Link, nil
}
