package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

// Files of the data folder.
const (
	seedFile   = "device.seed"
	memberFile = "membership.json"
	CodeFile   = "install-code" // what lets a browser into the household's page
)

// Membership says whose agent this is. It is kept in the data folder.
type Membership struct {
	Household camera.HouseholdID `json:"household"`
	Label     string             `json:"label"`
	Hub       string             `json:"hub"`
	CA        string             `json:"ca,omitempty"` // PEM of the only CA that is believed about Hub; "": public ones
	Place     *camera.Position   `json:"place,omitempty"`
	Joined    time.Time          `json:"joined,omitzero"`
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
	identity, err := link.LoadOrCreateIdentity(filepath.Join(cfg.Data, seedFile))
	if err != nil {
		return Membership{}, fmt.Errorf("open identity: %w", err)
	}
	file := filepath.Join(cfg.Data, memberFile)
	if m, err := readMembership(file); err == nil || !errors.Is(err, os.ErrNotExist) {
		m.identity, m.Before = identity, true
		return m, err
	}
	invitations, err := invited(cfg.Hub, cfg.Code)
	if err != nil {
		return Membership{}, fmt.Errorf("join hub: %w", err)
	}
	m, err := acceptOne(ctx, invitations, cfg.Name, identity, time.Now)
	if err != nil {
		return Membership{}, fmt.Errorf("join hub: %w", err)
	}
	log.Info("joined", "household", m.Label, "fingerprint", identity.Device().ShortFingerprint())
	return m, writeMembership(file, m)
}

// invited reads an invitation as it was scanned, or typed in two parts: the addresses
// that may be meant, in the order in which to try them.
func invited(hub, code string) ([]camera.Invitation, error) {
	if strings.Contains(code, "://") {
		one, err := camera.ParseInvitation(code)
		return []camera.Invitation{one}, err
	}
	if hub == "" || code == "" {
		return nil, camera.Errorf(camera.CodeBadRequest, "this agent has no household yet; ask the commune for an invitation and run: xulang-agent enrol -config FILE -code LINK")
	}
	addresses, err := link.Address(hub)
	if err != nil {
		return nil, err
	}
	var all []camera.Invitation
	for _, a := range addresses {
		all = append(all, camera.Invitation{Hub: a, Secret: camera.SecretOf(code)})
	}
	return all, nil
}

// acceptOne tries the addresses that may be meant until one of them is a hub's.
func acceptOne(ctx context.Context, all []camera.Invitation, name string, identity link.Identity, now func() time.Time) (m Membership, err error) {
	for _, i := range all {
		m, err = accept(ctx, i, name, identity, now)
		switch camera.CodeOf(err) {
		case camera.CodeUnreachable, camera.CodeUnavailable, camera.CodeBadRequest: // there is no hub
		default:
			return m, err
		}
	}
	return m, err
}

// accept meets the hub that invited, and only then presents the secret.
func accept(ctx context.Context, i camera.Invitation, name string, identity link.Identity, now func() time.Time) (Membership, error) {
	trust, err := link.Meet(ctx, i)
	if err != nil {
		return Membership{}, err
	}
	client := trust.Client(20 * time.Second)
	defer client.CloseIdleConnections()
	reply, err := link.Enrol(ctx, client, i.Hub, i.Secret, name, identity)
	if err != nil {
		return Membership{}, err
	}
	return Membership{
		Household: reply.Household, Label: reply.Label, Place: reply.Place, Hub: i.Hub, CA: string(trust.CA),
		Joined: now().UTC().Truncate(time.Second), identity: identity,
	}, nil
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
