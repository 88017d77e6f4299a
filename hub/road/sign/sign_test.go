package sign_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/road"
	"xulang.vn/camera/hub/road/sign"
)

// twoRoads has "mot" of 1,000 m and "hai" of 500 m, as near as degrees go.
const twoRoads = `<osm version="0.6">
<node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.0089932"/><node id="3" lat="1" lon="0"/><node id="4" lat="1" lon="0.0044966"/>
<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="Một"/></way>
<way id="2"><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="name" v="Hai"/></way></osm>`

func graph(t *testing.T, text string) *road.Graph {
	t.Helper()
	g, _, err := road.Load(t.Context(), strings.NewReader(text), road.FormatXML)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestZeros(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		d := open(t)
		z, ctx := sign.New(d, graph(t, twoRoads)), t.Context()
		at := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
		one := sign.Sign{Zero: road.Zero{Metre: 250, Kilometre: 12.3, Falling: true}, Road: "mot", By: "u1", At: at}
		if got, ok, err := z.Get(ctx, "mot"); ok || err != nil || got != (sign.Sign{}) {
			t.Fatalf("before: %+v, %v, %v", got, ok, err)
		}
		for range 2 { // the second time over what is there
			if err := z.Set(ctx, one); err != nil {
				t.Fatal(err)
			}
			if got, ok, err := z.Get(ctx, "mot"); !ok || err != nil || got != one {
				t.Fatalf("%+v, %v, %v, want %+v", got, ok, err, one)
			}
			one.Kilometre, one.Falling, one.By, one.At = -1, false, "u2", at.Add(time.Hour)
		}
		other := sign.Sign{Road: "hai", By: "u1", At: at}
		if err := z.Set(ctx, other); err != nil {
			t.Fatal(err)
		}
		one, _, err := z.Get(ctx, "mot")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := z.List(ctx); err != nil || !reflect.DeepEqual(got, []sign.Sign{other, one}) {
			t.Errorf("list %+v, %v", got, err)
		}
		// With another road file: one road is gone, the other too short for its sign.
		shorter := graph(t, strings.ReplaceAll(strings.ReplaceAll(twoRoads, "0.0089932", "0.001"), "Hai", "Ba"))
		if got, err := sign.New(d, shorter).List(ctx); err != nil || len(got) != 0 {
			t.Errorf("another file: %+v, %v", got, err)
		}
		if _, ok, err := sign.New(d, shorter).Get(ctx, "mot"); ok || err != nil {
			t.Errorf("another file: %v, %v", ok, err)
		}
	})
}

func TestZerosRefuse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *db.DB) {
		z := sign.New(open(t), graph(t, twoRoads))
		good := sign.Sign{Zero: road.Zero{Metre: 250, Kilometre: 12.3}, Road: "mot", By: "u1", At: time.Unix(1, 0)}
		for _, c := range []struct {
			name   string
			change func(*sign.Sign)
			want   camera.Code
		}{
			{"unknown road", func(s *sign.Sign) { s.Road = "ba" }, camera.CodeUnknownRoad},
			{"beyond the road", func(s *sign.Sign) { s.Metre = 1001 }, camera.CodeBadRequest},
			{"before the road", func(s *sign.Sign) { s.Metre = -1 }, camera.CodeBadRequest},
			{"no kilometre", func(s *sign.Sign) { s.Kilometre = math.NaN() }, camera.CodeBadRequest},
			{"too many kilometres", func(s *sign.Sign) { s.Kilometre = -10001 }, camera.CodeBadRequest},
			{"nobody", func(s *sign.Sign) { s.By = "" }, camera.CodeBadRequest},
			{"never", func(s *sign.Sign) { s.At = time.Time{} }, camera.CodeBadRequest},
		} {
			bad := good
			c.change(&bad)
			if err := z.Set(t.Context(), bad); camera.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
		}
		if got, err := z.List(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("kept %+v, %v", got, err)
		}
	})
}
