package store_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// mint is a store that gives numbered keys for four hours, while it is up.
type mint struct {
	now   time.Time
	count int
	down  bool
}

func (m *mint) IsExpired() bool                      { return false }
func (m *mint) Retrieve() (credentials.Value, error) { return m.RetrieveWithCredContext(nil) }
func (m *mint) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	if m.down {
		return credentials.Value{}, errors.New("no answer")
	}
	m.count++
	return credentials.Value{AccessKeyID: fmt.Sprint(m.count), Expiration: m.now.Add(4 * time.Hour)}, nil
}

// TestSession walks through a day: what is asked when, and which keys come.
func TestSession(t *testing.T) {
	m := &mint{now: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)}
	s := store.NewSession(m, func() time.Time { return m.now })
	keys := credentials.New(s)
	for _, step := range []struct {
		name  string
		after time.Duration // since the step before
		down  bool
		doubt bool
		want  string // "" = refused
	}{
		{name: "before the store is up", down: true, want: ""},
		{name: "first", want: "1"},
		{name: "kept", after: 2*time.Hour - time.Second, want: "1"},
		{name: "half of their life", after: time.Second, want: "2"},
		{name: "store is away, keys are good", after: 2 * time.Hour, down: true, want: "2"},
		{name: "not asked again at once", after: 59 * time.Second, want: "2"},
		{name: "asked again", after: time.Second, want: "3"},
		{name: "away again", after: 2 * time.Hour, down: true, want: "3"},
		{name: "enough for a slot of an hour", after: 54 * time.Minute, down: true, want: "3"},
		{name: "not enough any more", after: 2 * time.Minute, down: true, want: ""},
		{name: "back", want: "4"},
		{name: "refused at once", doubt: true, want: "4"},
		{name: "refused: new ones after a minute", after: time.Minute, want: "5"},
		{name: "refused later", after: time.Hour, doubt: true, want: "6"},
		{name: "good again", after: time.Hour, want: "6"},
	} {
		m.now, m.down = m.now.Add(step.after), step.down
		if step.doubt {
			s.Doubt()
		}
		got, err := keys.GetWithContext(nil)
		if got.AccessKeyID != step.want || (err != nil) != (step.want == "") {
			t.Fatalf("%s: keys %q, %v, want %q", step.name, got.AccessKeyID, err, step.want)
		}
	}
}

// TestSessionLost: a store that forgot the keys it had minted is asked for new ones.
func TestSessionLost(t *testing.T) {
	var minted, lost atomic.Int64
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPost {
			_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>k%d</AccessKeyId>`+
				`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>`+
				`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, minted.Add(1), time.Now().Add(4*time.Hour).UTC().Format(time.RFC3339))
			return
		}
		if strings.Contains(r.Header.Get("Authorization"), fmt.Sprintf("Credential=k%d/", lost.Load())) {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer s3.Close()
	s, err := store.Open(store.Config{
		Endpoint: s3.Listener.Addr().String(), AccessKey: "a", SecretKey: "b", Bucket: "footage", Limited: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	var late atomic.Int64 // seconds
	s.SetClock(func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Second) })
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	lost.Store(1)
	if err := s.Ping(t.Context()); camera.CodeOf(err) != camera.CodeUnavailable {
		t.Fatalf("with lost keys: %v", err)
	}
	late.Store(61)
	if err := s.Ping(t.Context()); err != nil || minted.Load() != 2 {
		t.Fatalf("after a minute: %v, minted %d times", err, minted.Load())
	}
}
