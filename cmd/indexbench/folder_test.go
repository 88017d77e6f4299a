package main

import (
	"slices"
	"testing"

	camera "xulang.vn/camera"
)

// TestFolderIsABucket: what index.Objects promises, as far as the index asks for it.
func TestFolderIsABucket(t *testing.T) {
	f := folder(t.TempDir())
	list := func(prefix string) (names []string) {
		t.Helper()
		for name, err := range f.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		return names
	}
	if names := list("facts/"); names != nil {
		t.Errorf("%v in nothing", names)
	}
	want := []string{"facts/a/2026-01-01T00/000001-aa", "facts/b/2026-01-01T00/000001-aa", "facts/b/2026-01-01T00/000002-bb"}
	for _, name := range append(want, "journal/2026-01-01T00:00:00.000-00112233", want[0]) {
		if err := f.Put(t.Context(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Put(t.Context(), want[0], []byte("another")); err != nil {
		t.Fatal(err)
	}
	if body, err := f.Get(t.Context(), want[0]); err != nil || string(body) != want[0] {
		t.Errorf("%q: %v", body, err)
	}
	if names := list("facts/"); !slices.Equal(names, want) {
		t.Errorf("names %v", names)
	}
	if names := list("facts/b/2026-01-01T00/000002"); !slices.Equal(names, want[2:]) {
		t.Errorf("names %v", names)
	}
	if err := f.Delete(t.Context(), want[0], "facts/none"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(t.Context(), want[0]); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("gone: %v", err)
	}
}
