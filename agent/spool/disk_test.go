package spool_test

import (
	"io"
	"sync"

	"xulang.vn/camera/agent/spool"
)

// lazy is a disk without power cuts: it saves the tests the time of syncing.
type lazy struct{ spool.Disk }

func (d lazy) Create(name string) (spool.DFile, error) {
	f, err := d.Disk.Create(name)
	return lazyFile{f}, err
}

func (lazy) SyncDir(string) error { return nil }

type lazyFile struct{ spool.DFile }

func (lazyFile) Sync() error { return nil }

// faulty fails the n-th call, with err; a failing write writes half.
type faulty struct {
	spool.Disk
	mu    sync.Mutex
	at    int // 0: never
	calls int
	err   error
	short bool // the failing write reports no error, only a short count
	fired string
}

func (d *faulty) fails(site string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.calls == d.at {
		d.fired = site
		return true
	}
	return false
}

func (d *faulty) MkdirAll(dir string) error {
	if d.fails("mkdir") {
		return d.err
	}
	return d.Disk.MkdirAll(dir)
}

func (d *faulty) Create(name string) (spool.DFile, error) {
	if d.fails("create") {
		return nil, d.err
	}
	f, err := d.Disk.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

func (d *faulty) Open(name string) (io.ReadCloser, error) {
	if d.fails("open") {
		return nil, d.err
	}
	f, err := d.Disk.Open(name)
	if err != nil {
		return nil, err
	}
	return &faultyReader{f, d}, nil
}

func (d *faulty) Rename(from, to string) error {
	if d.fails("rename") {
		return d.err
	}
	return d.Disk.Rename(from, to)
}

func (d *faulty) Truncate(name string, size int64) error {
	if d.fails("truncate") {
		return d.err
	}
	return d.Disk.Truncate(name, size)
}

func (d *faulty) Remove(name string) error {
	if d.fails("remove") {
		return d.err
	}
	return d.Disk.Remove(name)
}

func (d *faulty) List(dir string) ([]spool.Listed, error) {
	if d.fails("list") {
		return nil, d.err
	}
	return d.Disk.List(dir)
}

func (d *faulty) SyncDir(dir string) error {
	if d.fails("syncdir") {
		return d.err
	}
	return d.Disk.SyncDir(dir)
}

type faultyFile struct {
	spool.DFile
	d *faulty
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if f.d.fails("write") {
		n, err := f.DFile.Write(b[:len(b)/2])
		if err == nil && !f.d.short {
			err = f.d.err
		}
		return n, err
	}
	return f.DFile.Write(b)
}

func (f *faultyFile) Sync() error {
	if f.d.fails("sync") {
		return f.d.err
	}
	return f.DFile.Sync()
}

func (f *faultyFile) Close() error {
	err := f.DFile.Close()
	if f.d.fails("close") {
		return f.d.err
	}
	return err
}

type faultyReader struct {
	io.ReadCloser
	d *faulty
}

func (f *faultyReader) Read(b []byte) (int, error) {
	if f.d.fails("read") {
		return 0, f.d.err
	}
	return f.ReadCloser.Read(b)
}
