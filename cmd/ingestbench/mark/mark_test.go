package mark_test

import (
	"bytes"
	"testing"

	"xulang.vn/camera/cmd/ingestbench/mark"
)

func TestFoundAgain(t *testing.T) {
	all := []mark.Mark{{}, {Stream: 31, Number: 15000, Picture: 20123}, {Stream: 65535, Number: 1<<32 - 1, Picture: 1<<32 - 1}}
	b := []byte("noise")
	for _, m := range all {
		nal := m.Append(nil)
		if len(nal) != mark.Size || bytes.Contains(nal, []byte{0, 0}) {
			t.Errorf("%v: %x", m, nal)
		}
		b = append(append(b, nal...), "more noise"...)
	}
	for _, want := range all {
		got, end := mark.Next(b)
		if got != want || end == 0 {
			t.Fatalf("found %v, want %v", got, want)
		}
		b = b[end:]
	}
	if m, end := mark.Next(b); end != 0 {
		t.Errorf("found %v in %q", m, b)
	}
}

func TestNotFound(t *testing.T) {
	whole := mark.Mark{Stream: 1, Number: 2, Picture: 3}.Append(nil)
	for n := range len(whole) {
		if m, end := mark.Next(whole[:n]); end != 0 {
			t.Errorf("found %v in %d bytes", m, n)
		}
	}
	broken := bytes.Clone(whole)
	broken[25] = 'x'
	if m, end := mark.Next(broken); end != 0 {
		t.Errorf("found %v in a broken mark", m)
	}
	if m, end := mark.Next(append(broken, whole...)); end != 2*mark.Size || m.Number != 2 {
		t.Errorf("found %v behind a broken mark, end %d", m, end)
	}
}
