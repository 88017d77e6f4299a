package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

// Membership says whose agent this is. It is kept in the data folder.
type Membership struct {
	Household camera.HouseholdID `json:"household"`
	Label     string             `json:"label"`
	Hub       string             `json:"hub"`
	Before    bool               `json:"-"` // it was there already: no code was used
	identity  link.Identity
}

// Device is the public key that the hub knows this agent by.
func (m Membership) Device() camera.DeviceID { return m.identity.Device() }

// Join reads the membership, or presents the invitation's code to the hub once.
func Join(ctx context.Context, cfg Config, log *slog.Logger) (Membership, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return Membership{}, fmt.Errorf("make data folder: %w", err)
	}
	identity, err := link.LoadOrCreateIdentity(filepath.Join(cfg.Data, "device.seed"))
	if err != nil {
		return Membership{}, fmt.Errorf("open identity: %w", err)
	}
	file := filepath.Join(cfg.Data, "membership.json")
	if m, err := readMembership(file); err == nil || !errors.Is(err, os.ErrNotExist) {
		m.identity, m.Before = identity, true
		return m, err
	}
	if cfg.Code == "" || cfg.Hub == "" {
		return Membership{}, fmt.Errorf("join hub: this agent has no household yet; ask the commune for an invitation and run: xulang-agent enrol -config FILE -hub URL -code CODE")
	}
	reply, err := link.Enrol(ctx, &http.Client{Timeout: 20 * time.Second}, cfg.Hub, cfg.Code, cfg.Name, identity)
	if err != nil {
		return Membership{}, fmt.Errorf("join hub: %w", err)
	}
	m := Membership{Household: reply.Household, Label: reply.Label, Hub: cfg.Hub, identity: identity}
	log.Info("joined", "household", reply.Label, "fingerprint", identity.Device().ShortFingerprint())
	return m, writeMembership(file, m)
}

func readMembership(file string) (Membership, error) {
	var m Membership
	text, err := os.ReadFile(file)
	if err != nil {
		return m, fmt.Errorf("read membership: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Household == "" {
		return m, fmt.Errorf("read membership: %s is damaged; remove it and join anew", file)
	}
	return m, nil
}

func writeMembership(file string, m Membership) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = writeWhole(file, text)
	}
	if err != nil {
		return fmt.Errorf("write membership: %w", err)
	}
	return nil
}

// writeWhole puts a file in place whole or not at all: the code that led to a
// membership is used up.
func writeWhole(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // the new name has to outlive a power cut as well
}

// lockFolder keeps a second agent off the same folder. The lock dies with the process.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock data folder: another agent is using %s", dir), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
