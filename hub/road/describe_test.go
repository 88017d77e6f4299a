package road_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

// valley draws a main road from west to east between two towns, a village and two lanes
// on the way, and a town that lies square to the road's end.
func valley() *drawing {
	var d drawing
	d.way(1, "highway=primary,name=Quốc lộ", xy{0, 0}, xy{1000, 0}, xy{2500, 0}, xy{5000, 0})
	d.way(2, "highway=residential,name=Ngõ Cụt", xy{2500, 0}, xy{2500, 300})
	d.way(3, "highway=service", xy{1000, 0}, xy{1000, -100}, xy{1300, -100}, xy{1300, 0})
	d.way(4, "highway=primary,name=Quốc lộ", xy{1300, 0}, xy{1300, 0}) // one place: no way
	d.place(-700, 0, "town", "Tây")
	d.place(5600, 100, "town", "Đông")
	d.place(5050, 50, "hamlet", "Bản Gần")
	d.place(3000, 200, "village", "Giữa")
	d.place(5000, -1900, "town", "Bên")
	d.place(2500, 20000, "city", "Xa")
	d.place(100, 100, "peninsula", "Không")
	return &d
}

// TestDescribe: sides and directions, worked out by hand on roads that run east (valley)
// and north.
func TestDescribe(t *testing.T) {
	east, _ := valley().load(t)
	var d drawing
	d.way(1, "highway=primary,name=Bắc Nam", xy{0, 0}, xy{0, 5000})
	d.place(0, -600, "village", "Nam")
	d.place(0, 5600, "village", "Bắc")
	north, _ := d.load(t)
	for _, c := range []struct {
		name          string
		g             *road.Graph
		x, y, heading float64
		facing        camera.Direction
		toward, back  string
		side          camera.Side
	}{
		{"east, from the north", east, 800, 8, 100, camera.DirUp, "Đông", "Tây", camera.SideLeft},
		{"east, from the south", east, 800, -8, 80, camera.DirUp, "Đông", "Tây", camera.SideRight},
		{"west, from the north", east, 800, 8, 260, camera.DirDown, "Tây", "Đông", camera.SideRight},
		{"west, from the south", east, 800, -8, 280, camera.DirDown, "Tây", "Đông", camera.SideLeft},
		{"across, from the north", east, 800, 8, 180, camera.DirAcross, "Đông", "Tây", camera.SideLeft},
		{"across, from the south", east, 800, -8, 0, camera.DirAcross, "Đông", "Tây", camera.SideRight},
		{"on the road", east, 800, 0.5, 90, camera.DirUp, "Đông", "Tây", ""},
		{"north, from the east", north, 8, 800, 350, camera.DirUp, "Bắc", "Nam", camera.SideRight},
		{"north, from the west", north, -8, 800, 10, camera.DirUp, "Bắc", "Nam", camera.SideLeft},
		{"south, from the east", north, 8, 800, 190, camera.DirDown, "Nam", "Bắc", camera.SideLeft},
		{"across, from the east", north, 8, 800, 270, camera.DirAcross, "Bắc", "Nam", camera.SideRight},
		{"before the road's beginning, beside it", north, 3, -10, 0, camera.DirUp, "Bắc", "Nam", camera.SideRight},
		{"before the road's beginning", north, 0, -10, 0, camera.DirUp, "Bắc", "Nam", ""},
	} {
		view := camera.View{Position: spotAt(c.x, c.y), Heading: c.heading, FOV: 60, Range: 40}
		got, seen := c.g.Describe(view), c.g.Seen(view)
		if len(got) != 1 || len(seen) != 1 {
			t.Errorf("%s: sees %+v", c.name, got)
			continue
		}
		s := got[0]
		if s.Seen != seen[0] || s.Metres != s.To-s.From || s.Facing != c.facing || s.Toward != c.toward || s.Back != c.back || s.Side != c.side || s.Name == "" {
			t.Errorf("%s: %+v, want %s toward %q, back %q, %q", c.name, s, c.facing, c.toward, c.back, c.side)
		}
	}
	var none road.Graph
	if got := none.Describe(camera.View{Position: origin, Heading: 0, FOV: 90, Range: 50}); len(got) != 0 {
		t.Errorf("no roads: %+v", got)
	}
}

