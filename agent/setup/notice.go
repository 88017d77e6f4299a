package setup

import (
	"bytes"
	"context"
	"fmt"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/setup/gen"
)

// GetNotice makes the sheet for the gate: people who are recorded have to be told.
func (s *server) GetNotice(_ context.Context, r gen.GetNoticeRequestObject) (gen.GetNoticeResponseObject, error) {
	n := Notice{Language: "vi"}
	if l := r.Params.Lang; l != nil {
		if !l.Valid() {
			return nil, camera.Errorf(camera.CodeBadRequest, "unknown language")
		}
		n.Language = string(*l)
	}
	if m, ok := s.Agent.Member(); ok {
		n.Household = m.Label
	}
	metres := 0.0
	for _, c := range s.Store.Book().Cameras { // the road of which most is seen
		for _, sight := range c.Sights {
			if sight.Metres > metres {
				n.Road, metres = sight.Name, sight.Metres
			}
		}
	}
	var pdf bytes.Buffer
	if err := s.Notice(&pdf, n); err != nil {
		return nil, fmt.Errorf("write notice: %w", err)
	}
	return gen.GetNotice200ApplicationpdfResponse{Body: &pdf, ContentLength: int64(pdf.Len())}, nil
}
