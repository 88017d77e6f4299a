package index_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
	"xulang.vn/camera/hub/index/pack"
)

func TestManifestName(t *testing.T) {
	n := index.ManifestName{Camera: mine, Hour: pack.HourOf(start), Generation: 12, Root: hashOf(1)}
	want := "facts/caaaaaaaaaaaaaaaa/2026-11-22T07/000012-" + hashOf(1).String()
	if n.String() != want {
		t.Errorf("%s, want %s", n, want)
	}
	for _, other := range []string{
		"", "facts/", want + "0", want[1:], strings.ToUpper(want), strings.Replace(want, "000012", "12", 1), strings.Replace(want, "000012", "000000", 1),
		strings.Replace(want, "000012", "-00012", 1), strings.Replace(want, "T07", "T24", 1), strings.Replace(want, "T07", "T7", 1), strings.Replace(want, "c", "d", 1),
		strings.Replace(want, "aaaa/", "aaa/", 1), want + "/", strings.Replace(want, "facts", "journal", 1),
	} {
		if got, err := index.ParseManifestName(other); err == nil {
			t.Errorf("%q was read as %+v", other, got)
		}
	}
}

func FuzzManifestName(f *testing.F) {
	f.Add(index.ManifestName{Camera: mine, Hour: pack.HourOf(start), Generation: 12, Root: hashOf(1)}.String())
	f.Add(index.ManifestName{Camera: theirs, Hour: -1, Generation: 999_999, Root: camera.Hash{}}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := index.ParseManifestName(s); err == nil && n.String() != s {
			t.Errorf("%q was read as %s", s, n)
		}
	})
}

func TestJournalNamesSortByTime(t *testing.T) {
	last := ""
	for i := range 50 {
		at := start.Add(time.Duration(i) * 997 * time.Millisecond)
		name := index.JournalName(at)
		if name <= last {
			t.Errorf("%s after %s", name, last)
		}
		if got, err := index.JournalTime(name); err != nil || !got.Equal(at) {
			t.Errorf("%s is of %v, %v, want %v", name, got, err, at)
		}
		last = name
	}
	for _, other := range []string{"", "journal/", last + "0", last[:len(last)-1], "facts/" + last, strings.Replace(last, "T", " ", 1)} {
		if at, err := index.JournalTime(other); err == nil {
			t.Errorf("%q is of %v", other, at)
		}
	}
}
