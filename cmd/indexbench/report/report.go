// Package report puts what was measured into JSON lines.
package report

import (
	"math"
	"slices"
	"time"
)

// Line is one layout on one database. Figures that were not measured are left out.
type Line struct {
	DB       string  `json:"db"`     // sqlite, postgres
	Layout   string  `json:"layout"` // packed, rows
	Segments int64   `json:"segments"`
	Bytes    float64 `json:"bytes_per_segment"` // on the disk, tables and indexes, without activity where it is apart
	Activity float64 `json:"activity_bytes_per_segment,omitempty"`

	Insert   float64 `json:"insert_per_s"`            // durable segments
	PutShare float64 `json:"put_share"`               // how much of all came in as announcements; the rest by a restore from manifests
	Fold     float64 `json:"fold_per_s,omitempty"`    // segments
	Restore  float64 `json:"restore_per_s,omitempty"` // segments

	WarmP50  float64 `json:"warm_ms_p50"` // asked again
	WarmP95  float64 `json:"warm_ms_p95"`
	FirstP50 float64 `json:"first_ms_p50"` // asked for the first time since the load, which ended all connections
	FloorP50 float64 `json:"floor_ms_p50"` // the same rows' bytes with one query, unread

	First     string `json:"first"`     // how cold that was
	Questions int    `json:"questions"` // different ones
	Cameras   int    `json:"cameras"`
	Answered  int    `json:"answered"` // segments of all answers; each was compared with what was announced
}

// Road is the road query.
type Road struct {
	Query   string  `json:"query"` // "road"
	Cameras int     `json:"cameras"`
	P50     float64 `json:"p50_ms"`
	P95     float64 `json:"p95_ms"`
	MiB     float64 `json:"hub_mib"` // resident: the graph, the cameras and what they see

	Roads     int     `json:"roads"`
	Questions int     `json:"questions"`
	Found     float64 `json:"found"`  // cameras of an answer, on average
	Placed    float64 `json:"load_s"` // until all cameras were placed
}

// Rounded leaves the digits that mean something.
func Rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v)))) // four digits
	return math.Round(v*unit) / unit
}

// PerSecond is how many a second.
func PerSecond(n int64, took time.Duration) float64 {
	if n == 0 || took <= 0 {
		return 0
	}
	return math.Round(float64(n) / took.Seconds())
}

// Percentile is the smallest of the durations that so many of a hundred do not exceed, in
// milliseconds.
func Percentile(durations []time.Duration, of float64) float64 {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	at := max(0, int(math.Ceil(of/100*float64(len(sorted))))-1)
	return Rounded(float64(sorted[at]) / float64(time.Millisecond))
}
