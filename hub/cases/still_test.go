package cases_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
)

func TestStill(t *testing.T) {
	coded := func(code camera.Code) error { return camera.Errorf(code, "the home says so") }
	large := make([]byte, camera.StillLargest+1)
	sized := func(v *village, data []byte, state camera.ByteState) {
		f := &v.footage[0]
		f.KeySize, f.KeySHA256, f.Size, f.State = int64(len(data)), sha256.Sum256(data), 1<<30, state
		v.stored, v.atHome = data, data
	}
	state := func(s camera.ByteState) func(*village) { return func(v *village) { v.footage[0].State = s } }
	home := func(data []byte, err error) func(*village) {
		return func(v *village) {
			v.footage[0].State, v.stored, v.storeErr = camera.StateHome, nil, errors.New("nobody asks the store")
			v.atHome, v.homeErr = data, err
		}
	}
	pause := func(v *village) { v.cams[0].Consent.Paused = true }
	small := func(v *village) { // of the same time, in the store
		f := v.footage[0]
		f.Stream, f.State, f.Run = camera.StreamSub, camera.StateStored, "00000000000000bb"
		f.KeySize, f.KeySHA256 = int64(len(picture)), sha256.Sum256(picture)
		v.footage, v.stored, v.storeErr = append(v.footage, f), picture, nil
	}
	for name, c := range map[string]struct {
		change func(*village)
		code   camera.Code
		logged camera.Code
	}{
		"paused, stored":       {pause, "", ""},
		"paused, at home":      {func(v *village) { home(picture, nil)(v); pause(v) }, camera.CodePaused, camera.CodePaused},
		"paused, a small one":  {func(v *village) { home(nil, errors.New("nobody asks the home"))(v); small(v); pause(v) }, "", ""},
		"paused meanwhile":     {func(v *village) { home(picture, nil)(v); v.meanwhile = func() { pause(v) } }, camera.CodePaused, ""},
		"no link, a small one": {func(v *village) { home(nil, coded(camera.CodeUnreachable))(v); small(v) }, "", ""},
		"no link, and withdrawn": {func(v *village) {
			home(nil, coded(camera.CodeUnreachable))(v)
			small(v)
			v.meanwhile = func() { v.cams[0].Shared = false }
		}, camera.CodeNoConsent, ""},
		"no link, the small one expires": {func(v *village) {
			home(nil, coded(camera.CodeUnreachable))(v)
			small(v)
			v.storeErr = coded(camera.CodeNotFound)
		}, camera.CodeNoFootage, ""},
		"stored":                 {func(v *village) { v.homeErr = errors.New("nobody asks the home") }, "", ""},
		"held":                   {state(camera.StateHeld), "", ""},
		"at home":                {home(picture, nil), "", ""},
		"requested":              {func(v *village) { home(picture, nil)(v); state(camera.StateRequested)(v) }, "", ""},
		"uploading":              {func(v *village) { home(picture, nil)(v); state(camera.StateUploading)(v) }, "", ""},
		"sub stream":             {func(v *village) { v.footage[0].Stream = camera.StreamSub }, "", ""},
		"expired":                {state(camera.StateExpired), camera.CodeNoFootage, camera.CodeNoFootage},
		"lost":                   {state(camera.StateLost), camera.CodeNoFootage, camera.CodeNoFootage},
		"withheld":               {state(camera.StateWithheld), camera.CodeNoFootage, camera.CodeNoFootage},
		"nothing there":          {func(v *village) { v.footage = nil }, camera.CodeNoFootage, camera.CodeNoFootage},
		"made before stills":     {func(v *village) { v.footage[0].KeySize = 0 }, camera.CodeNoFootage, camera.CodeNoFootage},
		"large, stored":          {func(v *village) { sized(v, large, camera.StateStored) }, "", ""},
		"large, at home":         {func(v *village) { sized(v, large, camera.StateHome) }, camera.CodeNoFootage, camera.CodeNoFootage},
		"large, and a small one": {func(v *village) { sized(v, large, camera.StateHome); small(v) }, "", ""},
		"as large as the link":   {func(v *village) { sized(v, large[1:], camera.StateHome) }, "", ""},
		"too large":              {func(v *village) { sized(v, make([]byte, camera.KeyLargest+1), camera.StateStored) }, camera.CodeNoFootage, camera.CodeNoFootage},
		"store is away":          {func(v *village) { v.storeErr = errors.New("away") }, camera.CodeUnavailable, ""},
		"store has it no more":   {func(v *village) { v.storeErr = coded(camera.CodeNotFound) }, camera.CodeNoFootage, ""},
		"store has other bytes":  {func(v *village) { v.stored = []byte("one key Frame") }, camera.CodeInternal, ""},
		"store has less":         {func(v *village) { v.stored = picture[1:] }, camera.CodeInternal, ""},
		"home gives other bytes": {home([]byte("one key Frame"), nil), camera.CodeBadClaim, ""},
		"home gives more":        {home(append([]byte("x"), picture...), nil), camera.CodeBadClaim, ""},
		"home gives nothing":     {home(nil, nil), camera.CodeBadClaim, ""},
		"claimed otherwise":      {func(v *village) { home(picture, nil)(v); v.footage[0].KeySize++ }, camera.CodeBadClaim, ""},
		"home has no link":       {home(nil, coded(camera.CodeUnreachable)), camera.CodeUnreachable, ""},
		"home shares no more":    {home(nil, coded(camera.CodeNoConsent)), camera.CodeNoConsent, ""},
		"home is paused":         {home(nil, coded(camera.CodePaused)), camera.CodePaused, ""},
		"home has it no more":    {home(nil, coded(camera.CodeNotFound)), camera.CodeNoFootage, ""},
		"home finds it large":    {home(nil, coded(camera.CodeTooLarge)), camera.CodeNoFootage, ""},
		"home signs people out":  {home(nil, coded(camera.CodeSignedOut)), camera.CodeUnavailable, ""},
		"home makes codes up":    {home(nil, coded("anything")), camera.CodeUnavailable, ""},
		"home fails":             {home(nil, errors.New("disk")), camera.CodeInternal, ""},
		"withdrawn meanwhile": {func(v *village) {
			home(picture, nil)(v)
			v.meanwhile = func() { v.cams[0].Shared = false }
		}, camera.CodeNoConsent, ""},
	} {
		v := newVillage(t)
		cam := v.house("Nhà 01", 500, camera.ConsentClip)
		v.recorded(cam)
		one := v.open(t, "1/2026")
		c.change(v)
		before := len(v.records)
		data, taken, err := v.Still(t.Context(), officer, one.ID, cam.ID, noon.Add(-57*time.Second))
		if camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if err == nil && (sha256.Sum256(data) != v.footage[len(v.footage)-1].KeySHA256 || !taken.Equal(noon.Add(-time.Minute))) || err != nil && (data != nil || !taken.IsZero()) {
			t.Errorf("%s: %d bytes of %v, %v", name, len(data), taken, err)
		}
		if len(v.records) != before+1 || v.records[before].Refused != c.logged || v.records[before].Detail != "2026-11-22T04:59:03.000Z" {
			t.Errorf("%s: logged %+v", name, v.records[before:])
		}
	}
}

// TestStillOfAMoment: of moments that have no picture, and of times that are none.
func TestStillOfAMoment(t *testing.T) {
	v := newVillage(t)
	cam := v.house("Nhà 01", 500, camera.ConsentClip)
	v.recorded(cam)
	one := v.open(t, "1/2026")
	for name, c := range map[string]struct {
		at   time.Time
		code camera.Code
	}{
		"in it":         {noon.Add(-55 * time.Second), ""},
		"soon after it": {noon.Add(-time.Minute + cases.StillWithin - 1), ""},
		"long after it": {noon.Add(-time.Minute + cases.StillWithin), camera.CodeNoFootage},
		"before it":     {noon.Add(-61 * time.Second), camera.CodeNoFootage},
		"year one":      {time.Time{}, camera.CodeBadRequest},
		"year 10000":    {time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)), camera.CodeBadRequest},
	} {
		_, _, err := v.Still(t.Context(), officer, one.ID, cam.ID, c.at)
		if r := v.records[len(v.records)-1]; camera.CodeOf(err) != c.code || r.Refused != c.code {
			t.Errorf("%s: %v, logged as %q", name, err, r.Refused)
		}
	}
}
