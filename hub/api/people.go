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
	cookie := s.cookie(ctx, token, expires)
	return gen.SignedInJSONResponse{Body: userJSON(user), Headers: gen.SignedInResponseHeaders{SetCookie: &cookie}}, nil
}

func (s *server) cookie(ctx context.Context, token string, expires time.Time) string {
	overTLS, _ := ctx.Value(tlsKey).(bool)
	c := http.Cookie{
		Name: cookieName, Value: token, Path: "/api/", Expires: expires,
		HttpOnly: true, Secure: s.Secure || overTLS, SameSite: http.SameSiteStrictMode,
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
	gone := s.cookie(ctx, "", time.Unix(1, 0))
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
	var place *camera.Position
	if r.Body.Place != nil {
		at := positionOf(*r.Body.Place)
		place = &at
	}
	h, err := s.Registry.CreateHousehold(ctx, r.Body.Label, place)
	if err != nil {
		return nil, err
	}
	return gen.CreateHousehold201JSONResponse{Id: string(h.ID), Label: h.Label, Place: placeJSON(h.Place), Devices: []gen.Device{}}, nil
}

func (s *server) RevokeDevice(ctx context.Context, r gen.RevokeDeviceRequestObject) (gen.RevokeDeviceResponseObject, error) {
	if err := s.Registry.Revoke(ctx, camera.DeviceID(r.Device)); err != nil {
		return nil, err
	}
	s.Devices.Drop(camera.DeviceID(r.Device))
	return gen.RevokeDevice204Response{}, nil
}

func (s *server) householdJSON(ctx context.Context, h registry.Household) (gen.Household, error) {
	out := gen.Household{Id: string(h.ID), Label: h.Label, Place: placeJSON(h.Place), Devices: []gen.Device{}}
	for _, d := range h.Devices {
		device := gen.Device{
			Id: string(d.ID), Fingerprint: d.ID.ShortFingerprint(), Name: d.Name, Linked: s.Devices.Linked(d.ID), Version: optional(d.Version),
			LastSeen: optional(d.LastSeen), Enrolled: optional(d.Enrolled), Revoked: &d.Revoked, Quarantined: &d.Quarantined, Left: &d.Left,
			Health: healthJSON(d.Health), Selftest: selfTestJSON(d), Cameras: []gen.CameraHealth{},
		}
		for _, c := range d.Cameras {
			one, err := s.cameraHealthJSON(ctx, c)
			if err != nil {
				return out, err
			}
			device.Cameras = append(device.Cameras, one)
		}
		out.Devices = append(out.Devices, device)
	}
	return out, nil
}

func (s *server) cameraHealthJSON(ctx context.Context, c registry.Camera) (gen.CameraHealth, error) {
	last, _, err := s.Past.Last(ctx, c.ID)
	if err != nil {
		return gen.CameraHealth{}, fmt.Errorf("find newest footage of %s: %w", c.ID, err)
	}
	one := gen.CameraHealth{
		Id: string(c.ID), Label: c.Label, Consent: gen.ConsentLevel(c.Consent.Level), ConsentUntil: optional(c.Consent.Until), Paused: &c.Consent.Paused,
		State: string(c.State), Since: optional(c.Since), Detail: optional(c.Detail), LastSegment: optional(last),
		Verified: optional(c.Verified), Uplink: optional(gen.CameraHealthUplink(c.Uplink)),
		Aim: optional(gen.CameraHealthAim(c.Aim.State)), AimAt: optional(c.Aim.At),
	}
	if days, err := camera.KeepDays(c.Keep); err == nil {
		one.KeepDays = &days
	}
	past, ok, err := s.Past.Past(ctx, c.ID)
	if err != nil {
		return gen.CameraHealth{}, fmt.Errorf("find the recorder's past of %s: %w", c.ID, err)
	}
	if ok && len(past.Spans) > 0 {
		offset := time.Duration(past.Offset).Milliseconds()
		one.RecorderFrom, one.RecorderOffsetMs = optional(past.Spans[0].From), &offset
	}
	return one, nil
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
