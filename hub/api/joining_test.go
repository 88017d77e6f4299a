package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/api/gen"
)

// TestInvitationProvesTheHub: who has the link needs nobody's word; who typed the code
// hears which CA the hub has before the code goes anywhere; and one device gets in.
func TestInvitationProvesTheHub(t *testing.T) {
	h := newHouse(t)
	got := h.do(admin, http.MethodPost, "/api/v1/households", `{"label":"Nhà 02","place":{"lon":106.7,"lat":21.9}}`)
	var home gen.Household
	if err := json.Unmarshal([]byte(got.body), &home); err != nil || home.Place == nil {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var invited gen.Invitation
	got = h.do(admin, http.MethodPost, "/api/v1/households/"+home.Id+"/invitations", "")
	if err := json.Unmarshal([]byte(got.body), &invited); err != nil || got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.body)
	}
	i, err := camera.ParseInvitation(invited.Link)
	if err != nil || i.Hub != "https://hub.example:8470" || i.CA != (camera.Hash{9}) || i.Secret != camera.SecretOf(invited.Code) || !invited.Expires.After(time.Now()) {
		t.Fatalf("%+v, %+v, %v", invited, i, err)
	}
	prove := func(secret string) camera.ProofReply {
		var reply camera.ProofReply
		got := h.do(stranger, http.MethodPost, "/api/v1/enrol/proof", `{"invitation":"`+camera.InvitationID(secret).String()+`","nonce":"0123456789abcdef"}`)
		if err := json.Unmarshal([]byte(got.body), &reply); err != nil || got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return reply
	}
	if reply := prove(i.Secret); reply.Proof != camera.InvitationProof(camera.InvitationKey(i.Secret), "0123456789abcdef", camera.Hash{9}) || reply.CA == "" {
		t.Errorf("the hub cannot prove itself: %+v", reply)
	}
	other := strings.Repeat("A", 26)
	if reply := prove(other); reply.Proof == camera.InvitationProof(camera.InvitationKey(other), "0123456789abcdef", camera.Hash{9}) {
		t.Error("the hub proves an invitation that it never made")
	}
	key := must(nkeys.CreateUser())
	device := camera.DeviceID(must(key.PublicKey()))
	sig := must(key.Sign(camera.EnrolPayload(i.Secret, device)))
	body := must(json.Marshal(camera.EnrolRequest{Code: i.Secret, Device: device, Signature: base64.StdEncoding.EncodeToString(sig), Name: "hộp"}))
	var joined gen.EnrolReply
	got = h.do(stranger, http.MethodPost, "/api/v1/enrol", string(body))
	if err := json.Unmarshal([]byte(got.body), &joined); err != nil || joined.Label != "Nhà 02" || joined.Place == nil || joined.Place.Lon != 106.7 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestStrangersAreBounded: what is answered without a session is answered so often.
func TestStrangersAreBounded(t *testing.T) {
	h := newHouse(t)
	for range 400 {
		got := h.do(stranger, http.MethodPost, "/api/v1/enrol/proof", `{"invitation":"`+strings.Repeat("0", 64)+`","nonce":"0123456789abcdef"}`)
		if got.problem.Code == string(camera.CodeTooMany) {
			return
		}
	}
	t.Error("400 questions at once are all answered")
}
