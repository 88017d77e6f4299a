package home_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// TestFileOfVersion1 reads a book as the first program wrote it.
func TestFileOfVersion1(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"home.json", "home.key"} {
		text, err := os.ReadFile(filepath.Join("testdata", "version-1", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := full()
	want.Cameras[0].Withheld, want.Apart, want.Keep = nil, nil, 0 // which came later
	if got := open(t, dir).Book(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestBooksThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(text string) string
		code  camera.Code
		words string
	}{
		"newer":    {func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) }, camera.CodeBadVersion, "install the newer program again"},
		"cut off":  {func(s string) string { return s[:len(s)/2] }, camera.CodeInternal, "damaged"},
		"empty":    {func(string) string { return "" }, camera.CodeInternal, "damaged"},
		"no seals": {func(s string) string { return s[:strings.Index(s, `"sealed"`)] + `"sealed":{}}` }, camera.CodeInternal, "damaged"},
		"moved":    {func(s string) string { return strings.ReplaceAll(s, `"r1"`, `"r2"`) }, camera.CodeInternal, "not the one"},
	} {
		dir := t.TempDir()
		put(t, open(t, dir), full())
		file := filepath.Join(dir, "home.json")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := c.spoil(string(text))
		if err := os.WriteFile(file, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = home.Open(dir); camera.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.words) || leaks(fmt.Sprint(err)) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(file); string(now) != spoilt {
			t.Errorf("%s: the file was written over", name)
		}
	}
}

func TestKeyThatIsNotOurs(t *testing.T) {
	for name, spoil := range map[string]func(string) error{
		"another": func(f string) error { return os.WriteFile(f, bytes.Repeat([]byte{7}, 32), 0o600) },
		"short":   func(f string) error { return os.WriteFile(f, []byte("x"), 0o600) },
		"gone":    os.Remove,
	} {
		dir := t.TempDir()
		put(t, open(t, dir), full())
		if err := spoil(filepath.Join(dir, "home.key")); err != nil {
			t.Fatal(err)
		}
		if _, err := home.Open(dir); err == nil || !strings.Contains(err.Error(), "home.key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzBook(f *testing.F) {
	dir := f.TempDir()
	s, err := home.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Update(func(b *home.Book) error { *b = full(); return nil }); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "home.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"book":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, "home.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := home.Open(dir); err == nil {
			_ = fmt.Sprint(s.Book())
		}
	})
}
