package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// bucket names a bucket of the bench's own.
func (b *bench) bucket(kind string) string { return b.store.Bucket() + "-" + kind }

func (b *bench) shelfAt(t *testing.T, kind string) *store.Shelf {
	t.Helper()
	h := b.store.Shelf(b.bucket(kind))
	for range 2 { // the second time it is there
		if err := h.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (b *bench) shelf(t *testing.T) {
	h := b.shelfAt(t, "index")
	const name = "facts/c234567/2026-11-22T07/000001-abcd"
	if _, err := h.Get(t.Context(), name); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("get before the put: %v", err)
	}
	first := random(t, 200_000)
	for _, body := range [][]byte{first, first, random(t, 10)} { // a name is written once
		if err := h.Put(t.Context(), name, body); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Get(t.Context(), name); err != nil || !bytes.Equal(got, first) {
			t.Fatalf("get: %d bytes, %v", len(got), err)
		}
	}
	if err := h.Put(t.Context(), "journal/2026-11-22T07:05:09.123-0011aabb", nil); err != nil {
		t.Fatalf("put of no bytes: %v", err)
	}
	if got, err := h.Get(t.Context(), "journal/2026-11-22T07:05:09.123-0011aabb"); err != nil || len(got) != 0 {
		t.Fatalf("get of no bytes: %d, %v", len(got), err)
	}
	if err := h.Delete(t.Context(), name, "facts/never"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Get(t.Context(), name); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("get after the delete: %v", err)
	}
	if err := h.Put(t.Context(), name, first); err != nil {
		t.Fatalf("put after the delete: %v", err)
	}
	b.shelfRefuses(t, h)
	b.shelfRace(t, h)
	b.clear(t, h)
}

// clear takes all away that is on a shelf.
func (b *bench) clear(t *testing.T, h *store.Shelf) {
	t.Helper()
	var names []string
	for name, err := range h.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := h.Delete(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	for name, err := range h.List(t.Context(), "") {
		t.Fatalf("after the delete: %q, %v", name, err)
	}
}

func (b *bench) shelfRefuses(t *testing.T, h *store.Shelf) {
	for _, name := range []string{"", "/a", "a/", "a//b", "a/../b", "./a", "a\x00", "a\nb", `a\b`, "\xff", "a/" + strings.Repeat("a", 256), strings.Repeat("a/", 600) + "a"} {
		_, getErr := h.Get(t.Context(), name)
		for _, err := range []error{h.Put(t.Context(), name, nil), getErr, h.Delete(t.Context(), name)} {
			if camera.CodeOf(err) != camera.CodeBadRequest {
				t.Errorf("%q: %v, want %s", name, err, camera.CodeBadRequest)
			}
		}
	}
	if err := h.Put(t.Context(), "large", make([]byte, store.ShelfLargest+1)); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("too large: %v", err)
	}
}

// shelfRace: whoever wins, an object is one writer's, whole.
func (b *bench) shelfRace(t *testing.T, h *store.Shelf) {
	const writers = 6
	bodies := make([][]byte, writers)
	done := make(chan error, writers)
	for i := range bodies {
		bodies[i] = random(t, 50_000)
		go func() { done <- h.Put(t.Context(), "race/one", bodies[i]) }()
	}
	stored := 0
	for range writers {
		switch err := <-done; camera.CodeOf(err) {
		case "":
			stored++
		case camera.CodeUnavailable: // come back later: another one is about to write it
		default:
			t.Error(err)
		}
	}
	got, err := h.Get(t.Context(), "race/one")
	if err != nil || stored == 0 || !slices.ContainsFunc(bodies, func(p []byte) bool { return bytes.Equal(p, got) }) {
		t.Fatalf("%d stored, %d bytes, %v", stored, len(got), err)
	}
}

// listing goes over more than one page, in the order of bytes, whatever folders are.
func (b *bench) listing(t *testing.T) {
	h := b.shelfAt(t, "index")
	var names []string
	for i := range 1100 {
		names = append(names, fmt.Sprintf("l/%03d/%04d", i/300, i))
	}
	names = append(names, "l/000-x", "l/000.x", "l/0000", "l-a", "l0", "m/é", "m/1:2:3.4-x")
	b.fill(t, h, names)
	slices.Sort(names)
	for _, prefix := range []string{"", "l/", "l/00", "l/003/", "l/003/09", "l", "m/", "nothing/"} {
		var got, wanted []string
		for name, err := range h.List(t.Context(), prefix) {
			if err != nil {
				t.Fatalf("list %q after %d names: %v", prefix, len(got), err)
			}
			got = append(got, name)
		}
		for _, name := range names {
			if strings.HasPrefix(name, prefix) {
				wanted = append(wanted, name)
			}
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("list %q: %d names, want %d", prefix, len(got), len(wanted))
		}
	}
	for name, err := range h.List(t.Context(), "") { // who has seen enough stops
		if err != nil || name != names[0] {
			t.Fatalf("first name %q, %v", name, err)
		}
		break
	}
	b.clear(t, h)
}

// fill puts small objects, some at a time.
func (b *bench) fill(t *testing.T, h *store.Shelf, names []string) {
	t.Helper()
	const writers = 8
	done := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := w; i < len(names); i += writers {
				if err := h.Put(t.Context(), names[i], []byte(names[i])); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
