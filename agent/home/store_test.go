package home_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

var at = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *home.Store {
	t.Helper()
	s, err := home.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *home.Store, b home.Book) {
	t.Helper()
	if err := s.Update(func(book *home.Book) error { *book = b; return nil }); err != nil {
		t.Fatal(err)
	}
}

// full has something in every field.
func full() home.Book {
	number, online, ahead := 0.25, true, camera.Millis(-7*time.Minute)
	r := recorder()
	r.Channels[0].Online, r.ClockAhead, r.Chosen, r.Past = &online, &ahead, true, true
	id := camera.NewCameraID("h1", r.Serial, 0)
	view := camera.View{Position: camera.Position{Lon: 106.7, Lat: 21.9}, Heading: 12.5, FOV: 90, Range: 40, From: at.Add(-time.Hour)}
	receipt := home.Receipt{
		Receipt: camera.Receipt{V: 2, Camera: id, Consent: camera.Consent{Level: camera.ConsentClip}, Text: "2026-11", TextHash: camera.Hash{1}, Language: "vi", Method: "household-page", At: at, Signature: camera.Signature{2}},
		Words:   "Tôi đồng ý", Number: "7", HubAt: at,
	}
	return home.Book{
		Networks: []string{"192.168.1.0/24"}, Recorders: []home.Recorder{r},
		Cameras: []home.Camera{{
			ID: id, Recorder: "r1", Label: "Cổng", View: &view, Outline: []home.Point{{X: 0.1, Y: 1}}, Sights: []camera.Sight{{Name: "4A", Metres: 40}}, Sighted: true,
			Aimed: at, Aim: home.Aim{Aim: camera.Aim{State: camera.AimSame, At: at}, Shift: &number, Likeness: &number}, Sound: true, Uplink: camera.UplinkSub,
			Consent: camera.Consent{Level: camera.ConsentClip, Until: at.AddDate(1, 0, 0)}, Receipts: []home.Receipt{receipt},
		}},
		SelfTest: &home.SelfTest{At: at, Lines: []camera.TestLine{{Name: camera.TestClock, OK: true, Number: 0.1}}, Told: true},
		Answers:  []home.Answer{{Want: "w1", Granted: true, At: at, Told: true}}, Tries: []home.Try{{Address: "192.168.1.20", At: at}}, Withdrawn: []home.Receipt{receipt},
	}
}

func TestBookComesBackWhole(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), full())
	if got := open(t, dir).Book(); !reflect.DeepEqual(got, full()) {
		t.Errorf("got  %#v\nwant %#v", got, full())
	}
	if v := reflect.ValueOf(full()); v.IsValid() {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("the test has nothing in %s", v.Type().Field(i).Name)
			}
		}
	}
}

func TestBookIsACopy(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, full())
	b := s.Book()
	b.Networks[0], b.Recorders[0].Channels[0].Name, *b.Recorders[0].Channels[0].Online, *b.Recorders[0].ClockAhead = "x", "x", false, 0
	b.Cameras[0].View.Heading, b.Cameras[0].Outline[0].X, b.Cameras[0].Sights[0].Name, *b.Cameras[0].Aim.Shift = 0, 0, "x", 0
	b.Cameras[0].Receipts[0].Words, b.SelfTest.Lines[0].OK, b.Answers[0].Granted, b.Tries[0].Address, b.Withdrawn[0].Words = "x", false, false, "x", "x"
	if got := s.Book(); !reflect.DeepEqual(got, full()) {
		t.Errorf("a copy changed the book: %#v", got)
	}
	var kept *home.Book
	if err := s.Update(func(b *home.Book) error { kept = b; b.Tries[0].Address = "192.168.1.30"; return nil }); err != nil {
		t.Fatal(err)
	}
	kept.Tries[0].Address = "x"
	if got := s.Book().Tries[0].Address; got != "192.168.1.30" {
		t.Errorf("the update's own copy changed the book: %s", got)
	}
}

func TestFilesKeepSecretsAndAreTheOwners(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, full())
	if err := s.SetReference(full().Cameras[0].ID, []byte("jpeg")); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		info, err := d.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", d.Name(), info.Mode(), err)
		}
		text, err := os.ReadFile(path)
		if leaks(string(text)) {
			t.Errorf("%s shows a secret", d.Name())
		}
		return err
	})
	if err != nil || n != 3 {
		t.Errorf("%d files, %v", n, err)
	}
	if err := os.Chmod(filepath.Join(dir, "home.key"), 0o644); err != nil { // a restored backup
		t.Fatal(err)
	}
	open(t, dir)
	if info, err := os.Stat(filepath.Join(dir, "home.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key stays readable: %v, %v", info.Mode(), err)
	}
}

