package store

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// ReadKey reads the leading size bytes of an object, at most [camera.KeyLargest]:
// one picture. It reads nothing else of it (RFC 9110, 14.2). No object is
// CodeNotFound, one that is shorter is CodeBadClaim: what was announced of it is
// not so. Whether they are the announced bytes is for the caller to see.
func (s *Store) ReadKey(ctx context.Context, key camera.Key, size int64) ([]byte, error) {
	name, err := keyName(key)
	if err != nil {
		return nil, err
	}
	if size <= 0 || size > camera.KeyLargest {
		return nil, camera.Errorf(camera.CodeTooLarge, "read of %d bytes, at most %d", size, int64(camera.KeyLargest))
	}
	var opts minio.GetObjectOptions
	if err := opts.SetRange(0, size-1); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	ctx, left := s.patient(ctx)
	defer left.end()
	body, info, _, err := minio.Core{Client: s.api}.GetObject(ctx, s.bucket, name, opts)
	switch code := minio.ToErrorResponse(err).Code; {
	case code == minio.NoSuchKey:
		return nil, camera.Errorf(camera.CodeNotFound, "no object %s", key)
	case code == minio.InvalidRange: // it is empty
		return nil, short(key, 0, size)
	case err != nil:
		return nil, failed(ctx, "read object", err)
	}
	defer body.Close()
	if info.Size >= 0 && info.Size < size {
		return nil, short(key, info.Size, size)
	}
	// A store that ignores the range sends all of it; the rest is not read.
	data := make([]byte, size)
	if _, err := io.ReadFull(body, data); err != nil {
		return nil, failed(ctx, "read object", err)
	}
	return data, nil
}

func short(key camera.Key, has, size int64) error {
	return camera.Errorf(camera.CodeBadClaim, "object %s: has %d bytes, not %d", key, has, size)
}

// Read gives a whole object and its size. CodeNotFound when there is none. Whether
// they are the announced bytes is for the caller to see, and the body is for the
// caller to close.
func (s *Store) Read(ctx context.Context, key camera.Key) (io.ReadCloser, int64, error) {
	name, err := keyName(key)
	if err != nil {
		return nil, 0, err
	}
	in, info, err := s.open(ctx, s.bucket, name, "")
	if err != nil {
		return nil, 0, err
	}
	return in, info.Size, nil
}

// open starts to read an object, or one version of it.
func (s *Store) open(ctx context.Context, bucket, name, version string) (io.ReadCloser, minio.ObjectInfo, error) {
	opts := minio.GetObjectOptions{VersionID: version}
	opts.Set("X-Amz-Checksum-Mode", "ENABLED") // to be told; who compares it can say what is wrong
	ctx, left := s.patient(ctx)
	in, info, _, err := minio.Core{Client: s.api}.GetObject(ctx, bucket, name, opts)
	left.rest()
	if err == nil {
		return &body{in, ctx, left}, info, nil
	}
	defer left.end()
	if absent(err, version) {
		return nil, info, camera.Errorf(camera.CodeNotFound, "no object %s", name)
	}
	return nil, info, failed(ctx, "read object", err)
}

// absent tells that what was asked for is not there. An id that cannot be one of
// the store's versions is 400, the id of a delete marker 405.
func absent(err error, version string) bool {
	r := minio.ToErrorResponse(err)
	return r.Code == minio.NoSuchKey || r.Code == minio.NoSuchVersion ||
		version != "" && (r.StatusCode == http.StatusBadRequest || r.StatusCode == http.StatusMethodNotAllowed)
}
