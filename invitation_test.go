package camera_test

import (
	"strings"
	"testing"

	camera "xulang.vn/camera"
)

const secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func TestInvitationLink(t *testing.T) {
	for _, i := range []camera.Invitation{
		{Hub: "https://192.168.1.2:8470", CA: camera.Hash{1, 2, 255}, Secret: secret},
		{Hub: "https://hub.example/xa", Secret: secret},
		{Hub: "https://[fd00::1]:8470", CA: camera.Hash{7}, Secret: secret},
	} {
		back, err := camera.ParseInvitation(" " + i.Link() + "\n")
		if err != nil || back != i {
			t.Errorf("%s: %+v, %v", i.Link(), back, err)
		}
		if before, _, _ := strings.Cut(i.Link(), "#"); strings.Contains(before, secret) {
			t.Errorf("the secret is sent to whoever serves %s", before)
		}
	}
}

func TestInvitationCode(t *testing.T) {
	i := camera.Invitation{Secret: secret}
	if i.Code() != "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ" || camera.SecretOf(i.Code()) != secret {
		t.Error(i.Code())
	}
	if got := camera.SecretOf(" abcd efgh 1jklmn0p8 "); got != "ABCDEFGHIJKLMNOPB" {
		t.Error(got)
	}
}

func TestInvitationRefuses(t *testing.T) {
	good := camera.Invitation{Hub: "https://hub", CA: camera.Hash{1}, Secret: secret}.Link()
	for _, bad := range []string{
		"", "https://hub", good[:len(good)-1], strings.Replace(good, "#1.", "#2.", 1), strings.Replace(good, "https", "ftp", 1),
		strings.Replace(good, "hub", "u:p@hub", 1), strings.Replace(good, "/ghep", "/join", 1), strings.Replace(good, "#1.", "#1.x", 1), strings.Repeat(good, 5),
	} {
		if i, err := camera.ParseInvitation(bad); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%q: %+v, %v", bad, i, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestInvitationProof(t *testing.T) {
	key, ca := camera.InvitationKey(secret), camera.Hash{9}
	proof := camera.InvitationProof(key, "nonce", ca)
	if proof == camera.InvitationProof(key, "other", ca) || proof == camera.InvitationProof(key, "nonce", camera.Hash{8}) ||
		proof == camera.InvitationProof(camera.InvitationKey(secret[1:]), "nonce", ca) || camera.InvitationID(secret) == key {
		t.Error("a proof fits more than it was made for")
	}
}

func FuzzInvitation(f *testing.F) {
	f.Add(camera.Invitation{Hub: "https://hub:8470", CA: camera.Hash{1}, Secret: secret}.Link())
	f.Fuzz(func(t *testing.T, text string) {
		i, err := camera.ParseInvitation(text)
		if err != nil {
			return
		}
		if again, err := camera.ParseInvitation(i.Link()); err != nil || again != i {
			t.Fatalf("%q is read as %+v, its link as %+v: %v", text, i, again, err)
		}
	})
}
