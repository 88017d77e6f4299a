package store

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// What [Store.Slot] and [Store.Link] sign, sorted as in X-Amz-SignedHeaders.
const (
	signedRead  = "host"
	signedWrite = "content-length;content-type;host;if-none-match;x-amz-checksum-sha256"
)

// presigned are the query parameters of a presigned request: all of them, each
// once, no other one. S3 subresources ("?acl", "?list-type=2") and overrides of
// response headers are other ones.
var presigned = []string{
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders",
}

// presignedLimited has the token beside the keys of a session.
var presignedLimited = append([]string{"X-Amz-Security-Token"}, presigned...)

// check refuses what cannot be a link of ours before the object store sees it.
// The status is meant for the error.
func (s *Store) check(r *http.Request) (status int, err error) {
	var signed string
	longest := LinkLongest
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		signed = signedRead
		if r.ContentLength != 0 {
			return http.StatusBadRequest, camera.Errorf(camera.CodeBadRequest, "a body with %s", r.Method)
		}
	case http.MethodPut:
		signed, longest = signedWrite, SlotLongest
		if status, err := checkBody(r); err != nil {
			return status, err
		}
	default:
		return http.StatusMethodNotAllowed, camera.Errorf(camera.CodeBadRequest, "only GET, HEAD and PUT are served here")
	}
	if !s.ours(r.URL) {
		return http.StatusNotFound, camera.Errorf(camera.CodeNotFound, "no such object")
	}
	names := presigned
	if len(s.sessions) > 0 {
		names = presignedLimited
	}
	return checkQuery(r.URL.RawQuery, names, signed, int(longest.Seconds()))
}

// checkBody bounds a PUT by its declared length; the server reads no further.
func checkBody(r *http.Request) (int, error) {
	switch {
	case r.ContentLength < 0:
		return http.StatusLengthRequired, camera.Errorf(camera.CodeBadRequest, "Content-Length is missing")
	case r.ContentLength > camera.SegmentLargest:
		return http.StatusRequestEntityTooLarge, camera.Errorf(camera.CodeTooLarge,
			"%d bytes, at most %d", r.ContentLength, int64(camera.SegmentLargest))
	case r.ContentLength == 0:
		return http.StatusBadRequest, camera.Errorf(camera.CodeBadRequest, "no bytes")
	}
	return 0, nil
}

// ours accepts one spelling of a path: prefix, bucket and a key that reads back as
// itself. That leaves no room for "..", empty parts or escapes.
func (s *Store) ours(u *url.URL) bool {
	key, ok := strings.CutPrefix(u.Path, Prefix+s.bucket+"/")
	if !ok || u.EscapedPath() != u.Path {
		return false
	}
	_, err := camera.ParseKey(key)
	return err == nil
}

func checkQuery(raw string, names []string, signed string, longest int) (int, error) {
	if raw == "" {
		return http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "the request is not signed")
	}
	q, err := url.ParseQuery(raw)
	if err != nil || len(q) != len(names) {
		return http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "not the parameters of a signed link")
	}
	for _, name := range names {
		if len(q[name]) != 1 {
			return http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "not the parameters of a signed link")
		}
	}
	if q.Get("X-Amz-SignedHeaders") != signed {
		return http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "not the signed headers of a link")
	}
	if seconds, err := strconv.Atoi(q.Get("X-Amz-Expires")); err != nil || seconds < 1 || seconds > longest {
		return http.StatusForbidden, camera.Errorf(camera.CodeForbidden, "a link that lives too long")
	}
	return 0, nil
}
