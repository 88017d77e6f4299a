// Package aim tells from two pictures of one camera whether it still looks where the
// household aimed it. It is plain statistics on a small grey picture, so that each
// finding can be explained:
//
//   - dark: hardly any light comes in. Nothing else can be told then.
//   - covered: the picture has lost its edges. Something hangs before the lens, it is
//     dirty or wet, or far out of focus.
//   - turned: the edges fit the reference best when the picture is moved aside, or
//     fit nowhere while the light is as it was.
//   - unsure: the edges fit nowhere, and the light is so different (night, infrared,
//     head-lights) that this says nothing.
//   - same: the edges lie where they lay.
//
// What it cannot do: it does not see a turn of less than about a twentieth of the
// picture's width, nor one behind which the same kind of view lies (a plain wall); a
// lorry that stops before the lens is "covered" until it goes on; a new house or a cut
// tree may be "turned". It takes no decision: a person looks.
package aim

import (
	"image"
	"math"

	camera "xulang.vn/camera"
)

// Finding is what a comparison tells.
type Finding struct {
	State      camera.AimState
	Shift      float64 // how far the picture has moved, share of its width; NaN: not found
	Likeness   float64 // of the edges at the best place, 0 to 1; NaN: not compared
	Brightness float64 // mean luma, 0 to 1
}

// Thresholds, chosen on the village's drawn scenes and on a real campus camera: see the
// tests, which fail when one of them stops telling these apart.
const (
	darkBelow    = 0.06 // mean luma
	darkContrast = 0.03 // standard deviation of luma
	edgesLost    = 0.30 // share of the reference's edges that must be left, for the light that there is
	alike        = 0.45 // correlation of the edges from which they are the same place
	little       = 0.05 // share of the width up to which a move is no turn: wind, and the sun's shadows
	lightAway    = 0.25 // difference of mean luma from which the light is another
	greyBelow    = 0.04 // mean saturation below which a picture is one of infrared light
)

// Compare looks at a picture beside the one that was accepted.
func Compare(reference, now image.Image) Finding {
	was, is := measure(reference), measure(now)
	f := Finding{Shift: math.NaN(), Likeness: math.NaN(), Brightness: is.mean}
	if is.mean < darkBelow || is.deviation < darkContrast && is.mean < 4*darkBelow {
		f.State = camera.AimDark
		return f
	}
	// Less light makes weaker edges, in the same proportion.
	if edges := max(is.detail/was.detail, is.detail/is.mean*was.mean/was.detail); was.detail > 0 && edges < edgesLost {
		f.State = camera.AimCovered
		return f
	}
	at := match(was.edges, is.edges)
	f.Likeness = max(0, at.likeness)
	moved := math.Hypot(float64(at.dx)/width, float64(at.dy)/width)
	switch {
	case f.Likeness >= alike && moved <= little:
		f.State, f.Shift = camera.AimSame, moved
	case f.Likeness >= alike:
		f.State, f.Shift = camera.AimTurned, moved
	case was.otherLight(is):
		f.State = camera.AimUnsure
	default:
		f.State = camera.AimTurned
	}
	return f
}

// otherLight tells whether two pictures were taken in light that is hard to compare.
func (p picture) otherLight(q picture) bool {
	return math.Abs(p.mean-q.mean) > lightAway || (p.saturation < greyBelow) != (q.saturation < greyBelow)
}
