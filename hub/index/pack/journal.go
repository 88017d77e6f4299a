package pack

import (
	"encoding/binary"
	"fmt"
)

// AppendJournal writes fingerprints and gaps in the order in which they were committed.
func AppendJournal(dst []byte, facts []Fact, gaps []GapFact) []byte {
	dst = append(dst, 1)
	dst = binary.AppendUvarint(dst, uint64(len(facts)))
	dst = binary.AppendUvarint(dst, uint64(len(gaps)))
	var record []byte
	for _, f := range facts {
		record = AppendFact(record[:0], f)
		dst = appendPiece(dst, string(record))
	}
	for _, g := range gaps {
		record = appendGapFact(record[:0], g)
		dst = appendPiece(dst, string(record))
	}
	return dst
}

// DecodeJournal reads what AppendJournal wrote.
func DecodeJournal(b []byte) ([]Fact, []GapFact, error) {
	c := cursor{rest: b}
	c.version()
	n := int(c.uint(uint64(len(c.rest) / factLeast)))
	m := int(c.uint(uint64(len(c.rest) / gapFactLeast)))
	var facts []Fact
	if n > 0 {
		facts = make([]Fact, 0, n)
	}
	for i := 0; i < n && c.err == nil; i++ {
		f, err := DecodeFact(c.piece(recordMost))
		if err != nil && c.err == nil {
			c.fail("record %d: %w", i, err)
		}
		facts = append(facts, f)
	}
	gaps := c.gapFacts(m, func([]byte) {})
	if err := c.end(); err != nil {
		return nil, nil, fmt.Errorf("read journal: %w", err)
	}
	return facts, gaps, nil
}
