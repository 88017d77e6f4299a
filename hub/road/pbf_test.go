package road_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"testing"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// message writes protocol buffers by hand, so that broken ones can be written too.
type message []byte

func (m message) bytes(number int, data []byte) message {
	m = binary.AppendUvarint(m, uint64(number)<<3|2)
	m = binary.AppendUvarint(m, uint64(len(data)))
	return append(m, data...)
}

func (m message) varint(number int, v uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(number)<<3), v)
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func packed(signed bool, values ...int64) []byte {
	var b []byte
	for _, v := range values {
		if signed {
			b = binary.AppendVarint(b, v)
		} else {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b
}

func table(words ...string) message {
	var m message
	for _, s := range words {
		m = m.bytes(1, []byte(s))
	}
	return m
}

// fileBlock packs a block with zlib as real files do.
func fileBlock(kind string, data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	return rawBlock(kind, message{}.varint(2, uint64(len(data))).bytes(3, z.Bytes()))
}

func rawBlock(kind string, blob []byte) []byte {
	header := message{}.bytes(1, []byte(kind)).varint(3, uint64(len(blob)))
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(header))), header...), blob...)
}

func headerBlock() []byte {
	return fileBlock("OSMHeader", message{}.bytes(4, []byte("OsmSchema-V0.6")).bytes(4, []byte("DenseNodes")))
}

func file(blocks ...[]byte) []byte {
	return bytes.Join(append([][]byte{headerBlock()}, blocks...), nil)
}

var words = table("", "highway", "primary", "name", "Phố")

func wayMessage(keys, values, refs []byte) []byte {
	return message{}.varint(1, 7).bytes(2, keys).bytes(3, values).bytes(8, refs)
}

func goodWay() []byte {
	return wayMessage(packed(false, 1, 3), packed(false, 2, 4), packed(true, 1, 1, 1))
}

func dense() []byte {
	return message{}.bytes(1, packed(true, 1, 1, 1)).
		bytes(8, packed(true, 219700000, 0, 10000)).bytes(9, packed(true, 1067000000, 10000, 0))
}

// Nodes that are not packed densely are allowed by the format; the decoder panics on them.
func plain() message { return plainTagged(nil, nil) }

// plainTagged gives the first node tags.
func plainTagged(keys, values []byte) message {
	var g message
	for i, p := range [][2]int64{{219700000, 1067000000}, {219700000, 1067010000}, {219710000, 1067010000}} {
		node := message{}.varint(1, zigzag(int64(i+1))).varint(8, zigzag(p[0])).varint(9, zigzag(p[1]))
		if i == 0 && len(keys) > 0 {
			node = node.bytes(2, keys).bytes(3, values)
		}
		g = g.bytes(1, node)
	}
	return g
}

// placeWords are words with what makes a place.
var placeWords = table("", "highway", "primary", "name", "Phố", "place", "town", "note")

func data(table, group []byte) []byte {
	return fileBlock("OSMData", message{}.bytes(1, table).bytes(2, group))
}

func TestHandmadePBF(t *testing.T) {
	group := func(nodes, way []byte) []byte { return message{}.bytes(2, nodes).bytes(3, way) }
	user := message{}.bytes(5, packed(true, 900, 1, 1)) // a user outside of the string table
	for _, c := range []struct {
		name string
		data []byte
		want camera.Code
	}{
		{"dense nodes", file(data(words, group(dense(), goodWay()))), ""},
		{"plain nodes", file(data(words, plain().bytes(3, goodWay()))), ""},
		{"two blocks", file(data(words, message{}.bytes(2, dense())), data(words, message{}.bytes(3, goodWay()))), ""},
		{"ways first", file(data(words, message{}.bytes(3, goodWay())), data(words, message{}.bytes(2, dense()))), ""},
		{"user outside of the table", file(data(words, group(message(dense()).bytes(5, user), goodWay()))), ""},
		{"key outside of the table", file(data(words, group(dense(), wayMessage(packed(false, 99), packed(false, 1), packed(true, 1, 1))))), camera.CodeBadRequest},
		{"no table", file(fileBlock("OSMData", message{}.bytes(2, group(dense(), goodWay())))), camera.CodeBadRequest},
		{"two tables", file(fileBlock("OSMData", message{}.bytes(1, words).bytes(1, table("")).bytes(2, group(dense(), goodWay())))), camera.CodeBadRequest},
		{"key without value", file(data(words, group(dense(), wayMessage(packed(false, 1, 3), packed(false, 2), packed(true, 1, 1))))), camera.CodeBadRequest},
		{"fewer places than nodes", file(data(words, group(message{}.bytes(1, packed(true, 1, 1)).bytes(8, packed(true, 1)).bytes(9, packed(true, 1, 1)), goodWay()))), camera.CodeBadRequest},
		{"tags outside of the table", file(data(words, group(message(dense()).bytes(10, packed(false, 3, 99, 0, 0, 0)), goodWay()))), camera.CodeBadRequest},
		{"tags of two nodes of three", file(data(words, group(message(dense()).bytes(10, packed(false, 0, 0)), goodWay()))), camera.CodeBadRequest},
		{"tags of four nodes of three", file(data(words, group(message(dense()).bytes(10, packed(false, 0, 0, 0, 0)), goodWay()))), camera.CodeBadRequest},
		{"tag without a value", file(data(words, group(message(dense()).bytes(10, packed(false, 0, 0, 3)), goodWay()))), camera.CodeBadRequest},
		{"plain node's tag without a value", file(data(words, message{}.bytes(1, message{}.bytes(2, packed(false, 3))).bytes(3, goodWay()))), camera.CodeBadRequest},
		{"endless varint", file(data(words, group(dense(), wayMessage(nil, nil, bytes.Repeat([]byte{0xff}, 20))))), camera.CodeBadRequest},
		{"node off the earth", file(data(words, group(message{}.bytes(1, packed(true, 1)).bytes(8, packed(true, 1<<40)).bytes(9, packed(true, 1)), goodWay()))), camera.CodeBadRequest},
		{"negative block size", file(append(binary.BigEndian.AppendUint32(nil, 20), message{}.bytes(1, []byte("OSMData")).varint(3, 1<<64-1)...)), camera.CodeBadRequest},
		{"huge header", binary.BigEndian.AppendUint32(nil, 1<<31), camera.CodeBadRequest},
		{"wrong unpacked size", file(rawBlock("OSMData", message{}.varint(2, 1<<30).bytes(3, []byte("x")))), camera.CodeBadRequest},
		{"lzma", file(rawBlock("OSMData", message{}.bytes(4, []byte("x")))), camera.CodeBadRequest},
		{"bomb", file(fileBlock("OSMData", make([]byte, 40<<20))), camera.CodeBadRequest},
		{"no header", data(words, group(dense(), goodWay())), camera.CodeBadRequest},
		{"only a header", headerBlock(), camera.CodeBadRequest},
		{"cut in the last block", file(data(words, group(dense(), goodWay())), []byte{0, 0}), camera.CodeBadRequest},
		{"cut before the data", file(data(words, group(dense(), goodWay())), rawBlock("OSMData", []byte("0123456789"))[:14]), camera.CodeBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _, err := road.Load(t.Context(), bytes.NewReader(c.data), road.FormatPBF)
			if camera.CodeOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err != nil {
				return
			}
			r, ok := g.Road("pho")
			if !ok || len(r.Line) != 3 || r.Line[1] != (camera.Position{Lon: 106.701, Lat: 21.97}) {
				t.Errorf("got %+v", g.Roads())
			}
		})
	}
}

