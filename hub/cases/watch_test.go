package cases_test

import (
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

// TestLiveViewsAreDecidedAnew: what a live view was decided on may change while
// it goes on; then it ends, and that is written down.
func TestLiveViewsAreDecidedAnew(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*village, cases.Case)
		ends   bool
		code   camera.Code
	}{
		"nothing":         {func(*village, cases.Case) {}, false, ""},
		"just in time":    {func(v *village, _ cases.Case) { v.now = v.now.Add(cases.LiveLongest - time.Millisecond) }, false, ""},
		"time is over":    {func(v *village, _ cases.Case) { v.now = v.now.Add(cases.LiveLongest) }, true, ""},
		"withdrawn":       {func(v *village, _ cases.Case) { v.cams[0].Shared = false }, true, camera.CodeNoConsent},
		"narrowed":        {func(v *village, _ cases.Case) { v.cams[0].Consent.Level = camera.ConsentClip }, true, camera.CodeNoConsent},
		"paused":          {func(v *village, _ cases.Case) { v.cams[0].Consent.Paused = true }, true, camera.CodePaused},
		"consent ended":   {func(v *village, _ cases.Case) { v.cams[0].Consent.Until = v.now }, true, camera.CodeNoConsent},
		"camera unknown":  {func(v *village, _ cases.Case) { v.cams = nil }, true, camera.CodeNotFound},
		"case closed":     {func(v *village, c cases.Case) { _, _ = v.CloseCase(t.Context(), officer, c.ID) }, true, camera.CodeCaseClosed},
		"left by itself":  {func(v *village, c cases.Case) { v.gone("viewer"); v.cams = nil }, false, ""},
		"log hangs, over": {func(v *village, _ cases.Case) { v.auditErr = errHung; v.cams = nil }, true, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVillage(t)
			cam := v.house("Nhà 01", 500, camera.ConsentLive)
			c := v.open(t, "1/2026")
			if _, _, err := v.WatchLive(t.Context(), officer, c.ID, cam.ID, "v=0"); err != nil {
				t.Fatal(err)
			}
			x.change(v, c)
			before := len(v.records)
			v.Review(t.Context())
			v.Review(t.Context()) // what has ended is not ended again
			if ended := slices.Contains(v.left, "viewer"); ended != x.ends || len(v.left) > 1 {
				t.Errorf("left: %v, want %v", v.left, x.ends)
			}
			switch records := v.records[before:]; {
			case !x.ends || x.code == "-":
				if len(records) != 0 {
					t.Errorf("records: %+v", records)
				}
			case len(records) != 1 || records[0].Action != "live-end" || records[0].Refused != x.code || records[0].Case != c.ID:
				t.Errorf("records: %+v, want one with %q", records, x.code)
			}
		})
	}
}

func TestLeavingIsNotReviewed(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentLive)
	c := v.open(t, "1/2026")
	if _, _, err := v.WatchLive(t.Context(), officer, c.ID, cam.ID, "v=0"); err != nil {
		t.Fatal(err)
	}
	if err := v.LeaveLive(t.Context(), officer, c.ID, cam.ID, "viewer"); err != nil {
		t.Fatal(err)
	}
	v.cams = nil
	before := len(v.records)
	v.Review(t.Context())
	if len(v.left) != 1 || len(v.records) != before {
		t.Errorf("left %v, records %+v", v.left, v.records[before:])
	}
}
