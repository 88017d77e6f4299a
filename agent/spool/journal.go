package spool

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
)

const (
	journalName = "journal.jsonl"
	journalTemp = "journal.jsonl.tmp"
)

// journal appends records to a file. It is not safe for concurrent use.
type journal struct {
	disk  disk
	dir   string
	f     file // nil: what the disk holds is unknown, rewrite before appending
	lines int
}

// append writes records; with sync they are durable when it returns nil. After
// an error the journal must be rewritten: a torn line may stand at its end, and
// a failed fsync may have dropped what was written before.
func (j *journal) append(sync bool, recs ...record) error {
	if j.f == nil {
		return errors.New("append to journal: not open")
	}
	var lines []byte
	for _, r := range recs {
		line, err := encode(r)
		if err != nil {
			return err
		}
		lines = append(lines, line...)
	}
	_, err := writeAll(j.f, lines)
	if err == nil && sync {
		err = j.f.Sync()
	}
	if err != nil {
		j.forget()
		return fmt.Errorf("append to journal: %w", named(err))
	}
	j.lines += len(recs)
	return nil
}

// rewrite puts a new journal in the place of the old one, or leaves the old one
// as it was. The temporary file stays open for appending after the rename.
func (j *journal) rewrite(recs iter.Seq[record]) error {
	j.forget()
	temp := filepath.Join(j.dir, journalTemp)
	if err := j.disk.Remove(temp); err != nil {
		return fmt.Errorf("rewrite journal: %w", err)
	}
	f, err := j.disk.Create(temp)
	if err != nil {
		return fmt.Errorf("rewrite journal: %w", named(err))
	}
	lines, err := writeRecords(f, recs)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = j.disk.Rename(temp, filepath.Join(j.dir, journalName))
	}
	if err == nil {
		err = j.disk.SyncDir(j.dir)
	}
	if err != nil {
		return fmt.Errorf("rewrite journal: %w", named(errors.Join(err, f.Close())))
	}
	j.f, j.lines = f, lines
	return nil
}

func writeRecords(f file, recs iter.Seq[record]) (lines int, err error) {
	var buf bytes.Buffer
	for r := range recs {
		line, err := encode(r)
		if err != nil {
			return lines, err
		}
		buf.Write(line)
		lines++
		if buf.Len() >= 1<<20 {
			if _, err := writeAll(f, buf.Bytes()); err != nil {
				return lines, err
			}
			buf.Reset()
		}
	}
	_, err = writeAll(f, buf.Bytes())
	return lines, err
}

// forget gives the file up. Its close error says nothing new: whoever wrote
// something that matters has asked for a sync.
func (j *journal) forget() {
	if j.f != nil {
		_ = j.f.Close()
		j.f = nil
	}
}
