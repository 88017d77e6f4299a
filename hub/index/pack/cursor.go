package pack

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	camera "xulang.vn/camera"
)

// cursor takes values from the front of bytes that may be anything. After the first
// error it gives zeros and its error stays.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	c.rest = nil
}

// end is the error, or that something is left over.
func (c *cursor) end() error {
	if c.err == nil && len(c.rest) > 0 {
		c.fail("%d bytes too many", len(c.rest))
	}
	return c.err
}

func (c *cursor) byte() byte {
	if len(c.rest) == 0 {
		c.fail("cut short")
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

// version takes the first byte of a format, of which only number 1 is known.
func (c *cursor) version() {
	if v := c.byte(); c.err == nil && v != 1 {
		c.fail("version %d is not known", v)
	}
}

// uint takes an unsigned varint (LEB128) of at most most.
func (c *cursor) uint(most uint64) uint64 {
	v, n := binary.Uvarint(c.rest)
	switch {
	case n == 0:
		c.fail("cut short")
		return 0
	case n < 0 || v > most:
		c.fail("number %d, at most %d", v, most)
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// int takes a zigzag varint between −within and within.
func (c *cursor) int(within int64) int64 {
	v := c.number()
	if v > within || v < -within {
		c.fail("number %d, within %d", v, within)
		return 0
	}
	return v
}

// number takes a zigzag varint of any size.
func (c *cursor) number() int64 {
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.fail("cut short, or a number of more than 64 bits")
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// take gives the next n bytes, which still belong to the input.
func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.fail("cut short: %d bytes of %d", len(c.rest), n)
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// piece takes a length and as many bytes, at most most.
func (c *cursor) piece(most int) []byte { return c.take(int(c.uint(uint64(most)))) }

func (c *cursor) hash() (h camera.Hash) {
	copy(h[:], c.take(len(h)))
	return h
}

// Times are Unix milliseconds. What JSON can say (the years 0 to 9999) is within timeMost.
const (
	timeMost   = int64(1) << 48
	millisMost = int64(1<<63-1) / int64(time.Millisecond)
)

func (c *cursor) millis() camera.Millis {
	return camera.Millis(time.Duration(c.int(millisMost)) * time.Millisecond)
}

func appendMillis(dst []byte, m camera.Millis) []byte {
	return binary.AppendVarint(dst, time.Duration(m).Milliseconds())
}

func appendPiece(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// A camera's name is 10 bytes where it has the form of one, a run's 8. Names of another
// form are written as text, so that nothing is ever written as something else.

const nameMost = 64

var (
	cameraLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
)

func appendCamera(dst []byte, id camera.CameraID, plain bool) []byte {
	if !plain {
		return appendPiece(dst, string(id))
	}
	dst, _ = cameraLetters.AppendDecode(dst, []byte(id[1:]))
	return dst
}

// camera takes a camera's name. One that is known already costs no allocation.
func (c *cursor) camera(plain bool, known camera.CameraID) camera.CameraID {
	if !plain {
		return camera.CameraID(c.piece(nameMost))
	}
	b := c.take(10)
	if b == nil {
		return ""
	}
	var text [17]byte
	text[0] = 'c'
	cameraLetters.Encode(text[1:], b)
	if string(text[:]) == string(known) {
		return known
	}
	return camera.CameraID(text[:])
}

func plainRun(r camera.RunID) bool {
	if len(r) != 16 {
		return false
	}
	for i := range len(r) {
		if d := r[i]; (d < '0' || d > '9') && (d < 'a' || d > 'f') {
			return false
		}
	}
	return true
}

func appendRun(dst []byte, r camera.RunID, plain bool) []byte {
	if !plain {
		return appendPiece(dst, string(r))
	}
	dst, _ = hex.AppendDecode(dst, []byte(r))
	return dst
}

// run takes a run's name. One that is known already costs no allocation.
func (c *cursor) run(plain bool, known camera.RunID) camera.RunID {
	if !plain {
		return camera.RunID(c.piece(nameMost))
	}
	b := c.take(8)
	if b == nil {
		return ""
	}
	var text [16]byte
	hex.Encode(text[:], b)
	if string(text[:]) == string(known) {
		return known
	}
	return camera.RunID(text[:])
}
