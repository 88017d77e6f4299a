package index_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestEachItemIsSigned: who holds the device's link but not its key can add
// nothing, and does not stop what is signed.
func TestEachItemIsSigned(t *testing.T) {
	_, thief, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, forge := range map[string]func(payload []byte, good, next camera.Signature) camera.Signature{
		"no signature":       func([]byte, camera.Signature, camera.Signature) camera.Signature { return camera.Signature{} },
		"of the next item":   func(_ []byte, _, next camera.Signature) camera.Signature { return next },
		"one bit is another": func(_ []byte, good, _ camera.Signature) camera.Signature { good[40] ^= 1; return good },
		"by another key": func(p []byte, _, _ camera.Signature) camera.Signature {
			return camera.Signature(ed25519.Sign(thief, p))
		},
		"of nothing": func([]byte, camera.Signature, camera.Signature) camera.Signature {
			return camera.Signature(ed25519.Sign(device.key, nil))
		},
		"of the payload and more": func(p []byte, _, _ camera.Signature) camera.Signature {
			return camera.Signature(ed25519.Sign(device.key, append(p, '\n')))
		},
	} {
		x, _ := open(t)
		segs, gaps := sign(segments(3)), signGaps([]camera.Gap{gap(100, 110), gap(200, 210), gap(300, 310)})
		segs[1].Signature = forge(segs[1].Payload(), segs[1].Signature, segs[2].Signature)
		gaps[1].Signature = forge(gaps[1].Payload(), gaps[1].Signature, gaps[2].Signature)
		reply, err := x.Put(t.Context(), camera.Announce{V: camera.LinkVersion, Segments: segs, Gaps: gaps}, device)
		if err != nil {
			t.Fatal(err)
		}
		if len(reply.RefusedSegments) != 1 || reply.RefusedSegments[1].Code != camera.CodeBadClaim ||
			len(reply.RefusedGaps) != 1 || reply.RefusedGaps[1].Code != camera.CodeBadClaim {
			t.Errorf("%s: %+v, want the second segment and gap refused", name, reply)
		}
		if entries, left := window(t, x, start, clock()); len(entries) != 2 || len(left) != 2 {
			t.Errorf("%s: %d segments and %d gaps were written", name, len(entries), len(left))
		}
	}
}

// TestWhatIsKeptProvesItself: what is read back years later is what the device
// signed, whichever way the fingerprint took.
func TestWhatIsKeptProvesItself(t *testing.T) {
	x, _ := open(t)
	odd := segments(7)
	saigon := time.FixedZone("", 7*3600)
	odd[0].Start, odd[0].End = odd[0].Start.In(saigon).Add(999_999), odd[0].End.Add(1) // finer than a millisecond
	odd[1].Media, odd[1].Clock = camera.Millis(5_990_999_999), camera.Clock{Offset: -1_999_999, Bound: 1}
	odd[2].SenderReport = time.Date(1970, 1, 1, 0, 0, 0, 999_999, saigon) // a camera that never learned the time
	odd[3].Stream, odd[3].Activity, odd[3].Codec = camera.StreamSub, "", ""
	odd[5].Origin, odd[5].RecorderOffset, odd[5].RecorderBound = camera.OriginRecorder, camera.Millis(-7*time.Minute-999_999), camera.Millis(time.Second+1)
	odd[6].Origin = camera.OriginRecorder // its clock is right
	odd[4].Clock.Offset, odd[4].SenderReport = 1<<63-1, time.Unix(0, 0)
	grown := []camera.Gap{gap(100, 110), gap(100, 120), gap(100, 115)}
	grown[1].End = grown[1].End.Add(time.Microsecond)

	wire, err := json.Marshal(camera.Announce{V: camera.LinkVersion, Segments: sign(odd), Gaps: signGaps(grown)})
	if err != nil {
		t.Fatal(err)
	}
	var m camera.Announce
	if err := json.Unmarshal(wire, &m); err != nil {
		t.Fatal(err)
	}
	if reply, err := x.Put(t.Context(), m, device); err != nil || len(reply.RefusedSegments)+len(reply.RefusedGaps) > 0 {
		t.Fatalf("%+v, %v", reply, err)
	}
	entries, gaps := window(t, x, start, clock())
	if len(entries) != len(odd) || len(gaps) != 1 || !gaps[0].End.Equal(gap(100, 120).End) {
		t.Fatalf("%d entries, gaps %v", len(entries), gaps)
	}
	for _, e := range entries {
		one, err := x.Segment(t.Context(), e.SegmentID)
		if err != nil || !device.Signed(one.Payload(), one.Signature) {
			t.Errorf("the signature of %s is not good for what is kept: %v\n%+v", e.SegmentID, err, e)
		}
	}
	if !device.Signed(gaps[0].Payload(), gaps[0].Signature) {
		t.Error("the signature is not of the gap as it grew last")
	}
	for name, alter := range map[string]func(*camera.Segment){ // what was altered at the hub shows
		"size":             func(s *camera.Segment) { s.Size++ },
		"origin":           func(s *camera.Segment) { s.Origin = camera.OriginCamera },
		"recorder's clock": func(s *camera.Segment) { s.RecorderOffset = 0 },
		"bound":            func(s *camera.Segment) { s.RecorderBound = 0 },
	} {
		one, err := x.Segment(t.Context(), entries[5].SegmentID)
		if err != nil {
			t.Fatal(err)
		}
		altered := one.Segment
		if alter(&altered); device.Signed(altered.Payload(), altered.Signature) {
			t.Errorf("another %s has the same signature", name)
		}
	}
}

// slow is a device whose signatures take their time.
type slow struct {
	household
	meanwhile func()
}

func (s slow) Signed(payload []byte, sig camera.Signature) bool {
	s.meanwhile()
	return s.household.Signed(payload, sig)
}

// TestOthersWriteWhileSignaturesAreChecked: there is one writer at a time.
func TestOthersWriteWhileSignaturesAreChecked(t *testing.T) {
	x, _ := open(t)
	accept(t, x, segments(1))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	checked := 0
	reply, err := x.Put(ctx, camera.Announce{V: camera.LinkVersion, Segments: sign(segments(2)), Gaps: signGaps([]camera.Gap{gap(20, 30)})}, slow{device, func() {
		checked++
		if err := x.SetState(ctx, segment(0).SegmentID, camera.StateRequested); err != nil {
			t.Error(err)
		}
	}})
	if err != nil || len(reply.RefusedSegments)+len(reply.RefusedGaps) > 0 || checked != 3 {
		t.Errorf("%d signatures checked, %+v, %v", checked, reply, err)
	}
}
