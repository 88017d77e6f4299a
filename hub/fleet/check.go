package fleet

import (
	"math"
	"time"

	camera "xulang.vn/camera"
)

// Bounds of what one message may name.
const (
	camerasMost = 256
	detailMost  = 200 // bytes of a technician's note
)

// Bounds of what a device may say of itself. What lies outside is a mistake or
// worse; a household's box comes nowhere near.
const (
	bytesMost    = int64(1) << 50 // of a disk, and per second of an uplink
	segmentsMost = 1 << 30        // segments
	daysMost     = 100 * 366.0
	degreesMost  = 1e6 // Celsius, either way: a broken sensor must not hide the rest
	clockMost    = 100 * 366 * 24 * time.Hour
	wantLongest  = 64   // bytes of a want's id
	numberMost   = 1e15 // of what a self-test measured
)

func atMost(what string, n, most int) error {
	if n > most {
		return camera.Errorf(camera.CodeTooLarge, "%d %s, at most %d", n, what, most)
	}
	return nil
}

func checkSegments(all []camera.SegmentID) error {
	if len(all) == 0 {
		return camera.Errorf(camera.CodeBadRequest, "no segments are named")
	}
	if err := atMost("segments", len(all), camera.SlotsMost); err != nil {
		return err
	}
	for _, id := range all {
		if !id.Camera.Valid() || len(id.Run) != 16 {
			return camera.Errorf(camera.CodeBadRequest, "not the name of a segment")
		}
	}
	return nil
}

func checkStatus(m camera.Status) error {
	if err := atMost("cameras", len(m.Cameras), camerasMost); err != nil {
		return err
	}
	for _, c := range m.Cameras {
		if !checkCamera(c) {
			return camera.Errorf(camera.CodeBadRequest, "a camera's status that is out of bounds")
		}
	}
	s, u, c := m.Spool, m.Uplink, m.Clock
	offset, bound := time.Duration(c.Offset), time.Duration(c.Bound)
	switch {
	case !within(s.Used, bytesMost) || !within(s.Most, bytesMost) || !within(s.Held, bytesMost),
		!within(s.Waiting, segmentsMost) || !within(s.Days, daysMost):
		return camera.Errorf(camera.CodeBadRequest, "a disk's status that is out of bounds")
	case !within(u.Rate, bytesMost) || !within(u.Budget, bytesMost):
		return camera.Errorf(camera.CodeBadRequest, "an uplink's status that is out of bounds")
	case offset < -clockMost || offset > clockMost || !within(bound, clockMost) || !sane(m.At):
		return camera.Errorf(camera.CodeBadRequest, "a clock that is out of bounds")
	case m.Temperature != nil && !within(*m.Temperature+degreesMost, 2*degreesMost):
		return camera.Errorf(camera.CodeBadRequest, "a temperature that is out of bounds")
	}
	return nil
}

func checkCamera(c camera.CameraStatus) bool {
	return c.Camera.Valid() && len(c.State) <= detailMost && len(c.Detail) <= detailMost && len(c.Codec) <= detailMost &&
		len(c.Aim.State) <= detailMost && sane(c.Aim.At) && (c.Uplink == "" || c.Uplink.Valid()) && sane(c.Since) && sane(c.Verified)
}

// What the messages' own checks find is told without their words, which may repeat
// the message.

func checkPast(m camera.PastNotice) error {
	if err := atMost("cameras", len(m.Cameras), camerasMost); err != nil {
		return err
	}
	for _, p := range m.Cameras {
		if p.Check() != nil || !sane(p.At) {
			return camera.Errorf(camera.CodeBadClaim, "a recorder's past that makes no sense")
		}
		for _, s := range p.Spans {
			if !sane(s.From) || !sane(s.To) {
				return camera.Errorf(camera.CodeBadClaim, "a recorder's past of no time")
			}
		}
	}
	return nil
}

func checkRoads(m camera.RoadsRequest) error {
	if m.Near != nil && !m.Near.Valid() || !within(m.Radius, camera.RoadsRadius) {
		return camera.Errorf(camera.CodeBadRequest, "a map of no place, or wider than %.0f m", camera.RoadsRadius)
	}
	return nil
}

func checkReceipt(m camera.Receipt) error {
	if m.Check() != nil || !sane(m.At) || !sane(m.Consent.Until) || m.Signature.IsZero() {
		return camera.Errorf(camera.CodeBadClaim, "a receipt that makes no sense or is not signed")
	}
	return nil
}

func checkAnswer(m camera.Answer) error {
	if m.Want == "" || len(m.Want) > wantLongest || m.At.IsZero() || !sane(m.At) || m.Signature.IsZero() {
		return camera.Errorf(camera.CodeBadRequest, "an answer to nothing, or not signed")
	}
	return nil
}

func checkSelfTest(m camera.SelfTest) error {
	if err := atMost("lines", len(m.Lines), camera.TestsMost); err != nil {
		return err
	}
	for _, l := range m.Lines {
		if len(l.Name) > detailMost || len(l.Fix) > detailMost || len(l.Camera) > detailMost || !within(math.Abs(l.Number), numberMost) {
			return camera.Errorf(camera.CodeBadRequest, "a self-test that is out of bounds")
		}
	}
	if !sane(m.At) {
		return camera.Errorf(camera.CodeBadRequest, "a self-test of no time")
	}
	return nil
}

// within tells whether a number that cannot be negative is at most most.
func within[N int | int64 | float64 | time.Duration](n, most N) bool { return n >= 0 && n <= most }

// sane keeps out times that JSON (RFC 3339) cannot give back in UTC.
func sane(t time.Time) bool {
	return t.IsZero() || t.UTC().Year() >= 1970 && t.UTC().Year() <= 9999
}
