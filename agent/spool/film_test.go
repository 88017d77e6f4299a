package spool_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// The tests' own kind of file, of which the spool knows nothing: a head that tells
// what it is, and then parts of one second, each with its length and checksum.
//
//	"film" | camera | stream (1 byte) | number | size (both 4 bytes)     the head
//	length | CRC-32 (both 4 bytes) | payload                             a part
const (
	filmHead  = 4 + 17 + 1 + 4 + 4
	filmParts = 6
	filmRun   = "00112233aabbccdd"
)

// made is segment number n of a camera's only run, 6 s long, and its bytes.
func made(c camera.CameraID, n, size int) (camera.Segment, []byte) {
	seg, parts := film(c, camera.StreamMain, n, size)
	return seg, slices.Concat(parts...)
}

// film is a segment and the six writes that make its file; head and first part go
// together.
func film(c camera.CameraID, stream camera.Stream, n, size int) (camera.Segment, [][]byte) {
	head := append([]byte("film"), c...)
	head = append(head, byte(len(stream)))
	head = binary.BigEndian.AppendUint32(head, uint32(n))
	head = binary.BigEndian.AppendUint32(head, uint32(size))
	var parts [][]byte
	left := size - filmHead
	for i := range filmParts {
		length := (size-filmHead)/filmParts - 8
		if i == filmParts-1 {
			length = left - 8
		}
		body := bytes.Repeat([]byte(fmt.Sprintf("%s/%s/%06d/%d.", c, stream, n, i)), length/20+1)[:length]
		part := binary.BigEndian.AppendUint32(nil, uint32(length))
		part = append(binary.BigEndian.AppendUint32(part, crc32.ChecksumIEEE(body)), body...)
		parts = append(parts, part)
		left -= len(part)
	}
	parts[0] = append(head, parts[0]...)
	return fingerprint(c, stream, n, parts), parts
}

func fingerprint(c camera.CameraID, stream camera.Stream, n int, parts [][]byte) camera.Segment {
	body := slices.Concat(parts...)
	long := time.Duration(len(parts)) * time.Second
	run := camera.RunID(filmRun)
	if stream != camera.StreamMain {
		run = "aabbccdd00112233"
	}
	start := t0.Add(time.Duration(n) * 6 * time.Second)
	seg := camera.Segment{
		SegmentID: camera.SegmentID{Camera: c, Run: run, Seq: uint32(n)}, Stream: stream,
		Start: start, End: start.Add(long), Media: camera.Millis(long),
		Size: int64(len(body)), InitSize: filmHead, SHA256: sha256.Sum256(body), Codec: "avc1.64001f", Width: 640, Height: 360,
		KeySize: int64(len(parts[0])), KeySHA256: sha256.Sum256(parts[0]),
	}
	if n > 0 {
		seg.Prev = camera.Hash{1}
	}
	return seg
}

// salvage reads a film up to the last part that is whole.
func salvage(c camera.CameraID, r io.Reader, size int64) (camera.Segment, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return camera.Segment{}, err
	}
	if int64(len(b)) != size {
		return camera.Segment{}, fmt.Errorf("%d bytes, not %d", len(b), size)
	}
	if len(b) < filmHead || string(b[:4]) != "film" || string(b[4:21]) != string(c) || b[21] > 3 {
		return camera.Segment{}, errors.New("no film of this camera")
	}
	stream := camera.Stream("sub"[:b[21]])
	n := int(binary.BigEndian.Uint32(b[22:]))
	var parts [][]byte
	for at := filmHead; len(b)-at > 8 && len(parts) < filmParts; {
		length, sum := int(binary.BigEndian.Uint32(b[at:])), binary.BigEndian.Uint32(b[at+4:])
		if length == 0 || length > len(b)-at-8 || crc32.ChecksumIEEE(b[at+8:at+8+length]) != sum {
			break
		}
		from := at
		if len(parts) == 0 {
			from = 0
		}
		at += 8 + length
		parts = append(parts, b[from:at])
	}
	if len(parts) == 0 {
		return camera.Segment{}, errors.New("nothing in it")
	}
	return fingerprint(c, stream, n, parts), nil
}
