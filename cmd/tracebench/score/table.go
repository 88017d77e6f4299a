package score

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table writes lines for people.
func Table(out io.Writer, lines []Line) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "scenario\tvariant\tarm\ttasks\tfinished\tfootage p50 s\tp90\tx floor p50\tp90\tx oracle p50\tp90\t10 min\t30 min\trewatch\tproposal p95 ms\t")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.2f\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\t%.3g\t\n", l.Scenario, l.Variant, l.Arm, l.Tasks, l.Finished,
			l.FootageP50, l.FootageP90, l.FloorP50, l.FloorP90, l.OracleP50, l.OracleP90, l.Found10, l.Found30, l.Rewatch, l.ProposalMS)
	}
	return w.Flush()
}
