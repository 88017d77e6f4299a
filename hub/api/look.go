package api

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/cases"
)

// sdpMost bounds a session description (RFC 9725 sets no bound of its own).
const sdpMost = 64 << 10

// WHIPPath is where an agent publishes a camera.
func WHIPPath(cam camera.CameraID) string { return "/api/v1/whip/" + string(cam) }

func officerOf(ctx context.Context) cases.Officer {
	u := userOf(ctx)
	return cases.Officer{ID: u.ID, Name: u.Name, Unit: u.Unit, Role: string(u.Role), Watches: u.Role == auth.Officer}
}

func (s *server) ListCases(ctx context.Context, _ gen.ListCasesRequestObject) (gen.ListCasesResponseObject, error) {
	all, err := s.Cases.List(ctx, officerOf(ctx))
	if err != nil {
		return nil, err
	}
	return gen.ListCases200JSONResponse(each(all, caseJSON)), nil
}

func (s *server) OpenCase(ctx context.Context, r gen.OpenCaseRequestObject) (gen.OpenCaseResponseObject, error) {
	b := r.Body
	one, err := s.Cases.OpenCase(ctx, officerOf(ctx), cases.Case{Number: b.Number, Kind: string(b.Kind), LegalBasis: b.LegalBasis, Summary: b.Summary})
	if err != nil {
		return nil, err
	}
	return gen.OpenCase201JSONResponse(caseJSON(one)), nil
}

