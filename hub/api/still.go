package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
)

func (s *server) GetStill(ctx context.Context, r gen.GetStillRequestObject) (gen.GetStillResponseObject, error) {
	data, taken, err := s.Cases.Still(ctx, officerOf(ctx), r.Case, camera.CameraID(r.Camera), r.Params.At)
	if err != nil {
		return nil, err
	}
	return still{data, taken}, nil
}

// still is the answer to getStill. The generated one writes its time as Go prints
// it, not as openapi.yaml says.
type still struct {
	data  []byte
	taken time.Time
}

// VisitGetStillResponse writes the picture.
func (a still) VisitGetStillResponse(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Content-Type", "video/mp4")
	header.Set("Content-Length", strconv.Itoa(len(a.data)))
	header.Set("Cache-Control", "no-store")
	header.Set("Xulang-Time", a.taken.UTC().Format(time.RFC3339Nano))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(a.data)
	return err
}

func (s *server) RequestFootage(ctx context.Context, r gen.RequestFootageRequestObject) (gen.RequestFootageResponseObject, error) {
	got, err := s.Cases.Request(ctx, officerOf(ctx), r.Case, camera.CameraID(r.Camera), r.Body.From, r.Body.To)
	if err != nil {
		return nil, err
	}
	return gen.RequestFootage200JSONResponse{Segments: got.Segments, Asked: optional(got.Asked), Acknowledged: got.Acknowledged}, nil
}
