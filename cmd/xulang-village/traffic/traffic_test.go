package traffic_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"xulang.vn/camera/cmd/xulang-village/traffic"
)

var start = time.Date(2030, 3, 4, 8, 15, 7, 0, time.UTC)

// village is about the demo's: nine kilometres, three junctions, and homes 05, 11
// and 16 at side roads.
func village(seed uint64) traffic.Config {
	cfg := traffic.Config{
		Main: "main", Length: 9036, RideFrom: "home-05", Start: start, Seed: seed,
		Junctions: []traffic.Junction{
			{At: 2146, Road: "side-1", SideAt: 0, Length: 1638},
			{At: 4698, Road: "side-2", SideAt: 2070, Length: 2070},
			{At: 7358, Road: "side-3", SideAt: 0, Length: 1317},
		},
	}
	side := map[int]traffic.Home{
		5:  {Road: "side-1", At: 140},
		11: {Road: "side-2", At: 2070 - 169},
		16: {Road: "side-3", At: 120},
	}
	metres := []float64{180, 639, 1209, 1788, 0, 2325, 2972, 3410, 4138, 4578, 0, 4997, 5744, 6223, 6989, 0, 7617, 8356}
	for i, at := range metres {
		h, ok := side[i+1]
		if !ok {
			h = traffic.Home{Road: "main", At: at}
		}
		h.ID = fmt.Sprintf("home-%02d", i+1)
		h.Facing = traffic.Up
		if i%3 == 1 {
			h.Facing = traffic.Down
		}
		cfg.Homes = append(cfg.Homes, h)
	}
	return cfg
}

