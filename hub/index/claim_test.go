package index_test

import (
	"context"
	"errors"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func TestHostileClaims(t *testing.T) {
	x, _ := open(t)
	accept(t, x, segments(2))
	for name, c := range map[string]struct {
		change func(*camera.Segment)
		code   camera.Code
	}{
		"other hash":                   {func(s *camera.Segment) { s.SHA256 = hashOf(99) }, camera.CodeConflict},
		"other start":                  {func(s *camera.Segment) { s.Start = s.Start.Add(time.Millisecond) }, camera.CodeConflict},
		"other size":                   {func(s *camera.Segment) { s.Size++ }, camera.CodeConflict},
		"other chain":                  {func(s *camera.Segment) { s.Prev = hashOf(99) }, camera.CodeConflict},
		"foreign camera":               {func(s *camera.Segment) { s.Camera = theirs }, camera.CodeForeignCamera},
		"endless camera":               {func(s *camera.Segment) { s.Camera = camera.CameraID(make([]byte, 1000)) }, camera.CodeForeignCamera},
		"future":                       {func(s *camera.Segment) { s.Start, s.End = clock(), clock().Add(2001*time.Millisecond) }, camera.CodeFutureClaim},
		"far future":                   {func(s *camera.Segment) { s.Start = s.Start.AddDate(7900, 0, 0); s.End = s.Start.Add(time.Second) }, camera.CodeFutureClaim},
		"41 days old":                  {func(s *camera.Segment) { s.Start = s.Start.AddDate(0, 0, -41); s.End = s.Start.Add(time.Second) }, camera.CodeBadClaim},
		"year one":                     {func(s *camera.Segment) { s.Start = time.Time{}; s.End = s.Start.Add(time.Second) }, camera.CodeBadClaim},
		"inverted":                     {func(s *camera.Segment) { s.Start, s.End = s.End, s.Start }, camera.CodeBadClaim},
		"empty":                        {func(s *camera.Segment) { s.End = s.Start.Add(999 * time.Microsecond) }, camera.CodeBadClaim},
		"two minutes":                  {func(s *camera.Segment) { s.End = s.Start.Add(2*camera.SegmentLongest + 1e6) }, camera.CodeTooLarge},
		"no bytes":                     {func(s *camera.Segment) { s.Size = 0 }, camera.CodeTooLarge},
		"too many bytes":               {func(s *camera.Segment) { s.Size = camera.SegmentLargest + 1 }, camera.CodeTooLarge},
		"init is all":                  {func(s *camera.Segment) { s.InitSize = s.Size }, camera.CodeBadClaim},
		"no hash":                      {func(s *camera.Segment) { s.SHA256 = camera.Hash{} }, camera.CodeBadClaim},
		"chain broken":                 {func(s *camera.Segment) { s.Prev = camera.Hash{} }, camera.CodeBadClaim},
		"run of words":                 {func(s *camera.Segment) { s.Run = "../../etc/passwd" }, camera.CodeBadClaim},
		"run in capitals":              {func(s *camera.Segment) { s.Run = "00000000000000AA" }, camera.CodeBadClaim},
		"negative media":               {func(s *camera.Segment) { s.Media = camera.Millis(-time.Millisecond) }, camera.CodeBadClaim},
		"absurd bound":                 {func(s *camera.Segment) { s.Clock.Bound = -1 << 63 }, camera.CodeBadClaim},
		"report of year one":           {func(s *camera.Segment) { s.SenderReport = time.Time{}.Add(time.Microsecond) }, camera.CodeBadClaim}, // reads back as none
		"unknown stream":               {func(s *camera.Segment) { s.Stream = "third" }, camera.CodeBadClaim},
		"key frame of all":             {func(s *camera.Segment) { s.KeySize = s.Size + 1 }, camera.CodeBadClaim},
		"key without a hash":           {func(s *camera.Segment) { s.KeySHA256 = camera.Hash{} }, camera.CodeBadClaim},
		"long activity":                {func(s *camera.Segment) { s.Activity = camera.Activity(make([]byte, 122)) }, camera.CodeBadClaim},
		"other activity":               {func(s *camera.Segment) { s.Activity = "\x00" }, camera.CodeConflict},
		"other stream":                 {func(s *camera.Segment) { s.Stream = camera.StreamSub }, camera.CodeConflict},
		"other clock":                  {func(s *camera.Segment) { s.Clock.Offset = 0 }, camera.CodeConflict},
		"negative bound":               {func(s *camera.Segment) { s.Clock.Bound = camera.Millis(-time.Millisecond) }, camera.CodeBadClaim},
		"picture":                      {func(s *camera.Segment) { s.Width = -1 }, camera.CodeBadClaim},
		"codec line break":             {func(s *camera.Segment) { s.Codec = "avc1\n#EXT-X-ENDLIST" }, camera.CodeBadClaim},
		"codec quote":                  {func(s *camera.Segment) { s.Codec = `avc1",URI="x` }, camera.CodeBadClaim},
		"unknown origin":               {func(s *camera.Segment) { s.Origin = "friend" }, camera.CodeBadClaim},
		"other origin":                 {func(s *camera.Segment) { s.Origin = camera.OriginRecorder }, camera.CodeConflict},
		"small from recorder":          {func(s *camera.Segment) { s.Origin, s.Stream = camera.OriginRecorder, camera.StreamSub }, camera.CodeBadClaim},
		"recorder's clock of a camera": {func(s *camera.Segment) { s.RecorderOffset = camera.Millis(time.Second) }, camera.CodeBadClaim},
		"clock never set": {func(s *camera.Segment) {
			s.Origin, s.RecorderOffset = camera.OriginRecorder, camera.Millis(-401*24*time.Hour)
		}, camera.CodeBadClaim},
		"absurd offset": {func(s *camera.Segment) { s.Origin, s.RecorderOffset = camera.OriginRecorder, -1<<63 }, camera.CodeBadClaim},
		"negative own bound": {func(s *camera.Segment) {
			s.Origin, s.RecorderBound = camera.OriginRecorder, camera.Millis(-time.Second)
		}, camera.CodeBadClaim},
		"recorder, future": {func(s *camera.Segment) {
			s.Origin, s.Start, s.End = camera.OriginRecorder, clock(), clock().Add(3*time.Second)
		}, camera.CodeFutureClaim},
		"recorder, 101 days": {func(s *camera.Segment) {
			s.Origin, s.Start = camera.OriginRecorder, s.Start.AddDate(0, 0, -101)
			s.End = s.Start.Add(time.Second)
		}, camera.CodeBadClaim},
		"codec that is long": {func(s *camera.Segment) { s.Codec = string(make([]byte, 101)) }, camera.CodeBadClaim},
	} {
		bad := segment(1)
		c.change(&bad)
		reply := put(t, x, []camera.Segment{segment(0), bad, segment(2)})
		if r, ok := reply.RefusedSegments[1]; !ok || r.Code != c.code || len(reply.RefusedSegments) != 1 {
			t.Errorf("%s: %+v, want %q for the second alone", name, reply.RefusedSegments, c.code)
		}
	}
	for name, c := range map[string]struct {
		change func(*camera.Gap)
		code   camera.Code
	}{
		"foreign camera": {func(g *camera.Gap) { g.Camera = theirs }, camera.CodeForeignCamera},
		"cause of a hub": {func(g *camera.Gap) { g.Cause = camera.CauseUnreachable }, camera.CodeBadClaim},
		"no cause":       {func(g *camera.Gap) { g.Cause = "" }, camera.CodeBadClaim},
		"future":         {func(g *camera.Gap) { g.End = clock().Add(3 * time.Second) }, camera.CodeFutureClaim},
		"since year one": {func(g *camera.Gap) { g.Start = time.Time{} }, camera.CodeBadClaim},
		"long over":      {func(g *camera.Gap) { g.Start, g.End = g.Start.AddDate(0, 0, -42), g.Start.AddDate(0, 0, -41) }, camera.CodeBadClaim},
		"unknown stream": {func(g *camera.Gap) { g.Stream = "third" }, camera.CodeBadClaim},
		"eleven years":   {func(g *camera.Gap) { g.Cause, g.Start = camera.CauseOverwritten, g.Start.AddDate(-11, 0, 0) }, camera.CodeBadClaim},
		"inverted":       {func(g *camera.Gap) { g.Start, g.End = g.End, g.Start }, camera.CodeBadClaim},
	} {
		bad := gap(100, 200)
		c.change(&bad)
		reply := put(t, x, nil, gap(200, 210), bad)
		if r, ok := reply.RefusedGaps[1]; !ok || r.Code != c.code || len(reply.RefusedGaps) != 1 {
			t.Errorf("gap, %s: %+v, want %q for the second alone", name, reply.RefusedGaps, c.code)
		}
	}
	entries, gaps := window(t, x, start.AddDate(-5, 0, 0), start.AddDate(5, 0, 0))
	if len(entries) != 3 || len(gaps) != 1 {
		t.Errorf("%d segments and %d gaps, want the 3 and 1 good ones", len(entries), len(gaps))
	}
	// What a recorder kept since before anybody thought of an agent.
	old := segment(7)
	old.Run, old.Origin, old.Start = "00000000000000bb", camera.OriginRecorder, start.AddDate(0, 0, -99)
	old.End = old.Start.Add(6 * time.Second)
	accept(t, x, []camera.Segment{old})
	accept(t, x, nil, camera.Gap{Camera: mine, Start: start.AddDate(0, 0, -90), End: start, Cause: camera.CauseCameraOff},
		// A ring that went round for years, and a part of it that was recorded long ago.
		camera.Gap{Camera: mine, Start: start.AddDate(-3, 0, 0), End: start.AddDate(0, 0, -50), Cause: camera.CauseOverwritten})
}

func TestMessagesRefusedAsAWhole(t *testing.T) {
	x, _ := open(t)
	gaps := make([]camera.Gap, 1)
	gaps[0] = gap(1, 2)
	for _, c := range []struct {
		m    camera.Announce
		code camera.Code
	}{
		{camera.Announce{V: camera.LinkVersion - 1, Segments: segments(1)}, camera.CodeBadVersion},
		{camera.Announce{V: camera.LinkVersion, Segments: segments(camera.AnnounceMost), Gaps: gaps}, camera.CodeTooLarge},
	} {
		if _, err := x.Put(t.Context(), c.m, device); camera.CodeOf(err) != c.code {
			t.Errorf("%v, want %q", err, c.code)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Put(ended, camera.Announce{V: camera.LinkVersion, Segments: sign(segments(1))}, device); !errors.Is(err, context.Canceled) {
		t.Errorf("announcement after the link ended: %v", err)
	}
	if entries, _ := window(t, x, start, clock()); len(entries) != 0 {
		t.Errorf("%d segments were written", len(entries))
	}
	accept(t, x, segments(camera.AnnounceMost))
	accept(t, x, nil)
}
