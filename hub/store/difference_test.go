package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"
)

// differences are where an object store does other things than the suite asks of
// every one, and still may be used: what it really does is asserted, so that a row
// that is no longer true fails. README.md tells an operator what each one means.
var differences = []struct {
	server, point, does string
}{
	// A refusal is a refusal; only its words differ.
	{"versitygw", "slot without its hash", "403"},
	{"versitygw", "slot without its condition", "403"},
	{"versitygw", "delete of a locked version", "AccessDenied"},
	{"versitygw", "shorter lock", "AccessDenied"},
	{"versitygw", "no lock any more", "InvalidArgument"},

	// What the hub does without, because of this store.
	{"versitygw", "hash in a trailer", "BadDigest"},
	{"versitygw", "expiry by the store", "NotImplemented"},
	{"versitygw", "document about a lock", "expected element type <Retention> but have <ObjectLockRetention>"},
	{"versitygw", "object below an object", "ObjectParentIsFile"},
	{"versitygw", "object above an object", "ExistingObjectIsDirectory"},
}

// is compares what a store does at a named point with what the suite asks, or with
// the difference that is known there.
func (b *bench) is(t *testing.T, point, does, asked string) {
	t.Helper()
	known := false
	for _, d := range differences {
		if d.server == b.server.name && d.point == point {
			known, asked = true, d.does
			b.seen[point] = true
		}
	}
	if does != asked {
		t.Errorf("%s: %s, want %s (a known difference: %v)", point, does, asked, known)
	}
}

// differencesSeen fails for a row of the table that no test looks at.
func (b *bench) differencesSeen(t *testing.T) {
	for _, d := range differences {
		if d.server == b.server.name && !b.seen[d.point] {
			t.Errorf("no test looks at the difference %q", d.point)
		}
	}
}

// without is what the hub could use and does not, because not every store has it.
func (b *bench) without(t *testing.T) {
	bucket := b.bucket("evidence") // with a version under a lock, by now
	plain := b.server.plain(t)
	trailing, err := minio.New(b.server.at(t), &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1", TrailingHeaders: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	put := func(c *minio.Client, name string, opts minio.PutObjectOptions) string {
		_, err := c.PutObject(t.Context(), bucket, name, bytes.NewReader([]byte("bytes")), 5, opts)
		return codeOf(err)
	}
	b.is(t, "hash in a trailer", put(trailing, "trailer", minio.PutObjectOptions{Checksum: minio.ChecksumSHA256}), "done")
	for _, name := range []string{"file", "folder/file"} {
		b.is(t, "put", put(plain, name, minio.PutObjectOptions{}), "done")
	}
	b.is(t, "object below an object", put(plain, "file/below", minio.PutObjectOptions{}), "done")
	b.is(t, "object above an object", put(plain, "folder", minio.PutObjectOptions{}), "done")

	days := lifecycle.NewConfiguration()
	days.Rules = []lifecycle.Rule{{ID: "days", Status: "Enabled", Expiration: lifecycle.Expiration{Days: 14}}}
	b.is(t, "expiry by the store", codeOf(plain.SetBucketLifecycle(t.Context(), bucket, days)), "done")

	for o := range plain.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		if until, err := b.store.Vault(bucket).Locked(t.Context(), o.Key, o.VersionID); err != nil || time.Until(until) < 0 {
			continue
		}
		_, _, err := plain.GetObjectRetention(t.Context(), bucket, o.Key, o.VersionID)
		b.is(t, "document about a lock", codeOf(err), "done")
	}
}
