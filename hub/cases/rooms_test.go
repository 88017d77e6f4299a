package cases_test

import (
	"context"
	"fmt"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// past is the village's index.
type past struct{ *village }

func (p past) Windows(_ context.Context, cams []cases.Camera, from, to time.Time, moved bool) ([]cases.Window, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handed += len(cams)
	windows := make([]cases.Window, len(cams))
	for i := range cams {
		windows[i] = cases.Window{Spans: p.spans, Footage: p.footage}
		if n := len(p.footage); n > 0 {
			windows[i].Clock = &p.footage[n-1].Clock
		}
		if moved {
			windows[i].Moved = func(shown []cases.Footage, most int) (time.Duration, []byte) {
				return pieces(shown, to.Sub(from), most)
			}
		}
	}
	return windows, nil
}

func (p past) Segment(_ context.Context, id camera.SegmentID) (cases.Footage, error) {
	for _, f := range p.footage {
		if f.SegmentID == id {
			return f, nil
		}
	}
	return cases.Footage{}, camera.Errorf(camera.CodeUnknownSegment, "no segment")
}

func (p past) At(_ context.Context, id camera.CameraID, at time.Time, within time.Duration, here bool) (cases.Footage, error) {
	for _, f := range p.footage {
		if f.Camera == id && (!here || f.State.Playable()) && !f.Start.After(at) && (f.End.After(at) || at.Sub(f.Start) < within) {
			return f, nil
		}
	}
	return cases.Footage{}, camera.Errorf(camera.CodeNoFootage, "no picture")
}

// pieces tells of how many pieces it was asked.
func pieces(shown []cases.Footage, window time.Duration, most int) (time.Duration, []byte) {
	if len(shown) == 0 {
		return 0, nil
	}
	return window / time.Duration(most), []byte{byte(len(shown))}
}

func (p past) Request(_ context.Context, _ camera.CameraID, from, to time.Time) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handed++
	p.asked = append(p.asked, "request "+minutes(camera.Want{From: from, To: to}))
	return 3, p.askErr
}

func (p past) Unrequest(_ context.Context, _ camera.CameraID, from, to time.Time, keep []camera.Want) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, "unrequest "+minutes(camera.Want{From: from, To: to})+" keep "+minutes(keep...))
	return p.askErr
}

func (p past) Recorder(_ context.Context, id camera.CameraID) (cases.RecorderClock, bool, error) {
	clock, ok := p.own[id]
	return clock, ok, nil
}

// home is every home of the village.
type home struct{ *village }

// Look asks for the wants, as a box does that is told to look.
func (h home) Look(ctx context.Context, id camera.CameraID) error {
	wants, err := h.WantsOf(ctx, []camera.CameraID{id})
	deadline, bounded := ctx.Deadline()
	if !bounded || time.Until(deadline) > cases.LookWithin {
		err = fmt.Errorf("nobody bounds how long a home may take")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handed++
	if err != nil {
		h.looked = append(h.looked, err.Error())
		return err
	}
	h.looked = append(h.looked, minutes(wants...))
	if h.onLook != nil {
		h.onLook()
	}
	return h.lookErr
}

func (h home) Still(_ context.Context, _ camera.SegmentID, p camera.Purpose) ([]byte, error) {
	h.handed++
	h.purposes = append(h.purposes, p)
	if h.meanwhile != nil {
		h.meanwhile()
	}
	return h.atHome, h.homeErr
}

// minutes writes windows as minutes before noon: "60-50 30-20"; one that is only
// held is in brackets.
func minutes(wants ...camera.Want) string {
	text := ""
	for i, w := range wants {
		one := fmt.Sprintf("%g-%g", noon.Sub(w.From).Minutes(), noon.Sub(w.To).Minutes())
		if !w.Fetch && w.Camera != "" {
			one = "[" + one + "]"
		}
		if i > 0 {
			text += " "
		}
		text += one
	}
	return text
}
