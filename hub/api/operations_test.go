package api_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api"
)

// operation is a row of the table: who gets what. Answers are "status" or
// "status code", in the order of askers; one answer is for all of them.
type operation struct {
	id, body string
	want     string
}

// operations is in the order in which they are called: what ends something is last.
func operations() []operation {
	const (
		points  = `{"a":{"lon":106.705,"lat":21.9},"b":{"lon":106.715,"lat":21.9}}`
		officer = `401 signed-out|403 forbidden|`
		own     = officer + `200|404 not-found`
		runs    = `|403 forbidden|403 forbidden`
	)
	return []operation{
		{id: "getHealth", want: "200"},
		{id: "getSetup", want: "200"},
		{id: "postSetup", body: `{"token":"x","login":"ai do","name":"Ai","password":"mười chữ cái"}`, want: "403 used-code"},
		{id: "signIn", body: `{"login":"quantri","password":"sai mật khẩu"}`, want: "401 signed-out"},
		{id: "getSession", want: "401 signed-out|200|200|200"},
		{id: "listUsers", want: "401 signed-out|200" + runs},
		{id: "createUser", body: `{"login":"moi","name":"Mới","role":"officer","unit":"Xã A","password":"mười chữ cái"}`, want: "401 signed-out|201" + runs},
		{id: "listHouseholds", want: "401 signed-out|200" + runs},
		{id: "createHousehold", body: `{"label":"Nhà 02"}`, want: "401 signed-out|201" + runs},
		{id: "invite", want: "401 signed-out|201" + runs},
		{id: "getCoverage", want: "401 signed-out|200" + runs},
		{id: "getUpkeep", want: "401 signed-out|200" + runs},
		{id: "setMeasure", body: `{"metre":0,"kilometre":12,"falling":false}`, want: "401 signed-out|200" + runs},
		{id: "listReceipts", want: "401 signed-out|200" + runs},
		{id: "proveHub", body: `{"invitation":"` + strings.Repeat("0", 64) + `","nonce":"0123456789abcdef"}`, want: "200"},
		{id: "getCA", want: "200"},
		{id: "enrol", body: `{"code":"x","device":"x","signature":"x","name":"x"}`, want: "400 bad-request"},
		{id: "listRoads", want: "401 signed-out|200|200|200"},
		{id: "findStretch", body: points, want: "401 signed-out|200|200|200"},
		{id: "listCameras", want: officer + "200|200"},
		{id: "listCases", want: officer + "200|200"},
		{id: "openCase", body: `{"number":"2/2026","kind":"missing","legal_basis":"x","summary":""}`, want: officer + "201|201"},
		{id: "getCase", want: own},
		{id: "search", body: `{"points":` + points + `,"from":"{from}","to":"{to}"}`, want: own},
		{id: "getPlaylist", want: own},
		{id: "getSegment", want: officer + "302|404 not-found"},
		{id: "getStill", want: own},
		{id: "requestFootage", body: `{"from":"{from}","to":"{to}"}`, want: own},
		{id: "watchLive", body: offer, want: officer + "201|404 not-found"},
		{id: "startTrace", body: `{"incident":{"position":{"lon":106.705,"lat":21.9},"from":"{from}","to":"{to}"},"mode":"motorbike","from":"{from}","to":"{to}"}`, want: own},
		{id: "getTrace", want: own},
		{id: "listProposals", want: own},
		{id: "getBelief", want: own},
		{id: "listBranches", want: own},
		{id: "getRoute", want: own},
		{id: "getRouteGeoJSON", want: own},
		{id: "getRouteGPX", want: own},
		{id: "makeMark", body: `{"kind":"not-seen","camera":"{camera}","from":"{from}","to":"{to}"}`, want: officer + "201|404 not-found"},
		{id: "withdrawMark", want: officer + "404 not-found|404 not-found"}, // of a mark that nobody made
		{id: "followTrace", want: own},
		{id: "leaveLive", want: officer + "204|404 not-found"},
		{id: "getCaseLog", want: own},
		{id: "publishLive", body: offer, want: "403 forbidden"},
		{id: "unpublishLive", want: "404 not-found"},
		{id: "closeCase", want: own},
		{id: "revokeDevice", want: "401 signed-out|204" + runs},
		{id: "signOut", want: "401 signed-out|204|204|204"},
	}
}

// query has every parameter that any operation needs.
const query = "?from={from}&to={to}&at={from}"

