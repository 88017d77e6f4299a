package ingest

import (
	"time"

	"xulang.vn/camera/agent/media"
)

// place hands a unit on at its place in true time, and tells whether it lies behind
// what was asked for. It may hold pictures back at the beginning.
func (s *session) place(u media.Unit) (beyond bool, err error) {
	p := s.past
	switch {
	case p.placed && u.Track > 0:
		return false, s.placeSound(u)
	case p.placed:
		return s.placePicture(u)
	case len(p.held) == 0 && (u.Track > 0 || !u.Key), !p.hold(u):
		return false, nil
	}
	return s.release()
}

// release hands on what was held back.
func (s *session) release() (beyond bool, err error) {
	p := s.past
	if len(p.held) == 0 {
		return false, nil
	}
	p.settle()
	held := p.held
	p.held, p.bytes = nil, 0
	for _, u := range held {
		if beyond, err = s.place(u); beyond || err != nil {
			return beyond, err
		}
	}
	return false, nil
}

func (s *session) placePicture(u media.Unit) (beyond bool, err error) {
	p := s.past
	at := s.timeOf(u)
	if !at.Before(p.Times.End) {
		return true, nil
	}
	if off := at.Sub(p.zero.Add(u.PTS)); off > holeLeast || off < -holeLeast {
		p.stop(s.i.r)
	}
	p.zero, p.newest = at.Add(-u.PTS), at
	s.sets = media.ParametersIn(s.video.Codec, u.NALUs).Over(s.sets)
	if !p.open {
		if !u.Key || !s.sets.Complete(s.video.Codec) {
			return false, nil
		}
		if err := s.openAt(u); err != nil {
			return false, err
		}
	}
	u.PTS -= s.zero
	u.DTS = s.times.at(u, s.sets)
	u.Received, u.NTP = p.truth(at.Add(u.DTS-u.PTS)), time.Time{}
	return false, s.i.r.Unit(u)
}

// timeOf is the recorder's clock at a picture. A sender report that came too late for
// the beginning is believed from a key frame on, with which a new run begins.
func (s *session) timeOf(u media.Unit) time.Time {
	p := s.past
	if !u.Received.IsZero() {
		p.sure = true
		return u.Received
	}
	at := p.zero.Add(u.PTS)
	if p.sure || !u.Key {
		return at
	}
	if told := p.told(u); !told.IsZero() {
		if p.sure = true; told.Sub(at).Abs() > betterLeast {
			p.stop(s.i.r)
			p.zero = told.Add(-u.PTS)
			return told
		}
	}
	return at
}

// openAt starts the receiver with a key frame.
func (s *session) openAt(u media.Unit) error {
	p := s.past
	if p.Times.Loose != nil {
		bound := p.loose
		if p.sure {
			bound = 0
		}
		p.Times.Loose(bound)
	}
	s.started, s.zero, s.times = true, u.PTS, decoding{codec: s.video.Codec}
	p.open = true
	return s.start()
}

// placeSound hands sound on while there are pictures for it.
func (s *session) placeSound(u media.Unit) error {
	p := s.past
	if !p.open || u.PTS < s.zero {
		return nil
	}
	u.Received = p.truth(p.zero.Add(u.PTS))
	u.PTS -= s.zero
	u.DTS = u.PTS
	return s.i.r.Unit(u)
}

// truth takes the recorder's error out of its clock; NTP time is not of whole
// nanoseconds.
func (p *playback) truth(at time.Time) time.Time {
	return at.Add(-p.Times.Ahead).UTC().Round(time.Microsecond)
}
