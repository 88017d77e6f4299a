package store

import (
	"context"
	"slices"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// batch is the most objects that one request may delete (Amazon S3 API, DeleteObjects).
const batch = 1000

// Delete removes objects of the footage bucket, in a bucket with versions all of
// them and every delete marker. One that is not there is no error. A version that
// the store keeps locked is CodeForbidden; the others are gone then all the same.
// That they are gone is proved by [Store.Left], not by this.
func (s *Store) Delete(ctx context.Context, keys []camera.Key) error {
	names, err := keyNames(keys)
	if err != nil {
		return err
	}
	return s.erase(ctx, s.bucket, names)
}

// Left tells which of the keys still have a trace in the footage bucket: an object,
// an old version or a delete marker, by a new listing of the folders that they lie
// in. It keeps the order of keys.
func (s *Store) Left(ctx context.Context, keys []camera.Key) ([]camera.Key, error) {
	names, err := keyNames(keys)
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	for o, err := range s.versions(ctx, s.bucket, names) {
		if err != nil {
			return nil, err
		}
		found[o.Key] = true
	}
	var left []camera.Key
	for i, name := range names {
		if found[name] {
			left = append(left, keys[i])
		}
	}
	return left, nil
}

// erase never asks for a bypass of a lock.
func (s *Store) erase(ctx context.Context, bucket string, names []string) error {
	var first error
	for some := range slices.Chunk(names, batch) {
		objects, err := s.doomed(ctx, bucket, some)
		if err == nil {
			err = s.remove(ctx, bucket, objects)
		}
		if err != nil && camera.CodeOf(err) != camera.CodeForbidden {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// doomed is what must be deleted for the names to be gone.
func (s *Store) doomed(ctx context.Context, bucket string, names []string) ([]minio.ObjectInfo, error) {
	var objects []minio.ObjectInfo
	versioned, err := s.versioned(ctx, bucket)
	if err != nil {
		return nil, err
	}
	if !versioned {
		for _, name := range names {
			objects = append(objects, minio.ObjectInfo{Key: name})
		}
		return objects, nil
	}
	for o, err := range s.versions(ctx, bucket, names) {
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// versioned is also true where versions were kept once: old ones may lie there.
func (s *Store) versioned(ctx context.Context, bucket string) (bool, error) {
	ctx, left := s.patient(ctx)
	defer left.end()
	v, err := s.api.GetBucketVersioning(ctx, bucket)
	if err != nil {
		return false, failed(ctx, "look for versions", err)
	}
	return v.Status != "", nil
}

// remove deletes objects, in as many requests as they need.
func (s *Store) remove(ctx context.Context, bucket string, objects []minio.ObjectInfo) error {
	ctx, left := s.patient(ctx)
	defer left.end()
	results, err := s.api.RemoveObjectsWithIter(ctx, bucket, slices.Values(objects), minio.RemoveObjectsOptions{})
	if err != nil {
		return failed(ctx, "delete objects", err)
	}
	var first error
	locked := 0
	for r := range results {
		left.wait()
		switch {
		case r.Err == nil:
		case lockedCode(minio.ToErrorResponse(r.Err).Code):
			locked++
		case first == nil:
			first = r.Err
		}
	}
	switch {
	case first != nil || ctx.Err() != nil: // the library stops in silence when the context ends
		return failed(ctx, "delete objects", first)
	case locked > 0:
		return camera.Errorf(camera.CodeForbidden, "delete objects: the object store keeps %d of %d", locked, len(objects))
	}
	return nil
}

// lockedCode tells a version under Object Lock, or one that we have no right to
// delete: stores do not tell these apart.
func lockedCode(code string) bool {
	return code == minio.AccessDenied || code == "ObjectLocked" || code == "InvalidRequest"
}
