package store

import (
	"context"
	"crypto/sha256"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// Vault is the bucket of evidence: copies made for a case, of which every version
// stays until its date whatever anybody wants (S3 Object Lock, COMPLIANCE mode). A
// delete only puts a marker on top, so evidence is read by version, and legal holds
// play no part: who may set one may lift it. It is safe for concurrent use.
type Vault struct {
	store  *Store
	bucket string
}

// Vault gives the bucket's vault, with the keys and limits of the store.
func (s *Store) Vault(bucket string) *Vault { return &Vault{s, bucket} }

// Ensure creates the bucket with versions and Object Lock. A bucket that is there
// without them is CodeConflict: nothing put into it would be evidence.
func (v *Vault) Ensure(ctx context.Context) error {
	if err := v.store.ensure(ctx, v.bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		return err
	}
	ctx, left := v.store.patient(ctx)
	defer left.end()
	lock, _, _, _, err := v.store.api.GetObjectLockConfig(ctx, v.bucket)
	if err != nil && minio.ToErrorResponse(err).Code != "ObjectLockConfigurationNotFoundError" {
		return failed(ctx, "look for object lock", err)
	}
	versions, err := v.store.api.GetBucketVersioning(ctx, v.bucket)
	if err != nil {
		return failed(ctx, "look for versions", err)
	}
	if lock != "Enabled" || !versions.Enabled() {
		return camera.Errorf(camera.CodeConflict, "the bucket %s has no object lock or keeps no versions", v.bucket)
	}
	return nil
}

// Keep copies a segment from the footage bucket under its key's name, locked until
// a time, and gives the version. The object store copies by itself; then the copy is
// read back whole and compared with the hash that came in with the footage.
// CodeNotFound when there is no such footage, CodeBadClaim when the copy is not it,
// CodeConflict when the store did not lock it. Called again it keeps another version.
func (v *Vault) Keep(ctx context.Context, key camera.Key, until time.Time) (version string, err error) {
	name, err := keyName(key)
	if err != nil {
		return "", err
	}
	size, sum, ok, err := v.store.Has(ctx, key)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", camera.Errorf(camera.CodeNotFound, "no object %s", key)
	}
	if version, err = v.copy(ctx, name, whole(until)); err != nil {
		return "", err
	}
	if err := v.compare(ctx, name, version, size, sum); err != nil {
		return "", err
	}
	return version, v.lockedFor(ctx, name, version, until)
}

func (v *Vault) copy(ctx context.Context, name string, until time.Time) (version string, err error) {
	ctx, left := v.store.patient(ctx)
	defer left.end()
	info, err := v.store.api.CopyObject(ctx, minio.CopyDestOptions{
		Bucket: v.bucket, Object: name, Mode: minio.Compliance, RetainUntilDate: until, ChecksumType: minio.ChecksumSHA256,
	}, minio.CopySrcOptions{Bucket: v.store.bucket, Object: name})
	switch code := minio.ToErrorResponse(err).Code; {
	case err == nil && info.VersionID != "":
		return info.VersionID, nil
	case err == nil:
		return "", camera.Errorf(camera.CodeConflict, "keep %s: the object store gave no version", name)
	case code == minio.NoSuchKey: // it expired meanwhile
		return "", camera.Errorf(camera.CodeNotFound, "no object %s", name)
	}
	return "", failed(ctx, "keep object", err)
}

func (v *Vault) compare(ctx context.Context, name, id string, size int64, sum camera.Hash) error {
	in, _, err := v.ReadVersion(ctx, name, id)
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(in, size+1))
	if err != nil {
		return err
	}
	if n != size || camera.Hash(h.Sum(nil)) != sum {
		return camera.Errorf(camera.CodeBadClaim, "keep %s, version %q: the copy is not the footage", name, id)
	}
	return nil
}

