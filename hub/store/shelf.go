package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"iter"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// ShelfLargest is the most bytes that an object on a [Shelf] has.
const ShelfLargest = 64 << 20

// The longest object name (Amazon S3 user guide, naming objects) and the longest
// part between slashes: a store that keeps files has no longer file names.
const (
	nameLongest = 1024
	partLongest = 255
)

// Shelf is a bucket of the hub's own for whole objects that are written once: what
// the index can be built from again. Nobody gets links to it. It is safe for
// concurrent use.
type Shelf struct {
	store  *Store
	bucket string
}

// Shelf gives the bucket's shelf, with the keys and limits of the store.
func (s *Store) Shelf(bucket string) *Shelf { return &Shelf{s, bucket} }

// Ensure creates the bucket when it is not there.
func (h *Shelf) Ensure(ctx context.Context) error {
	return h.store.ensure(ctx, h.bucket, minio.MakeBucketOptions{})
}

// Put stores an object; when it returns nil the object is durable. A name that is
// there already is nil as well, whatever its bytes: names say what is in them.
func (h *Shelf) Put(ctx context.Context, name string, body []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(body) > ShelfLargest {
		return camera.Errorf(camera.CodeTooLarge, "put of %d bytes, at most %d", len(body), ShelfLargest)
	}
	ctx, left := h.store.patient(ctx)
	defer left.end()
	sum := sha256.Sum256(body)
	// The sum goes twice: as the signed hash of the payload, and as a checksum that
	// the store compares and keeps. A trailer would not pass everywhere.
	opts := minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		DisableContentSha256: true, // no chunks that are signed one by one
		Progress:             left,
		UserMetadata:         map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:])},
	}
	opts.SetMatchETagExcept("*")
	core := minio.Core{Client: h.store.api}
	_, err := core.PutObject(ctx, h.bucket, name, bytes.NewReader(body), int64(len(body)), "", hex.EncodeToString(sum[:]), opts)
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusPreconditionFailed {
		return failed(ctx, "put object", err)
	}
	return nil
}

// Get reads an object. CodeNotFound when there is none, CodeTooLarge for more than
// [ShelfLargest], CodeBadClaim when its bytes are not those that were put.
func (h *Shelf) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	in, info, err := h.store.open(ctx, h.bucket, name, "")
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if info.Size > ShelfLargest {
		return nil, camera.Errorf(camera.CodeTooLarge, "object %s: %d bytes, at most %d", name, info.Size, ShelfLargest)
	}
	data, err := io.ReadAll(io.LimitReader(in, ShelfLargest+1))
	if err != nil {
		return nil, err
	}
	if len(data) > ShelfLargest {
		return nil, camera.Errorf(camera.CodeTooLarge, "object %s: more than %d bytes", name, ShelfLargest)
	}
	sum := sha256.Sum256(data)
	if base64.StdEncoding.EncodeToString(sum[:]) != info.ChecksumSHA256 {
		return nil, camera.Errorf(camera.CodeBadClaim, "object %s: its bytes are not those that were put", name)
	}
	return data, nil
}

// Delete removes objects and all their versions. One that is not there is no error.
func (h *Shelf) Delete(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return h.store.erase(ctx, h.bucket, names)
}

// List gives the names below a prefix in the order of their bytes, as it reads them.
// After an error nothing comes.
func (h *Shelf) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for o, err := range h.store.list(ctx, h.bucket, prefix, false) {
			if !yield(o.Key, err) {
				return
			}
		}
	}
}

// checkName refuses what one store takes for a name and another for a path.
func checkName(name string) error {
	if name == "" || len(name) > nameLongest || !utf8.ValidString(name) {
		return camera.Errorf(camera.CodeBadRequest, "object name of %d bytes", len(name))
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || len(part) > partLongest {
			return camera.Errorf(camera.CodeBadRequest, "object name %q", name)
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return camera.Errorf(camera.CodeBadRequest, "object name %q", name)
	}
	return nil
}
