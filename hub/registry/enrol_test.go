package registry_test

import (
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/registry"
)

// everything is all text of a table.
func (h *hub) everything(t *testing.T, table string) string {
	t.Helper()
	rows, err := h.db.Read().QueryContext(t.Context(), `SELECT * FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if text, ok := v.(string); ok {
				b.WriteString(text + "\n")
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSecretsAreNotKept(t *testing.T) {
	h := open(t)
	made, err := h.Invite(t.Context(), h.household(t))
	if err != nil {
		t.Fatal(err)
	}
	if !made.Expires.Equal(start.Add(10*time.Minute)) || len(made.Secret) != 26 || camera.SecretOf(made.Secret) != made.Secret {
		t.Errorf("secret of %d letters until %v", len(made.Secret), made.Expires)
	}
	kept := h.everything(t, "invitations")
	if !strings.Contains(kept, camera.InvitationID(made.Secret).String()) || strings.Contains(strings.ToUpper(kept), made.Secret) {
		t.Error("the secret is in the database, or the invitation is not")
	}
	// What is kept enrols nobody.
	for _, code := range strings.Fields(kept) {
		_, err := h.Enrol(t.Context(), newKey(t).request(code[:min(len(code), 100)]))
		want(t, "enrol with what is in the database", err, camera.CodeUsedCode)
	}
}

func TestProve(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	made, err := h.Invite(ctx, home)
	if err != nil {
		t.Fatal(err)
	}
	ca, nonce := camera.Hash{1, 2, 3}, strings.Repeat("n", 16)
	prove := func(secret, nonce string, ca camera.Hash) camera.Hash {
		t.Helper()
		got, err := h.Prove(ctx, camera.ProofRequest{Invitation: camera.InvitationID(secret), Nonce: nonce}, ca)
		if err != nil || got.IsZero() {
			t.Fatalf("prove: %s, %v", got, err)
		}
		return got
	}
	good := func(ca camera.Hash) bool {
		t.Helper()
		return prove(made.Secret, nonce, ca) == camera.InvitationProof(camera.InvitationKey(made.Secret), nonce, ca)
	}
	if !good(ca) || !good(camera.Hash{}) {
		t.Error("the proof does not fit")
	}
	other := strings.Repeat("A", 26)
	fake := prove(other, nonce, ca)
	if fake == camera.InvitationProof(camera.InvitationKey(other), nonce, ca) {
		t.Error("an invitation that there is not was proved")
	}
	// Asked again it answers the same, and another nonce or CA another, as a real one.
	if fake != prove(other, nonce, ca) || fake == prove(other, nonce+"x", ca) || fake == prove(other, nonce, camera.Hash{}) {
		t.Error("the proof that fits nothing can be told from others")
	}
	for _, nonce := range []string{"", strings.Repeat("n", 15), strings.Repeat("n", 65)} {
		_, err := h.Prove(ctx, camera.ProofRequest{Invitation: camera.InvitationID(made.Secret), Nonce: nonce}, ca)
		want(t, "nonce", err, camera.CodeBadRequest)
	}
	if _, err := h.Enrol(ctx, newKey(t).request(made.Secret)); err != nil {
		t.Fatal(err)
	}
	if !good(ca) {
		t.Error("the winner cannot ask again")
	}
	h.wait(registry.InvitationLife)
	if good(ca) {
		t.Error("an invitation that is too old still proves")
	}
}

func TestPlaceOfAHousehold(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	there := camera.Position{Lon: 106.7, Lat: 21.97}
	home, err := h.CreateHousehold(ctx, "Nhà số 2", &there)
	if err != nil || home.Place == nil || *home.Place != there {
		t.Fatalf("%+v, %v", home, err)
	}
	for _, bad := range []camera.Position{{Lon: 181, Lat: 0}, {Lon: 0, Lat: 86}} {
		_, err := h.CreateHousehold(ctx, "Nhà", &bad)
		want(t, "no place on earth", err, camera.CodeBadRequest)
	}
	k := newKey(t)
	reply, err := h.Enrol(ctx, k.request(h.invite(t, home.ID)))
	if err != nil || reply.Place == nil || *reply.Place != there {
		t.Errorf("the agent hears %+v, %v", reply, err)
	}
	if got, err := h.Place(ctx, k.id); err != nil || got == nil || *got != there {
		t.Errorf("place of the device: %v, %v", got, err)
	}
	elsewhere := h.device(t, h.household(t))
	if got, err := h.Place(ctx, elsewhere); err != nil || got != nil {
		t.Errorf("a place that was not noted: %v, %v", got, err)
	}
	_, err = h.Place(ctx, newKey(t).id)
	want(t, "place of nobody", err, camera.CodeForbidden)
	list, err := h.Households(ctx)
	if err != nil || len(list) != 2 || list[0].Place != nil || list[1].Place == nil || *list[1].Place != there {
		t.Errorf("households %+v, %v", list, err)
	}
}

func TestLeave(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	k := newKey(t)
	if _, err := h.Enrol(ctx, k.request(h.invite(t, home))); err != nil {
		t.Fatal(err)
	}
	h.hello(t, k.id, note(home, 1))
	if err := h.Linked(ctx, k.id, h.now()); err != nil {
		t.Fatal(err)
	}
	h.wait(time.Minute)
	for range 2 {
		if err := h.Leave(ctx, k.id); err != nil {
			t.Fatal(err)
		}
	}
	if _, standing, err := h.Device(ctx, k.id); standing != camera.CodeForbidden || err != nil {
		t.Errorf("a device that left: %q %v", standing, err)
	}
	want(t, "hello", refused(h.Hello(ctx, k.id, hello(note(home, 1)))), camera.CodeForbidden)
	_, err := h.Enrol(ctx, k.request(h.invite(t, home)))
	want(t, "the same key again", err, camera.CodeForbidden)
	want(t, "nobody leaves", h.Leave(ctx, "Unobody"), camera.CodeNotFound)
	if c, err := h.Camera(ctx, note(home, 1).Camera); err != nil || c.Shared {
		t.Errorf("camera of a household that left: %+v, %v", c, err)
	}
	if p, err := h.Presence(ctx, k.id, start, start.Add(time.Hour)); err != nil || len(p) != 1 || p[0].To != start.Add(time.Minute) {
		t.Errorf("presence %v, %v", p, err)
	}
	list, err := h.Households(ctx)
	if err != nil || !list[0].Devices[0].Left || list[0].Devices[0].Revoked {
		t.Errorf("%+v, %v", list, err)
	}
	// It comes back with a new key, and finds its camera with its past.
	next := h.device(t, home)
	h.hello(t, next, note(home, 1))
	if c, err := h.Camera(ctx, note(home, 1).Camera); err != nil || !c.Shared || c.Device != next || c.Registered != start {
		t.Errorf("joined anew: %+v, %v", c, err)
	}
}
