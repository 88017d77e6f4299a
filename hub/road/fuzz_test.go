package road_test

import (
	"bytes"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// FuzzLoad feeds broken files: an error or a sound graph, never a panic, and no more
// memory than small limits allow.
func FuzzLoad(f *testing.F) {
	formats := []road.Format{road.FormatXML, road.FormatXMLBzip2, road.FormatPBF}
	f.Add(byte(0), []byte(cross().xml()))
	f.Add(byte(0), []byte(valley().xml()))
	f.Add(byte(1), []byte("BZh91AY&SY"))
	f.Add(byte(2), file(data(words, message{}.bytes(2, dense()).bytes(3, goodWay()))))
	f.Add(byte(2), file(rawBlock("OSMData", message{}.bytes(1, message{}.bytes(1, words).bytes(2, message{}.bytes(2, dense()).bytes(3, goodWay()))))))
	f.Add(byte(2), file(data(words, plain().bytes(3, goodWay()))))
	f.Add(byte(2), file(data(placeWords, message{}.bytes(2, message(dense()).bytes(10, packed(false, 5, 6, 3, 4, 0, 0, 0))).bytes(3, goodWay()))))
	limits := road.Limits{Bytes: 1 << 20, Unpacked: 4 << 20, Nodes: 10000, Ways: 1000, Refs: 10000}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		g, _, err := road.LoadWithin(t.Context(), bytes.NewReader(data), formats[int(kind)%len(formats)], limits)
		if err != nil {
			if code := camera.CodeOf(err); code != camera.CodeBadRequest && code != camera.CodeTooLarge {
				t.Fatalf("code %s: %v", code, err)
			}
			return
		}
		checkRoads(t, g)
		for _, r := range g.Roads() {
			if _, err := g.Snap(r.Line[0], 10); err != nil {
				t.Fatal(err)
			}
			for _, s := range g.Describe(camera.View{Position: r.Line[0], Heading: 90, FOV: 180, Range: 200}) {
				if _, err := g.Check(s.Stretch); err != nil || s.Toward != "" && s.Toward == s.Back {
					t.Fatalf("%+v, %v", s, err)
				}
			}
			checkLines(t, g, g.Around(r.Line[0], 1000))
		}
		checkLines(t, g, g.Overview())
	})
}