// TestCrashAtAnyStep: whatever step is the last one, the next start finds the old
// book or the new one, and no stray file.
func TestCrashAtAnyStep(t *testing.T) {
	crash := errors.New("power cut")
	for n := 0; ; n++ {
		dir := t.TempDir()
		s := open(t, dir)
		old, next := home.Book{Networks: []string{"10.0.0.0/24"}}, full()
		put(t, s, old)
		steps, restore := home.FailAt(n, crash)
		err := s.Update(func(b *home.Book) error { *b = next; return nil })
		restore()
		if steps() <= n { // no crash in it any more
			if n < 4 || err != nil {
				t.Fatalf("%d steps, %v", n, err)
			}
			return
		}
		if !errors.Is(err, crash) {
			t.Fatalf("step %d: %v", n, err)
		}
		got := open(t, dir).Book()
		if !reflect.DeepEqual(got, old) && !reflect.DeepEqual(got, next) {
			t.Errorf("step %d: neither the old nor the new book: %#v", n, got)
		}
		if stray, _ := filepath.Glob(filepath.Join(dir, "*.new-*")); len(stray) > 0 {
			t.Errorf("step %d: stray files %v", n, stray)
		}
	}
}

// TestTornFilesAreSweptAway: a process that is killed cannot clean up.
func TestTornFilesAreSweptAway(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), full())
	torn := filepath.Join(dir, "home.json.new-123")
	if err := os.WriteFile(torn, []byte(`{"version":1,"bo`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Book(); !reflect.DeepEqual(got, full()) {
		t.Error("a torn file beside the book changed it")
	}
	if _, err := os.Stat(torn); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the torn file stays: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	many := func(n int, add func(*home.Book, int)) func(*home.Book) {
		return func(b *home.Book) {
			for i := range n {
				add(b, i)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*home.Book)
		code   camera.Code
	}{
		"17 recorders": {many(16, func(b *home.Book, i int) {
			b.Recorders = append(b.Recorders, home.Recorder{ID: fmt.Sprint("x", i), Serial: "s"})
		}), camera.CodeTooMany},
		"65 cameras": {many(64, func(b *home.Book, i int) {
			c := b.Cameras[0]
			c.ID = camera.NewCameraID("h2", "s", i)
			b.Cameras = append(b.Cameras, c)
		}), camera.CodeTooMany},
		"5 networks":            {func(b *home.Book) { b.Networks = make([]string, 5) }, camera.CodeTooMany},
		"camera twice":          {func(b *home.Book) { b.Cameras = append(b.Cameras, b.Cameras[0]) }, camera.CodeConflict},
		"recorder twice":        {func(b *home.Book) { b.Recorders = append(b.Recorders, b.Recorders[0]) }, camera.CodeConflict},
		"camera of no recorder": {func(b *home.Book) { b.Cameras[0].Recorder = "x" }, camera.CodeBadRequest},
		"camera of no channel":  {func(b *home.Book) { b.Cameras[0].Channel = 9 }, camera.CodeBadRequest},
		"foreign id":            {func(b *home.Book) { b.Cameras[0].ID = "../../x" }, camera.CodeBadRequest},
		"no serial":             {func(b *home.Book) { b.Recorders[0].Serial = "" }, camera.CodeBadRequest},
		"user in an address":    {func(b *home.Book) { b.Recorders[0].Channels[0].MainURL = "rtsp://admin:" + canary + "@10.0.0.1/" }, camera.CodeBadRequest},
		"channel twice":         {func(b *home.Book) { b.Recorders[0].Channels[1].Number = 0 }, camera.CodeBadRequest},
		"impossible view":       {func(b *home.Book) { b.Cameras[0].View.FOV = 400 }, camera.CodeBadRequest},
		"unknown consent":       {func(b *home.Book) { b.Cameras[0].Consent.Level = "all" }, camera.CodeBadRequest},
	} {
		dir := t.TempDir()
		s := open(t, dir)
		put(t, s, full())
		before, _ := os.ReadFile(filepath.Join(dir, "home.json"))
		err := s.Update(func(b *home.Book) error { c.change(b); return nil })
		if camera.CodeOf(err) != c.code || leaks(fmt.Sprint(err)) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		after, _ := os.ReadFile(filepath.Join(dir, "home.json"))
		if !bytes.Equal(before, after) || !reflect.DeepEqual(s.Book(), full()) {
			t.Errorf("%s: the book has changed", name)
		}
	}
}

func TestWhatGrowsLosesItsOldest(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, full())
	if err := s.Update(func(b *home.Book) error {
		for i := range 600 {
			b.Answers = append(b.Answers, home.Answer{Want: fmt.Sprint(i), At: at})
			b.Cameras[0].Receipts = append(b.Cameras[0].Receipts, home.Receipt{Number: fmt.Sprint(i)})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b := s.Book()
	if n := len(b.Answers); n != home.AnswersMost || b.Answers[n-1].Want != "599" {
		t.Errorf("%d answers", n)
	}
	if n := len(b.Cameras[0].Receipts); n != home.ReceiptsMost || b.Cameras[0].Receipts[n-1].Number != "599" {
		t.Errorf("%d receipts", n)
	}
	if b.Granted("599") || b.Granted("w1") || b.Answer("599") == nil {
		t.Error("answers are not found as they are")
	}
}

func TestUpdatesOneAfterAnother(t *testing.T) {
	s := open(t, t.TempDir())
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := s.Update(func(b *home.Book) error {
				b.Tries = append(b.Tries, home.Try{Address: "192.168.1.20", At: at})
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n, oldest := s.Book().Tried("192.168.1.20", at.Add(time.Minute), 5*time.Minute); n != 20 || !oldest.Equal(at) {
		t.Errorf("%d tries since %s", n, oldest)
	}
	select {
	case <-s.Changed():
	default:
		t.Error("nobody was told")
	}
	if err := s.Update(func(*home.Book) error { return nil }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Changed():
		t.Error("told of no change")
	default:
	}
}

func TestTriesAreOfTheirTimeAndAddress(t *testing.T) {
	b := home.Book{Tries: []home.Try{{"a", at}, {"a", at.Add(time.Minute)}, {"b", at}}}
	for _, c := range []struct {
		address string
		now     time.Time
		n       int
	}{
		{"a", at.Add(2 * time.Minute), 2}, {"a", at.Add(5 * time.Minute), 1}, {"a", at.Add(7 * time.Minute), 0}, {"b", at, 1}, {"c", at, 0},
		{"a", at.Add(-time.Minute), 2}, {"a", at.Add(-time.Hour), 0}, // the clock was set back
	} {
		if n, _ := b.Tried(c.address, c.now, 5*time.Minute); n != c.n {
			t.Errorf("%s at %s: %d tries, want %d", c.address, c.now, n, c.n)
		}
	}
}

func TestForgottenChannelsCannotBeContacted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, full())
	if err := s.Update(func(b *home.Book) error { b.Recorders[0].Channels[1].Forget(); return nil }); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir).Book()
	if c := b.Recorders[0].Channel(1); c.Reachable() || c.Name != "Sân" {
		t.Errorf("after a restart %+v is reachable: %t", c, c.Reachable())
	}
	if !b.Recorders[0].Channel(0).Reachable() {
		t.Error("the other one was forgotten as well")
	}
}

func TestReferencePictures(t *testing.T) {
	s := open(t, t.TempDir())
	id := camera.NewCameraID("h", "s", 1)
	if _, err := s.Reference(id); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("before: %v", err)
	}
	for _, want := range []string{"one", "another"} {
		if err := s.SetReference(id, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Reference(id); string(got) != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := s.SetReference(id, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reference(id); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("after: %v", err)
	}
	if err := s.SetReference("../home", []byte("x")); camera.CodeOf(err) != camera.CodeNotFound {
		t.Errorf("a path as camera: %v", err)
	}
	if err := s.SetReference(id, make([]byte, home.ReferenceLargest+1)); camera.CodeOf(err) != camera.CodeTooLarge {
		t.Errorf("a huge one: %v", err)
	}
}

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
	if got := open(t, dir).Book(); !reflect.DeepEqual(got, full()) {
		t.Errorf("got  %#v\nwant %#v", got, full())
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
