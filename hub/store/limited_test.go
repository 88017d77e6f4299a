package store_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

func limitedConfig(t *testing.T, srv *s3, bucket string) store.Config {
	t.Helper()
	cfg := srv.config(t, bucket)
	cfg.Limited, cfg.Index, cfg.Evidence = true, bucket+"-index", bucket+"-evidence"
	return cfg
}

// TestLimited: all that the hub does, done with keys that hold the policy only.
func TestLimited(t *testing.T) {
	s := ready(t, limitedConfig(t, minIO, "limited"))
	mux := http.NewServeMux()
	mux.Handle(store.Prefix, s.Proxy())
	hub := httptest.NewServer(mux)
	defer hub.Close()
	conform(t, &bench{store: s, server: minIO, base: hub.URL})
}

func TestLimitedStraight(t *testing.T) {
	cfg := limitedConfig(t, minIO, "limited-straight")
	cfg.Public = "http://" + minIO.at(t)
	conformLinks(t, &bench{store: ready(t, cfg), server: minIO})
}

// TestLimitedWithoutMint: a server that mints no keys is found out, not worked round.
func TestLimitedWithoutMint(t *testing.T) {
	s, err := store.Open(limitedConfig(t, versity, "limited"))
	if err != nil {
		t.Fatal(err)
	}
	_, slotErr := s.Slot(t.Context(), (&bench{}).key(), 10, camera.Hash{1}, time.Minute)
	_, linkErr := s.Link(t.Context(), (&bench{}).key(), time.Minute)
	for _, err := range []error{s.Ensure(t.Context()), s.Ping(t.Context()), slotErr, linkErr} {
		if camera.CodeOf(err) != camera.CodeUnavailable || strings.Contains(err.Error(), versity.at(t)) {
			t.Errorf("%v, want %s", err, camera.CodeUnavailable)
		}
	}
}

// forbidden is what no keys of the hub may do, on buckets that hold something.
func forbidden(t *testing.T, c *minio.Client, name, version string) map[string]error {
	t.Helper()
	ctx := t.Context()
	put := func(bucket string) error {
		_, err := c.PutObject(ctx, bucket, "new", bytes.NewReader([]byte("bytes")), 5, minio.PutObjectOptions{})
		return err
	}
	read := func(bucket string) error {
		_, err := c.StatObject(ctx, bucket, "old", minio.StatObjectOptions{})
		_, _, _, got := minio.Core{Client: c}.GetObject(ctx, bucket, "old", minio.GetObjectOptions{})
		if minio.ToErrorResponse(err).StatusCode != http.StatusForbidden {
			return err
		}
		return got
	}
	days := lifecycle.NewConfiguration()
	days.Rules = []lifecycle.Rule{{ID: "days", Status: "Enabled", Expiration: lifecycle.Expiration{Days: 1}}}
	hold := minio.LegalHoldEnabled
	sooner, mode, unit, one := time.Now().Add(time.Hour), minio.Governance, minio.Days, uint(1)
	results := map[string]error{
		"read elsewhere":              read("elsewhere"),
		"write elsewhere":             put("elsewhere"),
		"make a bucket":               c.MakeBucket(ctx, "another", minio.MakeBucketOptions{}),
		"hide evidence":               c.RemoveObject(ctx, "rights-evidence", name, minio.RemoveObjectOptions{}),
		"delete evidence":             c.RemoveObject(ctx, "rights-evidence", name, minio.RemoveObjectOptions{VersionID: version}),
		"delete evidence with bypass": c.RemoveObject(ctx, "rights-evidence", name, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: true}),
		"weaken a lock": c.PutObjectRetention(ctx, "rights-evidence", name, minio.PutObjectRetentionOptions{
			VersionID: version, Mode: &mode, RetainUntilDate: &sooner, GovernanceBypass: true}),
		"change the lock of a bucket": c.SetObjectLockConfig(ctx, "rights-evidence", &mode, &one, &unit),
		"legal hold":                  c.PutObjectLegalHold(ctx, "rights-evidence", name, minio.PutObjectLegalHoldOptions{VersionID: version, Status: &hold}),
	}
	for _, bucket := range []string{"rights", "rights-index", "rights-evidence", "elsewhere"} {
		results["delete bucket "+bucket] = c.RemoveBucket(ctx, bucket)
		results["empty and delete bucket "+bucket] = c.RemoveBucketWithOptions(ctx, bucket, minio.RemoveBucketOptions{ForceDelete: true})
		results["open bucket to all "+bucket] = c.SetBucketPolicy(ctx, bucket, `{"Version":"2012-10-17","Statement":[]}`)
		results["let bucket expire "+bucket] = c.SetBucketLifecycle(ctx, bucket, days)
		results["stop versions of "+bucket] = c.SuspendVersioning(ctx, bucket)
	}
	return results
}

// mintOptions asks for keys with all rights, by the keys of a session.
func mintOptions(keys credentials.Value) credentials.STSAssumeRoleOptions {
	return credentials.STSAssumeRoleOptions{
		AccessKey: keys.AccessKeyID, SecretKey: keys.SecretAccessKey, SessionToken: keys.SessionToken, DurationSeconds: 3600,
	}
}

