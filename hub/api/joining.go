package api

import (
	"bytes"
	"context"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/registry"
)

// Invite makes an invitation: where the hub is, how it is known, and a secret.
func (s *server) Invite(ctx context.Context, r gen.InviteRequestObject) (gen.InviteResponseObject, error) {
	made, err := s.Registry.Invite(ctx, camera.HouseholdID(r.Household))
	if err != nil {
		return nil, err
	}
	i := camera.Invitation{Hub: s.Public, CA: s.CA().Hash, Secret: made.Secret}
	out := gen.Invite201JSONResponse{Code: i.Code(), Link: i.Link(), Hub: i.Hub, Expires: made.Expires}
	if !i.CA.IsZero() {
		out.CaFingerprint = optional(i.CA.String())
	}
	return out, nil
}

// ProveHub shows the hub's CA to somebody who knows an invitation's secret, without
// hearing the secret.
func (s *server) ProveHub(ctx context.Context, r gen.ProveHubRequestObject) (gen.ProveHubResponseObject, error) {
	if err := s.strangers.admit(ctx); err != nil {
		return nil, err
	}
	var id camera.Hash
	if err := id.UnmarshalText([]byte(r.Body.Invitation)); err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "invitation: %w", err)
	}
	ca := s.CA()
	proof, err := s.Registry.Prove(ctx, camera.ProofRequest{Invitation: id, Nonce: r.Body.Nonce}, ca.Hash)
	if err != nil {
		return nil, err
	}
	return gen.ProveHub200JSONResponse{Ca: string(ca.PEM), Proof: proof.String()}, nil
}

// Enrol lets a device join.
func (s *server) Enrol(ctx context.Context, r gen.EnrolRequestObject) (gen.EnrolResponseObject, error) {
	if err := s.strangers.admit(ctx); err != nil {
		return nil, err
	}
	b := r.Body
	reply, err := s.Registry.Enrol(ctx, camera.EnrolRequest{
		Code: b.Code, Device: camera.DeviceID(b.Device), Signature: b.Signature, Name: b.Name,
	})
	if err != nil {
		return nil, err
	}
	return gen.Enrol200JSONResponse{Household: string(reply.Household), Label: reply.Label, Place: placeJSON(reply.Place)}, nil
}

// GetCA gives the hub's CA to browsers.
func (s *server) GetCA(context.Context, gen.GetCARequestObject) (gen.GetCAResponseObject, error) {
	ca := s.CA()
	if len(ca.PEM) == 0 {
		return nil, camera.Errorf(camera.CodeNotFound, "the hub's certificate is not of a CA of its own")
	}
	return gen.GetCA200ApplicationxPemFileResponse{Body: bytes.NewReader(ca.PEM), ContentLength: int64(len(ca.PEM))}, nil
}

// ListReceipts shows what a household agreed to and took back.
func (s *server) ListReceipts(ctx context.Context, r gen.ListReceiptsRequestObject) (gen.ListReceiptsResponseObject, error) {
	all, err := s.Registry.Receipts(ctx, camera.HouseholdID(r.Household))
	if err != nil {
		return nil, err
	}
	return gen.ListReceipts200JSONResponse(each(all, receiptJSON)), nil
}

func receiptJSON(r registry.Receipt) gen.Receipt {
	return gen.Receipt{
		Number: r.Number, Camera: r.CameraLabel, Consent: consentJSON(r.Consent), Text: r.Text, Language: r.Language,
		Method: r.Method, At: r.At, Received: r.Received,
	}
}

func consentJSON(c camera.Consent) gen.Consent {
	out := gen.Consent{Level: gen.ConsentLevel(c.Level), Until: optional(c.Until), Paused: optional(c.Paused)}
	if c.For != (camera.Levels{}) {
		level := func(l camera.ConsentLevel) *gen.ConsentLevel { return optional(gen.ConsentLevel(l)) }
		out.For = &gen.ConsentLevels{
			Criminal: level(c.For.Criminal), Administrative: level(c.For.Administrative),
			Missing: level(c.For.Missing), Emergency: level(c.For.Emergency),
		}
	}
	if c.Hours != (camera.Hours{}) {
		out.Hours = &gen.ConsentHours{From: c.Hours.From, To: c.Hours.To}
	}
	return out
}

func selfTestJSON(d registry.Device) *gen.SelfTest {
	if d.SelfTest == nil {
		return nil
	}
	labels := map[camera.CameraID]string{}
	for _, c := range d.Cameras {
		labels[c.ID] = c.Label
	}
	return &gen.SelfTest{At: d.SelfTest.At, Lines: each(d.SelfTest.Lines, func(l camera.TestLine) gen.TestLine {
		return gen.TestLine{Name: gen.TestLineName(l.Name), Camera: optional(labels[l.Camera]), Ok: l.OK, Fix: optional(l.Fix), Number: optional(l.Number)}
	})}
}

func placeJSON(p *camera.Position) *gen.Position {
	if p == nil {
		return nil
	}
	return &gen.Position{Lon: p.Lon, Lat: p.Lat}
}
