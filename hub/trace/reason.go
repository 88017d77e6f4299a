package trace

import (
	camera "xulang.vn/camera"
)

// reason says why a clip is proposed.
func (t *Trace) reason(c clip) camera.Reason {
	r := camera.Reason{Code: camera.ReasonRest}
	most := 0.0
	for i, s := range t.sets {
		sum := 0.0
		if d := s.density[c.cam]; d != nil {
			for b := c.lo; b < c.hi; b++ {
				sum += float64(d[b])
			}
		}
		if sum > most {
			most = sum
			r.Code = t.codeOf(i)
			r.After, r.Until = t.around2(i)
		}
	}
	back := 0.0
	for i, s := range t.sets {
		sum := 0.0
		for b := c.lo; b < c.hi; b++ {
			sum += s.prism.at(int(c.cam), (float64(b)+0.5)*binSeconds) * binSeconds * (t.p.Prism + (1-s.trust)*t.p.StrangePasses)
		}
		if sum > back && sum > most {
			back = sum
			r.Code = camera.ReasonWider
			r.After, r.Until = t.around2(i)
		}
	}
	if k := &t.cams[c.cam]; k.looks != nil && most > back {
		n := float32(0)
		for b := c.lo; b < c.hi; b++ {
			n += k.looks[b]
		}
		if n > float32(c.hi-c.lo)/2 {
			r.Code = camera.ReasonAgain
		}
	}
	return r
}

func (t *Trace) codeOf(i int) camera.ReasonCode {
	switch {
	case len(t.sightings) == 0:
		return camera.ReasonFirst
	case i == 0:
		return camera.ReasonBefore
	case i == len(t.sightings):
		return camera.ReasonNext
	}
	return camera.ReasonBetween
}

func (t *Trace) around2(i int) (after, until camera.CameraID) {
	if i > 0 {
		after = t.q.Cameras[t.sightings[i-1].cam].ID
	}
	if i < len(t.sightings) {
		until = t.q.Cameras[t.sightings[i].cam].ID
	}
	return after, until
}

func (t *Trace) conflicts(m camera.Mark, _ any) []camera.MarkWarning { return nil }
