package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
	"xulang.vn/camera/hub/auth"
)

// access is who may call an operation at all. What they may see there, the rooms decide.
type access int

const (
	nobody        access = iota // an operation without a row: refused
	anyone                      // its own secret, or nothing, is enough
	signedIn                    // every user
	administrator               // runs the hub, never watches
	officer                     // opens cases
	looks                       // every user gets as far as the cases, which refuse all but officers and write that down
)

// rows is the table of accesses by operation, as oapi-codegen spells it. A test
// holds it against openapi.yaml.
var rows = map[string]access{
	"GetSetup": anyone, "PostSetup": anyone, "SignIn": anyone, "GetHealth": anyone,
	"Enrol": anyone, "ProveHub": anyone, "GetCA": anyone, "PublishLive": anyone, "UnpublishLive": anyone,
	"GetSession": signedIn, "SignOut": signedIn, "ListRoads": signedIn, "FindStretch": signedIn,
	"ListUsers": administrator, "CreateUser": administrator, "ListHouseholds": administrator,
	"CreateHousehold": administrator, "Invite": administrator, "ListReceipts": administrator, "RevokeDevice": administrator,
	"SetMeasure": administrator, "GetCoverage": administrator, "GetUpkeep": administrator,
	"ListCameras": officer, "ListCases": officer, "OpenCase": officer, "GetCase": officer,
	"CloseCase": officer, "GetCaseLog": officer, "LeaveLive": officer,
	"Search": looks, "GetPlaylist": looks, "GetSegment": looks, "GetStill": looks, "RequestFootage": looks, "WatchLive": looks,
	"StartTrace": looks, "GetTrace": looks, "ListProposals": looks, "GetBelief": looks, "ListBranches": looks, "FollowTrace": looks,
	"GetRoute": looks, "GetRouteGeoJSON": looks, "GetRouteGPX": looks, "MakeMark": looks, "WithdrawMark": looks,
}

// cookieName is the session cookie of openapi.yaml.
const cookieName = "xulang_session"

type contextKey int

const (
	userKey contextKey = iota
	sessionKey
	bearerKey
	addressKey
	tlsKey
)

// guard lets a request through to its operation, or not: default deny.
func (s *server) guard(next gen.StrictHandlerFunc, operation string) gen.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		need := rows[operation]
		if need == nobody {
			return nil, camera.Errorf(camera.CodeForbidden, "operation %s has no access row", operation)
		}
		req := c.Request()
		if !sameOrigin(req) {
			return nil, camera.Errorf(camera.CodeForbidden, "request from another origin")
		}
		ctx := context.WithValue(req.Context(), addressKey, remoteHost(req))
		// A proxy on this machine may have spoken TLS; who lies about it gets a stricter cookie.
		ctx = context.WithValue(ctx, tlsKey, req.TLS != nil || req.Header.Get("X-Forwarded-Proto") == "https")
		if bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok {
			ctx = context.WithValue(ctx, bearerKey, bearer)
		}
		if need != anyone {
			user, token, err := s.signedIn(ctx, req)
			if err != nil {
				return nil, err
			}
			if need == administrator && user.Role != auth.Administrator || need == officer && user.Role != auth.Officer {
				return nil, camera.Errorf(camera.CodeForbidden, "%s is not for the role %s", operation, user.Role)
			}
			ctx = context.WithValue(context.WithValue(ctx, userKey, user), sessionKey, token)
		}
		c.SetRequest(req.WithContext(ctx))
		return next(c, request)
	}
}

// signedIn finds the session's user.
func (s *server) signedIn(ctx context.Context, req *http.Request) (auth.User, string, error) {
	cookie, err := req.Cookie(cookieName)
	if err != nil {
		return auth.User{}, "", camera.Errorf(camera.CodeSignedOut, "no session")
	}
	user, err := s.Auth.Session(ctx, cookie.Value)
	return user, cookie.Value, err
}

// sameOrigin refuses pages of other sites. SameSite=Strict keeps the cookie from
// them; this also keeps them from signing somebody in under another name. Where the
// request came over TLS, a page of that address that did not may be anybody's.
func sameOrigin(req *http.Request) bool {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return true
	}
	origin := req.Header.Get("Origin")
	if origin == "" {
		return true // not a browser's cross-site request: those always name their origin
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == req.Host && (req.TLS == nil || u.Scheme == "https")
}

func userOf(ctx context.Context) auth.User {
	u, _ := ctx.Value(userKey).(auth.User)
	return u
}

func stringOf(ctx context.Context, key contextKey) string {
	s, _ := ctx.Value(key).(string)
	return s
}
