package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	camera "xulang.vn/camera"
)

// lineLargest bounds one line of the journal in bytes. The largest line names
// one announcement (camera.AnnounceMost items of about 150 bytes).
const lineLargest = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind says what a record means.
type kind string

const (
	kindIntent    kind = "intent"    // Segment is about to be renamed into place
	kindCommit    kind = "commit"    // IDs[0] is in place
	kindSegment   kind = "segment"   // Segment with all that is known of it (written by compaction)
	kindAnnounced kind = "announced" // IDs and Gaps are durable at the hub
	kindStored    kind = "stored"    // IDs[0] is in the object store
	kindRefused   kind = "refused"   // the hub refused IDs[0] with Code
	kindForgotten kind = "forgotten" // the hub does not know IDs[0] any more
	kindGap       kind = "gap"       // Gaps[0] is added or extended
	kindGone      kind = "gone"      // IDs left the spool; Gaps, if any, stand for their time
	kindLast      kind = "last"      // the newest fact of Camera ends at End (written by compaction)
	kindPolicy    kind = "policy"    // whether the bytes of Camera's Stream are Free to stay at home
	kindWants     kind = "wants"     // Wants replace those before
)

// record is one fact of the journal.
type record struct {
	Kind      kind               `json:"k"`
	Segment   *camera.Segment    `json:"segment,omitempty"`
	IDs       []camera.SegmentID `json:"ids,omitempty"`
	Gaps      []camera.Gap       `json:"gaps,omitempty"`
	Announced bool               `json:"announced,omitempty"` // of Segment or Gaps[0]
	Stored    bool               `json:"stored,omitempty"`    // of Segment
	Code      camera.Code        `json:"code,omitempty"`
	Camera    camera.CameraID    `json:"camera,omitempty"`
	Stream    camera.Stream      `json:"stream,omitempty"`
	Free      bool               `json:"free,omitempty"`
	End       time.Time          `json:"end,omitzero"`
	Wants     []camera.Want      `json:"wants,omitempty"`
}

func (r record) check() error {
	ok := false
	switch r.Kind {
	case kindIntent, kindSegment:
		ok = r.Segment != nil && r.Segment.Camera.Valid() && r.Segment.Check() == nil
	case kindCommit, kindStored, kindForgotten:
		ok = len(r.IDs) == 1
	case kindRefused:
		ok = len(r.IDs) == 1 && r.Code != ""
	case kindGone:
		ok = len(r.IDs) > 0 && len(r.Gaps) <= len(r.IDs)
	case kindGap:
		ok = len(r.Gaps) == 1
	case kindAnnounced:
		ok = true
	case kindLast:
		ok = r.Camera.Valid() && !r.End.IsZero()
	case kindPolicy:
		ok = r.Camera.Valid() && r.Stream.Valid()
	case kindWants:
		ok = len(r.Wants) <= camera.WantsMost
	}
	if !ok {
		return fmt.Errorf("read record: %q is incomplete", r.Kind)
	}
	for _, g := range r.Gaps {
		if err := g.Check(); err != nil {
			return err
		}
	}
	for _, w := range r.Wants {
		if err := w.Check(); err != nil {
			return err
		}
	}
	return nil
}

// encode writes a record as a line: eight hex digits of CRC-32C, a space, JSON.
func encode(r record) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write record: %w", err)
	}
	line := fmt.Appendf(make([]byte, 0, len(body)+10), "%08x ", crc32.Checksum(body, castagnoli))
	line = append(append(line, body...), '\n')
	if len(line) > lineLargest {
		return nil, fmt.Errorf("write record: %d bytes, at most %d", len(line), lineLargest)
	}
	return line, nil
}

// decode is the inverse of encode, without the line feed.
func decode(line []byte) (record, error) {
	var r record
	if len(line) < 10 || line[8] != ' ' {
		return r, errors.New("read record: no checksum")
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil {
		return r, fmt.Errorf("read record: %w", err)
	}
	if crc32.Checksum(line[9:], castagnoli) != uint32(sum) {
		return r, errors.New("read record: checksum differs")
	}
	if err := json.Unmarshal(line[9:], &r); err != nil {
		return record{}, fmt.Errorf("read record: %w", err)
	}
	return r, r.check()
}
