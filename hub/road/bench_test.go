package road_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// synthetic puts cameras beside the roads of a graph, as many on each metre as on any
// other; every third was turned once.
func synthetic(g *road.Graph, n int) map[camera.CameraID][]camera.View {
	random := rand.New(rand.NewPCG(5, 5))
	roads := g.Roads()
	ends, sum := make([]float64, len(roads)), 0.0
	for i, r := range roads {
		sum += r.Length
		ends[i] = sum
	}
	all := make(map[camera.CameraID][]camera.View, n)
	for i := range n {
		at := random.Float64() * sum
		k, _ := slices.BinarySearch(ends, at)
		r := roads[min(k, len(roads)-1)]
		p, heading, _ := g.At(r.ID, random.Float64()*r.Length)
		side := 90.0
		if random.IntN(2) == 0 {
			side = 270
		}
		v := camera.View{
			Position: camera.Ahead(p, heading+side, 6+10*random.Float64()),
			Heading:  camera.NormalHeading(heading + side + 180 - 70 + 140*random.Float64()),
			FOV:      60 + 40*random.Float64(), Range: 30 + 30*random.Float64(), From: day(0),
		}
		views := []camera.View{v}
		if i%3 == 0 {
			next := v
			next.Heading, next.From = camera.NormalHeading(v.Heading+30), day(30)
			views[0].To = day(30)
			views = append(views, next)
		}
		all[camera.CameraID(fmt.Sprintf("c%026d", i))] = views
	}
	return all
}

// question is a stretch of at most 5 km somewhere and a window of 90 minutes.
func question(random *rand.Rand, roads []road.Road) (camera.Stretch, time.Time, time.Time) {
	r := roads[random.IntN(len(roads))]
	from := random.Float64() * r.Length
	at := day(random.IntN(60)).Add(time.Duration(random.IntN(24*60)) * time.Minute)
	return camera.Stretch{Road: r.ID, From: from, To: math.Min(from+5000*random.Float64(), r.Length)}, at, at.Add(90 * time.Minute)
}

// long are the roads that somebody asks about: a kilometre and more.
func long(g *road.Graph) []road.Road {
	return slices.DeleteFunc(g.Roads(), func(r road.Road) bool { return r.Length < 1000 })
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// village is many cameras over Delaware.
type village struct {
	watch  *road.Watch
	views  map[camera.CameraID][]camera.View
	bytes  int64 // of the watch
	filled time.Duration
}

func newVillage(g *road.Graph, n int) village {
	v := village{views: synthetic(g, n)}
	before, start := heap(), time.Now()
	v.watch = road.NewWatch(g)
	for id, views := range v.views {
		v.watch.Set(id, views)
	}
	v.filled = time.Since(start)
	v.bytes = heap() - before
	return v
}

// TestWatchStaysSmall: 100,000 cameras may take 100 MiB, the hub's whole memory for
// them is 400; and so many questions are not all answered with nothing.
func TestWatchStaysSmall(t *testing.T) {
	g, _ := delaware(t)
	v := newVillage(g, 20_000)
	if v.bytes > 20<<20 {
		t.Errorf("%d MiB for 20,000 cameras, want at most 20", v.bytes>>20)
	}
	found := 0
	random := rand.New(rand.NewPCG(1, 2))
	roads := long(g)
	for range 100 {
		s, from, to := question(random, roads)
		found += len(v.watch.Along(s, from, to))
	}
	if found < 50 {
		t.Errorf("%d cameras in 100 answers", found)
	}
}

// BenchmarkWatch asks 100,000 cameras over Delaware for random stretches of at most 5 km,
// and compares with a look at every piece that every view sees.
func BenchmarkWatch(b *testing.B) {
	g, _ := delaware(b)
	v := newVillage(g, 100_000)
	roads := long(g)
	random := rand.New(rand.NewPCG(7, 7))
	took := make([]float64, 0, 20_000)
	cameras := 0
	for range cap(took) {
		s, from, to := question(random, roads)
		start := time.Now()
		cameras += len(v.watch.Along(s, from, to))
		took = append(took, float64(time.Since(start).Nanoseconds())/1e6)
	}
	slices.Sort(took)
	p50, p95 := took[len(took)/2], took[len(took)*95/100]

	type flat struct {
		id   camera.CameraID
		view camera.View
		seen camera.Seen
	}
	var all []flat
	for id, views := range v.views {
		for _, view := range views {
			for _, seen := range g.Seen(view) {
				all = append(all, flat{id, view, seen})
			}
		}
	}
	var scans []float64
	for range 200 {
		s, from, to := question(random, roads)
		start := time.Now()
		hits := map[camera.CameraID]flat{}
		for _, f := range all {
			if f.seen.Road == s.Road && f.seen.To >= s.From && f.seen.From <= s.To && f.view.From.Before(to) && (f.view.To.IsZero() || f.view.To.After(from)) {
				hits[f.id] = f
			}
		}
		scans = append(scans, float64(time.Since(start).Nanoseconds())/1e6)
	}
	slices.Sort(scans)
	fmt.Printf("{\"query\":\"road\",\"cameras\":%d,\"p50_ms\":%.4f,\"p95_ms\":%.4f,\"found\":%.1f,\"scan_ms_p50\":%.2f,\"ratio\":%.0f,\"bytes_per_camera\":%d,\"watch_mib\":%.1f,\"fill_s\":%.2f}\n",
		len(v.views), p50, p95, float64(cameras)/float64(len(took)), scans[len(scans)/2], scans[len(scans)/2]/p50,
		v.bytes/int64(len(v.views)), float64(v.bytes)/(1<<20), v.filled.Seconds())
	// Coverage of all of it, with homes enough for a commune and the hours of each camera.
	q := road.CoverageQuestion{At: day(1), Active: func(camera.CameraID) [24]float64 { return shares(6, 20, 1) }}
	for i := range 200 {
		r := roads[i*len(roads)/200]
		p, h, _ := g.At(r.ID, r.Length/2)
		q.Homes = append(q.Homes, road.Home{ID: fmt.Sprint(i), Position: camera.Ahead(p, h+90, 12)})
	}
	start := time.Now()
	c := v.watch.Coverage(q)
	fmt.Printf("{\"query\":\"coverage\",\"cameras\":%d,\"homes\":%d,\"ms\":%.0f,\"km\":%.0f,\"gaps\":%d,\"exits\":%d}\n",
		c.Cameras, len(q.Homes), float64(time.Since(start).Microseconds())/1e3, c.Watched.Sum()/1e3, c.GapCount, c.ExitCount)
	b.Run("along", func(b *testing.B) {
		for b.Loop() {
			s, from, to := question(random, roads)
			v.watch.Along(s, from, to)
		}
	})
	b.Run("near", func(b *testing.B) {
		for b.Loop() {
			r := roads[random.IntN(len(roads))]
			v.watch.Near(r.Line[len(r.Line)/2], 500, day(1), day(1))
		}
	})
	b.Run("set", func(b *testing.B) {
		every := make([]camera.CameraID, 0, len(v.views))
		for id := range v.views {
			every = append(every, id)
		}
		for i := 0; b.Loop(); i++ {
			// A turn each time, so that nothing that was computed before can be used.
			view := v.views[every[i%len(every)]][0]
			view.Heading = camera.NormalHeading(view.Heading + float64(i%7))
			v.watch.Set(every[i%len(every)], []camera.View{view})
		}
	})
}
