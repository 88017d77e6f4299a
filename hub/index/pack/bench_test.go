package pack_test

import (
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// BenchmarkHour prints what a segment costs in the row and what the hour costs to read
// and to write.
func BenchmarkHour(b *testing.B) {
	for name, streams := range map[string][]camera.Stream{"main": {camera.StreamMain}, "both": {camera.StreamMain, camera.StreamSub}} {
		d := newDay(9)
		m := d.manifest(2, streams...)
		h, err := pack.NewHour(m, d.states(len(m.Facts)))
		if err != nil {
			b.Fatal(err)
		}
		body, err := h.Append(nil, hour)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("read/"+name, func(b *testing.B) {
			var back pack.Hour
			b.ReportAllocs()
			for b.Loop() {
				if err := back.Decode(body, hour); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(body))/float64(len(h.Segments)), "bytes/segment")
			for part, bytes := range pack.Columns(h, hour) {
				b.ReportMetric(float64(bytes)/float64(len(h.Segments)), part+"/segment")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h.Segments)), "ns/segment")
		})
		b.Run("write/"+name, func(b *testing.B) {
			for b.Loop() {
				if body, err = h.Append(body[:0], hour); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFact prints what a row of an open hour costs to read, whole and at hand.
func BenchmarkFact(b *testing.B) {
	m := newDay(18).manifest(0, camera.StreamMain)
	one := pack.AppendFact(nil, m.Facts[5])
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := pack.DecodeFact(one); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("hot", func(b *testing.B) {
		var h pack.HotFact
		b.ReportAllocs()
		for b.Loop() {
			if err := h.Decode(one); err != nil {
				b.Fatal(err)
			}
		}
	})
}
