package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// hub is a hub of this measurement alone, with its object store.
type hub struct {
	url     string
	objects string // the object store's folder
	client  *http.Client
}

// startHub runs both on loopback, and becomes the hub's administrator.
func startHub(ctx context.Context, s *site) (*hub, error) {
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make cookie jar: %w", err)
	}
	h := &hub{
		url: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), objects: filepath.Join(s.side, "objects"),
		client: &http.Client{Jar: jar, Timeout: 20 * time.Second},
	}
	user, password, keys := "bench-"+rand.Text()[:8], rand.Text(), filepath.Join(s.side, "keys")
	config := fmt.Sprintf("listen: 127.0.0.1:%d\ndata: %s\nstore: {endpoint: \"127.0.0.1:%d\", key_file: %s}\nlive: {udp: \"127.0.0.1:%d\", tcp: \"127.0.0.1:%d\"}\n",
		ports[0], filepath.Join(s.side, "hub"), ports[1], keys, ports[2], ports[2])
	for name, text := range map[string]string{keys: user + "\n" + password + "\n", filepath.Join(s.side, "hub.yml"): config} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write hub config: %w", err)
		}
	}
	store := newChild(s.side, "minio", filepath.Join(s.bin, "minio"), "server", "--quiet", "--address", fmt.Sprintf("127.0.0.1:%d", ports[1]), h.objects)
	store.Env = append(os.Environ(), "MINIO_ROOT_USER="+user, "MINIO_ROOT_PASSWORD="+password, "MINIO_BROWSER=off", "MINIO_UPDATE=off")
	for _, r := range []recipe{store, newChild(s.side, "hub", filepath.Join(s.bin, "xulang-hub"), "-config", filepath.Join(s.side, "hub.yml"))} {
		c, err := r.start(ctx)
		if err != nil {
			return nil, err
		}
		s.beside = append(s.beside, c)
		address := fmt.Sprintf("127.0.0.1:%d", ports[min(1, 2-len(s.beside))])
		err = await(ctx, r.name, time.Minute, s.beside, func() (bool, error) { return answers(ctx, address) })
		if err != nil {
			return nil, err
		}
	}
	return h, h.setUp(ctx, s)
}

func answers(ctx context.Context, address string) (bool, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false, err
	}
	conn.Close()
	return true, nil
}

// freePorts asks the system for ports that nobody uses.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var ports []int
	for range n {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find port: %w", err)
		}
		defer ln.Close() // after the last one was found: no two are the same
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// setUp follows the one-time setup link.
func (h *hub) setUp(ctx context.Context, s *site) error {
	err := await(ctx, "the hub's parts", time.Minute, s.beside, func() (bool, error) {
		err := h.call(ctx, http.MethodGet, "/health", nil, nil)
		return err == nil, err
	})
	if err != nil {
		return err
	}
	link, err := os.ReadFile(filepath.Join(s.side, "hub", "setup-link"))
	if err != nil {
		return fmt.Errorf("read setup link: %w", err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(link)), "#")
	err = h.call(ctx, http.MethodPost, "/setup", map[string]string{"token": token, "login": "bench", "name": "bench", "password": rand.Text()}, nil)
	if err != nil {
		return fmt.Errorf("set up hub: %w", err)
	}
	return nil
}

// invite makes a household and gives the link of its invitation.
func (h *hub) invite(ctx context.Context, label string) (string, error) {
	var household struct{ ID string }
	if err := h.call(ctx, http.MethodPost, "/households", map[string]string{"label": label}, &household); err != nil {
		return "", fmt.Errorf("make household: %w", err)
	}
	var invitation struct{ Link string }
	if err := h.call(ctx, http.MethodPost, "/households/"+household.ID+"/invitations", nil, &invitation); err != nil {
		return "", fmt.Errorf("invite household: %w", err)
	}
	return invitation.Link, nil
}

// announced is the number of cameras of which the hub knows a segment.
func (h *hub) announced(ctx context.Context) (int, error) {
	var households []struct {
		Devices []struct {
			Cameras []struct {
				LastSegment time.Time `json:"last_segment"`
			}
		}
	}
	if err := h.call(ctx, http.MethodGet, "/households", nil, &households); err != nil {
		return 0, fmt.Errorf("list households: %w", err)
	}
	n := 0
	for _, household := range households {
		for _, device := range household.Devices {
			for _, c := range device.Cameras {
				if !c.LastSegment.IsZero() {
					n++
				}
			}
		}
	}
	return n, nil
}

func (h *hub) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	if in == nil {
		body = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, h.url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask hub: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("hub says %s: %.300s", resp.Status, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// folderSize adds up the files below a folder.
func folderSize(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure folder: %w", err)
	}
	return sum, nil
}
