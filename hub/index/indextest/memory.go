// Package indextest has an index bucket in memory, for tests. It can fail before it
// stores and after it, and counts.
package indextest

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	camera "xulang.vn/camera"
)

// ErrAway is what a Memory answers when it was told to fail.
var ErrAway = errors.New("bucket is away")

// When is the moment at which a call fails.
type When int

// Moments.
const (
	Before When = iota + 1 // nothing was done
	After                  // it was done, and the answer got lost
)

// Memory is a bucket. The zero value is an empty one; its methods may be called from
// any goroutine.
type Memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	fail    func(verb, name string) When
	calls   map[string]int
}

// Fail asks f before each call, by verb ("put", "get", "delete", "list") and name or
// prefix, whether it fails; nil lets all calls succeed again. f may be called from
// several goroutines at once, and may use m.
func (m *Memory) Fail(f func(verb, name string) When) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = f
}

// Calls tells how often a verb was asked for, failures too.
func (m *Memory) Calls(verb string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[verb]
}

// Names lists what is there with a prefix, in order.
func (m *Memory) Names(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(func(yield func(string) bool) {
		for name := range m.objects {
			if strings.HasPrefix(name, prefix) && !yield(name) {
				return
			}
		}
	})
}

// Set writes over an object, as a bad disk does; nil takes it away.
func (m *Memory) Set(name string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if body == nil {
		delete(m.objects, name)
		return
	}
	m.put(name, body)
}

// Copy is another bucket with the same objects.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{objects: maps.Clone(m.objects)}
}

// Size is how many bytes all objects with a prefix have.
func (m *Memory) Size(prefix string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := int64(0)
	for name, body := range m.objects {
		if strings.HasPrefix(name, prefix) {
			sum += int64(len(body))
		}
	}
	return sum
}

func (m *Memory) put(name string, body []byte) {
	if m.objects == nil {
		m.objects = map[string][]byte{}
	}
	m.objects[name] = slices.Clone(body)
}

// call counts and runs do under the lock, or does not.
func (m *Memory) call(ctx context.Context, verb, name string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.calls == nil {
		m.calls = map[string]int{}
	}
	m.calls[verb]++
	fail := m.fail
	m.mu.Unlock()
	when := When(0)
	if fail != nil {
		when = fail(verb, name)
	}
	if when == Before {
		return ErrAway
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	if when == After {
		return ErrAway
	}
	return nil
}

// Put is index.Objects.
func (m *Memory) Put(ctx context.Context, name string, body []byte) error {
	return m.call(ctx, "put", name, func() error {
		if _, ok := m.objects[name]; !ok {
			m.put(name, body)
		}
		return nil
	})
}

// Get is index.Objects.
func (m *Memory) Get(ctx context.Context, name string) (body []byte, err error) {
	err = m.call(ctx, "get", name, func() error {
		found, ok := m.objects[name]
		if !ok {
			return camera.Errorf(camera.CodeNotFound, "object %s: none", name)
		}
		body = slices.Clone(found)
		return nil
	})
	return body, err
}

// Delete is index.Objects.
func (m *Memory) Delete(ctx context.Context, names ...string) error {
	for _, name := range names {
		err := m.call(ctx, "delete", name, func() error {
			delete(m.objects, name)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// List is index.Objects: the names that were there when it was asked.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := m.call(ctx, "list", prefix, func() error { return nil }); err != nil {
			yield("", err)
			return
		}
		for _, name := range m.Names(prefix) {
			if !yield(name, nil) {
				return
			}
		}
	}
}
