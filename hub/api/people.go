package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
	"xulang.vn/camera/hub/registry"
)

func (s *server) GetSetup(ctx context.Context, _ gen.GetSetupRequestObject) (gen.GetSetupResponseObject, error) {
	users, err := s.Auth.Users(ctx)
	if err != nil {
		return nil, err
	}
	return gen.GetSetup200JSONResponse{Needed: len(users) == 0}, nil
}

func (s *server) PostSetup(ctx context.Context, r gen.PostSetupRequestObject) (gen.PostSetupResponseObject, error) {
	b := r.Body
	if _, err := s.Auth.Setup(ctx, b.Token, b.Login, b.Name, b.Password); err != nil {
		return nil, err
	}
	if s.SetUp != nil {
		s.SetUp()
	}
	signed, err := s.signIn(ctx, b.Login, b.Password)
	return gen.PostSetup200JSONResponse{SignedInJSONResponse: signed}, err
}

func (s *server) SignIn(ctx context.Context, r gen.SignInRequestObject) (gen.SignInResponseObject, error) {
	signed, err := s.signIn(ctx, r.Body.Login, r.Body.Password)
	return gen.SignIn200JSONResponse{SignedInJSONResponse: signed}, err
}

func (s *server) signIn(ctx context.Context, login, password string) (gen.SignedInJSONResponse, error) {
	user, token, expires, err := s.Auth.SignIn(ctx, login, password, stringOf(ctx, addressKey))
	if err != nil {
		return gen.SignedInJSONResponse{}, err
	}
	cookie := s.cookie(token, expires)
	return gen.SignedInJSONResponse{Body: userJSON(user), Headers: gen.SignedInResponseHeaders{SetCookie: &cookie}}, nil
}

func (s *server) cookie(token string, expires time.Time) string {
	c := http.Cookie{
		Name: cookieName, Value: token, Path: "/api/", Expires: expires,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
	return c.String()
}

func (s *server) GetSession(ctx context.Context, _ gen.GetSessionRequestObject) (gen.GetSessionResponseObject, error) {
	return gen.GetSession200JSONResponse(userJSON(userOf(ctx))), nil
}

func (s *server) SignOut(ctx context.Context, _ gen.SignOutRequestObject) (gen.SignOutResponseObject, error) {
	if err := s.Auth.SignOut(ctx, stringOf(ctx, sessionKey)); err != nil {
		return nil, err
	}
	gone := s.cookie("", time.Unix(1, 0))
	return gen.SignOut204Response{Headers: gen.SignOut204ResponseHeaders{SetCookie: &gone}}, nil
}

func (s *server) ListUsers(ctx context.Context, _ gen.ListUsersRequestObject) (gen.ListUsersResponseObject, error) {
	users, err := s.Auth.Users(ctx)
	if err != nil {
		return nil, err
	}
	return gen.ListUsers200JSONResponse(each(users, userJSON)), nil
}

func (s *server) CreateUser(ctx context.Context, r gen.CreateUserRequestObject) (gen.CreateUserResponseObject, error) {
	b := r.Body
	if !b.Role.Valid() { // the hub knows more roles than it can serve yet
		return nil, camera.Errorf(camera.CodeBadRequest, "unknown role")
	}
	user, err := s.Auth.CreateUser(ctx, b.Login, b.Name, auth.Role(b.Role), b.Unit, b.Password)
	if err != nil {
		return nil, err
	}
	return gen.CreateUser201JSONResponse(userJSON(user)), nil
}

func (s *server) ListHouseholds(ctx context.Context, _ gen.ListHouseholdsRequestObject) (gen.ListHouseholdsResponseObject, error) {
	homes, err := s.Registry.Households(ctx)
	if err != nil {
		return nil, err
	}
	out := make(gen.ListHouseholds200JSONResponse, 0, len(homes))
	for _, h := range homes {
		one, err := s.householdJSON(ctx, h)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *server) CreateHousehold(ctx context.Context, r gen.CreateHouseholdRequestObject) (gen.CreateHouseholdResponseObject, error) {
	h, err := s.Registry.CreateHousehold(ctx, r.Body.Label)
	if err != nil {
		return nil, err
	}
	return gen.CreateHousehold201JSONResponse{Id: string(h.ID), Label: h.Label, Devices: []gen.Device{}}, nil
}

func (s *server) Invite(ctx context.Context, r gen.InviteRequestObject) (gen.InviteResponseObject, error) {
	code, expires, err := s.Registry.Invite(ctx, camera.HouseholdID(r.Household))
	if err != nil {
		return nil, err
	}
	return gen.Invite201JSONResponse{Code: code, Expires: expires}, nil
}

func (s *server) RevokeDevice(ctx context.Context, r gen.RevokeDeviceRequestObject) (gen.RevokeDeviceResponseObject, error) {
	if err := s.Registry.Revoke(ctx, camera.DeviceID(r.Device)); err != nil {
		return nil, err
	}
	s.Devices.Drop(camera.DeviceID(r.Device))
	return gen.RevokeDevice204Response{}, nil
}

func (s *server) Enrol(ctx context.Context, r gen.EnrolRequestObject) (gen.EnrolResponseObject, error) {
	b := r.Body
	reply, err := s.Registry.Enrol(ctx, camera.EnrolRequest{
		Code: b.Code, Device: camera.DeviceID(b.Device), Signature: b.Signature, Name: b.Name,
	})
	if err != nil {
		return nil, err
	}
	return gen.Enrol200JSONResponse{Household: string(reply.Household), Label: reply.Label}, nil
}

func (s *server) householdJSON(ctx context.Context, h registry.Household) (gen.Household, error) {
	out := gen.Household{Id: string(h.ID), Label: h.Label, Devices: []gen.Device{}}
	for _, d := range h.Devices {
		device := gen.Device{
			Id: string(d.ID), Fingerprint: d.ID.ShortFingerprint(), Name: d.Name, Linked: s.Devices.Linked(d.ID),
			LastSeen: optional(d.LastSeen), Revoked: &d.Revoked, Health: healthJSON(d.Health), Cameras: []gen.CameraHealth{},
		}
		for _, c := range d.Cameras {
			last, _, err := s.Newest.Last(ctx, c.ID)
			if err != nil {
				return out, fmt.Errorf("find newest footage of %s: %w", c.ID, err)
			}
			device.Cameras = append(device.Cameras, gen.CameraHealth{
				Id: string(c.ID), Label: c.Label, Consent: gen.CameraHealthConsent(c.Consent.Level), Paused: &c.Consent.Paused,
				State: string(c.State), Since: optional(c.Since), Detail: optional(c.Detail), LastSegment: optional(last),
				Verified: optional(c.Verified), Uplink: optional(gen.CameraHealthUplink(c.Uplink)),
			})
		}
		out.Devices = append(out.Devices, device)
	}
	return out, nil
}

func healthJSON(h *registry.Health) *gen.DeviceHealth {
	if h == nil {
		return nil
	}
	return &gen.DeviceHealth{
		SpoolUsed: h.SpoolUsed, SpoolMost: h.SpoolMost, SpoolHeld: h.SpoolHeld, SpoolDays: optional(h.SpoolDays), Waiting: h.Waiting,
		UplinkRate: h.UplinkRate, UplinkBudget: optional(h.UplinkBudget), Temperature: h.Temperature, Clock: clockJSON(h.Clock),
	}
}

func userJSON(u auth.User) gen.User {
	return gen.User{Id: u.ID, Login: u.Login, Name: u.Name, Role: gen.Role(u.Role), Unit: u.Unit}
}
