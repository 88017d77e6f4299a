package camera

import "time"

// Days for which the hub keeps a household's footage that no case holds. The household
// chooses within these; trust, section 2.
const (
	KeepShortest = 3
	KeepUsual    = 14
	KeepLongest  = 30
)

// KeepNotice is how long after its household chose fewer days footage is kept as before.
// A box that was stolen, or an agent of before, cannot have a month deleted at once.
const KeepNotice = 24 * time.Hour

// KeepDays is what a household's choice comes to: 0 is no choice. CodeBadRequest for
// any other number outside of KeepShortest to KeepLongest.
func KeepDays(chosen int) (int, error) {
	switch {
	case chosen == 0:
		return KeepUsual, nil
	case chosen < KeepShortest || chosen > KeepLongest:
		return 0, Errorf(CodeBadRequest, "keep footage for %d days, want %d to %d", chosen, KeepShortest, KeepLongest)
	}
	return chosen, nil
}
