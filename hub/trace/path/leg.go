package path

import (
	"math"
	"time"

	camera "xulang.vn/camera"
)

// stop is an end of a leg: a sighting or the incident with the place that was chosen.
type stop struct {
	mark   string
	at     time.Time
	spread float64 // seconds, one standard deviation
	place  state
}

// straight is the leg where no way was found.
func straight(a, b stop, metre float64) camera.RouteLeg {
	end := metre + camera.Distance(a.place.position, b.place.position)
	return camera.RouteLeg{
		From: a.mark, To: b.mark, Broken: true,
		Points: []camera.RoutePoint{a.point(metre), b.point(end)},
	}
}

func (s stop) point(metre float64) camera.RoutePoint {
	return camera.RoutePoint{Position: s.place.position, At: s.at, Spread: seconds(s.spread), Metre: metre, Mark: s.mark}
}

// leg draws a way between two stops, with every bend of the road. The time that is left
// over, or lacking, is spread over the whole as the expected times are.
func (s *searcher) leg(a, b stop, w way, metre float64) camera.RouteLeg {
	l := camera.RouteLeg{From: a.mark, To: b.mark, Points: []camera.RoutePoint{a.point(metre)}}
	v := variance{a: a.spread, b: b.spread, total: b.at.Sub(a.at), expected: w.seconds}
	now := 0.0
	for _, x := range w.stages {
		if x.arc.Road == "" {
			continue // two nodes in one place
		}
		if n := len(l.Roads); n == 0 || l.Roads[n-1] != x.arc.Road {
			l.Roads = append(l.Roads, x.arc.Road)
		}
		now += x.wait
		line := s.line(x)
		for i := 1; i < len(line); i++ {
			d := camera.Distance(line[i-1], line[i])
			now += s.along(x.arc, d).seconds
			metre += d
			share := 1.0
			if w.seconds > 0 {
				share = math.Min(now/w.seconds, 1)
			}
			l.Points = append(l.Points, camera.RoutePoint{
				Position: line[i], Metre: metre, Spread: seconds(v.spread(share)),
				At: a.at.Add(time.Duration(share * float64(v.total))),
			})
		}
	}
	if len(l.Points) == 1 {
		l.Points = append(l.Points, camera.RoutePoint{})
	}
	l.Points[len(l.Points)-1] = b.point(metre)
	return l
}

// line is the way of a stage over the map, in the order of travel.
func (s *searcher) line(x stage) []camera.Position {
	if !(x.to > x.from) {
		return nil
	}
	sign := 1.0
	if x.arc.Start > x.arc.End {
		sign = -1
	}
	from, to := x.arc.Start+sign*x.from, x.arc.Start+sign*x.to
	line, err := s.graph.Line(camera.Stretch{Road: x.arc.Road, From: math.Min(from, to), To: math.Max(from, to)})
	if err != nil {
		return nil // less than rounding: nothing to draw
	}
	if sign < 0 {
		for i, j := 0, len(line)-1; i < j; i, j = i+1, j-1 {
			line[i], line[j] = line[j], line[i]
		}
	}
	return line
}

// wander is how far, as a share of a way's time, halves of it go apart.
const wander = 0.2

// variance tells how uncertain the time of a place between two stops is.
type variance struct {
	a, b     float64 // seconds, of the stops
	total    time.Duration
	expected float64 // seconds of the way
}

// spread is the standard deviation at a share of the way, seconds. The stops' own errors
// fade with the distance. Between them driving wanders as a Brownian bridge does, less
// than whole ways do from each other: who drives fast does so on both halves. A stop, as
// long as all that the way should not have taken, is somewhere: with probability share
// it was before.
func (v variance) spread(share float64) float64 {
	drive := wander * math.Min(v.expected, v.total.Seconds())
	rest := math.Max(v.total.Seconds()-v.expected, 0)
	ends := sq((1-share)*v.a) + sq(share*v.b)
	return math.Sqrt(ends + (sq(drive)+sq(rest))*share*(1-share))
}

func sq(x float64) float64 { return x * x }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