// ReadVersion gives one version of an object and its size, also when a delete marker
// hides the object. CodeNotFound when there is none. The body is for the caller to
// close.
func (v *Vault) ReadVersion(ctx context.Context, name, version string) (io.ReadCloser, int64, error) {
	if err := checkName(name); err != nil {
		return nil, 0, err
	}
	if version == "" { // would be the newest one, whoever put it there
		return nil, 0, camera.Errorf(camera.CodeBadRequest, "read of %s without a version", name)
	}
	in, info, err := v.store.open(ctx, v.bucket, name, version)
	if err != nil {
		return nil, 0, err
	}
	return in, info.Size, nil
}

// Marked tells whether a delete marker lies on an object: somebody deleted it, or
// tried to. CodeNotFound when there is neither a version nor a marker.
func (v *Vault) Marked(ctx context.Context, name string) (bool, error) {
	if err := checkName(name); err != nil {
		return false, err
	}
	marked, found := false, false
	for o, err := range v.store.versions(ctx, v.bucket, []string{name}) {
		if err != nil {
			return false, err
		}
		found, marked = true, marked || o.IsDeleteMarker
	}
	if !found {
		return false, camera.Errorf(camera.CodeNotFound, "no object %s", name)
	}
	return marked, nil
}

// Extend locks a version for longer. An earlier time than it is locked for now is
// CodeForbidden: the object store shortens nothing.
func (v *Vault) Extend(ctx context.Context, name, version string, until time.Time) error {
	if now, err := v.Locked(ctx, name, version); err != nil {
		return err
	} else if until.Before(now) {
		return camera.Errorf(camera.CodeForbidden, "%s, version %q, is locked until %s", name, version, now.Format(time.RFC3339))
	}
	if err := v.lock(ctx, name, version, whole(until)); err != nil {
		return err
	}
	return v.lockedFor(ctx, name, version, until)
}

func (v *Vault) lock(ctx context.Context, name, version string, until time.Time) error {
	ctx, left := v.store.patient(ctx)
	defer left.end()
	mode := minio.Compliance
	err := v.store.api.PutObjectRetention(ctx, v.bucket, name,
		minio.PutObjectRetentionOptions{VersionID: version, Mode: &mode, RetainUntilDate: &until})
	if err != nil {
		return failed(ctx, "lock object", err)
	}
	return nil
}

// Locked tells until when a version is locked. CodeConflict for one that is not
// locked in COMPLIANCE mode.
func (v *Vault) Locked(ctx context.Context, name, version string) (time.Time, error) {
	if err := checkName(name); err != nil {
		return time.Time{}, err
	}
	ctx, left := v.store.patient(ctx)
	defer left.end()
	// Asked for by HEAD: the document that GET ?retention answers with has another root
	// element in every second store.
	o, err := v.store.api.StatObject(ctx, v.bucket, name, minio.StatObjectOptions{VersionID: version})
	switch {
	case absent(err, version):
		return time.Time{}, camera.Errorf(camera.CodeNotFound, "no version %q of %s", version, name)
	case err != nil:
		return time.Time{}, failed(ctx, "look for lock", err)
	}
	until, err := time.Parse(time.RFC3339, o.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil || o.Metadata.Get("X-Amz-Object-Lock-Mode") != minio.Compliance.String() {
		return time.Time{}, camera.Errorf(camera.CodeConflict, "%s, version %q, is not locked", name, version)
	}
	return until, nil
}

func (v *Vault) lockedFor(ctx context.Context, name, version string, until time.Time) error {
	got, err := v.Locked(ctx, name, version)
	if err != nil {
		return err
	}
	if got.Before(until) {
		return camera.Errorf(camera.CodeConflict, "%s, version %q, is locked until %s only", name, version, got.Format(time.RFC3339))
	}
	return nil
}

// whole rounds up to a second: a lock has no finer date, and none may be short.
func whole(until time.Time) time.Time {
	return until.Add(time.Second - 1).Truncate(time.Second).UTC()
}
