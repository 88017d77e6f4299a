package spool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// batchLines is how many lines of the journal are decoded in one go.
const batchLines = 256

// damage counts the lines that could not be read. Those at the end are what a
// crash leaves and are cut; those with good lines after them are a broken disk.
type damage struct{ inside, tail int }

// batch is a piece of the journal. A start of the agent waits for its decoding, so
// that all processors take part in it.
type batch struct {
	lines [][]byte
	torn  bool // the last line has no line feed: its write did not finish
	err   error
	recs  []record
	good  []bool
	done  chan struct{} // closed when the lines are decoded
}

// readJournal hands every good record to each, in order.
func readJournal(r io.Reader, each func(record)) (damage, error) {
	var d damage
	batches := make(chan *batch, 2*runtime.GOMAXPROCS(0))
	go readBatches(bufio.NewReaderSize(r, 64<<10), batches)
	var failed error
	for b := range batches { // to the end, also after an error: nothing runs on
		<-b.done
		for i, rec := range b.recs {
			if !b.good[i] {
				d.tail++
				continue
			}
			d.inside, d.tail = d.inside+d.tail, 0
			each(rec)
		}
		if b.err != nil && !errors.Is(b.err, io.EOF) {
			failed = fmt.Errorf("read journal: %w", b.err)
		}
	}
	return d, failed
}

// readBatches ends with the first error, which the last batch has.
func readBatches(in *bufio.Reader, batches chan<- *batch) {
	defer close(batches)
	for {
		b := &batch{done: make(chan struct{})}
		for len(b.lines) < batchLines && b.err == nil {
			var line []byte
			line, b.err = readLine(in)
			if len(line) > 0 {
				b.lines = append(b.lines, line)
				b.torn = b.err != nil
			}
		}
		batches <- b // its capacity bounds how many are decoded at a time
		go b.decode()
		if b.err != nil {
			return
		}
	}
}

func (b *batch) decode() {
	defer close(b.done)
	b.recs, b.good = make([]record, len(b.lines)), make([]bool, len(b.lines))
	for i, line := range b.lines {
		rec, err := decode(bytes.TrimSuffix(line, []byte("\n")))
		whole := !b.torn || i < len(b.lines)-1
		b.recs[i], b.good[i] = rec, err == nil && whole
	}
}

// readLine reads one line with its line feed; of a line that is too long it
// returns the beginning, which no checksum will match.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) <= lineLargest {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
