package store_test

import "testing"

// differences are where an object store does other things than the suite asks of
// every one, and still may be used: what it really does is asserted, so that a row
// that is no longer true fails. README.md tells an operator what each one means.
var differences = []struct {
	server, point, does string
}{
	{"versitygw", "slot without its hash", "403"},      // a signature that does not fit, where MinIO names the missing header
	{"versitygw", "slot without its condition", "403"}, // the same
}

// is compares what a store does at a named point with what the suite asks, or with
// the difference that is known there.
func (b *bench) is(t *testing.T, point, does, asked string) {
	t.Helper()
	known := false
	for _, d := range differences {
		if d.server == b.server.name && d.point == point {
			known, asked = true, d.does
			b.seen[point] = true
		}
	}
	if does != asked {
		t.Fatalf("%s: %s, want %s (a known difference: %v)", point, does, asked, known)
	}
}

// differencesSeen fails for a row of the table that no test looks at.
func (b *bench) differencesSeen(t *testing.T) {
	for _, d := range differences {
		if d.server == b.server.name && !b.seen[d.point] {
			t.Errorf("no test looks at the difference %q", d.point)
		}
	}
}
