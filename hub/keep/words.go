package keep

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lang is a language of the command line.
type Lang string

// Languages; any other text is English.
const (
	Vietnamese Lang = "vi"
	English    Lang = "en"
)

// words are what people read. The order of a format's arguments is the same in both.
type words struct {
	depth                                                        map[Depth]string
	kind                                                         map[Kind]string
	checked, young, clean, unclean, hint                         string
	repaired, left, more, want, manifest                         string
	backup, same                                                 string
	restored, damaged, rows, index, unused, lost, expired, holds string
	progress, rebuilt                                            string
}

func in(l Lang) words {
	if l == Vietnamese {
		return vietnamese
	}
	return english
}

// moment is a time as people of the commune write it.
func moment(t time.Time) string { return t.In(zone).Format("02/01/2006 15:04:05") }

// number groups digits; Vietnamese has a point where English has a comma.
func (l Lang) number(n int64) string {
	s, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		s, sign = s[1:], "-"
	}
	point := ","
	if l == Vietnamese {
		point = "."
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + point + s[i:]
	}
	return sign + s
}

// size is an amount of bytes in units of 1024.
func (l Lang) size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return l.number(n) + " B"
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if l == Vietnamese {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + " " + units[i]
}

// Explain tells a report in words, a line a finding.
func Explain(r Report, l Lang) string {
	w, b := in(l), &strings.Builder{}
	fmt.Fprintf(b, w.checked, int(r.Depth), w.depth[r.Depth], moment(r.Began), r.Ended.Sub(r.Began).Round(time.Second),
		l.number(r.Cameras), l.number(r.Segments), l.number(r.Stored), l.size(r.Size), l.number(r.Objects))
	if r.Young > 0 {
		fmt.Fprintf(b, w.young, l.number(r.Young))
	}
	var told int64
	for _, k := range Kinds {
		c := r.Counts[k]
		if c.Found == 0 {
			continue
		}
		told += c.Found
		fmt.Fprintf(b, "%s: %s", w.kind[k], l.number(c.Found))
		if c.Repaired > 0 {
			fmt.Fprintf(b, w.repaired, l.number(c.Repaired))
		}
		b.WriteString("\n")
	}
	for _, f := range r.Findings {
		b.WriteString("  " + f.line(w) + "\n")
	}
	if n := told - int64(len(r.Findings)); n > 0 {
		fmt.Fprintf(b, w.more, l.number(n))
	}
	switch {
	case told == 0:
		b.WriteString(w.clean)
	case !r.Clean():
		b.WriteString(w.unclean)
		if !r.Repair {
			b.WriteString(w.hint)
		}
	}
	return b.String()
}

func (f Finding) line(w words) string {
	what := f.Name
	if what == "" {
		what = fmt.Sprintf(w.manifest, f.Camera, moment(f.Hour))
	}
	line := string(f.Kind) + "  " + what
	if f.State != "" {
		line += " [" + string(f.State) + "]"
	}
	if f.Want != "" {
		line += fmt.Sprintf(w.want, f.Want, f.Has)
	}
	if f.Why != "" {
		line += ": " + f.Why
	}
	if f.Repaired {
		line += w.left
	}
	return line
}

// ExplainSnapshot tells what a backup did.
func ExplainSnapshot(s Snapshot, fresh bool, l Lang) string {
	w := in(l)
	if !fresh {
		return fmt.Sprintf(w.same, s.Name)
	}
	return fmt.Sprintf(w.backup, s.Name, l.size(s.Size))
}

// ExplainRestore tells what a restore brought back, in numbers.
func ExplainRestore(r Restoration, l Lang) string {
	w, b := in(l), &strings.Builder{}
	for _, d := range r.Damaged {
		fmt.Fprintf(b, w.damaged, moment(d.At), d.Why)
	}
	fmt.Fprintf(b, w.restored, moment(r.Snapshot), r.Ended.Sub(r.Began).Round(time.Second))
	for _, t := range slices.Sorted(maps.Keys(r.Rows)) {
		if r.Rows[t] > 0 {
			fmt.Fprintf(b, w.rows, t, l.number(r.Rows[t]))
		}
	}
	n := func(n int) string { return l.number(int64(n)) }
	fmt.Fprintf(b, w.index, n(r.Index.Segments), n(r.Index.Stored), n(r.Index.Hours), n(r.Index.Journals), n(r.Index.Gaps))
	for _, what := range r.Index.Damaged {
		fmt.Fprintf(b, w.unused, what)
	}
	if r.Index.Lost > 0 {
		fmt.Fprintf(b, w.lost, n(r.Index.Lost))
	}
	if r.Expired > 0 {
		fmt.Fprintf(b, w.expired, l.number(r.Expired))
	}
	fmt.Fprintf(b, w.holds, moment(r.Snapshot), moment(r.Ended.Add(graceAfter)))
	return b.String()
}

// ExplainProgress is one line that may be written over.
func ExplainProgress(p Progress, l Lang) string {
	return fmt.Sprintf(in(l).progress, l.number(int64(p.Done)), l.number(int64(p.Of)), l.number(p.Segments), l.number(p.Objects), l.number(p.Findings))
}

// ExplainRebuilt is the same of a restore.
func ExplainRebuilt(r Rebuilt, l Lang) string {
	return fmt.Sprintf(in(l).rebuilt, l.number(int64(r.Hours)), l.number(int64(r.Journals)), l.number(int64(r.Segments)))
}
