package road

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// kilometresMost bounds what a sign may say; the longest road of Việt Nam has 2,500 km.
const kilometresMost = 10_000

// Zero ties a road's own metres to the kilometres that stand on its signs: at Metre a
// sign says Kilometre. The zero Zero counts from the road's first point.
type Zero struct {
	Metre, Kilometre float64
	Falling          bool // kilometres fall where metres rise
}

// KilometreAt is what a sign at that metre would say.
func (z Zero) KilometreAt(metre float64) float64 {
	return z.Kilometre + z.way()*(metre-z.Metre)/1000
}

// MetreAt is where on the road a sign would say that kilometre; it may lie outside of
// the road.
func (z Zero) MetreAt(kilometre float64) float64 {
	return z.Metre + z.way()*(kilometre-z.Kilometre)*1000
}

func (z Zero) way() float64 {
	if z.Falling {
		return -1
	}
	return 1
}

// Check tells whether a road of that length can have such a sign. Error: CodeBadRequest.
func (z Zero) Check(length float64) error {
	switch {
	case !(z.Metre >= 0 && z.Metre <= length):
		return camera.Errorf(camera.CodeBadRequest, "kilometre sign at metre %.1f, want 0 to %.1f", z.Metre, length)
	case !(math.Abs(z.Kilometre) <= kilometresMost):
		return camera.Errorf(camera.CodeBadRequest, "kilometre sign says %v, want at most %d", z.Kilometre, kilometresMost)
	}
	return nil
}

// FormatKilometre writes kilometres as signs and officers do, to the metre: "km 12+300".
// What lies before kilometre 0 has its sign before the whole: "km -0+300".
func FormatKilometre(kilometre float64) string {
	metres := math.Round(math.Abs(kilometre) * 1000)
	sign := ""
	if kilometre < 0 && metres > 0 {
		sign = "-"
	}
	whole := math.Floor(metres / 1000)
	return fmt.Sprintf("km %s%.0f+%03.0f", sign, whole, metres-1000*whole)
}

// ParseKilometre reads what people write: "km 12+300", "12+300", "Km12,3", "12.3", "12".
// Metres after the plus have at most three digits and may have decimals; the sign before
// the whole belongs to both. Error: CodeBadRequest.
func ParseKilometre(text string) (float64, error) {
	bad := func() (float64, error) {
		return 0, camera.Errorf(camera.CodeBadRequest, "kilometre %.20q: want km 12+300 or 12,3", text)
	}
	if len(text) > 40 {
		return bad()
	}
	s := strings.TrimSpace(text)
	if len(s) >= 2 && strings.EqualFold(s[:2], "km") {
		s = strings.TrimSpace(s[2:])
	}
	s, negative := strings.CutPrefix(s, "-")
	whole, metres, split := strings.Cut(s, "+")
	whole, metres = strings.TrimSpace(whole), strings.TrimSpace(metres)
	kilometre, ok := decimal(whole, !split)
	if !ok || kilometre > kilometresMost {
		return bad()
	}
	if split {
		m, ok := decimal(metres, true)
		if !ok || m >= 1000 {
			return bad()
		}
		kilometre += m / 1000
	}
	if negative {
		kilometre = -kilometre
	}
	return kilometre, nil
}

// decimal reads digits, where allowed with a comma or a point among them.
func decimal(s string, fraction bool) (float64, bool) {
	s = strings.Replace(s, ",", ".", 1)
	if strings.Trim(s, "0123456789.") != "" || !fraction && strings.Contains(s, ".") {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64) // refuses "", "." and a second point
	return v, err == nil
}
