package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// api is the hub's API or that of a household's page, as somebody who is signed in.
type api struct {
	base   string // with /api/v1
	name   string // "hub" or "page", for errors
	client *http.Client
}

// problem is the answer when it refuses.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
	name    string
}

func (p *problem) Error() string {
	return fmt.Sprintf("%s says %s: %s %s", p.name, p.Code, p.Message, p.Detail)
}

func (a api) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", a.name, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= 400 {
		p := &problem{Code: resp.Status, name: a.name}
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
