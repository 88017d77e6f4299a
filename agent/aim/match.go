package aim

import "math"

// How far aside the picture is looked for: a third of it. Beyond that too little of
// the old view is left to be told.
const mostX, mostY = width / 3, height / 3

// place is where a picture fits another one best.
type place struct {
	dx, dy   int     // points
	likeness float64 // −1 to 1
}

// match finds the place with the highest normalised cross-correlation of the part that
// both pictures have (Lewis, Fast Normalized Cross-Correlation, 1995, equation 2). A
// place that is no better than the middle by a clear margin is the middle.
func match(was, is plane) place {
	const margin = 0.03
	middle := place{likeness: correlate(was, is, 0, 0)}
	best := middle
	for dy := -mostY; dy <= mostY; dy++ {
		for dx := -mostX; dx <= mostX; dx++ {
			if c := correlate(was, is, dx, dy); c > best.likeness {
				best = place{dx, dy, c}
			}
		}
	}
	if best.likeness < middle.likeness+margin {
		return middle
	}
	return best
}

// correlate compares was at (x, y) with is at (x+dx, y+dy).
func correlate(was, is plane, dx, dy int) float64 {
	x0, x1 := max(0, -dx), min(width, width-dx)
	y0, y1 := max(0, -dy), min(height, height-dy)
	var n, a, b, aa, bb, ab float64
	for y := y0; y < y1; y++ {
		rowWas, rowIs := was[y*width:(y+1)*width], is[(y+dy)*width:(y+dy+1)*width]
		for x := x0; x < x1; x++ {
			p, q := rowWas[x], rowIs[x+dx]
			a, b, aa, bb, ab = a+p, b+q, aa+p*p, bb+q*q, ab+p*q
		}
	}
	n = float64((x1 - x0) * (y1 - y0))
	spread := (aa - a*a/n) * (bb - b*b/n)
	if spread <= 0 {
		return 0 // a plain picture is like nothing
	}
	return (ab - a*b/n) / math.Sqrt(spread)
}
