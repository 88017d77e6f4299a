package home_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
			Withheld: []camera.Interval{{From: at.Add(-time.Minute), To: at}, {From: at}},
		}},
		Keep:     5,
		SelfTest: &home.SelfTest{At: at, Lines: []camera.TestLine{{Name: camera.TestClock, OK: true, Number: 0.1}}, Told: true},
		Answers:  []home.Answer{{Want: "w1", Camera: id, From: at.Add(-time.Hour), To: at, Granted: true, At: at, Told: true}}, Tries: []home.Try{{Address: "192.168.1.20", At: at}}, Withdrawn: []home.Receipt{receipt},
		Apart: []home.Apart{{ID: id, Withheld: []camera.Interval{{From: at, To: at.Add(time.Minute)}}}},
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
	b.Cameras[0].Withheld[0].From, b.Apart[0].Withheld[0].From = time.Time{}, time.Time{}
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

// TestWithheld: every time in which the household paused a camera or took it back stays
// known, and one that never was shared withholds nothing.
func TestWithheld(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	clip := camera.Consent{Level: camera.ConsentClip}
	paused, none := clip, camera.Consent{Level: camera.ConsentNone}
	paused.Paused = true
	c := home.Camera{Consent: none}
	for i, to := range []camera.Consent{none, clip, clip, paused, paused, none, paused, clip, none, clip, paused} {
		c.Agree(to, at(i))
	}
	c.Agree(clip, at(9)) // the clock was set back
	want := []camera.Interval{{From: at(3), To: at(7)}, {From: at(8), To: at(9)}, {From: at(10), To: at(10).Add(time.Millisecond)}}
	if !slices.Equal(c.Withheld, want) || c.Consent != clip {
		t.Errorf("withheld %v, consent %v", c.Withheld, c.Consent)
	}
}

// TestWithheldTooOften: the oldest pauses grow together, none is forgotten.
func TestWithheldTooOften(t *testing.T) {
	store, err := home.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	id := camera.NewCameraID("h", "S", 0)
	if err := store.Update(func(b *home.Book) error {
		b.Recorders = []home.Recorder{{ID: "r", Serial: "S", Channels: []home.Channel{{}}}}
		b.Cameras = []home.Camera{{ID: id, Recorder: "r", Consent: camera.Consent{Level: camera.ConsentNone}}}
		for i := range home.WithheldMost + 3 {
			from := begin.Add(time.Duration(i) * time.Hour)
			b.Cameras[0].Withheld = append(b.Cameras[0].Withheld, camera.Interval{From: from, To: from.Add(time.Minute)})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b := store.Book()
	list := b.Camera(id).Withheld
	if len(list) != home.WithheldMost || !list[0].From.Equal(begin) || !list[0].To.Equal(begin.Add(3*time.Hour+time.Minute)) {
		t.Errorf("%d, the first %v", len(list), list[0])
	}
	list[1].From = time.Time{}
	if b = store.Book(); b.Camera(id).Withheld[1].From.IsZero() {
		t.Error("a copy of the book shares its memory")
	}
}
