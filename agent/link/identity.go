package link

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
)

// seedLargest bounds the seed file; a seed is 58 letters.
const seedLargest = 1 << 10

// Identity is the device's Ed25519 key pair. Printed or logged it shows only the
// public half.
type Identity struct {
	device camera.DeviceID
	pair   nkeys.KeyPair
}

// LoadOrCreateIdentity reads the seed at path, or makes a new key and puts its
// seed there, durable and readable by its owner alone. A file that is there but
// is no seed is an error: the device would become another one silently.
func LoadOrCreateIdentity(path string) (Identity, error) {
	seed, err := readSeed(path)
	if errors.Is(err, fs.ErrNotExist) {
		if seed, err = createSeed(path); errors.Is(err, fs.ErrExist) {
			seed, err = readSeed(path) // another process was faster
		}
	}
	if err != nil {
		return Identity{}, fmt.Errorf("load identity: %w", err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		return Identity{}, fmt.Errorf("load identity: %s is not a seed", filepath.Base(path))
	}
	public, err := pair.PublicKey()
	if err != nil {
		return Identity{}, fmt.Errorf("load identity: %w", err)
	}
	if !nkeys.IsValidPublicUserKey(public) {
		return Identity{}, fmt.Errorf("load identity: %s is not a device's seed", filepath.Base(path))
	}
	return Identity{device: camera.DeviceID(public), pair: pair}, nil
}

func readSeed(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > seedLargest {
		return nil, fmt.Errorf("%s is too large for a seed", filepath.Base(path))
	}
	if info.Mode().Perm()&0o077 != 0 { // restored from a backup, perhaps
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(path)
}

// createSeed writes a temporary file, syncs it, gives it its name and syncs the
// folder: after a crash there is a whole seed or none. A link is used and not a
// rename, because a link never replaces a seed that is there.
func createSeed(path string) ([]byte, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, ".seed-*") // mode 0600
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(bytes.Clone(seed), '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		return nil, err
	}
	return seed, syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Device is the public half.
func (id Identity) Device() camera.DeviceID { return id.device }

// Sign makes an Ed25519 signature of b.
func (id Identity) Sign(b []byte) ([]byte, error) {
	if id.pair == nil {
		return nil, errors.New("sign: no identity")
	}
	return id.pair.Sign(b)
}

// SignPayload signs a fingerprint (camera.Segment.Payload, camera.Gap.Payload).
func (id Identity) SignPayload(b []byte) (camera.Signature, error) {
	var sig camera.Signature
	raw, err := id.Sign(b)
	if err != nil {
		return sig, fmt.Errorf("sign payload: %w", err)
	}
	if copy(sig[:], raw) != len(sig) || len(raw) != len(sig) {
		return camera.Signature{}, fmt.Errorf("sign payload: signature of %d bytes", len(raw))
	}
	return sig, nil
}

// String, GoString and LogValue keep the seed out of every log.
func (id Identity) String() string { return string(id.device) }

// GoString is String for %#v.
func (id Identity) GoString() string { return "link.Identity(" + string(id.device) + ")" }

// LogValue is String for slog.
func (id Identity) LogValue() slog.Value { return slog.StringValue(string(id.device)) }
