package agent

import (
	"testing"
	"time"

	camera "xulang.vn/camera"
)

// TestStillAsksTheHousehold: a picture is bytes that leave the house.
func TestStillAsksTheHousehold(t *testing.T) {
	b := newBench(t)
	b.agent.cameras.set([]*recorder{b.recorder})
	b.start()
	b.must(b.film(20 * time.Second))
	segs, _ := b.agent.spool.Unannounced(1)
	if len(segs) == 0 {
		t.Fatal("nothing was recorded")
	}
	b.advance(70 * time.Minute) // it was recorded at noon
	for name, c := range map[string]struct {
		consent camera.Consent
		want    camera.Code
	}{
		"shared":       {camera.Consent{Level: camera.ConsentClip}, ""},
		"stills":       {camera.Consent{Level: camera.ConsentStills}, ""},
		"no use":       {camera.Consent{Level: camera.ConsentClip, For: camera.Levels{Missing: camera.ConsentRegistry}}, camera.CodeNoConsent},
		"its hours":    {camera.Consent{Level: camera.ConsentClip, Hours: camera.Hours{From: 12 * 60, To: 12*60 + 5}}, ""},
		"hours of now": {camera.Consent{Level: camera.ConsentClip, Hours: camera.Hours{From: 13 * 60, To: 14 * 60}}, camera.CodeAskOwner},
		"paused":       {camera.Consent{Level: camera.ConsentLive, Paused: true}, camera.CodePaused},
		"ended":        {camera.Consent{Level: camera.ConsentClip, Until: noon}, camera.CodeNoConsent},
		"on a map":     {camera.Consent{Level: camera.ConsentRegistry}, camera.CodeNoConsent},
		"withdrawn":    {camera.Consent{}, camera.CodeNoConsent},
	} {
		b.share(c.consent)
		got := b.agent.still(t.Context(), camera.StillCommand{V: camera.LinkVersion, SegmentID: segs[0].SegmentID, Purpose: camera.PurposeMissing})
		if got.Code != c.want || (len(got.Data) > 0) != (c.want == "") {
			t.Errorf("%s: %+v with %d bytes", name, got.Refusal, len(got.Data))
		}
	}
	other := camera.SegmentID{Camera: camera.NewCameraID("h", "T", 0), Run: segs[0].Run}
	if got := b.agent.still(t.Context(), camera.StillCommand{V: camera.LinkVersion, SegmentID: other}); got.Code != camera.CodeForeignCamera {
		t.Errorf("another camera: %+v", got.Refusal)
	}
}
