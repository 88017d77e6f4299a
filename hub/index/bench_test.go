package index_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// benchCamera makes the i-th of many cameras.
func benchCamera(i int) camera.CameraID {
	return camera.NewCameraID("bench", "bench", i)
}

// factsOf are an hour of a camera that records all the time: 600 segments of about six
// seconds of about 500 KB.
func factsOf(id camera.CameraID, hour int64) []pack.Fact {
	seed := sha256.Sum256(fmt.Append(nil, id, hour))
	dice := rand.New(rand.NewChaCha8(seed))
	facts := make([]pack.Fact, 600)
	begin := pack.StartOf(hour)
	for i := range facts {
		f := &facts[i]
		f.Segment = segment(uint32(i))
		f.Camera, f.Run = id, camera.RunID(fmt.Sprintf("%016x", binary.BigEndian.Uint64(seed[:])))
		f.Start = begin.Add(time.Duration(i)*6*time.Second + 20*time.Millisecond)
		f.End = f.Start.Add(6*time.Second - time.Duration(dice.IntN(30))*time.Millisecond)
		f.Media = camera.Millis(f.End.Sub(f.Start))
		f.Size = 500_000 + dice.Int64N(200_000) - 100_000
		f.Received = f.End.Add(time.Second)
		binary.BigEndian.PutUint64(f.SHA256[:], dice.Uint64())
		binary.BigEndian.PutUint64(f.Signature[:], dice.Uint64())
		if i > 0 {
			f.Prev = facts[i-1].SHA256
		}
	}
	return facts
}

const (
	benchCameras = 200
	benchHours   = 12
)

// BenchmarkStrips asks for 40 of 200 cameras and 90 minutes somewhere in half a day, as
// an officer does along a road, and compares with reading the same bytes.
func BenchmarkStrips(b *testing.B) {
	h := stand(b)
	first := pack.HourOf(start)
	for i := range benchCameras {
		var all []pack.Manifest
		for hour := first; hour < first+benchHours; hour++ {
			id := benchCamera(i)
			all = append(all, pack.Manifest{Camera: id, Hour: hour, Facts: factsOf(id, hour)})
		}
		if err := h.PutHours(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
	dice := rand.New(rand.NewPCG(1, 2))
	var took, floor []time.Duration
	segments := 0
	for b.Loop() {
		ids := make([]camera.CameraID, 40)
		for i, n := range dice.Perm(benchCameras)[:40] {
			ids[i] = benchCamera(n)
		}
		from := pack.StartOf(first).Add(time.Duration(dice.IntN(int((benchHours*time.Hour-90*time.Minute)/time.Second))) * time.Second)
		to := from.Add(90 * time.Minute)
		began := time.Now()
		strips, err := h.Strips(b.Context(), ids, from, to)
		took = append(took, time.Since(began))
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range strips {
			segments += len(s.Segments)
		}
		began = time.Now()
		if _, _, err := h.Floor(b.Context(), ids, from, to); err != nil {
			b.Fatal(err)
		}
		floor = append(floor, time.Since(began))
	}
	if segments < b.N*40*850 {
		b.Fatalf("%d segments in %d answers", segments, b.N)
	}
	measured(b, "strips", took)
	measured(b, "floor", floor)
	b.ReportMetric(float64(half(took))/float64(half(floor)), "x-floor")
}

func half(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func measured(b *testing.B, name string, all []time.Duration) {
	half(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-ms-p50")
	b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, name+"-ms-p95")
}

// BenchmarkFold folds hours of 600 segments.
func BenchmarkFold(b *testing.B) {
	h := stand(b)
	h.at = closes.Add(time.Hour)
	segments, took := 0, time.Duration(0)
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		for i := range 32 {
			facts := factsOf(benchCamera(32*n+i), hourOne)
			if err := h.PutFresh(b.Context(), facts); err != nil {
				b.Fatal(err)
			}
			segments += len(facts)
		}
		b.StartTimer()
		began := time.Now()
		foldOnce(b, h, 32)
		took += time.Since(began)
	}
	b.ReportMetric(float64(segments)/took.Seconds(), "fold_per_s")
}

// BenchmarkRestore builds the index of some thousand hours from their manifests.
func BenchmarkRestore(b *testing.B) {
	h := stand(b)
	h.at = closes.Add(time.Hour)
	for i := range 100 {
		if err := h.PutFresh(b.Context(), factsOf(benchCamera(i), hourOne)); err != nil {
			b.Fatal(err)
		}
	}
	foldOnce(b, h, 100)
	segments, took := 0, time.Duration(0)
	for b.Loop() {
		began := time.Now()
		_, r := restored(b, h, nil)
		segments, took = segments+r.Segments, took+time.Since(began)
	}
	b.ReportMetric(float64(segments)/took.Seconds(), "restored_per_s")
}
