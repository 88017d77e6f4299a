package camera_test

import (
	"testing"

	camera "xulang.vn/camera"
)

func TestKeepDays(t *testing.T) {
	for chosen, want := range map[int]int{0: 14, 3: 3, 17: 17, 30: 30} {
		if got, err := camera.KeepDays(chosen); got != want || err != nil {
			t.Errorf("%d: %d, %v, want %d", chosen, got, err, want)
		}
	}
	for _, chosen := range []int{-1, 1, 2, 31, 1 << 40} {
		if got, err := camera.KeepDays(chosen); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%d: %d, %v", chosen, got, err)
		}
	}
}
