package camera

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CameraID is one channel that a member chose to share: "c" and 16 base32 letters.
type CameraID string

var idLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewCameraID derives a camera's identity from its household, the serial of the
// device that it belongs to and its channel there. The household's random id is
// the salt: the identity does not give the serial away.
func NewCameraID(h HouseholdID, serial string, channel int) CameraID {
	sum := sha256.Sum256([]byte("xulang camera 1\n" + string(h) + "\n" + serial + "\n" + strconv.Itoa(channel)))
	return CameraID("c" + idLetters.EncodeToString(sum[:10]))
}

// Valid tells whether the text has the form of a camera id.
func (id CameraID) Valid() bool {
	if len(id) != 17 || id[0] != 'c' {
		return false
	}
	_, err := idLetters.DecodeString(string(id[1:]))
	return err == nil
}

// Key is the name of a segment's object in the footage bucket. No other place
// puts such a name together or takes it apart.
//
//	<camera>/<yyyy>/<mm>/<dd>/<hh>/<start, Unix ms>-<run>-<seq>.mp4     (UTC)
type Key struct {
	SegmentID
	Start time.Time // whole milliseconds, UTC
}

// Key is where the segment's bytes are stored.
func (s Segment) Key() Key {
	return Key{SegmentID: s.SegmentID, Start: s.Start.UTC().Truncate(time.Millisecond)}
}

func (k Key) String() string {
	t := k.Start.UTC()
	return fmt.Sprintf("%s/%s/%d-%s-%d.mp4", k.Camera, t.Format("2006/01/02/15"), t.UnixMilli(), k.Run, k.Seq)
}

// ParseKey is the inverse of Key.String and refuses every other spelling.
func ParseKey(s string) (Key, error) {
	var k Key
	parts := strings.Split(s, "/")
	if len(parts) != 6 {
		return k, fmt.Errorf("parse key %q: %d parts, want 6", s, len(parts))
	}
	name := strings.Split(strings.TrimSuffix(parts[5], ".mp4"), "-")
	if len(name) != 3 {
		return k, fmt.Errorf("parse key %q: bad file name", s)
	}
	ms, err := strconv.ParseInt(name[0], 10, 64)
	if err != nil {
		return k, fmt.Errorf("parse key %q: %w", s, err)
	}
	seq, err := strconv.ParseUint(name[2], 10, 32)
	if err != nil {
		return k, fmt.Errorf("parse key %q: %w", s, err)
	}
	k.Camera, k.Run, k.Seq = CameraID(parts[0]), RunID(name[1]), uint32(seq)
	k.Start = time.UnixMilli(ms).UTC()
	if !k.Camera.Valid() || !validRun(k.Run) || k.String() != s {
		return Key{}, fmt.Errorf("parse key %q: not a key of ours", s)
	}
	return k, nil
}
