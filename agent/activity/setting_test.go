package activity_test

import (
	"fmt"
	"slices"
)

// scene says which picture of the footage is shown when: a still stretch shows one
// again and again. With corner, only a twelfth of the picture can move at all.
type scene struct {
	name   string
	corner bool
	order  func(count, rate int) []int
}

var (
	street = scene{name: "street", order: thirds}
	corner = scene{name: "corner", order: thirds, corner: true}
	busy   = scene{name: "busy", order: forth}
)

// thirds has 20 s of stillness around each third of the footage.
func thirds(count, rate int) (order []int) {
	still := func(n int) { order = append(order, slices.Repeat([]int{n}, 20*rate)...) }
	still(0)
	for n := range count {
		order = append(order, n)
		if (n+1)%(count/3) == 0 {
			still(n)
		}
	}
	return order
}

// forth begins with four minutes of movement, forth and back, and comes to rest
// twice.
func forth(count, rate int) (order []int) {
	move := func(seconds int) {
		at, step := 0, 1
		for range seconds * rate {
			order = append(order, at)
			if at+step < 0 || at+step >= count {
				step = -step
			}
			at += step
		}
	}
	still := func(seconds int) {
		order = append(order, slices.Repeat(order[len(order)-1:], seconds*rate)...)
	}
	move(240)
	still(40)
	move(20)
	still(40)
	return order
}

// setting is how a camera codes.
type setting struct {
	name   string
	rate   int    // frames a second
	filter string // what the sensor adds
	codec  string
	args   []string
	least  [3]float64 // the AUC that must be reached in street, corner and busy; 0 where sizes do not tell
}

// A sensor is never quite still. At night it has less contrast and more noise;
// grain is a night that no camera should send.
const (
	day   = "noise=alls=3:allf=t"
	night = "lutyuv=y=val*0.6+10:u=128:v=128,noise=alls=7:allf=t"
	grain = "lutyuv=y=val*0.4+10:u=128:v=128,noise=alls=14:allf=t"
)

// arguments are ffmpeg's. x264's superfast does not look ahead, as a camera does not
// that shows live pictures. One thread, so that the result does not depend on the
// number of processors.
func (c setting) arguments(v *footage) []string {
	args := []string{
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", v.width, v.height), "-r", fmt.Sprint(c.rate), "-i", "-",
		"-vf", c.filter, "-c:v", c.codec, "-preset", "superfast", "-sc_threshold", "0", "-threads", "1",
	}
	if c.codec == "libx265" {
		args = append(args, "-x265-params", "log-level=error:pools=1:frame-threads=1")
	}
	args = append(args, c.args...)
	return append(args, "-f", "framecrc", "-")
}

// group is a GOP of so many seconds with so many B pictures in a row.
func group(rate, seconds, b int) []string {
	return []string{"-g", fmt.Sprint(rate * seconds), "-bf", fmt.Sprint(b)}
}

func quality(crf int) []string { return []string{"-crf", fmt.Sprint(crf)} }

// constant is a rate in kbit/s with a buffer of so many milliseconds.
func constant(kbit, buffer int) []string {
	k := fmt.Sprintf("%dk", kbit)
	return []string{"-b:v", k, "-minrate", k, "-maxrate", k, "-bufsize", fmt.Sprintf("%dk", kbit*buffer/1000)}
}

// filled pads every picture up to the rate.
func filled(kbit int) []string {
	return append(constant(kbit, 1000), "-x264-params", "nal-hrd=cbr")
}

// set makes a setting; its name begins with the codec's.
func set(name string, rate int, filter string, least [3]float64, args ...[]string) setting {
	codec := "libx264"
	if name[:4] == "H265" {
		codec = "libx265"
	}
	return setting{name: name, rate: rate, filter: filter, codec: codec, least: least, args: slices.Concat(args...)}
}

// The pictures have a quarter of vtest's pixels, so they get a quarter of the rate
// that the settings are named for.
const (
	width, height = 384, 288
	m1, m4        = 1000 / 4, 4000 / 4 // kbit/s
)

