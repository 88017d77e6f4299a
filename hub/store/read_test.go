package store_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	camera "xulang.vn/camera"
)

// TestReadKeyFromOddStores: what a store answers that is slow to learn, or dies.
func TestReadKeyFromOddStores(t *testing.T) {
	body := bytes.Repeat([]byte("key frame "), 1000)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   camera.Code
	}{
		"ignores the range": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }, ""},
		"range of an empty": {func(w http.ResponseWriter, _ *http.Request) {
			s3Error(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		}, camera.CodeBadClaim},
		"refuses":        {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, http.StatusForbidden, "AccessDenied") }, camera.CodeUnavailable},
		"bucket is gone": {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, http.StatusNotFound, "NoSuchBucket") }, camera.CodeUnavailable},
		"dies while it sends": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write(body[:99])
		}, camera.CodeUnavailable},
	} {
		b, seen := upstream(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 07:00:00 GMT")
			w.Header().Set("ETag", `"1"`)
			c.answer(w, r)
		})
		got, err := b.store.ReadKey(t.Context(), b.key(), 100)
		if camera.CodeOf(err) != c.code || err == nil && !bytes.Equal(got, body[:100]) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.code)
		}
		if len(*seen) == 0 || (*seen)[0].Header.Get("Range") != "bytes=0-99" {
			t.Errorf("%s: %d requests", name, len(*seen))
		}
	}
}

func s3Error(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
}
