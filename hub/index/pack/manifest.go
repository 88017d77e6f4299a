package pack

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	camera "xulang.vn/camera"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Sort puts everything into the order of an hour. Of a segment that is there twice the
// first stays; of a gap the one that reaches furthest.
func (m *Manifest) Sort() {
	seen := make(map[camera.SegmentID]bool, len(m.Facts))
	m.Facts = slices.DeleteFunc(m.Facts, func(f Fact) bool {
		was := seen[f.SegmentID]
		seen[f.SegmentID] = true
		return was
	})
	slices.SortStableFunc(m.Facts, compareFacts)
	slices.SortStableFunc(m.Gaps, func(a, b GapFact) int {
		return cmp.Or(compareGaps(a, b), cmp.Compare(b.End.UnixMilli(), a.End.UnixMilli()))
	})
	m.Gaps = slices.CompactFunc(m.Gaps, func(a, b GapFact) bool { return compareGaps(a, b) == 0 })
}

func compareFacts(a, b Fact) int {
	return cmp.Or(cmp.Compare(a.Start.UnixMilli(), b.Start.UnixMilli()), strings.Compare(string(a.Run), string(b.Run)), cmp.Compare(a.Seq, b.Seq))
}

func compareGaps(a, b GapFact) int {
	return cmp.Or(cmp.Compare(a.Start.UnixMilli(), b.Start.UnixMilli()), strings.Compare(string(a.Stream), string(b.Stream)))
}

// check tells whether all of it is of this camera and hour, and in order.
func (m Manifest) check() error {
	if len(m.Facts) > SegmentsMost {
		return fmt.Errorf("%d segments, at most %d", len(m.Facts), SegmentsMost)
	}
	for i, f := range m.Facts {
		switch {
		case f.Camera != m.Camera || HourOf(f.Start) != m.Hour:
			return fmt.Errorf("segment %s at %d is of another camera or hour", f.SegmentID, f.Start.UnixMilli())
		case i > 0 && compareFacts(m.Facts[i-1], f) >= 0:
			return fmt.Errorf("segment %s is out of order", f.SegmentID)
		}
	}
	begin := m.Hour * hourMillis
	for i, g := range m.Gaps {
		switch {
		case g.Camera != m.Camera || g.Start.UnixMilli() < begin || g.End.UnixMilli() > begin+hourMillis:
			return fmt.Errorf("gap at %d is of another camera or hour", g.Start.UnixMilli())
		case i > 0 && compareGaps(m.Gaps[i-1], g) >= 0:
			return fmt.Errorf("gap at %d is out of order", g.Start.UnixMilli())
		}
	}
	return nil
}

// Encode writes the manifest and gives the root of the tree over its records (RFC 9162,
// section 2.1): those of the segments, then those of the gaps. It is an error when it is
// not in order (Sort).
func (m Manifest) Encode() (body []byte, root camera.Hash, err error) {
	if err := m.check(); err != nil {
		return nil, root, fmt.Errorf("write manifest of hour %d of %s: %w", m.Hour, m.Camera, err)
	}
	plain := m.Camera.Valid()
	body = append(make([]byte, 0, 64+256*len(m.Facts)+128*len(m.Gaps)), 1, 0)
	if plain {
		body[1] = 1
	}
	body = appendCamera(body, m.Camera, plain)
	body = binary.AppendVarint(body, m.Hour)
	body = binary.AppendUvarint(body, uint64(len(m.Facts)))
	body = binary.AppendUvarint(body, uint64(len(m.Gaps)))
	var t tree
	var record []byte
	last := make(map[camera.RunID]int, 4)
	for i, f := range m.Facts {
		before, ok := last[f.Run]
		record = appendFact(record[:0], f, ok && chains(m.Facts[before], f))
		body = appendPiece(body, string(record))
		t.add(record)
		last[f.Run] = i
	}
	for _, g := range m.Gaps {
		record = appendGapFact(record[:0], g)
		body = appendPiece(body, string(record))
		t.add(record)
	}
	return body, t.root(), nil
}

