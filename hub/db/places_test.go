package db_test

import (
	"testing"

	"xulang.vn/camera/hub/db"
)

func TestPlaces(t *testing.T) {
	for want, got := range map[string]string{
		"": db.Places(3, 0), "$1": db.Places(1, 1), "$3, $4, $5": db.Places(3, 3),
		"($1)": db.Values(1, 1), "($1, $2), ($3, $4)": db.Values(2, 2),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
