package store

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// readLongest ends a read that does not get on.
const readLongest = 30 * time.Second

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
	ctx, cancel := context.WithTimeout(ctx, readLongest)
	defer cancel()
	body, info, _, err := minio.Core{Client: s.api}.GetObject(ctx, s.bucket, name, opts)
	switch code := minio.ToErrorResponse(err).Code; {
	case code == minio.NoSuchKey:
		return nil, camera.Errorf(camera.CodeNotFound, "no object %s", key)
	case code == minio.InvalidRange: // it is empty
		return nil, short(key, 0, size)
	case err != nil:
		return nil, unavailable("read object", err)
	}
	defer body.Close()
	if info.Size >= 0 && info.Size < size {
		return nil, short(key, info.Size, size)
	}
	// A store that ignores the range sends all of it; the rest is not read.
	data := make([]byte, size)
	if _, err := io.ReadFull(body, data); err != nil {
		return nil, unavailable("read object", err)
	}
	return data, nil
}

func short(key camera.Key, has, size int64) error {
	return camera.Errorf(camera.CodeBadClaim, "object %s: has %d bytes, not %d", key, has, size)
}
