package spool_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/spool"
)

const manySegments = 100_000

// manyFootage makes a folder of so many committed segments of eight cameras, in
// the order of recording, as after a power cut: with a file that was being written.
func manyFootage(tb testing.TB, n int) string {
	tb.Helper()
	dir := tb.TempDir()
	var cams []camera.CameraID
	for i := range 8 {
		cams = append(cams, camera.NewCameraID("household-1", "serial-1", i+1))
		if err := os.MkdirAll(filepath.Join(dir, "segments", string(cams[i])), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	var journal bytes.Buffer
	for i := range n {
		c := cams[i%len(cams)]
		body := fmt.Appendf(nil, "%s %d", c, i)
		start := t0.Add(time.Duration(i/len(cams)-n/len(cams)) * 6 * time.Second)
		seg := camera.Segment{
			SegmentID: camera.SegmentID{Camera: c, Run: camera.RunID(fmt.Sprintf("%016x", i/len(cams)/600)), Seq: uint32(i/len(cams)%600 + 1)},
			Start:     start, End: start.Add(6 * time.Second), Media: camera.Millis(6 * time.Second), SenderReport: start,
			Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(3 * time.Millisecond), Bound: camera.Millis(9 * time.Millisecond)},
			Size:  int64(len(body)), InitSize: 7, SHA256: sha256.Sum256(body), Prev: camera.Hash{1}, Codec: "avc1.64001f,mp4a.40.2",
			Width: 1920, Height: 1080, KeySize: 9, KeySHA256: sha256.Sum256(body[:9]), Activity: "\x00\x07\xff\x10\x20\x30",
		}
		journal.Write(spool.SegmentLine(seg))
		name := filepath.Join(dir, "segments", string(c), filepath.Base(seg.Key().String()))
		if err := os.WriteFile(name, body, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "journal.jsonl"), journal.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	_, parts := film(cams[0], camera.StreamMain, 0, 10_000)
	if err := os.WriteFile(filepath.Join(dir, "segments", string(cams[0]), "1-1.part"), bytes.Join(parts[:3], nil), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkRecover opens a spool of 100,000 segments.
func BenchmarkRecover(b *testing.B) {
	dir := manyFootage(b, manySegments)
	before := heap()
	for b.Loop() {
		s, err := spool.Open(dir, roomy, salvage, clock, quiet)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if u := s.Usage(); u.Waiting != manySegments+1 {
			b.Fatalf("%+v", u)
		}
		b.ReportMetric(float64(heap()-before)/manySegments, "B/segment")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/open")
}

// BenchmarkResort changes the policy and the wants over 100,000 segments.
func BenchmarkResort(b *testing.B) {
	s, err := spool.Open(manyFootage(b, manySegments), roomy, salvage, clock, quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }() // of no more interest
	for i := 0; b.Loop(); i++ {
		s.SetPolicy(func(c camera.CameraID, _ camera.Stream) bool { return (c[1]+byte(i))%2 == 0 })
		var wants []camera.Want
		for j := range camera.WantsMost {
			from := t0.Add(-time.Duration(j) * time.Minute)
			wants = append(wants, camera.Want{Camera: camera.NewCameraID("household-1", "serial-1", 1+(i+j)%8), From: from, To: from.Add(30 * time.Second)})
		}
		if err := s.SetWants(wants); err != nil {
			b.Fatal(err)
		}
	}
}
