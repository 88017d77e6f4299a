package home

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	camera "xulang.vn/camera"
)

// version of home.json. A newer one is refused: this program would drop what it
// does not know. Older ones are brought up to it in decode.
const version = 1

// written is home.json.
type written struct {
	Version int               `json:"version"`
	Book    Book              `json:"book"`
	Sealed  map[string][]byte `json:"sealed,omitempty"` // by recorder: 24 bytes nonce, then sealed JSON of secrets
}

// secrets are of one recorder.
type secrets struct {
	Password string           `json:"password,omitempty"`
	XAddr    string           `json:"xaddr,omitempty"`
	Channels map[int][]string `json:"channels,omitempty"` // main, sub, snapshot, token, source token
}

// openKey reads the key, or makes it. A key that is missing beside sealed secrets
// is found out in decode.
func openKey(d disk, file string) (cipher.AEAD, error) {
	key, err := d.Read(file, chacha20poly1305.KeySize+1)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, chacha20poly1305.KeySize)
		_, _ = rand.Read(key) // never fails (crypto/rand)
		err = d.Write(file, key)
	}
	if err != nil {
		return nil, fmt.Errorf("open the book's key: %w", err)
	}
	if len(key) != chacha20poly1305.KeySize {
		return nil, fmt.Errorf("open the book's key: %s is damaged; restore it, or remove it with home.json and set up anew", filepath.Base(file))
	}
	return chacha20poly1305.NewX(key)
}

// about binds sealed secrets to their recorder: they cannot be moved to another one.
func about(recorder string) []byte { return []byte("xulang home 1\n" + recorder) }

func encode(b Book, key cipher.AEAD) ([]byte, error) {
	w := written{Version: version, Book: b, Sealed: map[string][]byte{}}
	for _, r := range b.Recorders {
		s := secrets{Password: r.Password.Reveal(), XAddr: r.XAddr, Channels: map[int][]string{}}
		for _, c := range r.Channels {
			if c.Reachable() {
				s.Channels[c.Number] = []string{c.MainURL, c.SubURL, c.SnapshotURL, c.Token, c.SourceToken}
			}
		}
		plain, err := json.Marshal(s) //nolint:gosec // it is sealed in the next step
		if err != nil {
			return nil, fmt.Errorf("seal secrets of recorder %s: not to be encoded", r.ID)
		}
		nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
		_, _ = rand.Read(nonce) // never fails (crypto/rand)
		w.Sealed[r.ID] = key.Seal(nonce, nonce, plain, about(r.ID))
	}
	text, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode book: %w", err)
	}
	return append(text, '\n'), nil
}

// decode reads a book of this or an older version.
func decode(text []byte, key cipher.AEAD) (Book, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Version < 1 {
		return Book{}, fmt.Errorf("read book: home.json is damaged; restore it, or remove it with home.key and set up anew")
	}
	if head.Version > version {
		return Book{}, camera.Errorf(camera.CodeBadVersion, "read book: home.json was written by a newer program (version %d, this one knows %d); install the newer program again", head.Version, version)
	}
	var w written
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&w); err != nil {
		return Book{}, fmt.Errorf("read book: home.json is damaged: %w", err)
	}
	for i := range w.Book.Recorders {
		if err := unseal(&w.Book.Recorders[i], w.Sealed, key); err != nil {
			return Book{}, err
		}
	}
	return w.Book, nil
}

func unseal(r *Recorder, sealed map[string][]byte, key cipher.AEAD) error {
	box, ok := sealed[r.ID]
	if !ok || len(box) < chacha20poly1305.NonceSizeX {
		return fmt.Errorf("unseal secrets of recorder %s: home.json is damaged", r.ID)
	}
	plain, err := key.Open(nil, box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:], about(r.ID))
	if err != nil {
		return fmt.Errorf("unseal secrets of recorder %s: home.key is not the one that home.json was written with; restore it, or remove both and set up anew", r.ID)
	}
	var s secrets
	if err := json.Unmarshal(plain, &s); err != nil {
		return fmt.Errorf("unseal secrets of recorder %s: not to be read", r.ID) // the cause would repeat some
	}
	r.Password, r.XAddr = Hide(s.Password), s.XAddr
	for i := range r.Channels {
		if a := s.Channels[r.Channels[i].Number]; len(a) == 5 {
			c := &r.Channels[i]
			c.MainURL, c.SubURL, c.SnapshotURL, c.Token, c.SourceToken = a[0], a[1], a[2], a[3], a[4]
		}
	}
	return nil
}

// osDisk is the disk itself.
type osDisk struct{}

// Read reads a file of at most that many bytes and takes it from everybody but its
// owner: it may come out of a backup.
func (osDisk) Read(name string, most int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", filepath.Base(name), most)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(name, 0o600); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(name)
}
