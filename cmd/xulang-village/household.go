package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent"
)

// household is a member at its own page, as the village plays it: it does through the
// page's API what a family does on a phone, nothing else.
type household struct{ api }

// room is what the page shows, as far as the village looks at it.
type room struct {
	Step   string `json:"step"`
	Member *struct {
		Label string `json:"label"`
	} `json:"member"`
	Recorders []struct {
		ID string `json:"id"`
	} `json:"recorders"`
	Cameras []struct {
		ID      string          `json:"id"`
		Consent camera.Consent  `json:"consent"`
		View    json.RawMessage `json:"view"`
	} `json:"cameras"`
}

// comeIn waits for the page and lets itself in with the code of the installation.
func comeIn(ctx context.Context, page, data string) (*household, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make cookie jar: %w", err)
	}
	h := &household{api{page + "/api/v1", "page", &http.Client{Jar: jar, Timeout: time.Minute}}}
	err = h.await(ctx, "the page", func() error {
		code, err := os.ReadFile(filepath.Join(data, agent.CodeFile))
		if err != nil {
			return err
		}
		return h.call(ctx, http.MethodPost, "/session", map[string]string{"code": strings.TrimSpace(string(code))}, nil)
	})
	return h, err
}

// joining is all that a family brings along.
type joining struct {
	link               string
	network, recorder  string // 127.0.101.0/24, 127.0.101.20
	username, password string
	channel            int // from 0
	label              string
	view               camera.View
	uplink             camera.Uplink
}

// settle goes through the steps that are not done yet.
func (h *household) settle(ctx context.Context, j joining) error {
	for ctx.Err() == nil {
		var now room
		if err := h.call(ctx, http.MethodGet, "/state", nil, &now); err != nil {
			return err
		}
		var err error
		switch now.Step {
		case "pair":
			err = h.call(ctx, http.MethodPost, "/pair", map[string]string{"link": j.link}, nil)
		case "find":
			err = h.find(ctx, j)
		case "choose":
			err = h.call(ctx, http.MethodPut, "/recorders/"+now.Recorders[0].ID+"/chosen", map[string][]int{"channels": {j.channel}}, nil)
		case "aim":
			err = h.aim(ctx, now, j)
		case "consent":
			err = h.agree(ctx, now, j)
		default:
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s at %s: %w", now.Step, j.label, err)
		}
	}
	return ctx.Err()
}

func (h *household) find(ctx context.Context, j joining) error {
	if err := h.call(ctx, http.MethodPut, "/networks", map[string][]string{"confirmed": {j.network}}, nil); err != nil {
		return err
	}
	if err := h.call(ctx, http.MethodPost, "/search", nil, nil); err != nil {
		return err
	}
	err := h.await(ctx, "the recorder "+j.recorder, func() error {
		var s struct {
			Running bool `json:"running"`
			Found   []struct {
				Address string `json:"address"`
				Brand   string `json:"brand"`
			} `json:"found"`
		}
		if err := h.call(ctx, http.MethodGet, "/search", nil, &s); err != nil {
			return err
		}
		for _, f := range s.Found {
			if f.Address == j.recorder && !s.Running {
				return nil
			}
		}
		if !s.Running {
			return h.call(ctx, http.MethodPost, "/search", nil, nil) // it may be starting still
		}
		return errors.New("not found yet")
	})
	if err != nil {
		return err
	}
	return h.call(ctx, http.MethodPost, "/recorders", map[string]string{"address": j.recorder, "username": j.username, "password": j.password}, nil)
}

func (h *household) aim(ctx context.Context, now room, j joining) error {
	return h.call(ctx, http.MethodPut, "/cameras/"+now.Cameras[0].ID+"/aim", map[string]any{
		"label": j.label, "before": true,
		"view": map[string]any{"position": j.view.Position, "heading": j.view.Heading, "fov": j.view.FOV, "range": j.view.Range},
	}, nil)
}

func (h *household) agree(ctx context.Context, now room, j joining) error {
	until := time.Now().Add(360 * 24 * time.Hour).UTC().Truncate(time.Second)
	return h.call(ctx, http.MethodPut, "/cameras/"+now.Cameras[0].ID+"/consent", map[string]any{
		"consent": map[string]any{"level": camera.ConsentLive, "until": until}, "uplink": j.uplink,
		"text": "village", "words": "Hộ gia đình mô phỏng đồng ý.", "language": "vi",
	}, nil)
}

// await asks again and again, for at most a minute.
func (h *household) await(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, err)
		case <-tick.C:
		}
	}
}
