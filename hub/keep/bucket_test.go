package keep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/keep"
)

// bucket is a footage bucket in memory.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
	locked  map[string]bool
	deaf    map[string]int // how often a read of it breaks from now on
	fail    func(verb string) when
	now     func() time.Time
}

type object struct {
	body []byte
	sum  camera.Hash
	at   time.Time
}

func newBucket(now func() time.Time) *bucket {
	return &bucket{objects: map[string]object{}, locked: map[string]bool{}, deaf: map[string]int{}, now: now}
}

func (b *bucket) call(verb string, do func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := when(0)
	if b.fail != nil {
		w = b.fail(verb)
	}
	if w == before {
		return errAway
	}
	if err := do(); err != nil {
		return err
	}
	if w == after {
		return errAway
	}
	return nil
}

func (b *bucket) put(name string, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[name] = object{body, sha256.Sum256(body), b.now()}
}

// rot changes bytes under the store's feet: size and checksum stay what they were.
func (b *bucket) rot(key camera.Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.objects[key.String()]
	o.body = bytes.Clone(o.body)
	o.body[len(o.body)/2] ^= 1
	b.objects[key.String()] = o
}

func (b *bucket) drop(key camera.Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, key.String())
}

func (b *bucket) names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.objects))
}

func (b *bucket) Objects(_ context.Context, prefix string) iter.Seq2[keep.Object, error] {
	return func(yield func(keep.Object, error) bool) {
		var page []keep.Object
		err := b.call("list", func() error {
			for _, name := range slices.Sorted(maps.Keys(b.objects)) {
				if o := b.objects[name]; strings.HasPrefix(name, prefix) {
					page = append(page, keep.Object{Name: name, Size: int64(len(o.body)), At: o.at})
				}
			}
			return nil
		})
		for _, o := range page {
			if !yield(o, nil) {
				return
			}
		}
		if err != nil {
			yield(keep.Object{}, err)
		}
	}
}

func (b *bucket) Delete(_ context.Context, keys []camera.Key) error {
	return b.call("delete", func() error {
		for _, k := range keys {
			if !b.locked[k.String()] {
				delete(b.objects, k.String())
			}
		}
		return nil
	})
}

func (b *bucket) Left(_ context.Context, keys []camera.Key) (left []camera.Key, err error) {
	err = b.call("left", func() error {
		for _, k := range keys {
			if _, ok := b.objects[k.String()]; ok {
				left = append(left, k)
			}
		}
		return nil
	})
	return left, err
}

func (b *bucket) Has(_ context.Context, k camera.Key) (size int64, sum camera.Hash, ok bool, err error) {
	err = b.call("has", func() error {
		o, there := b.objects[k.String()]
		if size, sum, ok = int64(len(o.body)), o.sum, there; there && sum.IsZero() {
			return fmt.Errorf("object %s: no checksum", k)
		}
		return nil
	})
	return size, sum, ok, err
}

func (b *bucket) Read(_ context.Context, k camera.Key) (body io.ReadCloser, size int64, err error) {
	err = b.call("read", func() error {
		o, ok := b.objects[k.String()]
		if !ok {
			return camera.Errorf(camera.CodeNotFound, "no object %s", k)
		}
		if b.deaf[k.String()] > 0 {
			b.deaf[k.String()]--
			return errAway
		}
		body, size = io.NopCloser(bytes.NewReader(o.body)), int64(len(o.body))
		return nil
	})
	return body, size, err
}

// homes is what households chose.
type homes map[camera.CameraID]int

func (h homes) Keep(context.Context) (map[camera.CameraID]int, error) { return maps.Clone(h), nil }

func (b *bucket) copy() map[string]object {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.objects)
}
