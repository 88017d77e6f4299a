package live_test

import (
	"testing"

	"xulang.vn/camera/hub/live"
)

func TestInspect(t *testing.T) {
	for name, test := range map[string]struct {
		payload  []byte
		sps, idr bool
	}{
		"nothing":              {nil, false, false},
		"slice":                {[]byte{0x41, 1}, false, false},
		"parameter set":        {[]byte{0x67, 100}, true, false},
		"IDR slice":            {[]byte{0x65, 1}, false, true},
		"first of IDR":         {[]byte{0x7c, 0x85, 1}, false, true},
		"middle of IDR":        {[]byte{0x7c, 0x05, 1}, false, true},
		"fragment of a slice":  {[]byte{0x7c, 0x81, 1}, false, false},
		"cut fragment":         {[]byte{0x7c}, false, false},
		"aggregate":            {[]byte{0x78, 0, 2, 0x67, 100, 0, 1, 0x68, 0, 2, 0x65, 1}, true, true},
		"aggregate, cut":       {[]byte{0x78, 0, 9, 0x67, 100, 0, 1, 0x65}, true, false},
		"aggregate of nothing": {[]byte{0x78, 0, 0, 0x41}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if sps, idr := live.Inspect(test.payload); sps != test.sps || idr != test.idr {
				t.Errorf("got %v %v, want %v %v", sps, idr, test.sps, test.idr)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte{0x78, 0, 2, 0x67, 100, 0, 1, 0x68, 0, 2, 0x65, 1})
	f.Add([]byte{0x7c, 0x85, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		sps, idr := live.Inspect(payload)
		if (sps || idr) && len(payload) == 0 {
			t.Error("found something in nothing")
		}
	})
}
