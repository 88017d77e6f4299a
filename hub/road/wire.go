package road

import (
	"encoding/binary"
	"errors"
	"math"
)

// Protocol buffer wire types, https://protobuf.dev/programming-guides/encoding/.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

var errWire = errors.New("broken protocol buffer")

// eachField calls f for every field of a message, with the value of a varint or the
// bytes of a length-delimited field. Fixed fields do not occur in what is read here
// and are passed over.
func eachField(b []byte, f func(number int, value uint64, data []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return errWire
		}
		b = b[n:]
		var value uint64
		var data []byte
		switch tag & 7 {
		case wireVarint:
			if value, n = binary.Uvarint(b); n <= 0 {
				return errWire
			}
			b = b[n:]
		case wireBytes:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return errWire
			}
			data, b = b[n:n+int(size):n+int(size)], b[n+int(size):]
			if data == nil {
				data = []byte{}
			}
		case wireFixed64, wireFixed32:
			size := 8
			if tag&7 == wireFixed32 {
				size = 4
			}
			if len(b) < size {
				return errWire
			}
			b = b[size:]
			continue
		default:
			return errWire
		}
		if err := f(int(tag>>3), value, data); err != nil {
			return err
		}
	}
	return nil
}

// anyValue is the limit of a packed field whose values are not indices.
const anyValue = math.MaxUint64

// countPacked counts the varints of a packed field; each must be below the limit.
func countPacked(b []byte, limit uint64) (int, error) {
	count := 0
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v >= limit {
			return 0, errWire
		}
		b = b[n:]
		count++
	}
	return count, nil
}

func appendBytes(b []byte, number int, data []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func appendVarint(b []byte, number int, value uint64) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|wireVarint)
	return binary.AppendUvarint(b, value)
}
