package store_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

func (b *bench) vaultAt(t *testing.T, kind string) *store.Vault {
	t.Helper()
	v := b.store.Vault(b.bucket(kind))
	for range 2 { // the second time it is there
		if err := v.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func readVersion(t *testing.T, v *store.Vault, name, version string) []byte {
	t.Helper()
	in, size, err := v.ReadVersion(t.Context(), name, version)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(in)
	if err != nil || int64(len(data)) != size {
		t.Fatalf("read %d bytes of %d: %v", len(data), size, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

// vault: what was kept outlives the footage, a delete and whoever deletes.
func (b *bench) vault(t *testing.T) {
	v := b.vaultAt(t, "evidence")
	until := time.Now().Add(24 * time.Hour)
	if _, err := v.Keep(t.Context(), b.key(), until); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("keep of no footage: %v", err)
	}
	keys, bodies := b.stored(t, 1)
	key, name := keys[0], keys[0].String()
	if _, err := v.Marked(t.Context(), name); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("marker on nothing: %v", err)
	}
	version, err := v.Keep(t.Context(), key, until)
	if err != nil || version == "" {
		t.Fatalf("keep: version %q, %v", version, err)
	}
	again, err := v.Keep(t.Context(), key, until)
	if err != nil || again == version {
		t.Fatalf("keep again: version %q, %v", again, err)
	}
	if err := b.store.Delete(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	plain, bucket := b.server.plain(t), b.bucket("evidence")
	if marked, err := v.Marked(t.Context(), name); err != nil || marked {
		t.Fatalf("marker before the delete: %v, %v", marked, err)
	}
	if err := plain.RemoveObject(t.Context(), bucket, name, minio.RemoveObjectOptions{}); err != nil {
		t.Fatalf("delete without a version: %v", err)
	}
	if _, err := plain.StatObject(t.Context(), bucket, name, minio.StatObjectOptions{}); minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		t.Fatalf("what a marker hides: %v", err)
	}
	if marked, err := v.Marked(t.Context(), name); err != nil || !marked {
		t.Fatalf("marker after the delete: %v, %v", marked, err)
	}
	for _, id := range []string{version, again} {
		if got := readVersion(t, v, name, id); !bytes.Equal(got, bodies[0]) {
			t.Fatalf("version %s: other bytes", id)
		}
	}
	b.vaultMisses(t, v, name)
}

func (b *bench) vaultMisses(t *testing.T, v *store.Vault, name string) {
	t.Helper()
	// The null version is what a bucket without versions has.
	for _, version := range []string{"null", "3a44f03f-6ae7-4c6c-8b1e-3a6b4c3a0c55", "01JD8Z0000000000000000000"} {
		_, _, readErr := v.ReadVersion(t.Context(), name, version)
		_, lockErr := v.Locked(t.Context(), name, version)
		for _, err := range []error{readErr, lockErr} {
			if camera.CodeOf(err) != camera.CodeNotFound {
				t.Errorf("version %q: %v, want %s", version, err, camera.CodeNotFound)
			}
		}
	}
	if _, _, err := v.ReadVersion(t.Context(), name, ""); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("no version: %v", err)
	}
	if _, _, err := v.ReadVersion(t.Context(), "../"+name, "null"); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("bad name: %v", err)
	}
}

// locked: in COMPLIANCE nobody takes a version away or brings its date forward, also
// not the owner of the store with all rights and the header that bypasses governance.
func (b *bench) locked(t *testing.T) {
	v := b.vaultAt(t, "evidence")
	keys, bodies := b.stored(t, 1)
	name, bucket := keys[0].String(), b.bucket("evidence")
	until := time.Now().Add(24 * time.Hour)
	version, err := v.Keep(t.Context(), keys[0], until)
	if err != nil {
		t.Fatal(err)
	}
	plain := b.server.plain(t)
	for _, bypass := range []bool{false, true} {
		err := plain.RemoveObject(t.Context(), bucket, name, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: bypass})
		b.is(t, "delete of a locked version", codeOf(err), "InvalidRequest")
		shorter := time.Now().Add(time.Hour)
		for _, mode := range []minio.RetentionMode{minio.Compliance, minio.Governance} {
			err = plain.PutObjectRetention(t.Context(), bucket, name, minio.PutObjectRetentionOptions{
				VersionID: version, Mode: &mode, RetainUntilDate: &shorter, GovernanceBypass: bypass,
			})
			b.is(t, "shorter lock", codeOf(err), "InvalidRequest")
		}
		err = plain.PutObjectRetention(t.Context(), bucket, name, minio.PutObjectRetentionOptions{VersionID: version, GovernanceBypass: bypass})
		b.is(t, "no lock any more", codeOf(err), "InvalidRequest")
	}
	err = plain.RemoveBucket(t.Context(), bucket)
	b.is(t, "delete of the bucket", codeOf(err), "BucketNotEmpty")
	if err := v.Extend(t.Context(), name, version, until.Add(-time.Hour)); camera.CodeOf(err) != camera.CodeForbidden {
		t.Fatalf("a shorter lock: %v", err)
	}
	later := until.Add(48 * time.Hour)
	if err := v.Extend(t.Context(), name, version, later); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Locked(t.Context(), name, version); err != nil || got.Before(later) || got.After(later.Add(time.Second)) {
		t.Fatalf("locked until %s, %v, want %s", got, err, later)
	}
	b.lockedFootage(t, bucket, keys[0])
	if got := readVersion(t, v, name, version); !bytes.Equal(got, bodies[0]) {
		t.Fatal("other bytes")
	}
}

// lockedFootage: an expiry that meets a lock says so, and does the rest.
func (b *bench) lockedFootage(t *testing.T, bucket string, key camera.Key) {
	t.Helper()
	s := ready(t, b.server.config(t, bucket))
	free := b.key()
	b.overwrite(t, b.server.plain(t), bucket, free)
	keys := []camera.Key{key, free}
	b.left(t, s, keys, keys...)
	if err := s.Delete(t.Context(), keys); camera.CodeOf(err) != camera.CodeForbidden {
		t.Fatalf("delete of what is locked: %v", err)
	}
	b.left(t, s, keys, key)
}

// unlocked: a bucket that locks nothing is no vault.
func (b *bench) unlocked(t *testing.T) {
	v := b.store.Vault(b.store.Bucket())
	if err := v.Ensure(t.Context()); camera.CodeOf(err) != camera.CodeConflict {
		t.Fatalf("a bucket without object lock: %v", err)
	}
	keys, _ := b.stored(t, 1)
	if version, err := v.Keep(t.Context(), keys[0], time.Now().Add(time.Hour)); err == nil {
		t.Fatalf("kept as version %q", version)
	}
}

func codeOf(err error) string {
	if err == nil {
		return "done"
	}
	if code := minio.ToErrorResponse(err).Code; code != "" {
		return code
	}
	return strings.TrimSpace(err.Error())
}