// chains tells whether f follows a in its run, as its own hash says.
func chains(a, f Fact) bool {
	return a.Seq+1 == f.Seq && f.Seq != 0 && a.SHA256 == f.Prev && !f.Prev.IsZero()
}

// The largest record that is read, in bytes.
const recordMost = 1024

// DecodeManifest reads what Encode wrote, with the root of the tree over its records as
// they are here: whoever knows what it should be compares.
func DecodeManifest(b []byte) (Manifest, camera.Hash, error) {
	c := cursor{rest: b}
	c.version()
	marks := c.byte()
	if marks > 1 {
		c.fail("marks %#x", marks)
	}
	m := Manifest{Camera: c.camera(marks == 1, ""), Hour: c.int(hourMost)}
	facts := int(c.uint(min(uint64(len(c.rest)/factLeast), SegmentsMost)))
	gaps := int(c.uint(uint64(len(c.rest) / gapFactLeast)))
	var t tree
	m.Facts = c.manifestFacts(facts, &t)
	m.Gaps = c.gapFacts(gaps, t.add)
	if err := c.end(); err != nil {
		return Manifest{}, camera.Hash{}, fmt.Errorf("read manifest: %w", err)
	}
	if err := m.check(); err != nil {
		return Manifest{}, camera.Hash{}, fmt.Errorf("read manifest: %w", err)
	}
	return m, t.root(), nil
}

// The fewest bytes that records take, with their length.
const (
	factLeast    = 48
	gapFactLeast = 5
)

func (c *cursor) manifestFacts(n int, t *tree) []Fact {
	if n == 0 {
		return nil
	}
	facts := make([]Fact, 0, n)
	last := make(map[camera.RunID]int, 4)
	for i := range n {
		record := cursor{rest: c.piece(recordMost)}
		if c.err != nil {
			return facts
		}
		t.add(record.rest)
		f, chained := record.fact()
		before, ok := last[f.Run]
		if chained && ok {
			f.Prev = facts[before].SHA256
		}
		if chained && (!ok || !chains(facts[before], f)) {
			record.fail("nothing before it in its run")
		}
		if err := record.end(); err != nil {
			c.fail("record %d: %w", i, err)
			return facts
		}
		facts, last[f.Run] = append(facts, f), i
	}
	return facts
}

// gapFacts takes n gaps, each with its length; each record is shown to see.
func (c *cursor) gapFacts(n int, see func(record []byte)) []GapFact {
	var gaps []GapFact
	for i := range n {
		record := cursor{rest: c.piece(recordMost)}
		if c.err != nil {
			return gaps
		}
		see(record.rest)
		gaps = append(gaps, record.gapFact())
		if err := record.end(); err != nil {
			c.fail("gap %d: %w", i, err)
			return gaps
		}
	}
	return gaps
}

// Find is the fingerprint of one segment.
func (m Manifest) Find(id camera.SegmentID) (Fact, bool) {
	for i := range m.Facts {
		if f := &m.Facts[i]; f.Seq == id.Seq && f.Run == id.Run && f.Camera == id.Camera {
			return *f, true
		}
	}
	return Fact{}, false
}

// tree is the Merkle tree of RFC 9162, section 2.1, over records one after the other.
type tree struct{ leaves *compact.Range }

var treeFactory = compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

func (t *tree) add(record []byte) {
	if t.leaves == nil {
		t.leaves = treeFactory.NewEmptyRange(0)
	}
	// Append fails only when ranges do not meet; one leaf always meets.
	_ = t.leaves.Append(rfc6962.DefaultHasher.HashLeaf(record), nil)
}

func (t *tree) root() (root camera.Hash) {
	if t.leaves == nil {
		copy(root[:], rfc6962.DefaultHasher.EmptyRoot())
		return root
	}
	sum, _ := t.leaves.GetRootHash(nil) // as above: it begins at 0
	copy(root[:], sum)
	return root
}