// TestLimitedRights: what the policy does not name is refused, to the hub's own keys
// and to those of its links.
func TestLimitedRights(t *testing.T) {
	s := ready(t, limitedConfig(t, minIO, "rights"))
	b := &bench{store: s, server: minIO, base: "http://" + minIO.at(t)}
	plain := minIO.plain(t)
	if err := s.Shelf("rights-index").Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := s.Vault("rights-evidence")
	if err := v.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := plain.MakeBucket(t.Context(), "elsewhere", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []string{"elsewhere", "rights", "rights-index", "rights-evidence"} {
		if _, err := plain.PutObject(t.Context(), bucket, "old", bytes.NewReader([]byte("bytes")), 5, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	key := b.key()
	b.overwrite(t, plain, "rights", key)
	version, err := v.Keep(t.Context(), key, time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	own, links, err := s.Keys()
	if err != nil {
		t.Fatal(err)
	}
	for who, keys := range map[string]credentials.Value{"own": own, "links": links} {
		c := client(t, keys)
		for what, err := range forbidden(t, c, key.String(), version) {
			// A lock is looked at before rights are.
			code, locked := codeOf(err), what == "weaken a lock"
			if code != "AccessDenied" && (code != "InvalidRequest" || !locked) {
				t.Errorf("%s: %s: %s, want AccessDenied", who, what, code)
			}
		}
		if _, err := credentials.New(&credentials.STSAssumeRole{STSEndpoint: b.base, Options: mintOptions(keys)}).GetWithContext(nil); err == nil {
			t.Errorf("%s: minted keys without a policy", who)
		}
		if _, err := c.StatObject(t.Context(), "rights", "old", minio.StatObjectOptions{}); err != nil {
			t.Errorf("%s: read of footage: %v", who, err) // the keys are good for something
		}
	}
	c := client(t, links)
	_, listErr := minio.Core{Client: c}.ListObjectsV2("rights", "", "", "", "", 10)
	later, compliance := time.Now().Add(48*time.Hour), minio.Compliance
	_, indexErr := c.StatObject(t.Context(), "rights-index", "old", minio.StatObjectOptions{})
	link, err := s.Link(t.Context(), key, time.Minute)
	if err != nil || len(link) > 1500 { // pages and playlists carry hundreds
		t.Errorf("link of %d bytes: %v", len(link), err)
	}
	for what, err := range map[string]error{
		"list footage":   listErr,
		"read the index": indexErr,
		"lock for longer": c.PutObjectRetention(t.Context(), "rights-evidence", key.String(), minio.PutObjectRetentionOptions{
			VersionID: version, Mode: &compliance, RetainUntilDate: &later}),
		"delete footage": c.RemoveObject(t.Context(), "rights", "old", minio.RemoveObjectOptions{}),
	} {
		if codeOf(err) != "AccessDenied" {
			t.Errorf("links: %s: %s, want AccessDenied", what, codeOf(err))
		}
	}
}

// client works with keys of a session.
func client(t *testing.T, keys credentials.Value) *minio.Client {
	t.Helper()
	c, err := minio.New(minIO.at(t), &minio.Options{
		Creds:  credentials.NewStaticV4(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
		Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPolicy: the policy names no right that a hub could do harm with, whatever it is
// called, and fits into what MinIO takes for a session (2,048 bytes).
func TestPolicy(t *testing.T) {
	long := strings.Repeat("b", 63) // the longest name of a bucket
	for _, b := range []store.Buckets{
		{Footage: "footage", Index: "index", Evidence: "evidence"}, {Footage: "footage"}, {Footage: long, Index: long, Evidence: long},
	} {
		for _, text := range []string{b.Policy(), store.Links(b)} {
			var p struct {
				Statement []struct {
					Effect           string
					Action, Resource []string
				}
			}
			if err := json.Unmarshal([]byte(text), &p); err != nil || len(p.Statement) == 0 || len(text) > 2048 {
				t.Fatalf("%d bytes, %v: %s", len(text), err, text)
			}
			for _, s := range p.Statement {
				about := strings.Join(s.Resource, " ")
				for _, action := range s.Action {
					name := strings.TrimPrefix(action, "s3:")
					verb := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "PutObject") || strings.HasPrefix(name, "DeleteObject")
					if !verb || strings.Contains(name, "*") || s.Effect != "Allow" {
						t.Errorf("%s %s", s.Effect, action)
					}
					if strings.HasPrefix(name, "Delete") && b.Evidence != "" && b.Evidence != b.Footage && strings.Contains(about, b.Evidence) {
						t.Errorf("%s on %s", action, about)
					}
				}
				for _, r := range s.Resource {
					if bucket := strings.TrimSuffix(strings.TrimPrefix(r, "arn:aws:s3:::"), "/*"); bucket == "" || bucket != b.Footage && bucket != b.Index && bucket != b.Evidence {
						t.Errorf("resource %q", r)
					}
				}
			}
		}
	}
}
