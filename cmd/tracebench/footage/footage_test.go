package footage_test

import (
	"math/rand/v2"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/cmd/tracebench/footage"
	"xulang.vn/camera/cmd/tracebench/scenario"
)

// TestShownIsABitmap compares with a list of seconds.
func TestShownIsABitmap(t *testing.T) {
	const seconds, id = 200, camera.CameraID("c001")
	random := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		shown, bits := footage.Shown{}, [seconds]bool{}
		for range 25 {
			from := random.IntN(seconds - 20)
			to := from + 1 + random.IntN(20)
			again := 0
			for i := from; i < to; i++ {
				if bits[i] {
					again++
				}
				bits[i] = true
			}
			if got := shown.Add(id, scenario.Span{From: float64(from), To: float64(to)}); got != float64(again) {
				t.Fatalf("%d to %d: %v s again, want %d", from, to, got, again)
			}
			first := random.IntN(seconds)
			last := first
			for last < seconds && bits[last] {
				last++
			}
			want := scenario.Span{From: float64(last)}
			for ; last < seconds && !bits[last]; last++ {
				want.To = float64(last + 1)
			}
			got, ok := shown.Fresh(id, scenario.Span{From: float64(first), To: seconds})
			if ok != (want.From < seconds) || ok && got != want {
				t.Fatalf("fresh from %d: %v %v, want %v of %v", first, got, ok, want, shown)
			}
		}
	}
	if fresh, ok := (footage.Shown{}).Fresh(id, scenario.Span{From: 5, To: 5}); ok {
		t.Errorf("nothing has a fresh part %v", fresh)
	}
}
