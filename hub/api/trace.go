package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/trace/path"
)

// What is meant when a question does not say it.
const (
	proposalsUsual = 10
	stepUsual      = cases.StepLeast
)

func (s *server) StartTrace(ctx context.Context, r gen.StartTraceRequestObject) (gen.StartTraceResponseObject, error) {
	b := r.Body
	t, err := s.Cases.StartTrace(ctx, officerOf(ctx), r.Case, cases.TraceOrder{
		Incident: camera.Incident{Position: positionOf(b.Incident.Position), From: b.Incident.From, To: b.Incident.To},
		Mode:     camera.Mode(b.Mode), From: b.From, To: b.To,
	})
	if err != nil {
		return nil, err
	}
	return gen.StartTrace200JSONResponse(s.traceJSON(ctx, t)), nil
}

func (s *server) GetTrace(ctx context.Context, r gen.GetTraceRequestObject) (gen.GetTraceResponseObject, error) {
	t, err := s.Cases.TraceOf(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return gen.GetTrace200JSONResponse(s.traceJSON(ctx, t)), nil
}

func (s *server) ListProposals(ctx context.Context, r gen.ListProposalsRequestObject) (gen.ListProposalsResponseObject, error) {
	most := proposalsUsual
	if r.Params.Most != nil {
		most = *r.Params.Most
	}
	if most < 1 || most > cases.ProposalsMost {
		return nil, camera.Errorf(camera.CodeBadRequest, "%d proposals, want 1 to %d", most, cases.ProposalsMost)
	}
	got, err := s.Cases.Proposals(ctx, officerOf(ctx), r.Case, most)
	if err != nil {
		return nil, err
	}
	label := s.labels(ctx)
	return gen.ListProposals200JSONResponse{
		Version: got.Version, Proposals: each(got.List, func(p cases.Proposed) gen.Proposal { return s.proposalJSON(r.Case, p, label) }),
	}, nil
}

func (s *server) GetBelief(ctx context.Context, r gen.GetBeliefRequestObject) (gen.GetBeliefResponseObject, error) {
	step := stepUsual
	if ms := r.Params.StepMs; ms != nil {
		// Cut first: as a Duration a greater number might be a fitting one again.
		step = time.Duration(min(max(*ms, 0), 2*cases.StepMost.Milliseconds())) * time.Millisecond
	}
	version, of, err := s.Cases.TraceBelief(ctx, officerOf(ctx), r.Case, step)
	if err != nil {
		return nil, err
	}
	return gen.GetBelief200JSONResponse{Version: version, StepMs: step.Milliseconds(), Cameras: each(of, beliefJSON)}, nil
}

func (s *server) ListBranches(ctx context.Context, r gen.ListBranchesRequestObject) (gen.ListBranchesResponseObject, error) {
	version, of, err := s.Cases.Branches(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return gen.ListBranches200JSONResponse{Version: version, Branches: each(of, s.branchJSON)}, nil
}

func (s *server) MakeMark(ctx context.Context, r gen.MakeMarkRequestObject) (gen.MakeMarkResponseObject, error) {
	b := r.Body
	m := camera.Mark{Kind: camera.MarkKind(b.Kind), Camera: camera.CameraID(b.Camera), From: b.From, To: b.To, Heading: b.Heading}
	if b.At != nil {
		m.At = *b.At
	}
	made, err := s.Cases.Mark(ctx, officerOf(ctx), r.Case, m)
	if err != nil {
		return nil, err
	}
	return gen.MakeMark201JSONResponse(markJSON(made, s.labels(ctx))), nil
}

func (s *server) WithdrawMark(ctx context.Context, r gen.WithdrawMarkRequestObject) (gen.WithdrawMarkResponseObject, error) {
	if err := s.Cases.Unmark(ctx, officerOf(ctx), r.Case, r.Mark); err != nil {
		return nil, err
	}
	return gen.WithdrawMark204Response{}, nil
}

func (s *server) GetRoute(ctx context.Context, r gen.GetRouteRequestObject) (gen.GetRouteResponseObject, error) {
	route, err := s.Cases.TraceRoute(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return gen.GetRoute200JSONResponse{Mode: gen.Mode(route.Mode), Legs: each(route.Legs, s.legJSON)}, nil
}

func (s *server) GetRouteGeoJSON(ctx context.Context, r gen.GetRouteGeoJSONRequestObject) (gen.GetRouteGeoJSONResponseObject, error) {
	return s.routeFile(ctx, r.Case, cases.FormatGeoJSON, "application/geo+json", path.GeoJSON)
}

func (s *server) GetRouteGPX(ctx context.Context, r gen.GetRouteGPXRequestObject) (gen.GetRouteGPXResponseObject, error) {
	return s.routeFile(ctx, r.Case, cases.FormatGPX, "application/gpx+xml", path.GPX)
}

// routeFile is the answer to both. The generated one for GeoJSON would write the file as
// a value of JSON.
type routeFile struct {
	text        []byte
	name, media string
}

func (s *server) routeFile(ctx context.Context, caseID string, as cases.RouteFormat, media string, write func(io.Writer, camera.Route) error) (routeFile, error) {
	route, err := s.Cases.ExportRoute(ctx, officerOf(ctx), caseID, as)
	if err != nil {
		return routeFile{}, err
	}
	var text bytes.Buffer
	if err := write(&text, route); err != nil {
		return routeFile{}, err
	}
	// The case is one of ours: nothing in its id has to be escaped.
	return routeFile{text.Bytes(), "route-" + caseID + "." + string(as), media}, nil
}

// VisitGetRouteGeoJSONResponse writes the file.
func (f routeFile) VisitGetRouteGeoJSONResponse(w http.ResponseWriter) error { return f.write(w) }

// VisitGetRouteGPXResponse writes the file.
func (f routeFile) VisitGetRouteGPXResponse(w http.ResponseWriter) error { return f.write(w) }

func (f routeFile) write(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Content-Type", f.media)
	header.Set("Content-Length", strconv.Itoa(len(f.text)))
	header.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(f.text)
	return err
}