// TestNamesOfDirections: what a road leads to, where there is no town at its end.
func TestNamesOfDirections(t *testing.T) {
	var d drawing
	// Long, without a place at its ends: what it passes counts, the greatest first.
	d.way(1, "highway=secondary,name=Dài", xy{0, 0}, xy{20000, 0})
	d.place(10000, 200, "village", "Làng")
	d.place(15000, -200, "town", "Chợ")
	d.place(16000, 100, "hamlet", "Bản")
	d.place(17000, 600, "town", "Ngoài") // too far beside
	// Signs, on a two-way road of two ways that were drawn against each other.
	d.way(10, "highway=secondary,name=Biển,destination:forward=Lạng Sơn;Hà Nội,destination:backward=Cao Bằng", xy{0, 30000}, xy{500, 30000})
	d.way(11, "highway=secondary,name=Biển,destination:forward=Ngược,destination:backward=Xuôi", xy{1000, 30000}, xy{500, 30000})
	// One way: the plain key is for its way.
	d.way(20, "highway=secondary,name=Một Chiều,oneway=yes,destination=Xuôi", xy{0, 40000}, xy{500, 40000})
	d.way(21, "highway=secondary,name=Hai Chiều,destination=Nhầm", xy{0, 41000}, xy{500, 41000})
	d.way(22, "highway=secondary,name=Ngược Chiều,oneway=-1,destination=Ngược", xy{0, 42000}, xy{500, 42000})
	// A loop on a main road: both ends lead to it, the nearer one is named.
	d.way(30, "highway=primary,name=Lớn", xy{0, 50000}, xy{1000, 50000}, xy{1300, 50000}, xy{3000, 50000})
	d.way(31, "highway=service,name=Vòng", xy{1000, 50000}, xy{1000, 50100}, xy{1300, 50100}, xy{1300, 50000})
	// A dead end: up to nothing. Branches of one name lead nowhere else.
	d.way(32, "highway=residential,name=Ngõ Cụt", xy{3000, 50000}, xy{3000, 50300})
	d.way(33, "highway=residential,name=Ngõ Cụt", xy{3000, 50200}, xy{3090, 50200})
	d.place(3000, 51000, "village", "Quá Xa") // farther than a lane reaches
	d.way(34, "highway=service", xy{1000, 50000}, xy{1000, 49900})
	// A lane to a hamlet, which is nearer to its other end's village than a lane reaches.
	d.way(40, "highway=unclassified,name=Đường Bản", xy{0, 60000}, xy{3000, 60000})
	d.place(3100, 60000, "hamlet", "Bản Cuối")
	d.place(-200, 60000, "village", "Làng Đầu")
	d.place(2900, 60400, "town", "Bên Đường")
	// A side road leads to the greater road before the village there.
	d.way(50, "highway=tertiary,name=Đường Ra", xy{0, 70000}, xy{1500, 70000})
	d.way(51, "highway=secondary,name=Đường Cái", xy{1500, 69500}, xy{1500, 70000}, xy{1500, 70500})
	d.place(1600, 70100, "village", "Ngã Ba")
	d.place(-300, 70000, "village", "Làng Đầu")
	g, _ := d.load(t)
	for _, c := range []struct {
		x, y          float64
		road, up, dwn string
	}{
		{5000, 0, "Dài", "Chợ", ""}, {12000, 0, "Dài", "Chợ", "Làng"}, {15500, 0, "Dài", "Bản", "Chợ"}, {18000, 0, "Dài", "", "Chợ"},
		{250, 30000, "Biển", "Lạng Sơn", "Cao Bằng"}, {750, 30000, "Biển", "Xuôi", "Ngược"},
		{250, 40000, "Một Chiều", "Xuôi", ""}, {250, 41000, "Hai Chiều", "", ""}, {250, 42000, "Ngược Chiều", "", "Ngược"},
		{1000, 50050, "Vòng", "", "Lớn"}, {1300, 50050, "Vòng", "Lớn", ""},
		{3000, 50150, "Ngõ Cụt", "", "Lớn"}, {3060, 50200, "Ngõ Cụt", "", ""}, {1000, 49950, "", "", "Lớn"},
		{700, 70000, "Đường Ra", "Đường Cái", "Làng Đầu"},
		{1500, 60000, "Đường Bản", "Bên Đường", "Làng Đầu"}, {2990, 60000, "Đường Bản", "Bản Cuối", "Làng Đầu"},
	} {
		// A view that sees little of the one road, in whatever direction.
		got := g.Describe(camera.View{Position: spotAt(c.x, c.y), Heading: 45, FOV: 180, Range: 8})
		if len(got) != 1 {
			t.Errorf("%v,%v sees %+v", c.x, c.y, got)
			continue
		}
		s := got[0]
		if s.Facing == camera.DirDown {
			s.Toward, s.Back = s.Back, s.Toward
		}
		if s.Name != c.road || s.Toward != c.up || s.Back != c.dwn {
			t.Errorf("%v,%v on %q: up %q, down %q, want %q: %q, %q", c.x, c.y, s.Name, s.Toward, s.Back, c.road, c.up, c.dwn)
		}
	}
}

