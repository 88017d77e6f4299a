package pack

import (
	"encoding/binary"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// Cell is the time of one value of an Activity, Cells how many an hour has, aligned to it.
const (
	Cell  = 2 * time.Second
	Cells = int(time.Hour / Cell)
)

// cellsMost is the number of cells with those behind the hour: a segment that starts in
// its last second may last longest.
const cellsMost = Cells + int(2*camera.SegmentLongest/Cell)

// Activity is how much moved in an hour, in both streams: a nibble a cell. 0 is nothing
// known, 1 still … 15. It is rounded up, so that what moved a little never shows as still.
type Activity struct {
	streams [2]cells // main, sub
}

// cells are those of one stream from the first that is known to the last, two a byte, the
// earlier in the lower half.
type cells struct {
	first  int // cell of the lower half of packed[0]; even
	packed []byte
}

func laneOf(s camera.Stream) int {
	if s == camera.StreamSub {
		return 1
	}
	return 0
}

// At is the activity of the i-th cell of the hour in the scale of camera.Activity; not
// known where nothing tells. Cells beyond 1799 belong to the next hour and are known
// where a segment of this hour reaches into it.
func (a Activity) At(s camera.Stream, i int) (value byte, known bool) {
	c := &a.streams[laneOf(s)]
	i -= c.first
	if i < 0 || i>>1 >= len(c.packed) {
		return 0, false
	}
	n := c.packed[i>>1] >> (4 * uint(i&1)) & 15
	if n == 0 {
		return 0, false
	}
	return nibbleValue[n], true
}

// nibbleValue is the most that a nibble may stand for.
var nibbleValue = func() (values [16]byte) {
	for n := 1; n < 16; n++ {
		values[n] = byte((n - 1) * 255 / 14)
	}
	return values
}()

// nibble is the least that stands for at least so much.
func nibble(value byte) byte { return byte(1 + (int(value)*14+254)/255) }

// ActivityOf is the activity that these segments tell, all of which start in the hour.
func ActivityOf(hour int64, facts []Fact) Activity {
	var all [2][cellsMost]byte
	begin, cell := hour*hourMillis, int64(Cell/time.Millisecond)
	for i := range facts {
		f := &facts[i]
		start, end := f.Start.UnixMilli()-begin, f.End.UnixMilli()-begin
		lane := &all[laneOf(f.Stream)]
		for k := range len(f.Activity) {
			from := start + int64(k)*1000
			to := min(from+1000, end) // its last second ends with it
			if from < 0 || to <= from {
				continue
			}
			n := nibble(f.Activity[k])
			for at := from / cell; at <= (to-1)/cell && at < int64(cellsMost); at++ {
				lane[at] = max(lane[at], n)
			}
		}
	}
	var a Activity
	for i := range all {
		a.streams[i] = packCells(all[i][:])
	}
	return a
}

func packCells(all []byte) cells {
	first, end := 0, len(all)
	for first < end && all[first] == 0 {
		first++
	}
	for end > first && all[end-1] == 0 {
		end--
	}
	if first == end {
		return cells{}
	}
	first &^= 1
	packed := make([]byte, (end-first+1)/2)
	for i := first; i < end; i++ {
		packed[(i-first)>>1] |= all[i] << (4 * uint(i&1))
	}
	return cells{first: first, packed: packed}
}

// Bytes is how the activity is written.
func (a Activity) Bytes() []byte {
	dst := []byte{1}
	for _, c := range a.streams {
		dst = binary.AppendUvarint(dst, uint64(c.first/2))
		dst = append(binary.AppendUvarint(dst, uint64(len(c.packed))), c.packed...)
	}
	return dst
}

// ReadActivity reads what Bytes wrote. The activity stands on these very bytes.
func ReadActivity(b []byte) (Activity, error) {
	c := cursor{rest: b}
	c.version()
	var a Activity
	for i := range a.streams {
		first := int(c.uint(uint64(cellsMost / 2)))
		a.streams[i] = cells{first: 2 * first, packed: c.piece(cellsMost/2 - first)}
	}
	if err := c.end(); err != nil {
		return Activity{}, fmt.Errorf("read activity: %w", err)
	}
	return a, nil
}
