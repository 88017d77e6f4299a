package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	camera "xulang.vn/camera"
)

// Object is what a listing says of one object.
type Object struct {
	Name string
	Size int64
	At   time.Time // when it was stored, by the object store's clock
}

// Objects lists the footage bucket below a prefix, in the order of names. It reads
// as it goes: a province's bucket fits into no memory. After an error nothing comes.
func (s *Store) Objects(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o, err := range s.list(ctx, s.bucket, prefix, false) {
			if !yield(Object{o.Key, o.Size, o.LastModified}, err) {
				return
			}
		}
	}
}

// list goes over objects, or over all versions and delete markers, below a prefix.
// An end without an error is the end of the listing: the client library also stops
// in silence, when the context ends, and that must never look like "no more".
func (s *Store) list(ctx context.Context, bucket, prefix string, versions bool) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		ctx, left := s.patient(ctx)
		defer left.end()
		var last string
		owner := false
		opts := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: versions, FetchOwner: &owner}
		for o := range s.api.ListObjectsIter(ctx, bucket, opts) {
			left.rest()
			err := o.Err
			switch {
			case err != nil:
				err = failed(ctx, "list objects", err)
			case o.Key < last || !versions && o.Key == last:
				// A store that turns in circles would be listed for ever.
				err = unavailable("list objects", fmt.Errorf("%q came after %q", o.Key, last))
			}
			if err != nil {
				yield(minio.ObjectInfo{}, err)
				return
			}
			if !yield(o, nil) {
				return
			}
			last = o.Key
			left.wait()
		}
		if ctx.Err() != nil {
			yield(minio.ObjectInfo{}, failed(ctx, "list objects", ctx.Err()))
		}
	}
}

// versions goes over every version and delete marker of the named objects, with one
// listing for each folder that they lie in.
func (s *Store) versions(ctx context.Context, bucket string, names []string) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		folders := make(map[string][]string)
		for _, name := range names {
			folder := name[:strings.LastIndexByte(name, '/')+1]
			folders[folder] = append(folders[folder], name)
		}
		for _, within := range folders {
			slices.Sort(within)
			for o, err := range s.list(ctx, bucket, common(within[0], within[len(within)-1]), true) {
				if err == nil {
					if _, named := slices.BinarySearch(within, o.Key); !named {
						continue
					}
				}
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}

// common is the longest beginning that two names share; with the first and the last
// of sorted names it is the beginning of all of them.
func common(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// keyNames refuses all keys when one would not be read back as itself.
func keyNames(keys []camera.Key) ([]string, error) {
	names := make([]string, len(keys))
	for i, key := range keys {
		name, err := keyName(key)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}
