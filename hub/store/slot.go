package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	camera "xulang.vn/camera"
)

// Slot presigns one PUT for exactly these bytes (AWS Signature Version 4, query
// form). Size, SHA-256, type and If-None-Match are signed headers: the object
// store refuses other bytes, and refuses a key that exists with 412.
func (s *Store) Slot(ctx context.Context, key camera.Key, size int64, sum camera.Hash, ttl time.Duration) (camera.Slot, error) {
	name, err := keyName(key)
	if err != nil {
		return camera.Slot{}, err
	}
	if size <= 0 || size > camera.SegmentLargest {
		return camera.Slot{}, camera.Errorf(camera.CodeTooLarge, "slot for %d bytes, at most %d", size, int64(camera.SegmentLargest))
	}
	if sum.IsZero() {
		return camera.Slot{}, camera.Errorf(camera.CodeBadClaim, "slot without a hash")
	}
	header := map[string]string{
		"Content-Type":          contentType,
		"If-None-Match":         "*",
		"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:]),
	}
	signed := http.Header{"Content-Length": {strconv.FormatInt(size, 10)}}
	for k, v := range header {
		signed.Set(k, v)
	}
	u, err := s.presign(ctx, http.MethodPut, name, clamp(ttl, SlotLongest), signed)
	if err != nil {
		return camera.Slot{}, err
	}
	expires, err := expiry(u)
	if err != nil {
		return camera.Slot{}, err
	}
	return camera.Slot{URL: s.address(u), Header: header, Expires: expires}, nil
}

// Link presigns a GET that works for ttl, at most [LinkLongest]. Range requests
// work with it; HEAD does not, the method is signed.
func (s *Store) Link(ctx context.Context, key camera.Key, ttl time.Duration) (string, error) {
	name, err := keyName(key)
	if err != nil {
		return "", err
	}
	u, err := s.presign(ctx, http.MethodGet, name, clamp(ttl, LinkLongest), nil)
	if err != nil {
		return "", err
	}
	return s.address(u), nil
}

// presign does no I/O, the region is known; but now and then a limited store mints
// new keys first.
func (s *Store) presign(ctx context.Context, method, name string, ttl time.Duration, signed http.Header) (*url.URL, error) {
	u, err := s.signer.PresignHeader(ctx, method, s.bucket, name, ttl, nil, signed)
	if err != nil {
		return nil, unavailable("presign "+method, err)
	}
	return u, nil
}

func (s *Store) address(u *url.URL) string {
	if s.public {
		return u.String()
	}
	return Prefix + u.RequestURI()[1:] // path style: "/bucket/key?query"
}

// keyName refuses a key that would not be read back as itself.
func keyName(key camera.Key) (string, error) {
	name := key.String()
	if _, err := camera.ParseKey(name); err != nil {
		return "", camera.Errorf(camera.CodeBadClaim, "object key: %w", err)
	}
	return name, nil
}

// clamp keeps a time to live between the smallest that can be signed and most.
func clamp(ttl, most time.Duration) time.Duration {
	return min(max(ttl, time.Second), most)
}

// expiry reads the end of validity out of the signed query, so that what the
// agent is told is what the object store will enforce.
func expiry(u *url.URL) (time.Time, error) {
	q := u.Query()
	at, err := time.Parse(amzDate, q.Get("X-Amz-Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("read signing time: %w", err)
	}
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil {
		return time.Time{}, fmt.Errorf("read expiry: %w", err)
	}
	return at.Add(time.Duration(seconds) * time.Second), nil
}

// amzDate is the ISO 8601 basic form of Signature Version 4.
const amzDate = "20060102T150405Z"
