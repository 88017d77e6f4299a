package home_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

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
	if b.Answer("599") == nil || b.Answer("w1") != nil {
		t.Error("answers are not found as they are")
	}
}

func TestGrantsAreOfCameraAndMinutes(t *testing.T) {
	b := full()
	id := b.Cameras[0].ID
	b.Answers = append(b.Answers, home.Answer{Want: "w2", Camera: id, From: at.Add(time.Hour), To: at.Add(2 * time.Hour)})
	for name, c := range map[string]struct {
		id   camera.CameraID
		from time.Duration
		want bool
	}{
		"within": {id, -time.Minute, true}, "after": {id, time.Minute, false}, "before": {id, -2 * time.Hour, false},
		"another camera": {camera.NewCameraID("h", "s", 1), -time.Minute, false}, "refused": {id, 90 * time.Minute, false},
	} {
		s := camera.Segment{SegmentID: camera.SegmentID{Camera: c.id}, Start: at.Add(c.from), End: at.Add(c.from + 6*time.Second)}
		if got := b.Grants(s); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
