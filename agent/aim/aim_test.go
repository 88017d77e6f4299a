package aim_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/aim"
)

// vtest is a real road camera (Debian package opencv-doc); scripts/need installs it.
const vtest = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"

// frames are pictures of the campus camera, one each 8 s.
func frames(t *testing.T) []image.Image {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("ffmpeg", "-v", "error", "-i", vtest, "-vf", "fps=1/8", "-q:v", "3", filepath.Join(dir, "%02d.jpg"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("read footage: %v\n%s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil || len(names) < 8 {
		t.Fatalf("%d frames, %v", len(names), err)
	}
	var all []image.Image
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, img)
	}
	return all
}

// change makes a picture out of another one, point by point.
func change(img image.Image, f func(x, y int) color.Color) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.Set(x, y, f(x, y))
		}
	}
	return out
}

// light scales the luma, and takes the colour away with grey.
func light(img image.Image, gain, offset float64, grey bool) image.Image {
	return change(img, func(x, y int) color.Color {
		r, g, b, _ := img.At(x, y).RGBA()
		c := [3]float64{float64(r), float64(g), float64(b)}
		if grey {
			m := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
			c = [3]float64{m, m, m}
		}
		level := func(v float64) uint8 { return uint8(math.Max(0, math.Min(255, (v/0xffff*gain+offset)*255))) }
		return color.RGBA{level(c[0]), level(c[1]), level(c[2]), 255}
	})
}

// turn moves the view: what comes in at the side is another part of the scene, mirrored.
func turn(img image.Image, shareX, shareY float64) image.Image {
	b := img.Bounds()
	dx, dy := int(shareX*float64(b.Dx())), int(shareY*float64(b.Dy()))
	fold := func(v, n int) int {
		if v < 0 {
			v = -v
		}
		if v >= n {
			v = 2*n - 2 - v
		}
		return v
	}
	return change(img, func(x, y int) color.Color { return img.At(fold(x+dx, b.Dx()), fold(y+dy, b.Dy())) })
}

// noise is what a sensor adds in the evening.
func noise(img image.Image, strength float64) image.Image {
	r := rand.New(rand.NewPCG(1, 2))
	return change(img, func(x, y int) color.Color {
		cr, cg, cb, _ := img.At(x, y).RGBA()
		n := r.NormFloat64() * strength * 255
		level := func(v uint32) uint8 { return uint8(math.Max(0, math.Min(255, float64(v>>8)+n))) }
		return color.RGBA{level(cr), level(cg), level(cb), 255}
	})
}

// veil is something close before the lens: no edge of the scene comes through.
func veil(img image.Image, share float64) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(b)
	draw.Draw(out, b, img, b.Min, draw.Src)
	part := image.Rect(b.Min.X, b.Min.Y, b.Min.X+int(share*float64(b.Dx())), b.Max.Y)
	draw.Draw(out, part, image.NewUniform(color.RGBA{120, 110, 100, 255}), image.Point{}, draw.Src)
	return out
}

func TestCompareOnRealFootage(t *testing.T) {
	all := frames(t)
	reference := all[0]
	for name, c := range map[string]struct {
		now  image.Image
		want []camera.AimState
	}{
		"itself":             {reference, []camera.AimState{camera.AimSame}},
		"people walk":        {all[3], []camera.AimState{camera.AimSame}},
		"a minute later":     {all[7], []camera.AimState{camera.AimSame}},
		"half the light":     {light(all[4], 0.5, 0, false), []camera.AimState{camera.AimSame}},
		"hazy":               {light(all[5], 0.6, 0.3, false), []camera.AimState{camera.AimSame}},
		"without colour":     {light(all[6], 0.9, 0, true), []camera.AimState{camera.AimSame}},
		"noise":              {noise(all[2], 0.05), []camera.AimState{camera.AimSame}},
		"wind":               {turn(all[2], 0.02, 0), []camera.AimState{camera.AimSame}},
		"turned a tenth":     {turn(all[3], 0.10, 0), []camera.AimState{camera.AimTurned}},
		"turned back":        {turn(all[3], -0.15, 0), []camera.AimState{camera.AimTurned}},
		"turned up":          {turn(all[4], 0, -0.2), []camera.AimState{camera.AimTurned}},
		"turned a quarter":   {turn(all[5], 0.25, 0.05), []camera.AimState{camera.AimTurned}},
		"turned away":        {turn(all[5], 0.7, 0.4), []camera.AimState{camera.AimTurned}},
		"upside down":        {change(all[1], func(x, y int) color.Color { b := all[1].Bounds(); return all[1].At(b.Max.X-1-x, b.Max.Y-1-y) }), []camera.AimState{camera.AimTurned}},
		"night":              {light(all[3], 0.03, 0, false), []camera.AimState{camera.AimDark}},
		"lens cap":           {light(all[3], 0, 0, false), []camera.AimState{camera.AimDark}},
		"a cloth":            {veil(all[3], 1), []camera.AimState{camera.AimCovered}},
		"most under a cloth": {veil(all[3], 0.85), []camera.AimState{camera.AimCovered}},
		"glare":              {light(all[3], 0, 0.98, false), []camera.AimState{camera.AimCovered}},
		"other place, night": {light(turn(all[5], 0.7, 0.4), 0.35, 0, true), []camera.AimState{camera.AimUnsure, camera.AimTurned}},
	} {
		got := aim.Compare(reference, c.now)
		ok := false
		for _, want := range c.want {
			ok = ok || got.State == want
		}
		if !ok {
			t.Errorf("%s: %+v, want %v", name, got, c.want)
		}
	}
}

// TestShiftIsMeasured within two points of the small picture.
func TestShiftIsMeasured(t *testing.T) {
	img := frames(t)[0]
	for _, share := range []float64{-0.3, -0.2, -0.1, 0.08, 0.15, 0.25} {
		got := aim.Compare(img, turn(img, share, 0))
		if got.State != camera.AimTurned || math.Abs(got.Shift-math.Abs(share)) > 0.025 {
			t.Errorf("moved by %v: %+v", share, got)
		}
	}
}

func TestCompareOddPictures(t *testing.T) {
	plain := image.NewUniform(color.RGBA{90, 90, 90, 255})
	small := image.NewGray(image.Rect(5, 5, 6, 6))
	flat := image.NewRGBA(image.Rect(0, 0, 640, 360))
	draw.Draw(flat, flat.Bounds(), plain, image.Point{}, draw.Src)
	for _, c := range [][2]image.Image{{flat, flat}, {small, flat}, {flat, small}, {small, small}} {
		if got := aim.Compare(c[0], c[1]); got.State == "" || math.IsNaN(got.Brightness) {
			t.Errorf("%+v", got)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 1920, 1080))
	for b.Loop() {
		aim.Compare(img, img)
	}
}
