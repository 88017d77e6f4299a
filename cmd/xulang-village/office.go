package main

import (
	"context"
	"errors"
	"fmt"
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
	api
	hub string
}

func newOffice(hub string) (*office, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make cookie jar: %w", err)
	}
	hub = strings.TrimSuffix(hub, "/")
	return &office{api{hub + "/api/v1", "hub", &http.Client{Jar: jar, Timeout: 20 * time.Second}}, hub}, nil
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
