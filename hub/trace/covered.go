package trace

import (
	"math"

	camera "xulang.vn/camera"
)

// The covered area is all that lies within a kilometre of a camera: behind its edge the
// next commune has to look.
const (
	coveredNear = 1000.0 // metres
	coveredStep = 50.0   // metres of road by which its edge is found
)

// covered is the area, with cameras by square.
type covered struct {
	squares map[[2]int][]camera.Position
	scale   float64 // squares by degree of longitude; by degree of latitude it is squaresLat
}

const squaresLat = 6371008.8 * math.Pi / 180 / coveredNear

func coveredBy(cams []camera.TraceCamera) covered {
	c := covered{squares: map[[2]int][]camera.Position{}, scale: squaresLat}
	if len(cams) > 0 && len(cams[0].Views) > 0 {
		// A little wider than a kilometre here, so that they still are further north.
		c.scale *= 0.98 * math.Cos(cams[0].Views[0].Position.Lat*math.Pi/180)
	}
	for _, cam := range cams {
		for _, v := range cam.Views {
			k := c.square(v.Position)
			c.squares[k] = append(c.squares[k], v.Position)
		}
	}
	return c
}

func (c *covered) square(p camera.Position) [2]int {
	return [2]int{int(math.Floor(p.Lon * c.scale)), int(math.Floor(p.Lat * squaresLat))}
}

func (c *covered) holds(p camera.Position) bool {
	at := c.square(p)
	for x := at[0] - 1; x <= at[0]+1; x++ {
		for y := at[1] - 1; y <= at[1]+1; y++ {
			for _, q := range c.squares[[2]int{x, y}] {
				if camera.Distance(p, q) <= coveredNear {
					return true
				}
			}
		}
	}
	return false
}

// What survey.edges holds of arcs that do not leave the covered area, which is told as a
// share of the arc.
const (
	unasked float32 = 0
	outside float32 = 2
	inside  float32 = 3 // it ends within
)

// edge tells where an arc leaves the covered area for good.
func (v *survey) edge(a int32) float32 {
	if v.edges[a] != unasked {
		return v.edges[a]
	}
	v.edges[a] = outside
	steps := max(int(math.Ceil(float64(v.net.length[a])/coveredStep)), 1)
	for k := steps; k >= 0; k-- {
		if p, _ := v.net.place(a, float32(k)/float32(steps)); v.covered.holds(p) {
			v.edges[a] = float32(k+1) / float32(steps)
			if k == steps {
				v.edges[a] = inside
			}
			break
		}
	}
	return v.edges[a]
}

// exit is where a course leaves the covered area to end outside: by which of its arcs,
// and at what share of it.
func (v *survey) exit(c *course) (j int, share float32, ok bool) {
	for j = len(c.arcs) - 1; j >= 0; j-- {
		switch share = v.edge(c.arcs[j]); share {
		case outside:
			continue
		case inside:
			return 0, 0, false
		}
		return j, share, j > 0 || share > c.from
	}
	return 0, 0, false
}
