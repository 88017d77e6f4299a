package ingest_test

import (
	"slices"
	"testing"
	"time"

	"xulang.vn/camera/agent/ingest"
)

func TestPauses(t *testing.T) {
	got := ingest.Pauses(true, true, false, false, false, false, false, false, true)
	if got[0] != 0 {
		t.Errorf("first pause after a session that worked: %s", got[0])
	}
	if got[1] < time.Second {
		t.Error("a camera that fails at once again and again is hammered")
	}
	for _, d := range got[1:] {
		if d < time.Second || d > 30*time.Second {
			t.Errorf("pause of %s", d)
		}
	}
	if got[7] < 20*time.Second {
		t.Errorf("pauses do not grow: %v", got)
	}
}

// TestPauseOfUnreachable: from one dial to the next it is at most four seconds,
// however long the camera is away and however long a dial takes (two at most, and
// one to ask where it is).
func TestPauseOfUnreachable(t *testing.T) {
	for _, lasted := range []time.Duration{0, 500 * time.Millisecond, 2 * time.Second, 3 * time.Second} {
		for i, d := range ingest.PauseAfter(lasted, slices.Repeat([]ingest.Failure{ingest.NotReached}, 50)...) {
			if d < time.Second || lasted+d > 4*time.Second {
				t.Errorf("pause %d after a dial of %s: %s", i, lasted, d)
			}
		}
	}
	mixed := ingest.PauseAfter(0, ingest.Plain, ingest.Plain, ingest.Plain, ingest.Plain, ingest.Plain, ingest.NotReached, ingest.Plain)
	if mixed[5] > 4*time.Second || mixed[6] > 2*time.Second {
		t.Errorf("a camera that starts up is tried after %v", mixed)
	}
}

// TestPauseOfDoubt: should a refused password be wrong after all, nobody is locked
// out by it: recorders take four tries in half an hour.
func TestPauseOfDoubt(t *testing.T) {
	fails := slices.Repeat([]ingest.Failure{ingest.Doubted, ingest.NotReached}, 30)
	for name, got := range map[string][]time.Duration{
		"alone": ingest.PauseAfter(0, slices.Repeat([]ingest.Failure{ingest.Doubted}, 30)...),
		"mixed": ingest.PauseAfter(0, fails...),
	} {
		var at []time.Duration // of the tries that the camera refused
		now := time.Duration(0)
		for i, d := range got {
			if name == "alone" || fails[i] == ingest.Doubted {
				at = append(at, now)
			}
			now += d
		}
		for i := 4; i < len(at); i++ {
			if at[i]-at[i-4] < 30*time.Minute {
				t.Errorf("%s: tries %d to %d within %s", name, i-4, i, at[i]-at[i-4])
			}
		}
	}
	for i, d := range ingest.PauseAfter(0, slices.Repeat([]ingest.Failure{ingest.Full}, 20)...) {
		if d < 20*time.Second || d > 5*time.Minute {
			t.Errorf("pause %d of a full camera: %s", i, d)
		}
	}
}
