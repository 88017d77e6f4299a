package api

import (
	"context"
	"maps"
	"slices"

	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/keep"
)

// Upkeep is what is kept, and the size of the database in bytes.
type Upkeep struct {
	keep.Upkeep
	Database int64
}

func (s *server) GetUpkeep(ctx context.Context, _ gen.GetUpkeepRequestObject) (gen.GetUpkeepResponseObject, error) {
	u, err := s.Upkeep(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.GetUpkeep200JSONResponse{
		Database: u.Database, Keep: []gen.KeepDays{},
		Expired: gen.Expired{Day: bytesJSON(u.Day), Month: bytesJSON(u.Month), Unproved: u.Unproved},
		Index:   gen.Backlog{Open: u.Backlog.Fresh, Oldest: optional(u.Backlog.Oldest), Unsent: u.Backlog.Unshipped},
	}
	for _, days := range slices.Sorted(maps.Keys(u.Cameras)) {
		out.Keep = append(out.Keep, gen.KeepDays{Days: days, Cameras: u.Cameras[days]})
	}
	if u.Grace > 0 {
		out.GraceUntil = optional(s.Now().Add(u.Grace))
	}
	if u.Snapshot.Name != "" {
		out.Snapshot = &gen.Snapshot{At: u.Snapshot.At, Size: u.Snapshot.Size}
	}
	if u.Checked {
		out.Check = checkJSON(u.Check)
	}
	return out, nil
}

func bytesJSON(s keep.Sum) gen.Bytes { return gen.Bytes{Segments: s.Segments, Size: s.Size} }

func checkJSON(r keep.Report) *gen.CheckReport {
	out := &gen.CheckReport{
		Depth: int(r.Depth), Began: r.Began, Ended: r.Ended, Segments: r.Segments, Objects: r.Objects,
		Stored: r.Stored, Size: r.Size, Clean: r.Clean(), Findings: []gen.FindingCount{},
	}
	for _, kind := range keep.Kinds {
		if c, found := r.Counts[kind]; found {
			out.Findings = append(out.Findings, gen.FindingCount{Kind: gen.FindingCountKind(kind), Count: c.Found, Repaired: c.Repaired})
		}
	}
	return out
}
