package road

import (
	"context"
	"fmt"
	"io"
	"strings"

	camera "xulang.vn/camera"
)

// Format is how an extract is written.
type Format string

// Formats that Load reads.
const (
	FormatXML      Format = "osm"
	FormatXMLBzip2 Format = "osm.bz2"
	FormatPBF      Format = "osm.pbf"
)

// FormatOf tells the format from a file's name.
func FormatOf(filename string) (Format, error) {
	name := strings.ToLower(filename)
	for _, f := range []Format{FormatPBF, FormatXMLBzip2, FormatXML} {
		if strings.HasSuffix(name, "."+string(f)) {
			return f, nil
		}
	}
	return "", camera.Errorf(camera.CodeBadRequest, "file %q is no road file: want .osm, .osm.bz2 or .osm.pbf", filename)
}

// Limits bound what one import may cost. More is CodeTooLarge.
type Limits struct {
	Bytes    int64 // of the file as it is stored
	Unpacked int64 // of the file after decompression
	Nodes    int   // 16 bytes of memory each while loading
	Ways     int   // ways for vehicles and others together
	Refs     int   // nodes named by ways for vehicles, all together
}

// DefaultLimits hold a country of the size of Việt Nam without its buildings, or a
// province with everything, within about 1 GiB.
var DefaultLimits = Limits{Bytes: 512 << 20, Unpacked: 4 << 30, Nodes: 24e6, Ways: 4e6, Refs: 24e6}

// Report tells what an import found and what it left out.
type Report struct {
	Nodes, Ways  int // read from the file
	Places       int // named ones that people give directions by
	Roads        int
	Unnamed      int // of the roads: without name and ref
	Junctions    int
	Edges        int            // pieces of way between junctions, one-way or not
	Metres       float64        // length of all roads
	Pieces       int            // parts of the network without a connection between them
	Apart        float64        // metres outside of the longest of them
	Traps        int            // junctions or ends that a vehicle cannot reach, or not leave, because of one-way streets
	TrapMetres   float64        // of ways that begin or end there
	TrapsAt      []Trap         // some of them, where most metres are lost first
	MissingSpeed int            // ways of roads without a usable maxspeed: who computes with speeds goes by their class
	Speedless    float64        // metres of them
	MissingNodes int            // nodes that roads name but the file does not hold (cut at the border)
	Skipped      map[string]int // ways that became no road, by reason
}

// Trap is a place that a vehicle cannot reach, or not leave, without driving a one-way
// street the wrong way. Places that can be driven between are one trap.
type Trap struct {
	Position camera.Position
	Metres   float64 // of ways that begin or end in it
	Entered  bool    // it can be reached
	Left     bool    // it can be left; neither: only from and to other traps
}

// Load reads an extract within DefaultLimits. Errors: CodeBadRequest for a file that is
// broken, cut short or without any road, CodeTooLarge over a limit, the context's error.
func Load(ctx context.Context, r io.Reader, format Format) (*Graph, Report, error) {
	return LoadWithin(ctx, r, format, DefaultLimits)
}

// LoadWithin is Load with limits of the caller's choice.
func LoadWithin(ctx context.Context, r io.Reader, format Format, limits Limits) (*Graph, Report, error) {
	x := newExtract(limits)
	r = &metered{gone: ctx.Err, r: r, left: limits.Bytes, what: "road file"}
	var err error
	switch format {
	case FormatXML:
		err = readXML(ctx, r, x)
	case FormatXMLBzip2:
		err = readBzip2(ctx, r, x)
	case FormatPBF:
		err = readPBF(ctx, r, x)
	default:
		err = camera.Errorf(camera.CodeBadRequest, "format %q is not known", string(format))
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, Report{}, fmt.Errorf("read road file: %w", coded(ctx, err))
	}
	g, report, err := build(ctx, x)
	if err != nil {
		return nil, Report{}, fmt.Errorf("build road graph: %w", err)
	}
	return g, report, nil
}

// coded gives a code to what the decoders found wrong: it is the file's fault, unless
// the caller gave up.
func coded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if camera.CodeOf(err) != camera.CodeInternal {
		return err
	}
	return camera.Errorf(camera.CodeBadRequest, "decode: %w", err)
}

// metered reads until the context ends or the allowance is used up.
type metered struct {
	gone func() error // the Load's context.Err
	r    io.Reader
	left int64
	what string
}

func (m *metered) Read(b []byte) (int, error) {
	if err := m.gone(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(b)
	m.left -= int64(n)
	if m.left < 0 {
		return 0, camera.Errorf(camera.CodeTooLarge, "%s is larger than allowed", m.what)
	}
	return n, err
}
