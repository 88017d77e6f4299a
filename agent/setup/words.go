package setup

import (
	"math"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Between the words of the house and those of openapi.yaml.

// optional is nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// found is nil for a number that was not found.
func found(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

// sized makes a list like the given one, whose type openapi.yaml has no name for.
func sized[T any](_ []T, n int) []T { return make([]T, n) }

func viewOf(v gen.View) camera.View {
	return camera.View{Position: camera.Position{Lon: v.Position.Lon, Lat: v.Position.Lat}, Heading: v.Heading, FOV: v.Fov, Range: v.Range}
}

func viewJSON(v *camera.View) *gen.View {
	if v == nil {
		return nil
	}
	return &gen.View{Position: gen.Position{Lon: v.Position.Lon, Lat: v.Position.Lat}, Heading: v.Heading, Fov: v.FOV, Range: v.Range, From: when(v.From)}
}

func sightJSON(s camera.Sight) gen.Sight {
	return gen.Sight{
		Road: string(s.Road), Name: s.Name, Metres: s.Metres, Facing: gen.SightFacing(s.Facing),
		Toward: optional(s.Toward), Back: optional(s.Back), Side: optional(gen.SightSide(s.Side)),
	}
}

func aimJSON(a home.Aim) *gen.Aim {
	if a.State == "" {
		return nil
	}
	return &gen.Aim{State: gen.AimState(a.State), At: a.At, Shift: a.Shift, Likeness: a.Likeness, Brightness: a.Brightness}
}

func consentOf(c gen.Consent) camera.Consent {
	out := camera.Consent{Level: camera.ConsentLevel(c.Level), Paused: value(c.Paused)}
	if c.Until != nil {
		out.Until = c.Until.UTC().Truncate(time.Millisecond)
	}
	if c.Hours != nil {
		out.Hours = camera.Hours{From: c.Hours.From, To: c.Hours.To}
	}
	if f := c.For; f != nil {
		level := func(l *gen.ConsentLevel) camera.ConsentLevel { return camera.ConsentLevel(value(l)) }
		out.For = camera.Levels{Criminal: level(f.Criminal), Administrative: level(f.Administrative), Missing: level(f.Missing), Emergency: level(f.Emergency)}
	}
	return out
}

func consentJSON(c camera.Consent) gen.Consent {
	out := gen.Consent{Level: gen.ConsentLevel(c.Level), Paused: optional(c.Paused), Until: when(c.Until)}
	if c.Hours != (camera.Hours{}) {
		out.Hours = &struct {
			From int `json:"from"`
			To   int `json:"to"`
		}{c.Hours.From, c.Hours.To}
	}
	if c.For != (camera.Levels{}) {
		level := func(l camera.ConsentLevel) *gen.ConsentLevel { return optional(gen.ConsentLevel(l)) }
		out.For = &struct {
			Administrative *gen.ConsentLevel `json:"administrative,omitempty"`
			Criminal       *gen.ConsentLevel `json:"criminal,omitempty"`
			Emergency      *gen.ConsentLevel `json:"emergency,omitempty"`
			Missing        *gen.ConsentLevel `json:"missing,omitempty"`
		}{level(c.For.Administrative), level(c.For.Criminal), level(c.For.Emergency), level(c.For.Missing)}
	}
	return out
}

func receiptJSON(list []home.Receipt) *gen.Receipt {
	if len(list) == 0 {
		return nil
	}
	r := list[len(list)-1]
	return &gen.Receipt{Number: optional(r.Number), At: r.At, Level: gen.ConsentLevel(r.Consent.Level), Text: optional(r.Text), Words: optional(r.Words)}
}
