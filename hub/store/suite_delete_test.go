package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// stored puts n segments through slots, as agents do.
func (b *bench) stored(t *testing.T, n int) (keys []camera.Key, bodies [][]byte) {
	t.Helper()
	for range n {
		key, body := b.key(), random(t, 1000)
		status, text := b.put(t, b.slot(t, key, body, time.Minute), body)
		want(t, status, http.StatusOK, text)
		keys, bodies = append(keys, key), append(bodies, body)
	}
	return keys, bodies
}

func (b *bench) delete(t *testing.T) {
	keys, bodies := b.stored(t, 4)
	in, size, err := b.store.Read(t.Context(), keys[0])
	if err != nil || size != 1000 {
		t.Fatalf("read: %d bytes, %v", size, err)
	}
	got, err := io.ReadAll(in)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(bodies[0]) {
		t.Fatalf("read: %d bytes, %v", len(got), err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	listed := 0
	for o, err := range b.store.Objects(t.Context(), string(keys[0].Camera)+"/2026/11/22/07/") {
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(keys, func(k camera.Key) bool { return k.String() == o.Name }) {
			listed++
			if o.Size != 1000 || time.Since(o.At).Abs() > time.Hour {
				t.Errorf("listed %+v", o)
			}
		}
	}
	if listed != 4 {
		t.Fatalf("%d of 4 objects are listed", listed)
	}
	gone := []camera.Key{keys[3], b.key(), keys[1]}
	all := []camera.Key{keys[3], keys[2], gone[1], keys[1], keys[0]}
	b.left(t, b.store, all, keys[3], keys[2], keys[1], keys[0])
	for range 2 { // the second time none of them is there
		if err := b.store.Delete(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		b.left(t, b.store, all, keys[2], keys[0])
	}
	if _, _, err := b.store.Read(t.Context(), keys[1]); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("read after the delete: %v", err)
	}
	if _, _, ok, err := b.store.Has(t.Context(), keys[0]); !ok || err != nil {
		t.Fatalf("one that nobody wanted to delete: %v, %v", ok, err)
	}
}

func (b *bench) left(t *testing.T, s *store.Store, keys []camera.Key, wanted ...camera.Key) {
	t.Helper()
	left, err := s.Left(t.Context(), keys)
	if err != nil || !slices.Equal(left, wanted) {
		t.Fatalf("left %v, %v, want %v", left, err, wanted)
	}
}

// deleteVersions: in a bucket with versions nothing of an object stays, neither an
// old version nor the marker that hides it.
func (b *bench) deleteVersions(t *testing.T) {
	cfg := b.server.config(t, b.bucket("versions"))
	s := ready(t, cfg)
	plain := b.server.plain(t)
	if err := plain.EnableVersioning(t.Context(), cfg.Bucket); err != nil {
		t.Fatal(err)
	}
	keys := []camera.Key{b.key(), b.key(), b.key()}
	hidden, twice, other := keys[0], keys[1], keys[2]
	for _, key := range []camera.Key{hidden, twice, twice, other} {
		b.overwrite(t, plain, cfg.Bucket, key)
	}
	if err := plain.RemoveObject(t.Context(), cfg.Bucket, hidden.String(), minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read(t.Context(), hidden); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("read of a hidden object: %v", err)
	}
	b.left(t, s, keys, keys...) // hidden is not gone
	if err := s.Delete(t.Context(), []camera.Key{hidden, twice}); err != nil {
		t.Fatal(err)
	}
	b.left(t, s, keys, other)
	if err := s.Delete(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	b.left(t, s, keys)
}

// overwrite stores an object as somebody with all rights may.
func (b *bench) overwrite(t *testing.T, plain *minio.Client, bucket string, key camera.Key) {
	t.Helper()
	body := random(t, 500)
	sum := sha256.Sum256(body)
	if _, err := plain.PutObject(t.Context(), bucket, key.String(), bytes.NewReader(body), 500, minio.PutObjectOptions{
		DisableContentSha256: true,
		UserMetadata:         map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:])},
	}); err != nil {
		t.Fatal(err)
	}
}
