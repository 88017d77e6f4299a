package scene_test

import (
	"bytes"
	"image/jpeg"
	"io/fs"
	"os"
	"testing"

	"xulang.vn/camera/cmd/xulang-village/scene"
)

// Every home loads; Load itself refuses open groups and foreign parameter sets.
func TestHomes(t *testing.T) {
	ids, err := scene.IDs()
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) != 18 || ids[0] != "home-01" || ids[17] != "home-18" {
		t.Fatalf("homes: %v", ids)
	}
	hevc := map[string]bool{"home-04": true, "home-09": true, "home-15": true}
	for _, id := range ids {
		h, err := scene.Load(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Codec == scene.H265; got != hevc[id] {
			t.Errorf("%s: codec %s", id, h.Codec)
		}
		if len(h.SPS) == 0 || len(h.PPS) == 0 || (h.Codec == scene.H265) != (len(h.VPS) > 0) {
			t.Errorf("%s: parameter sets %d %d %d bytes", id, len(h.VPS), len(h.SPS), len(h.PPS))
		}
		checkClip(t, id+" idle", h.Idle, scene.GOP)
		checkStill(t, id, h.Still)
		for _, kind := range scene.Kinds() {
			for _, d := range []scene.Direction{scene.LTR, scene.RTL} {
				checkClip(t, id+" "+string(kind)+string(d), h.Clip(kind, d), 2*scene.GOP)
			}
		}
		if bytes.Equal(last(h.Clip(scene.Rider, scene.LTR)[24]), last(h.Clip(scene.Motorbike, scene.LTR)[24])) {
			t.Errorf("%s: the rider looks like any motorbike", id)
		}
	}
}

func last(u scene.AccessUnit) []byte { return u.NALUs[len(u.NALUs)-1] }

func checkClip(t *testing.T, name string, clip scene.Clip, pictures int) {
	t.Helper()
	if len(clip) != pictures {
		t.Errorf("%s: %d pictures, want %d", name, len(clip), pictures)
	}
	for i, u := range clip {
		if u.Key != (i%scene.GOP == 0) {
			t.Errorf("%s: picture %d key=%t", name, i, u.Key)
		}
		if !u.Key && len(u.NALUs) != 1 {
			t.Errorf("%s: picture %d has %d NAL units", name, i, len(u.NALUs))
		}
	}
}

func checkStill(t *testing.T, id string, still []byte) {
	t.Helper()
	const most = 40 << 10
	c, err := jpeg.DecodeConfig(bytes.NewReader(still))
	if err != nil || c.Width != 640 || c.Height != 360 || len(still) > most {
		t.Errorf("%s: still of %d bytes, %d×%d: %v", id, len(still), c.Width, c.Height, err)
	}
}

func TestUnknownHome(t *testing.T) {
	for _, id := range []string{"home-99", "", "..", "../scene.go"} {
		if h, err := scene.Load(id); err == nil {
			t.Errorf("%q loads as %s", id, h.ID)
		}
	}
}

// The clips are checked in: they have a budget.
func TestSize(t *testing.T) {
	const most = 12 << 20
	var total int64
	err := fs.WalkDir(os.DirFS("clips"), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total == 0 || total > most {
		t.Fatalf("clips take %d bytes, at most %d", total, most)
	}
}
