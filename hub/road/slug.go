package road

import (
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// slugLongest keeps a RoadID short enough for an address bar.
const slugLongest = 48

// bare maps each letter with marks to the letter without. Vietnamese first, then the
// Latin letters of the neighbours' and the test extracts' names.
var bare = func() map[rune]byte {
	m := map[rune]byte{}
	for _, row := range []string{
		"aàáảãạăằắẳẵặâầấẩẫậäåā", "dđð", "eèéẻẽẹêềếểễệëē", "iìíỉĩịïî", "oòóỏõọôồốổỗộơờớởỡợöø",
		"uùúủũụưừứửữựüû", "yỳýỷỹỵÿ", "cç", "nñ", "lŀł", "sš", "zž",
	} {
		for _, r := range row {
			m[r] = row[0]
		}
	}
	return m
}()

// slug writes a name with a-z, 0-9 and "-" only; "" when nothing is left.
func slug(name string) string {
	var b strings.Builder
	hyphen := false
	for _, r := range strings.ToLower(name) {
		c, ok := bare[r]
		switch {
		case ok:
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			c = byte(r)
		case r >= 0x300 && r <= 0x36f:
			continue // a mark written on its own (NFD)
		default:
			hyphen = b.Len() > 0
			continue
		}
		if hyphen {
			b.WriteByte('-')
			hyphen = false
		}
		b.WriteByte(c)
		if b.Len() >= slugLongest {
			break
		}
	}
	return b.String()
}

// unique gives out each id once: base, base-2, base-3, …
type unique struct {
	used map[string]bool
	last map[string]int // per base, so that a thousand streets of one name stay cheap
}

func newUnique() unique { return unique{used: map[string]bool{}, last: map[string]int{}} }

func (u unique) id(base string) camera.RoadID {
	for n := u.last[base] + 1; ; n++ {
		try := base
		if n > 1 {
			try += "-" + strconv.Itoa(n)
		}
		if !u.used[try] {
			u.used[try], u.last[base] = true, n
			return camera.RoadID(try)
		}
	}
}
