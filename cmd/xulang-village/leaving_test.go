package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xulang.vn/camera/hub/api/gen"
)

// moves: the router gives the recorder another address. The camera records again by
// itself, and is the same camera.
func moves(t *testing.T, v *story, m *member) {
	m, began := m.of(t), time.Now()
	id := m.now().Cameras[0].ID
	m.nvr.MoveTo(m.net + ".77")
	m.await("a camera that is away", time.Minute, func() error {
		if m.now().Cameras[0].State == "recording" {
			return errors.New("still recording")
		}
		return nil
	})
	m.await("the recorder at its new address", 4*time.Minute, func() error {
		s := m.now()
		if s.Recorders[0].Address != m.net+".77" {
			return fmt.Errorf("recorder at %s", s.Recorders[0].Address)
		}
		return m.recording(id)
	})
	t.Logf("records again %s after it moved", time.Since(began).Round(time.Second))
	if wrong := m.nvr.WrongTries(); wrong > 0 {
		t.Errorf("%d wrong passwords were tried", wrong)
	}
}

// pauses: no byte leaves from two seconds after the press on; what is at the hub stays.
func pauses(t *testing.T, v *story, m *member) {
	m, admin := m.of(t), v.administrator(t)
	began := time.Now()
	id := m.now().Cameras[0].ID
	var before gen.CameraAnswer
	m.await("footage at the hub", 2*time.Minute, func() error {
		got, err := v.askUp(began.Add(-5*time.Minute), time.Now())
		before = answerOf(got, m.label)
		if err == nil && lasting(before, "stored") < 10*time.Second {
			err = fmt.Errorf("%s stored", lasting(before, "stored"))
		}
		return err
	})
	pressed := time.Now()
	m.must(m.call(http.MethodPut, "/pause", map[string]bool{"paused": true}, nil))
	t.Logf("the pause was in force after %s", time.Since(pressed).Round(time.Millisecond))
	m.await("a gap with its cause", time.Minute, func() error {
		got, err := v.askUp(pressed.Add(5*time.Second), pressed.Add(15*time.Second))
		for _, s := range answerOf(got, m.label).Spans {
			if s.Cause != nil && *s.Cause == "paused" && s.To.Sub(s.From) > 8*time.Second {
				return err
			}
		}
		return errors.Join(err, fmt.Errorf("spans %+v", answerOf(got, m.label).Spans))
	})
	newest := v.newestObject(t, id)
	t.Logf("the last byte of its camera reached the store %s after the press", newest.Sub(pressed).Round(time.Millisecond))
	if newest.Sub(pressed) > 2*time.Second {
		t.Error("bytes left the house in a pause")
	}
	var list []byte
	if err := v.get(*before.Playlist, &list); err != nil {
		t.Fatalf("what was there before the pause: %v", err)
	}
	if err := v.get(segmentLinks(t, *before.Playlist, list)[0], new([]byte)); err != nil {
		t.Errorf("what was there before the pause: %v", err)
	}
	if h, err := m.at(admin); err != nil || h.Devices[0].Cameras[0].Paused == nil || !*h.Devices[0].Cameras[0].Paused {
		t.Errorf("the hub tells no pause: %+v, %v", h, err)
	}
	m.must(m.call(http.MethodPut, "/pause", map[string]bool{"paused": false}, nil))
	m.await("recording after the pause", time.Minute, func() error { return m.recording(id) })
}

// newestObject is when the last byte of a camera came into the object store.
func (v *story) newestObject(t *testing.T, id string) (newest time.Time) {
	t.Helper()
	err := filepath.WalkDir(v.path("objects/footage"), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // moved into place meanwhile
		}
		if err != nil || e.IsDir() || !strings.Contains(path, id) {
			return err
		}
		info, err := e.Info()
		if err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if newest.IsZero() {
		t.Fatalf("no object of camera %s", id)
	}
	return newest
}

// leaves: the hub says so, and shows the camera to nobody.
func leaves(t *testing.T, v *story, m *member) {
	m, admin := m.of(t), v.administrator(t)
	m.must(m.call(http.MethodDelete, "/pair", nil, nil))
	if s := m.now(); s.Step != "pair" || s.Linked || len(s.Cameras) > 0 {
		t.Errorf("the page after leaving: %+v", s)
	}
	m.await("the hub knows", time.Minute, func() error {
		h, err := m.at(admin)
		if err == nil && (len(h.Devices) != 1 || h.Devices[0].Left == nil || !*h.Devices[0].Left || h.Devices[0].Linked) {
			err = fmt.Errorf("hub says %+v", h.Devices)
		}
		return err
	})
	got, err := v.askUp(time.Now().Add(-5*time.Minute), time.Now())
	if err != nil || answerOf(got, m.label).Playlist != nil {
		t.Errorf("the camera of who has left can be played: %+v, %v", answerOf(got, m.label), err)
	}
}

// clones: two boxes with one identity. Neither is believed until one of them joins anew.
func clones(t *testing.T, v *story, m *member) {
	m, admin, began := m.of(t), v.administrator(t), time.Now()
	data := v.path("members/copy")
	if err := os.CopyFS(data, os.DirFS(v.path("members/"+m.label))); err != nil {
		t.Fatal(err)
	}
	page, end := v.family(t, data, v.net+".203")
	second := &member{box: page}
	m.await("two boxes in quarantine", time.Minute, func() error {
		h, err := m.at(admin)
		if one, two := m.now(), second.now(); err == nil && (one.Trouble != "quarantined" || two.Trouble != "quarantined") {
			return fmt.Errorf("trouble %q and %q", one.Trouble, two.Trouble)
		}
		if err == nil && (h.Devices[0].Quarantined == nil || !*h.Devices[0].Quarantined) {
			err = fmt.Errorf("hub says %+v", h.Devices)
		}
		return err
	})
	t.Logf("both boxes were in quarantine %s after the copy was made", time.Since(began).Round(time.Second))
	end()
	id := m.now().Cameras[0].ID
	m.must(m.call(http.MethodDelete, "/pair?anew=true", nil, nil))
	m.pair(t, admin)
	m.share(t) // a new identity, so the household is asked again
	if err := m.recording(id); err != nil {
		t.Errorf("not the same camera: %v", err)
	}
	if s := m.now(); s.Trouble != "" {
		t.Errorf("trouble %q of a new identity", s.Trouble)
	}
}

// revoked: the link is cut within a minute, and the page says why.
func revoked(t *testing.T, v *story, m *member) {
	m, admin := m.of(t), v.administrator(t)
	h, err := m.at(admin)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(h.Devices, func(d gen.Device) bool { return d.Linked })
	if i < 0 {
		t.Fatalf("no box has a link: %+v", h.Devices)
	}
	began := time.Now()
	m.must(admin.call(http.MethodDelete, "/devices/"+h.Devices[i].Id, nil, nil))
	m.await("the page says that it was revoked", time.Minute, func() error {
		h, err := m.at(admin)
		if s := m.now(); err == nil && (s.Trouble != "revoked" || s.Linked || h.Devices[i].Linked) {
			err = fmt.Errorf("page says %q, linked %v; hub says %+v", s.Trouble, s.Linked, h.Devices[i])
		}
		return err
	})
	t.Logf("revoked: told at home after %s", time.Since(began).Round(100*time.Millisecond))
}