// ending is of a hub that ends: an event stream is over once it has begun.
func ending(c *api.Config) {
	over := make(chan struct{})
	close(over)
	c.Ending = over
}

// routes reads method and path of each operation from openapi.yaml.
func routes(t *testing.T) map[string][2]string {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `yaml:"operationId"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string][2]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all[op.OperationID] = [2]string{strings.ToUpper(method), "/api/v1" + path}
		}
	}
	return all
}

// fill puts the house's names into a path or body.
func (h *house) fill(text string) string {
	return strings.NewReplacer(
		"{case}", h.caseID, "{camera}", string(h.camera), "{household}", h.home, "{device}", h.device, "{viewer}", "viewer", "{road}", h.road,
		"{session}", "nobody", "{mark}", "nobody", "{run}", string(h.segment.Run), "{seq}", strconv.Itoa(int(h.segment.Seq)),
		"{from}", h.segment.Start.Format(time.RFC3339Nano), "{to}", h.segment.End.Format(time.RFC3339Nano),
	).Replace(text)
}

func TestWhoMayCallWhat(t *testing.T) {
	routes := routes(t)
	for i, who := range askers {
		t.Run(who, func(t *testing.T) {
			h := newHouse(t, ending)
			for _, op := range operations() {
				route, ok := routes[op.id]
				if !ok {
					t.Fatalf("operation %s is not in openapi.yaml", op.id)
				}
				wants := strings.Split(op.want, "|")
				want := wants[min(i, len(wants)-1)]
				got := h.do(who, route[0], h.fill(route[1]+query), h.fill(op.body))
				if s := strings.TrimSpace(strconv.Itoa(got.status) + " " + got.problem.Code); s != want {
					t.Errorf("%s: %q, want %q\n%s", op.id, s, want, got.body)
				}
				if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s: an answer that may be kept or guessed: %v", op.id, got.header)
				}
			}
		})
	}
	for _, op := range operations() {
		delete(routes, op.id)
	}
	if len(routes) > 0 {
		t.Errorf("operations without a row: %v", routes)
	}
}

// TestEveryLookIsInTheAudit: also those that are refused, whatever the role; of
// somebody who is not signed in there is nobody to write down.
func TestEveryLookIsInTheAudit(t *testing.T) {
	looks := map[string]string{"search": "search", "getPlaylist": "playback", "getSegment": "segment", "getStill": "still", "requestFootage": "request", "watchLive": "live",
		"startTrace": "trace-start", "getTrace": "trace", "listProposals": "proposals", "getBelief": "belief", "listBranches": "branches",
		"getRoute": "route", "getRouteGeoJSON": "route-geojson", "getRouteGPX": "route-gpx", "makeMark": "mark", "followTrace": "follow"}
	refused := map[string]camera.Code{admin: camera.CodeForbidden, officer: "", other: camera.CodeNotFound}
	h := newHouse(t, ending)
	routes := routes(t)
	for _, op := range operations() {
		action, ok := looks[op.id]
		if !ok {
			continue
		}
		for _, who := range askers {
			before, err := h.audit.ForCase(t.Context(), h.caseID, 1000)
			if err != nil {
				t.Fatal(err)
			}
			h.do(who, routes[op.id][0], h.fill(routes[op.id][1]+query), h.fill(op.body))
			after, err := h.audit.ForCase(t.Context(), h.caseID, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if who == stranger {
				if len(after) != len(before) {
					t.Errorf("%s by a stranger: %+v", op.id, after[0])
				}
				continue
			}
			if len(after) != len(before)+1 {
				t.Errorf("%s by %s: %d records", op.id, who, len(after)-len(before))
				continue
			}
			u := h.users[who]
			if r := after[0]; r.Action != action || r.Actor != u.ID || r.ActorName != u.Name || r.Role != string(u.Role) || r.Refused != refused[who] {
				t.Errorf("%s by %s: %+v", op.id, who, r)
			}
		}
	}
}

func TestSegmentLinkIsShortAndOfThisSegment(t *testing.T) {
	h := newHouse(t)
	got := h.do(officer, http.MethodGet, h.fill("/api/v1/cases/{case}/cameras/{camera}/segments/{run}/{seq}"), "")
	where := got.header.Get("Location")
	if !strings.HasPrefix(where, "/o/footage/"+h.segment.Key().String()+"?") || !strings.Contains(where, "X-Amz-Expires=60&") {
		t.Errorf("location %q", where)
	}
}