func plan(t *testing.T, cfg traffic.Config) *traffic.Traffic {
	t.Helper()
	tr, err := traffic.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestPassesNeverOverlap(t *testing.T) {
	for seed := range uint64(4) {
		cfg := village(seed)
		tr := plan(t, cfg)
		kinds := map[traffic.Kind]int{}
		ways := map[traffic.Direction]int{}
		for _, h := range cfg.Homes {
			passes := tr.Passes(h.ID, start, start.Add(2*time.Hour))
			if len(passes) < 20 || len(passes) > 600 {
				t.Errorf("seed %d: %s has %d passes in two hours", seed, h.ID, len(passes))
			}
			for i, p := range passes {
				kinds[p.Kind]++
				ways[p.Direction]++
				if p.Home != h.ID || p.Leave.Sub(p.Enter) != traffic.PassTime {
					t.Fatalf("pass %+v at %s", p, h.ID)
				}
				if i > 0 && p.Enter.Before(passes[i-1].Leave) {
					t.Fatalf("seed %d: %s: %v enters before %v leaves", seed, h.ID, p, passes[i-1])
				}
			}
		}
		if len(kinds) != 4 || len(ways) != 2 {
			t.Errorf("seed %d: kinds %v, directions %v", seed, kinds, ways)
		}
	}
}

// Asking in small pieces, in any order and of another instance, gives the same.
func TestPassesAreDeterministic(t *testing.T) {
	cfg := village(7)
	whole, pieces := plan(t, cfg), plan(t, cfg)
	const step = 2 * time.Second
	for _, id := range []string{"home-05", "home-09", "home-11"} {
		want := whole.Passes(id, start, start.Add(20*time.Minute))
		var got []traffic.Pass
		for at := 20 * time.Minute; at > 0; at -= step {
			got = append(got, pieces.Passes(id, start.Add(at-step), start.Add(at))...)
		}
		slices.Reverse(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d passes in pieces, %d as a whole", id, len(got), len(want))
		}
	}
	other := plan(t, village(8))
	if slices.Equal(whole.Passes("home-09", start, start.Add(time.Hour)), other.Passes("home-09", start, start.Add(time.Hour))) {
		t.Error("another seed gives the same traffic")
	}
}

// Traffic is already on the road when the village starts.
func TestTrafficBeforeTheStart(t *testing.T) {
	tr := plan(t, village(1))
	if p := tr.Passes("home-09", start, start.Add(5*time.Minute)); len(p) == 0 {
		t.Error("nothing passes the middle of the road in the first five minutes")
	}
	if r := tr.Rides(start.Add(-time.Hour), start.Add(time.Minute)); len(r) != 0 {
		t.Errorf("%d rides before the first", len(r))
	}
}

// The hours before the start have thefts too, and what comes after does not
// depend on whether anybody looks back.
func TestPast(t *testing.T) {
	cfg := village(3)
	without := plan(t, cfg)
	cfg.Past = 6 * time.Hour
	with := plan(t, cfg)
	early := with.Rides(start.Add(-24*time.Hour), start)
	if len(early) != 36 || early[0].Start.Before(start.Add(-cfg.Past)) {
		t.Fatalf("%d rides before the start, the first at %s", len(early), early[0].Start)
	}
	turned := 0
	for i, r := range early {
		if r.Number != i-36 || len(r.Passes) < 5 {
			t.Errorf("ride %d has number %d, %d passes", i, r.Number, len(r.Passes))
		}
		if r.Turns != "" {
			turned++
		}
		for _, p := range r.Passes {
			if got := with.Passes(p.Home, p.Enter, p.Enter.Add(1)); len(got) != 1 || got[0] != p {
				t.Fatalf("ride %d: %s shows %v, want %v", r.Number, p.Home, got, p)
			}
		}
	}
	if turned != 18 {
		t.Errorf("%d of 36 rides turn off", turned)
	}
	hourAgo := with.Rides(start.Add(-65*time.Minute), start.Add(-55*time.Minute))
	if len(hourAgo) != 1 {
		t.Errorf("%d thefts about an hour before the start", len(hourAgo))
	}
	for _, h := range cfg.Homes {
		a, b := without.Passes(h.ID, start, start.Add(time.Hour)), with.Passes(h.ID, start, start.Add(time.Hour))
		// The last theft of the past is over before the start.
		if !slices.Equal(a, b) {
			t.Errorf("%s shows other traffic after the start when there was a past", h.ID)
		}
		if p := with.Passes(h.ID, start.Add(-cfg.Past), start.Add(-cfg.Past).Add(time.Hour)); len(p) < 10 {
			t.Errorf("%s: %d passes in the first hour of the past", h.ID, len(p))
		}
	}
}

func TestTheftSchedule(t *testing.T) {
	tr := plan(t, village(3))
	rides := tr.Rides(start, start.Add(time.Hour))
	if len(rides) != 6 {
		t.Fatalf("%d rides in an hour, want 6", len(rides))
	}
	straight := []string{"home-05", "home-06", "home-07", "home-08", "home-09", "home-10", "home-12", "home-13", "home-14", "home-15"}
	turning := []string{"home-05", "home-06", "home-07", "home-08", "home-09", "home-10", "home-11"}
	for i, r := range rides {
		if want := start.Add(3*time.Minute + time.Duration(i)*10*time.Minute); r.Number != i || !r.Start.Equal(want) {
			t.Errorf("ride %d is number %d, starts %s", i, r.Number, r.Start)
		}
		want, road := straight, ""
		if i%2 == 1 {
			want, road = turning, "side-2"
		}
		var seen []string
		for _, p := range r.Passes {
			seen = append(seen, p.Home)
		}
		if len(seen) < len(want) || !slices.Equal(seen[:len(want)], want) || r.Turns != road || road != "" && len(seen) != len(want) {
			t.Errorf("ride %d ends in %q and passes %v", i, r.Turns, seen)
		}
		if end := r.Passes[len(r.Passes)-1].Leave; end.After(r.Start.Add(10 * time.Minute)) {
			t.Errorf("ride %d is seen at %s, when the next has started", i, end)
		}
	}
}

// Between two homes of the main road the rider keeps to 30–45 km/h, and the
// picture shows the way that the ride goes.
func TestRideSpeedAndDirection(t *testing.T) {
	cfg := village(11)
	homes := map[string]traffic.Home{}
	for _, h := range cfg.Homes {
		homes[h.ID] = h
	}
	for _, r := range plan(t, cfg).Rides(start, start.Add(3*time.Hour)) {
		for i, p := range r.Passes {
			h := homes[p.Home]
			if h.Road != "main" {
				continue
			}
			if ltr := p.Direction == traffic.LTR; ltr != (h.Facing == traffic.Up) {
				t.Errorf("ride %d goes %s past %s, facing %s", r.Number, p.Direction, p.Home, h.Facing)
			}
			before := homes[r.Passes[max(i-1, 0)].Home]
			if before.Road != "main" || before.ID == h.ID {
				continue
			}
			kmh := math.Abs(h.At-before.At) / p.Enter.Sub(r.Passes[i-1].Enter).Seconds() * 3.6
			if kmh < 29.9 || kmh > 45.1 {
				t.Errorf("ride %d: %.1f km/h from %s to %s", r.Number, kmh, before.ID, h.ID)
			}
		}
	}
}

// The rider is in the picture whenever the truth says so.
func TestOrdinaryTrafficYields(t *testing.T) {
	tr := plan(t, village(5))
	for _, r := range tr.Rides(start, start.Add(4*time.Hour)) {
		for _, p := range r.Passes {
			if got := tr.Passes(p.Home, p.Enter, p.Enter.Add(1)); len(got) != 1 || got[0] != p {
				t.Fatalf("ride %d: %s shows %v, want %v", r.Number, p.Home, got, p)
			}
		}
	}
}

func TestRideTimesAreConfigurable(t *testing.T) {
	cfg := village(1)
	cfg.FirstRide, cfg.EveryRide = 5*time.Second, 2*time.Minute
	cfg.RideFrom = "home-13" // on the main road, beyond the second junction
	rides := plan(t, cfg).Rides(start, start.Add(4*time.Minute))
	if len(rides) != 2 || !rides[0].Start.Equal(start.Add(5*time.Second)) || !rides[1].Start.Equal(start.Add(125*time.Second)) {
		t.Fatalf("rides %v", rides)
	}
	if p := rides[0].Passes; len(p) < 2 || p[0].Home != "home-13" || p[1].Home != "home-12" {
		t.Errorf("first ride passes %v", p)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]func(*traffic.Config){
		"no road":            func(c *traffic.Config) { c.Main = "" },
		"length":             func(c *traffic.Config) { c.Length = math.NaN() },
		"home off the road":  func(c *traffic.Config) { c.Homes[0].At = 9100 },
		"home nowhere":       func(c *traffic.Config) { c.Homes[0].Road = "other" },
		"home at no number":  func(c *traffic.Config) { c.Homes[0].At = math.NaN() },
		"home twice":         func(c *traffic.Config) { c.Homes[1].ID = c.Homes[0].ID },
		"no facing":          func(c *traffic.Config) { c.Homes[0].Facing = "" },
		"unknown ride home":  func(c *traffic.Config) { c.RideFrom = "home-99" },
		"junction off":       func(c *traffic.Config) { c.Junctions[0].At = -1 },
		"junction order":     func(c *traffic.Config) { c.Junctions[0].At = 9000 },
		"side road twice":    func(c *traffic.Config) { c.Junctions[1].Road = "side-1" },
		"past in the future": func(c *traffic.Config) { c.Past = -time.Hour },
		"rides without rest": func(c *traffic.Config) { c.EveryRide = time.Second },
	}
	for name, spoil := range tests {
		cfg := village(1)
		spoil(&cfg)
		if _, err := traffic.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNothingPassesNowhere(t *testing.T) {
	tr := plan(t, village(1))
	if p := tr.Passes("home-99", start, start.Add(time.Hour)); p != nil {
		t.Errorf("unknown home: %v", p)
	}
	if p := tr.Passes("home-01", start.Add(time.Hour), start); p != nil {
		t.Errorf("inverted window: %v", p)
	}
}

func BenchmarkPasses(b *testing.B) {
	tr, err := traffic.New(village(1))
	if err != nil {
		b.Fatal(err)
	}
	at := start.Add(time.Hour)
	for b.Loop() {
		tr.Passes("home-09", at, at.Add(2*time.Second))
	}
}
