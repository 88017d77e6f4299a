package score

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"xulang.vn/camera/cmd/tracebench/observer"
)

// Spent says in a line where footage went: by the reason of the proposals, the dearest
// first, with the share of all footage and the passes that were first shown by them.
func Spent(results []observer.Result) string {
	all, shown := map[string]observer.Spent{}, 0.0
	for _, r := range results {
		shown += r.Shown
		for reason, s := range r.Spent {
			sum := all[reason]
			all[reason] = observer.Spent{Seconds: sum.Seconds + s.Seconds, Clips: sum.Clips + s.Clips, Found: sum.Found + s.Found}
		}
	}
	reasons := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b].Seconds, all[a].Seconds), cmp.Compare(a, b))
	})
	var parts []string
	for _, reason := range reasons {
		s := all[reason]
		parts = append(parts, fmt.Sprintf("%s %.1f %% (%d found)", reason, 100*s.Seconds/max(shown, 1), s.Found))
	}
	return strings.Join(parts, ", ")
}
