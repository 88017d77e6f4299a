package home

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
)

// bookLargest is more than a book within its limits can have, in bytes.
const bookLargest = 64 << 20

// Store keeps the book. One process has it open at a time: the agent's lock on its
// data folder sees to that.
type Store struct {
	disk disk
	dir  string
	key  cipher.AEAD

	updating sync.Mutex // one update at a time, from its copy to its end on disk

	mu      sync.Mutex // guards what follows
	book    Book       // never changed in place
	changed chan struct{}
}

// Open reads the book in the agent's data folder, or begins an empty one. A book of
// a newer program is refused with CodeBadVersion.
func Open(dir string) (*Store, error) {
	s := &Store{disk: osDisk{}, dir: dir, changed: make(chan struct{}, 1)}
	for _, d := range []string{dir, s.references()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make folder of the book: %w", err)
		}
		if err := s.disk.Sweep(d); err != nil {
			return nil, fmt.Errorf("sweep folder of the book: %w", err)
		}
	}
	var err error
	if s.key, err = openKey(s.disk, filepath.Join(dir, "home.key")); err != nil {
		return nil, err
	}
	text, err := s.disk.Read(s.file(), bookLargest)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read book: %w", err)
	}
	if s.book, err = decode(text, s.key); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) file() string { return filepath.Join(s.dir, "home.json") }

// Book is a copy.
func (s *Store) Book() Book {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.clone()
}

// Update changes the book: all of it or, when fn or the check or the disk says no,
// nothing. When it returns nil the change is durable. After an error of the disk a
// restart may find the change made all the same; it is never half made.
func (s *Store) Update(fn func(*Book) error) error {
	s.updating.Lock()
	defer s.updating.Unlock()
	next := s.Book()
	if err := fn(&next); err != nil {
		return err
	}
	next.trim()
	if err := next.check(); err != nil {
		return err
	}
	if s.is(next) {
		return nil
	}
	text, err := encode(next, s.key)
	if err != nil {
		return err
	}
	if err := s.disk.Write(s.file(), text); err != nil {
		return fmt.Errorf("write book: %w", err)
	}
	s.mu.Lock()
	s.book = next.clone() // fn may have kept a pointer
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

func (s *Store) is(next Book) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return reflect.DeepEqual(s.book, next)
}

// Changed has a token after the book has changed. It is for one reader.
func (s *Store) Changed() <-chan struct{} { return s.changed }
