package spool_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"xulang.vn/camera/agent/spool"
)

// memory is a disk that keeps after a power cut what POSIX promises and no more:
// of a file what was synced, of a folder the names that were there when it was
// synced, and of everything since then what chance decides.
type memory struct {
	mu      sync.Mutex
	names   map[string]*inode // as programs see them
	durable map[string]*inode // as a power cut leaves them
	folders map[string]bool
	quota   int // bytes of all files; 0: none
}

type inode struct {
	data   []byte
	synced []byte
}

func newMemory() *memory {
	return &memory{names: map[string]*inode{}, durable: map[string]*inode{}, folders: map[string]bool{}}
}

// powerCut asks chance about everything that was not synced: for a name whether
// its change has reached the disk, for a file how many of its bytes.
func (m *memory) powerCut(chance func(most int) int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	alive, was := map[*inode]bool{}, map[*inode]string{}
	for _, n := range m.names {
		alive[n] = true
	}
	for name, n := range m.durable {
		was[n] = name
	}
	for _, name := range merged(m.names, m.durable) {
		now, before := m.names[name], m.durable[name]
		if now == before || now == nil && alive[before] || chance(1) == 0 {
			continue // of a rename the new name decides
		}
		if now == nil {
			delete(m.durable, name)
			continue
		}
		if from, moved := was[now]; moved && m.durable[from] == now {
			delete(m.durable, from)
		}
		m.durable[name] = now
	}
	m.names = map[string]*inode{}
	for _, name := range slices.Sorted(maps.Keys(m.durable)) {
		n := m.durable[name]
		after := &inode{}
		after.data = bytes.Clone(n.synced)
		if bytes.HasPrefix(n.data, n.synced) {
			torn := chance(len(n.data) - len(n.synced))
			after.data = append(after.data, n.data[len(n.synced):len(n.synced)+torn]...)
			if chance(3) == 0 { // the size has reached the disk and the bytes have not
				after.data = append(after.data, make([]byte, len(n.data)-len(after.data))...)
			}
		}
		after.synced = bytes.Clone(after.data)
		m.names[name] = after
	}
	m.durable = maps.Clone(m.names)
}

func merged(a, b map[string]*inode) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (m *memory) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		m.folders[dir] = true
	}
	return nil
}

func (m *memory) Create(name string) (spool.DFile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[name] != nil {
		return nil, fs.ErrExist
	}
	if !m.folders[filepath.Dir(name)] {
		return nil, fs.ErrNotExist
	}
	n := &inode{}
	m.names[name] = n
	return &memoryFile{m, n}, nil
}

func (m *memory) Open(name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(n.data)), nil
}

func (m *memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[from] == nil {
		return fs.ErrNotExist
	}
	m.names[to] = m.names[from]
	delete(m.names, from)
	return nil
}

func (m *memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.names, name)
	return nil
}

func (m *memory) Truncate(name string, size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[name]
	if n == nil || int64(len(n.data)) < size {
		return errors.New("truncate: not there")
	}
	n.data = n.data[:size:size]
	n.synced = bytes.Clone(n.data)
	return nil
}

func (m *memory) List(dir string) ([]spool.Listed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []spool.Listed
	for folder := range m.folders {
		if filepath.Dir(folder) == dir {
			list = append(list, spool.NewListed(filepath.Base(folder), 0, false))
		}
	}
	for name, n := range m.names {
		if filepath.Dir(name) == dir {
			list = append(list, spool.NewListed(filepath.Base(name), int64(len(n.data)), true))
		}
	}
	slices.SortFunc(list, spool.CompareListed)
	return list, nil
}

func (m *memory) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range merged(m.names, m.durable) {
		if filepath.Dir(name) != dir {
			continue
		}
		if n := m.names[name]; n != nil {
			m.durable[name] = n
		} else {
			delete(m.durable, name)
		}
	}
	return nil
}

// in counts the files below a folder.
func (m *memory) in(part string) (count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.names {
		if strings.Contains(name, part) {
			count++
		}
	}
	return count
}

func (m *memory) used() (sum int) {
	for _, n := range m.names {
		sum += len(n.data)
	}
	return sum
}

type memoryFile struct {
	m *memory
	n *inode
}

func (f *memoryFile) Write(b []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if used := f.m.used(); f.m.quota > 0 && used+len(b) > f.m.quota {
		some := max(f.m.quota-used, 0)
		f.n.data = append(f.n.data, b[:some]...)
		return some, syscall.ENOSPC
	}
	f.n.data = append(f.n.data, b...)
	return len(b), nil
}

func (f *memoryFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.synced = bytes.Clone(f.n.data)
	return nil
}

func (f *memoryFile) Close() error { return nil }
