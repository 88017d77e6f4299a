package aim

import (
	"image"
	"math"
)

// Size of the small picture. A move of one point is about a hundredth of the width.
const width, height = 96, 54

// picture is what is left of one for the comparison.
type picture struct {
	mean, deviation float64 // of luma, 0 to 1
	saturation      float64 // mean distance of the colours from grey, 0 to 1
	detail          float64 // mean strength of the edges, in units of luma
	edges           plane   // strength of the edges
}

// plane is a value for each point, row by row.
type plane [width * height]float64

// measure makes the small picture: each point the mean of what lies below it.
func measure(img image.Image) picture {
	var luma plane
	var p picture
	b := img.Bounds()
	for y := range height {
		for x := range width {
			r, g, bl := mean(img, image.Rect(
				b.Min.X+x*b.Dx()/width, b.Min.Y+y*b.Dy()/height,
				b.Min.X+max((x+1)*b.Dx()/width, x*b.Dx()/width+1), b.Min.Y+max((y+1)*b.Dy()/height, y*b.Dy()/height+1)))
			at := 0.299*r + 0.587*g + 0.114*bl // ITU-R BT.601, 2.5.1
			luma[y*width+x] = at
			p.mean += at
			p.saturation += max(r, g, bl) - min(r, g, bl)
		}
	}
	p.mean /= width * height
	p.saturation /= width * height
	for _, at := range luma {
		p.deviation += (at - p.mean) * (at - p.mean)
	}
	p.deviation = math.Sqrt(p.deviation / (width * height))
	p.edges = edges(luma)
	for _, at := range p.edges {
		p.detail += at
	}
	p.detail /= width * height
	return p
}

// mean takes at most sixteen samples of a part of the picture: enough for a mean, and
// quick on large ones.
func mean(img image.Image, part image.Rectangle) (r, g, b float64) {
	stepX, stepY := max(1, part.Dx()/4), max(1, part.Dy()/4)
	n := 0.0
	for y := part.Min.Y; y < part.Max.Y; y += stepY {
		for x := part.Min.X; x < part.Max.X; x += stepX {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			r, g, b, n = r+float64(cr), g+float64(cg), b+float64(cb), n+1
		}
	}
	n *= 0xffff
	return r / n, g / n, b / n
}

// edges is the length of the gradient at each point (central differences).
func edges(luma plane) plane {
	var out plane
	at := func(x, y int) float64 { return luma[min(max(y, 0), height-1)*width+min(max(x, 0), width-1)] }
	for y := range height {
		for x := range width {
			out[y*width+x] = math.Hypot(at(x+1, y)-at(x-1, y), at(x, y+1)-at(x, y-1)) / 2
		}
	}
	return out
}
