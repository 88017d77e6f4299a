package home_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"xulang.vn/camera/agent/home"
)

// canary is a password that may be seen nowhere; deep is one in an address's path.
const (
	canary = "Ch1m-hoang-yen#7"
	deep   = "duong-dan-mat-9"
)

func recorder() home.Recorder {
	return home.Recorder{
		ID: "r1", Serial: "S-1", Brand: "Hikvision", Address: "192.168.1.20", Username: "admin", Password: home.Hide(canary), XAddr: "http://192.168.1.20/" + deep,
		Channels: []home.Channel{
			{Number: 0, Name: "Cổng", MainURL: "rtsp://192.168.1.20/1?password=" + deep, SnapshotURL: "http://192.168.1.20/" + deep, Token: deep},
			{Number: 1, Name: "Sân", MainURL: "rtsp://192.168.1.20/2?password=" + deep},
		},
	}
}

// leaks tells whether a text has a secret in it, also in hex or base64 of any length.
func leaks(text string) bool {
	for _, s := range []string{canary, deep} {
		hex := fmt.Sprintf("%x", s)
		if strings.Contains(text, s) || strings.Contains(strings.ToLower(text), hex) || strings.Contains(text, fmt.Sprintf("%d", []byte(s))) {
			return true
		}
	}
	return false
}

func TestSecretShowsInNoVerb(t *testing.T) {
	type inside struct{ secret home.Secret }
	s, r := home.Hide(canary), recorder()
	book := home.Book{Recorders: []home.Recorder{r}}
	for _, v := range []any{
		s, &s, r, &r, book, &book, inside{s}, &inside{s}, []home.Secret{s}, map[string]home.Secret{"a": s}, map[home.Secret]int{s: 1},
		r.Channels, r.Channels[0], [1]home.Secret{s}, fmt.Errorf("sign in with %v: %w", s, os.ErrClosed), struct{ R *home.Recorder }{&r},
	} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
			for _, flags := range []string{"", "+", "#", " ", "0", "-30", "30.20"} {
				text := fmt.Sprintf("%"+flags+string(verb), v)
				if verb == 'p' { // fmt calls no method for it, and go vet refuses it: the password is hidden all the same
					text = strings.ReplaceAll(text, deep, "")
				}
				if leaks(text) {
					t.Errorf("%%%s%c of %T shows it: %s", flags, verb, v, text)
				}
			}
		}
		if text := fmt.Sprint(v) + fmt.Sprintln(v); leaks(text) {
			t.Errorf("Sprint of %T shows it", v)
		}
	}
	if s.Reveal() != canary || !leaks(s.Reveal()) {
		t.Error("Reveal does not give it, or the test cannot fail")
	}
	if (home.Secret{}).String() != "" || home.Hide("") != (home.Secret{}) {
		t.Error("an empty secret is not empty")
	}
}

func TestSecretShowsInNoEncoding(t *testing.T) {
	r := recorder()
	book := home.Book{Recorders: []home.Recorder{r}}
	var out bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))} {
		log.Info("x", "secret", r.Password, "recorder", r, "pointer", &r, "book", book, "channels", r.Channels, "channel", r.Channels[0])
	}
	for _, encode := range []func(any) error{json.NewEncoder(&out).Encode, yaml.NewEncoder(&out).Encode, gob.NewEncoder(&out).Encode, xml.NewEncoder(&out).Encode} {
		if err := encode(struct {
			S home.Secret
			R home.Recorder
		}{r.Password, home.Recorder{ID: "r1", Password: r.Password}}); err != nil {
			t.Logf("not encoded: %v", err)
		}
	}
	text, err := json.Marshal(book)
	if err != nil {
		t.Fatal(err)
	}
	if out.Write(text); leaks(out.String()) {
		t.Errorf("it shows: %s", out.String())
	}
	if !strings.Contains(out.String(), "•••") {
		t.Error("nothing was encoded")
	}
}

// TestSecretShowsInNoCrash panics in a process of its own with secrets on its stack.
func TestSecretShowsInNoCrash(t *testing.T) {
	if os.Getenv("XULANG_CRASH") != "" {
		crash(recorder(), home.Hide(canary), os.Getenv("XULANG_CRASH"))
	}
	for _, how := range []string{"secret", "recorder", "error"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSecretShowsInNoCrash$")
		cmd.Env = append(os.Environ(), "XULANG_CRASH="+how, "GOTRACEBACK=all")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "goroutine") {
			t.Fatalf("%s: no crash: %v\n%s", how, err, out)
		}
		if leaks(string(out)) {
			t.Errorf("%s: the dump shows it:\n%s", how, out)
		}
	}
}

//go:noinline
func crash(r home.Recorder, s home.Secret, how string) {
	switch how {
	case "secret":
		panic(s)
	case "recorder":
		panic(r)
	}
	panic(fmt.Errorf("open %v with %v", r, s))
}