// TestSidesOfBends: at a corner the road's direction is that between its pieces, and
// each leg of a hairpin has its own side.
func TestSidesOfBends(t *testing.T) {
	var d drawing
	d.way(1, "highway=primary,name=Góc", xy{0, 0}, xy{100, 0}, xy{100, 100})
	d.way(2, "highway=primary,name=Tay Áo", xy{1000, 0}, xy{1200, 0}, xy{1200, 15}, xy{1000, 15})
	g, _ := d.load(t)
	look := func(x, y, heading float64) []camera.Sight {
		return g.Describe(camera.View{Position: spotAt(x, y), Heading: heading, FOV: 100, Range: 30})
	}
	for name, c := range map[string]struct {
		x, y, heading float64
		facing        camera.Direction // by the piece in the stretch's middle
		side          camera.Side
	}{
		"outside of the corner": {106, -6, 315, camera.DirUp, camera.SideRight},
		"inside of the corner":  {94, 6, 135, camera.DirDown, camera.SideRight}, // left for who goes up
	} {
		if got := look(c.x, c.y, c.heading); len(got) != 1 || got[0].Side != c.side || got[0].Facing != c.facing {
			t.Errorf("%s: %+v, want %s", name, got, c.side)
		}
	}
	got := look(1050, -5, 0)
	if len(got) != 2 {
		t.Fatalf("hairpin: %+v", got)
	}
	for _, s := range got { // rising metres run east on the first leg and west on the second
		want := camera.SideRight
		if s.From > 200 {
			want = camera.SideLeft
		}
		if s.Side != want {
			t.Errorf("hairpin, metre %.0f: %s, want %s", s.From, s.Side, want)
		}
	}
}

// TestDescribeDemoHomes: every home on the main road of the sketch looks towards one of
// its towns, and stands on the side that the bearings tell.
func TestDescribeDemoHomes(t *testing.T) {
	g, report := load(t, sketch)
	if report.Places != 6 {
		t.Errorf("%d places", report.Places)
	}
	text, err := os.ReadFile("../../configs/demo/homes.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Homes []home `json:"homes"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	sides := map[camera.Side]int{}
	for _, h := range doc.Homes {
		sights := g.Describe(h.View)
		if len(sights) == 0 {
			t.Fatalf("%s sees nothing", h.ID)
		}
		s := sights[0]
		t.Logf("%s: %s, %.0f m, toward %q, back %q, %s", h.ID, s.Name, s.Metres, s.Toward, s.Back, s.Side)
		p, err := g.Snap(h.View.Position, 50)
		if err != nil || p.Road != s.Road {
			t.Fatalf("%s: %+v, %v", h.ID, p, err)
		}
		along := p.Heading
		toward, back := "Na Sầm", "Đồng Đăng"
		if s.Facing == camera.DirDown {
			along, toward, back = along+180, back, toward
		}
		side := camera.SideLeft
		if camera.NormalHeading(camera.Bearing(p.Position, h.View.Position)-along) < 180 {
			side = camera.SideRight
		}
		if s.Side != side {
			t.Errorf("%s stands %s, want %s", h.ID, s.Side, side)
		}
		if s.Road == "ql4a" && (s.Toward != toward || s.Back != back) || s.Toward == "" && s.Back == "" {
			t.Errorf("%s: toward %q, back %q", h.ID, s.Toward, s.Back)
		}
		sides[s.Side]++
	}
	if sides[camera.SideLeft] < 3 || sides[camera.SideRight] < 3 {
		t.Errorf("sides %v", sides)
	}
}

// TestDescribeRealExtracts: on real roads, from both formats, most views on greater
// roads have names, and a stretch never leads to one place both ways.
func TestDescribeRealExtracts(t *testing.T) {
	mountains, report := andorra(t)
	if report.Places != 112 {
		t.Errorf("%d places in Andorra", report.Places)
	}
	coast, _ := delaware(t)
	named, all := 0, 0
	for _, g := range []*road.Graph{mountains, coast} {
		for _, r := range g.Roads() {
			if r.Length < 3000 || r.Class != "primary" && r.Class != "secondary" && r.Class != "trunk" {
				continue
			}
			p, heading, err := g.At(r.ID, r.Length/2)
			if err != nil {
				t.Fatal(err)
			}
			view := camera.View{Position: camera.Ahead(p, heading+90, 8), Heading: camera.NormalHeading(heading), FOV: 60, Range: 60}
			for _, s := range g.Describe(view) {
				if s.Toward != "" && s.Toward == s.Back || math.Abs(s.Metres-(s.To-s.From)) > 0 {
					t.Errorf("%s: %+v", r.ID, s)
				}
				if s.Road != r.ID {
					continue
				}
				all++
				if s.Toward != "" || s.Back != "" {
					named++
				}
				if s.Facing == camera.DirUp && s.Side != camera.SideRight {
					t.Errorf("%s: %+v stands 8 m to the right", r.ID, s)
				}
			}
		}
	}
	if t.Logf("%d of %d views have names", named, all); all < 50 || named*10 < all*7 {
		t.Errorf("%d of %d views have names", named, all)
	}
}
