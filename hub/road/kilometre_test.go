package road_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/road"
)

func TestZero(t *testing.T) {
	for _, c := range []struct {
		name             string
		zero             road.Zero
		metre, kilometre float64
		text             string
	}{
		{"none", road.Zero{}, 12300, 12.3, "km 12+300"},
		{"rising from a sign", road.Zero{Metre: 500, Kilometre: 12}, 800, 12.3, "km 12+300"},
		{"before the sign", road.Zero{Metre: 500, Kilometre: 12}, 200, 11.7, "km 11+700"},
		{"before kilometre 0", road.Zero{Metre: 500}, 200, -0.3, "km -0+300"},
		{"far before kilometre 0", road.Zero{Metre: 5000, Kilometre: 1}, 500, -3.5, "km -3+500"},
		{"falling from a sign", road.Zero{Metre: 500, Kilometre: 12, Falling: true}, 800, 11.7, "km 11+700"},
		{"falling, before the sign", road.Zero{Metre: 500, Kilometre: 12, Falling: true}, 200, 12.3, "km 12+300"},
		{"falling past kilometre 0", road.Zero{Metre: 500, Kilometre: 0.25, Falling: true}, 1000, -0.25, "km -0+250"},
		{"rounded to the next kilometre", road.Zero{}, 12999.7, 12.9997, "km 13+000"},
		{"a hair before 0", road.Zero{Metre: 0.4}, 0, -0.0004, "km 0+000"},
	} {
		if got := c.zero.KilometreAt(c.metre); math.Abs(got-c.kilometre) > 1e-9 {
			t.Errorf("%s: kilometre %v, want %v", c.name, got, c.kilometre)
		}
		if got := c.zero.MetreAt(c.kilometre); math.Abs(got-c.metre) > 1e-6 {
			t.Errorf("%s: metre %v, want %v", c.name, got, c.metre)
		}
		if got := road.FormatKilometre(c.kilometre); got != c.text {
			t.Errorf("%s: %q, want %q", c.name, got, c.text)
		}
	}
	for _, c := range []struct {
		zero road.Zero
		want camera.Code
	}{
		{road.Zero{}, ""}, {road.Zero{Metre: 900, Kilometre: -3}, ""},
		{road.Zero{Metre: -1}, camera.CodeBadRequest}, {road.Zero{Metre: 900.1}, camera.CodeBadRequest},
		{road.Zero{Metre: math.NaN()}, camera.CodeBadRequest}, {road.Zero{Kilometre: math.NaN()}, camera.CodeBadRequest},
		{road.Zero{Kilometre: math.Inf(1)}, camera.CodeBadRequest}, {road.Zero{Kilometre: 10001}, camera.CodeBadRequest},
	} {
		if err := c.zero.Check(900); camera.CodeOf(err) != c.want {
			t.Errorf("%+v: %v, want %q", c.zero, err, c.want)
		}
	}
}

func TestParseKilometre(t *testing.T) {
	for text, want := range map[string]float64{
		"km 12+300": 12.3, "12+300": 12.3, "Km12+300": 12.3, " KM 12 + 300 ": 12.3, "km 12,3": 12.3, "12.3": 12.3,
		"12": 12, "0+005": 0.005, "12+5": 12.005, "12+300,5": 12.3005, "-0+300": -0.3, "km -3+500": -3.5, "-1,5": -1.5,
	} {
		if got, err := road.ParseKilometre(text); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "km", "+300", "12+", "12+1000", "12,5+300", "12+-3", "--12", "1e3", "0x10", "inf", "nan", "12 300",
		"12.3.4", "12,3,4", "10001", ".", ",", "12+.", "một", strings.Repeat("1", 41), "12_0",
	} {
		if got, err := road.ParseKilometre(text); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestKilometreTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		metres := rapid.IntRange(-9_999_999, 9_999_999).Draw(t, "metres")
		text := road.FormatKilometre(float64(metres) / 1000)
		got, err := road.ParseKilometre(text)
		if err != nil || math.Abs(got*1000-float64(metres)) > 1e-6 {
			t.Fatalf("%d m is %q, read %v, %v", metres, text, got, err)
		}
	})
}

// FuzzParseKilometre: an error with its code, or a kilometre that a sign can say.
func FuzzParseKilometre(f *testing.F) {
	for _, s := range []string{"km 12+300", "12,3", "-0+300", "12.3", "", "1e9", "12+1000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := road.ParseKilometre(text)
		if err != nil {
			if camera.CodeOf(err) != camera.CodeBadRequest {
				t.Fatal(err)
			}
			return
		}
		again, err := road.ParseKilometre(road.FormatKilometre(got))
		if err != nil && math.Abs(got) < 10000 || err == nil && math.Abs(again-got) > 0.000501 {
			t.Fatalf("%q is %v, then %v, %v", text, got, again, err)
		}
	})
}