func (s *server) GetCase(ctx context.Context, r gen.GetCaseRequestObject) (gen.GetCaseResponseObject, error) {
	one, err := s.Cases.Get(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return gen.GetCase200JSONResponse(caseJSON(one)), nil
}

func (s *server) CloseCase(ctx context.Context, r gen.CloseCaseRequestObject) (gen.CloseCaseResponseObject, error) {
	one, err := s.Cases.CloseCase(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	return gen.CloseCase200JSONResponse(caseJSON(one)), nil
}

func (s *server) GetCaseLog(ctx context.Context, r gen.GetCaseLogRequestObject) (gen.GetCaseLogResponseObject, error) {
	records, err := s.Cases.Log(ctx, officerOf(ctx), r.Case)
	if err != nil {
		return nil, err
	}
	label := s.labels(ctx)
	out := make(gen.GetCaseLog200JSONResponse, 0, len(records))
	for _, rec := range records {
		out = append(out, gen.AuditRecord{
			Id: rec.ID, At: rec.At, Actor: rec.Actor.Name, Action: rec.Action,
			Camera: optional(label(rec.Camera)), Detail: optional(rec.Detail), Refused: optional(string(rec.Refused)),
		})
	}
	return out, nil
}

// labels names cameras and looks each up once. Of one that is not known any more its id
// is left; no camera has no name.
func (s *server) labels(ctx context.Context) func(camera.CameraID) string {
	had := map[camera.CameraID]string{"": ""}
	return func(id camera.CameraID) string {
		if _, ok := had[id]; !ok {
			had[id] = string(id)
			if cam, err := s.Registry.Camera(ctx, id); err == nil {
				had[id] = cam.Label
			}
		}
		return had[id]
	}
}

func (s *server) Search(ctx context.Context, r gen.SearchRequestObject) (gen.SearchResponseObject, error) {
	q := cases.Question{From: r.Body.From, To: r.Body.To}
	if st := r.Body.Stretch; st != nil {
		q.Stretch = stretchOf(*st)
	}
	if p := r.Body.Points; p != nil {
		q.Points = &[2]camera.Position{positionOf(p.A), positionOf(p.B)}
	}
	if n := r.Body.Near; n != nil {
		q.Near = &cases.Near{Position: positionOf(n.Position), Metres: n.Metres}
	}
	if r.Body.Route != nil {
		q.Route = each(*r.Body.Route, stretchOf)
	}
	answer, err := s.Cases.Search(ctx, officerOf(ctx), r.Case, q)
	if err != nil {
		return nil, err
	}
	out := gen.Search200JSONResponse{
		Stretch: stretchJSON(answer.Stretch), Line: s.line(answer.Stretch), From: answer.From, To: answer.To,
		Cameras: make([]gen.CameraAnswer, 0, len(answer.Cameras)),
	}
	for _, f := range answer.Cameras {
		out.Cameras = append(out.Cameras, s.foundJSON(r.Case, answer, f))
	}
	return out, nil
}

func (s *server) foundJSON(caseID string, answer cases.Answer, f cases.Found) gen.CameraAnswer {
	one := gen.CameraAnswer{
		Camera: s.cameraJSON(f.Camera, []camera.Seen{f.Seen}, answer.Purpose), At: f.At, Seen: seenJSON(f.Seen), Spans: each(f.Spans, spanJSON),
	}
	if f.Playable {
		one.Playlist = optional(playlistPath(caseID, f.Camera.ID, answer.From, answer.To))
	}
	if f.Clock != nil {
		clock := clockJSON(*f.Clock)
		one.Clock = &clock
	}
	if a := f.Activity; a.Values != nil {
		one.Activity = &gen.Activity{StepMs: a.Step.Milliseconds(), Values: a.Values}
	}
	one.Home, one.Consent = optional(f.Home), optional(gen.CameraAnswerConsent(f.Consent))
	if f.Recorder != nil {
		one.Recorder = &gen.RecorderClock{OffsetMs: time.Duration(f.Recorder.Offset).Milliseconds(), BoundMs: time.Duration(f.Recorder.Bound).Milliseconds()}
	}
	if len(f.Asks) > 0 {
		asks := each(f.Asks, askJSON)
		one.Asks = &asks
	}
	return one
}

// playlistPath is where a window of a camera is played from.
func playlistPath(caseID string, cam camera.CameraID, from, to time.Time) string {
	window := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	return fmt.Sprintf("/api/v1/cases/%s/cameras/%s/playlist.m3u8?%s", url.PathEscape(caseID), cam, window.Encode())
}

func askJSON(a cases.OwnerAsk) gen.OwnerAsk {
	return gen.OwnerAsk{
		From: a.From, To: a.To, Asked: a.Asked, Until: a.Until, Answer: optional(gen.OwnerAskAnswer(a.Answer)), Answered: optional(a.Answered),
	}
}

func (s *server) GetPlaylist(ctx context.Context, r gen.GetPlaylistRequestObject) (gen.GetPlaylistResponseObject, error) {
	text, err := s.Cases.Playlist(ctx, officerOf(ctx), r.Case, camera.CameraID(r.Camera), r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	return gen.GetPlaylist200ApplicationvndAppleMpegurlResponse{Body: strings.NewReader(text), ContentLength: int64(len(text))}, nil
}

func (s *server) GetSegment(ctx context.Context, r gen.GetSegmentRequestObject) (gen.GetSegmentResponseObject, error) {
	if r.Seq < 0 || r.Seq > 1<<32-1 {
		return nil, camera.Errorf(camera.CodeBadRequest, "segment number %d", r.Seq)
	}
	id := camera.SegmentID{Camera: camera.CameraID(r.Camera), Run: camera.RunID(r.Run), Seq: uint32(r.Seq)}
	link, err := s.Cases.SegmentLink(ctx, officerOf(ctx), r.Case, id)
	if err != nil {
		return nil, err
	}
	never := "no-store"
	return gen.GetSegment302Response{Headers: gen.GetSegment302ResponseHeaders{Location: &link, CacheControl: &never}}, nil
}

func (s *server) WatchLive(ctx context.Context, r gen.WatchLiveRequestObject) (gen.WatchLiveResponseObject, error) {
	offer, err := readSDP(r.Body)
	if err != nil {
		return nil, err
	}
	viewer, answer, err := s.Cases.WatchLive(ctx, officerOf(ctx), r.Case, camera.CameraID(r.Camera), offer)
	if err != nil {
		return nil, err
	}
	where := fmt.Sprintf("/api/v1/cases/%s/cameras/%s/live/%s", url.PathEscape(r.Case), r.Camera, viewer)
	return gen.WatchLive201ApplicationsdpResponse{
		Body: strings.NewReader(answer), ContentLength: int64(len(answer)), Headers: gen.WatchLive201ResponseHeaders{Location: &where},
	}, nil
}

func (s *server) LeaveLive(ctx context.Context, r gen.LeaveLiveRequestObject) (gen.LeaveLiveResponseObject, error) {
	if err := s.Cases.LeaveLive(ctx, officerOf(ctx), r.Case, camera.CameraID(r.Camera), r.Viewer); err != nil {
		return nil, err
	}
	return gen.LeaveLive204Response{}, nil
}

func (s *server) PublishLive(ctx context.Context, r gen.PublishLiveRequestObject) (gen.PublishLiveResponseObject, error) {
	offer, err := readSDP(r.Body)
	if err != nil {
		return nil, err
	}
	session, answer, err := s.Publisher.Publish(ctx, camera.CameraID(r.Camera), stringOf(ctx, bearerKey), offer)
	if err != nil {
		return nil, err
	}
	where := WHIPPath(camera.CameraID(r.Camera)) + "/" + session
	return gen.PublishLive201ApplicationsdpResponse{
		Body: strings.NewReader(answer), ContentLength: int64(len(answer)), Headers: gen.PublishLive201ResponseHeaders{Location: &where},
	}, nil
}

func (s *server) UnpublishLive(_ context.Context, r gen.UnpublishLiveRequestObject) (gen.UnpublishLiveResponseObject, error) {
	if err := s.Publisher.Unpublish(camera.CameraID(r.Camera), r.Session); err != nil {
		return nil, err
	}
	return gen.UnpublishLive204Response{}, nil
}

func readSDP(body io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(body, sdpMost+1))
	switch {
	case err != nil:
		return "", camera.Errorf(camera.CodeBadRequest, "read offer: %w", err)
	case len(text) > sdpMost:
		return "", camera.Errorf(camera.CodeTooLarge, "offer of more than %d bytes", sdpMost)
	case !strings.HasPrefix(string(text), "v=0"):
		return "", camera.Errorf(camera.CodeBadRequest, "offer is not a session description")
	}
	return string(text), nil
}
