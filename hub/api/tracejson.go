package api

import (
	"context"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/cases"
)

func (s *server) traceJSON(ctx context.Context, t cases.Trace) gen.Trace {
	label := s.labels(ctx)
	return gen.Trace{
		Incident: gen.Incident{Position: positionJSON(t.Incident.Position), From: t.Incident.From, To: t.Incident.To},
		Mode:     gen.Mode(t.Mode), From: t.From, To: t.To, Place: positionJSON(t.Place), Metres: t.Metres,
		Marks: each(t.Marks, func(m cases.MadeMark) gen.Mark { return markJSON(m, label) }), Left: each(t.Left, leftJSON),
		Hidden: t.Hidden, Cameras: t.Cameras, Version: t.Version, Made: t.Made, Officer: t.Officer,
	}
}

func leftJSON(l cases.LeftOut) gen.LeftOut {
	return gen.LeftOut{Camera: string(l.Camera), Label: l.Label, Code: gen.LeftOutCode(l.Code)}
}

func markJSON(m cases.MadeMark, label func(camera.CameraID) string) gen.Mark {
	return gen.Mark{
		Id: m.ID, Kind: gen.MarkKind(m.Kind), Camera: string(m.Camera), Label: label(m.Camera), From: m.From, To: m.To,
		At: optional(m.At), Heading: m.Heading, Warnings: each(m.Warnings, warningJSON), Officer: m.Officer, Made: m.Made,
		Withdrawn: optional(m.Withdrawn), WithdrawnBy: optional(m.WithdrawnBy),
	}
}

func warningJSON(w camera.MarkWarning) gen.MarkWarning {
	return gen.MarkWarning{Code: gen.MarkWarningCode(w.Code), Other: optional(w.Other)}
}

func (s *server) proposalJSON(caseID string, p cases.Proposed, label func(camera.CameraID) string) gen.Proposal {
	from, to := wholeMillis(p.From, p.To)
	one := gen.Proposal{
		Camera: string(p.Camera), Label: p.Label, From: from, To: to, Probability: p.Probability, Consent: gen.ProposalConsent(p.Consent),
		Home: optional(p.Home), Reason: s.reasonJSON(p.Reason, label),
	}
	if p.Playable {
		one.Playlist = optional(playlistPath(caseID, p.Camera, from, to))
	}
	if len(p.Asks) > 0 {
		asks := each(p.Asks, askJSON)
		one.Asks = &asks
	}
	return one
}

func (s *server) reasonJSON(r camera.Reason, label func(camera.CameraID) string) gen.Reason {
	return gen.Reason{
		Code: gen.ReasonCode(r.Code), After: optional(string(r.After)), AfterLabel: optional(label(r.After)),
		Until: optional(string(r.Until)), UntilLabel: optional(label(r.Until)),
		Road: optional(string(r.Road)), Name: optional(s.roadName(r.Road)), Heading: r.Heading, Metres: optional(r.Metres),
		SoonestMs: optional(r.Soonest.Milliseconds()), LatestMs: optional(r.Latest.Milliseconds()),
	}
}

// roadName is empty for a road without one.
func (s *server) roadName(id camera.RoadID) string {
	known, _ := s.Roads.Road(id)
	return known.Name
}

func beliefJSON(b camera.CameraBelief) gen.CameraBelief {
	return gen.CameraBelief{Camera: string(b.Camera), From: millis(b.From), Passing: append([]float64{}, b.Passing...)}
}

func (s *server) branchJSON(b camera.Branch) gen.Branch {
	from, to := wholeMillis(b.From, b.To)
	return gen.Branch{
		Place: positionJSON(b.Place), Road: optional(string(b.Road)), Name: optional(s.roadName(b.Road)), Heading: b.Heading,
		Probability: b.Probability, From: from, To: to, Ends: b.Ends,
		Cameras: each(b.Cameras, func(id camera.CameraID) string { return string(id) }),
	}
}

func (s *server) legJSON(l camera.RouteLeg) gen.RouteLeg {
	return gen.RouteLeg{
		From: optional(l.From), To: optional(l.To), Points: each(l.Points, pointJSON), Probability: l.Probability, Broken: l.Broken,
		Roads: each(l.Roads, func(id camera.RoadID) gen.RouteRoad { return gen.RouteRoad{Road: string(id), Name: s.roadName(id)} }),
	}
}

func pointJSON(p camera.RoutePoint) gen.RoutePoint {
	return gen.RoutePoint{
		Position: positionJSON(p.Position), At: millis(p.At), SpreadMs: p.Spread.Milliseconds(), Metre: p.Metre, Mark: optional(p.Mark),
	}
}

// millis is how times are told: what is reckoned knows them more finely than anybody.
func millis(t time.Time) time.Time { return t.UTC().Round(time.Millisecond) }

// wholeMillis is the shortest interval of whole milliseconds that holds another.
func wholeMillis(from, to time.Time) (time.Time, time.Time) {
	from, end := from.UTC().Truncate(time.Millisecond), to.UTC().Truncate(time.Millisecond)
	if end.Before(to) {
		end = end.Add(time.Millisecond)
	}
	return from, end
}
