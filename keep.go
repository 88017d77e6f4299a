package camera

// Days for which the hub keeps a household's footage that no case holds. The household
// chooses within these; trust, section 2.
const (
	KeepShortest = 3
	KeepUsual    = 14
	KeepLongest  = 30
)

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
