package trace_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/trace"
)

// town draws a grid of n × n streets, a block of 200 m each, with houses along them.
func town(b *testing.B, n, houses int) (*trace.Network, camera.TraceQuestion) {
	b.Helper()
	var d drawing
	far := float64(200 * (n - 1))
	for k := range n {
		at, class := float64(200*k), "residential"
		if k%5 == 0 {
			class = "secondary"
		}
		east, north := make([]xy, n), make([]xy, n)
		for j := range n {
			east[j], north[j] = xy{float64(200 * j), at}, xy{at, float64(200 * j)}
		}
		d.way("highway="+class, east...)
		d.way("highway="+class, north...)
	}
	q := asked(far/2, far/2)
	q.Cameras = nil
	random := rand.New(rand.NewPCG(1, 1))
	for i := range houses {
		x, y := random.Float64()*far, float64(200*random.IntN(n))
		q.Cameras = append(q.Cameras, house(fmt.Sprintf("h%05d", i), x, y))
	}
	return trace.NewNetwork(d.load(b)), q
}

// BenchmarkProposals is the time from a mark to the next proposal: three hundred looks in
// vain, with a sighting after every thirtieth. Times are of one core; MiB of the trace.
func BenchmarkProposals(b *testing.B) {
	for _, size := range []struct{ streets, houses int }{{40, 300}, {120, 10_000}} {
		b.Run(fmt.Sprint(size.houses), func(b *testing.B) {
			net, q := town(b, size.streets, size.houses)
			for b.Loop() {
				before := heap()
				start := time.Now()
				tr, err := trace.New(b.Context(), net, q, trace.DefaultParams(), nil)
				if err != nil {
					b.Fatal(err)
				}
				begun := time.Since(start)
				took := pursue(tr, 300)
				b.ReportMetric(float64(begun.Milliseconds()), "ms-begin")
				b.ReportMetric(took[len(took)/2], "ms-p50")
				b.ReportMetric(took[len(took)*95/100], "ms-p95")
				b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
				runtime.KeepAlive(tr)
			}
		})
	}
}

// pursue marks n proposals and gives what each took with the next proposal, sorted, ms.
func pursue(tr *trace.Trace, n int) []float64 {
	took := make([]float64, n)
	for i := range took {
		p := tr.Proposals(1)[0]
		m := camera.Mark{ID: fmt.Sprint(i), Kind: camera.MarkNotSeen, Camera: p.Camera, From: p.From, To: p.To}
		if i%30 == 15 {
			m.Kind, m.At, m.Heading = camera.MarkSeen, p.From.Add(p.To.Sub(p.From)/2), &p.Reason.Heading
		}
		start := time.Now()
		tr.Mark(m, time.Time{})
		tr.Proposals(5)
		took[i] = float64(time.Since(start).Microseconds()) / 1000
	}
	slices.SortFunc(took, cmp.Compare[float64])
	return took
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
