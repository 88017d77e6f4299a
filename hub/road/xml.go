package road

import (
	"compress/bzip2"
	"context"
	"io"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmxml"
	camera "xulang.vn/camera"
)

// elementLargest bounds the bytes of one XML element: the decoder holds it in memory.
// The longest real relations (some 30,000 members) stay under 4 MiB.
const elementLargest = 8 << 20

func readBzip2(ctx context.Context, r io.Reader, x *extract) error {
	return readXML(ctx, bzip2.NewReader(r), x)
}

func readXML(ctx context.Context, r io.Reader, x *extract) error {
	one := &metered{
		gone: ctx.Err,
		r:    &metered{gone: ctx.Err, r: r, left: x.limits.Unpacked, what: "unpacked road file"},
		left: elementLargest, what: "element of a road file",
	}
	s := osmxml.New(ctx, one)
	defer s.Close() //nolint:errcheck // only marks the scanner as closed
	for s.Scan() {
		one.left = elementLargest
		var err error
		switch o := s.Object().(type) {
		case *osm.Node:
			err = x.node(o)
		case *osm.Way:
			err = x.way(o)
		}
		if err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	if len(x.nodes) == 0 {
		return camera.Errorf(camera.CodeBadRequest, "no OpenStreetMap nodes in the file")
	}
	return nil
}