// settings with what TestVtest -full found, less a margin.
func settings() []setting {
	good := [3]float64{0.9, 0.9, 0.9}
	return []setting{
		set("H264 CRF 23, GOP 2 s, 25 fps", 25, day, good, group(25, 2, 0), quality(23)),
		set("H264 CRF 23, GOP 2 s, 12 fps, B", 12, day, good, group(12, 2, 2), quality(23)),
		set("H264 CRF 28, GOP 1 s, 25 fps", 25, day, good, group(25, 1, 0), quality(28)),
		set("H264 CRF 28, GOP 10 s, 12 fps", 12, day, good, group(12, 10, 0), quality(28)),
		set("H265 CRF 28, GOP 2 s, 25 fps", 25, day, good, group(25, 2, 0), quality(28)),
		set("H265 CRF 28, GOP 10 s, 12 fps, B", 12, day, good, group(12, 10, 2), quality(28)),
		set("H264 CBR 1M, GOP 2 s, 25 fps", 25, day, [3]float64{0.9, 0.88, 0.83}, group(25, 2, 0), constant(m1, 1000)),
		set("H264 CBR 1M, GOP 2 s, 25 fps, B", 25, day, good, group(25, 2, 2), constant(m1, 1000)),
		set("H264 CBR 1M, GOP 1 s, 25 fps", 25, day, [3]float64{0.9, 0.82, 0.87}, group(25, 1, 0), constant(m1, 1000)),
		set("H264 CBR 1M, GOP 10 s, 25 fps", 25, day, [3]float64{0, 0, 0.75}, group(25, 10, 0), constant(m1, 1000)),
		set("H264 CBR 1M, GOP 2 s, 12 fps", 12, day, [3]float64{0.9, 0.67, 0.86}, group(12, 2, 0), constant(m1, 1000)),
		set("H264 CBR 1M, GOP 2 s, 25 fps, small buffer", 25, day, good, group(25, 2, 0), constant(m1, 250)),
		set("H264 CBR 1M, GOP 2 s, 25 fps, filler", 25, day, [3]float64{0.9, 0.9, 0.83}, group(25, 2, 0), filled(m1)),
		set("H265 CBR 1M, GOP 2 s, 25 fps", 25, day, good, group(25, 2, 0), constant(m1, 1000)),
		set("H264 CBR 4M, GOP 2 s, 25 fps", 25, day, [3]float64{0.9, 0.86, 0.9}, group(25, 2, 0), constant(m4, 1000)),
		set("H264 CBR 4M, GOP 2 s, 25 fps, B", 25, day, good, group(25, 2, 2), constant(m4, 1000)),
		set("H264 CBR 4M, GOP 1 s, 12 fps", 12, day, good, group(12, 1, 0), constant(m4, 1000)),
		set("H264 CBR 4M, GOP 10 s, 25 fps", 25, day, [3]float64{0.72, 0.64, 0.65}, group(25, 10, 0), constant(m4, 1000)),
		set("H264 CBR 4M, GOP 2 s, 25 fps, filler", 25, day, [3]float64{0.9, 0.75, 0.9}, group(25, 2, 0), filled(m4)),
		set("H264 CRF 23, GOP 2 s, 25 fps, night", 25, night, [3]float64{}, group(25, 2, 0), quality(23)),
		set("H264 CRF 28, GOP 2 s, 12 fps, night", 12, night, [3]float64{0.9, 0.64, 0.9}, group(12, 2, 0), quality(28)),
		set("H264 CBR 1M, GOP 2 s, 25 fps, night", 25, night, [3]float64{0.9, 0.74, 0.9}, group(25, 2, 0), constant(m1, 1000)),
		set("H264 CBR 4M, GOP 2 s, 25 fps, night", 25, night, [3]float64{0.9, 0.79, 0.9}, group(25, 2, 0), constant(m4, 1000)),
		set("H265 CBR 1M, GOP 2 s, 25 fps, night", 25, night, [3]float64{0.85, 0.74, 0.9}, group(25, 2, 0), constant(m1, 1000)),
		set("H264 CRF 28, GOP 2 s, 12 fps, grain", 12, grain, [3]float64{0.83, 0, 0.85}, group(12, 2, 0), quality(28)),
		set("H264 CBR 1M, GOP 2 s, 25 fps, grain", 25, grain, [3]float64{0.65, 0, 0.76}, group(25, 2, 0), constant(m1, 1000)),
	}
}
