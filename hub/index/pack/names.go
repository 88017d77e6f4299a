package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	camera "xulang.vn/camera"
)

// Marks of a run's first name.
const (
	namePlain      = 1 << iota // the camera has the form of one: 10 bytes
	namePlainRun               // the run is 16 hex digits: 8 bytes
	nameKnownMarks = 1<<iota - 1
)

// nameLeast is the fewest bytes that a name takes.
const nameLeast = 3

// nameRun is a run whose names were there already.
type nameRun struct {
	camera camera.CameraID
	run    camera.RunID
}

// AppendNames writes the names of objects, in their order. One that follows another of
// its run takes some four bytes.
func AppendNames(dst []byte, keys []camera.Key) []byte {
	dst = append(dst, 1)
	dst = binary.AppendUvarint(dst, uint64(len(keys)))
	runs := map[nameRun]int{}
	var last []camera.Key // by run
	near := int64(0)
	for _, k := range keys {
		name := nameRun{k.Camera, k.Run}
		n, known := runs[name]
		if !known {
			n = len(last)
			runs[name] = n
			last = append(last, camera.Key{Start: time.UnixMilli(near)})
			marks := when(k.Camera.Valid(), namePlain) | when(plainRun(k.Run), namePlainRun)
			dst = append(dst, 0, byte(marks))
			dst = appendCamera(dst, k.Camera, marks&namePlain != 0)
			dst = appendRun(dst, k.Run, marks&namePlainRun != 0)
		} else {
			dst = binary.AppendUvarint(dst, uint64(n)+1)
		}
		dst = binary.AppendVarint(dst, int64(k.Seq)-int64(last[n].Seq))
		near = k.Start.UnixMilli()
		dst = binary.AppendVarint(dst, near-last[n].Start.UnixMilli())
		last[n] = k
	}
	return dst
}

// ReadNames reads what AppendNames wrote.
func ReadNames(b []byte) ([]camera.Key, error) {
	c := cursor{rest: b}
	c.version()
	count := c.uint(uint64(len(c.rest) / nameLeast))
	var keys, last []camera.Key
	near := time.UnixMilli(0)
	for i := uint64(0); i < count && c.err == nil; i++ {
		n := int(c.uint(uint64(len(last))))
		if n == 0 {
			marks := c.byte()
			if marks&^nameKnownMarks != 0 {
				c.fail("marks %#x of name %d", marks, i)
			}
			k := camera.Key{Start: near}
			k.Camera = c.camera(marks&namePlain != 0, "")
			k.Run = c.run(marks&namePlainRun != 0, "")
			last = append(last, k)
			n = len(last)
		}
		k := &last[n-1]
		seq := int64(k.Seq) + c.int(math.MaxUint32)
		if seq < 0 || seq > math.MaxUint32 {
			c.fail("name %d of number %d", i, seq)
		}
		k.Seq = uint32(seq)
		k.Start, _ = c.time(true, k.Start.UnixMilli())
		keys, near = append(keys, *k), k.Start
	}
	if err := c.end(); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return keys, nil
}