func TestPlacesInPBF(t *testing.T) {
	tagged := func(number int, tags ...int64) message { return message(dense()).bytes(number, packed(false, tags...)) }
	for name, c := range map[string]struct {
		nodes message
		want  int
	}{
		"one, and a note":     {message{}.bytes(2, tagged(10, 7, 4, 5, 6, 3, 4, 0, 0, 7, 4, 0)), 1},
		"two":                 {message{}.bytes(2, tagged(10, 5, 6, 3, 4, 0, 3, 4, 5, 6, 0, 0)), 2},
		"kind without a name": {message{}.bytes(2, tagged(10, 5, 6, 0, 0, 0)), 0},
		"name without a kind": {message{}.bytes(2, tagged(10, 3, 4, 0, 0, 0)), 0},
		"kind of another key": {message{}.bytes(2, tagged(10, 7, 6, 3, 4, 0, 0, 0)), 0},
		"another kind":        {message{}.bytes(2, tagged(10, 5, 2, 3, 4, 0, 0, 0)), 0},
		"plain node":          {plainTagged(packed(false, 5, 7, 3), packed(false, 6, 4, 4)), 1},
		"plain node, no name": {plainTagged(packed(false, 5), packed(false, 6)), 0},
	} {
		_, report, err := road.Load(t.Context(), bytes.NewReader(file(data(placeWords, c.nodes.bytes(3, goodWay())))), road.FormatPBF)
		if err != nil || report.Places != c.want || report.Nodes != 3 {
			t.Errorf("%s: %+v, %v, want %d", name, report, err, c.want)
		}
	}
}

// What is taken out of a file before decoding must not change what is decoded.
func TestSameAsDecoderAlone(t *testing.T) {
	f, err := os.Open(extractPath(t, "delaware-latest.osm.pbf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := osmpbf.New(t.Context(), f, 1)
	defer s.Close()
	s.SkipRelations = true
	nodes, ways, roads, places := 0, 0, 0, 0
	named := map[string]bool{}
	for s.Scan() {
		switch o := s.Object().(type) {
		case *osm.Node:
			nodes++
			switch o.Tags.Find("place") {
			case "city", "town", "village", "suburb", "hamlet", "locality":
				if o.Tags.Find("name") != "" {
					places++
				}
			}
		case *osm.Way:
			ways++
			switch o.Tags.Find("highway") {
			case "residential", "primary":
				roads++
				if n := o.Tags.Find("name"); n != "" && o.Tags.Find("ref") == "" {
					named[n] = true
				}
			}
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	g, report := delaware(t)
	if report.Nodes != nodes || report.Ways != ways || roads == 0 {
		t.Errorf("got %d nodes and %d ways, the decoder alone %d and %d", report.Nodes, report.Ways, nodes, ways)
	}
	if report.Places != places || places < 100 {
		t.Errorf("got %d places, the decoder alone %d", report.Places, places)
	}
	for _, r := range g.Roads() {
		delete(named, r.Name)
	}
	if len(named) > 5 { // a name may lose against a longer one of the same chain only under a ref
		t.Errorf("%d names are missing, such as %v", len(named), named)
	}
}
