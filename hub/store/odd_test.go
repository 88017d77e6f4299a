package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// odd is an object store that answers what a test wants.
func odd(t *testing.T, answer http.HandlerFunc) *store.Store {
	t.Helper()
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 07:00:00 GMT")
		w.Header().Set("ETag", `"1"`)
		answer(w, r)
	}))
	t.Cleanup(s3.Close)
	s, err := store.Open(store.Config{Endpoint: s3.Listener.Addr().String(), AccessKey: "a", SecretKey: "b", Bucket: "footage"})
	if err != nil {
		t.Fatal(err)
	}
	s.SetPatience(200 * time.Millisecond)
	return s
}

// hang answers no more until the client has had enough.
func hang(r *http.Request) { <-r.Context().Done() }

func sumOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestShelfGetFromOddStores(t *testing.T) {
	const body = "what was put"
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   camera.Code
	}{
		"as it should": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Checksum-Sha256", sumOf(body))
			_, _ = io.WriteString(w, body)
		}, ""},
		"other bytes": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Checksum-Sha256", sumOf(body))
			_, _ = io.WriteString(w, "what was pot")
		}, camera.CodeBadClaim},
		"no checksum": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }, camera.CodeBadClaim},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(store.ShelfLargest+1))
			_, _ = io.WriteString(w, body)
		}, camera.CodeTooLarge},
		"is gone":        {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, http.StatusNotFound, "NoSuchKey") }, camera.CodeNotFound},
		"bucket is gone": {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, http.StatusNotFound, "NoSuchBucket") }, camera.CodeUnavailable},
		"refuses":        {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, http.StatusForbidden, "AccessDenied") }, camera.CodeUnavailable},
		"dies": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, body)
		}, camera.CodeUnavailable},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) { hang(r) }, camera.CodeUnavailable},
		"hangs in the middle": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, body)
			w.(http.Flusher).Flush()
			hang(r)
		}, camera.CodeUnavailable},
	} {
		got, err := odd(t, c.answer).Shelf("index").Get(t.Context(), "name")
		if camera.CodeOf(err) != c.code || err == nil && string(got) != body {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.code)
		}
		if errors.Is(err, context.Canceled) {
			t.Errorf("%s: as if the caller had ended it: %v", name, err)
		}
	}
}

func TestShelfPutToOddStores(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   camera.Code
	}{
		"stores": {func(http.ResponseWriter, *http.Request) {}, ""},
		"has it": {func(w http.ResponseWriter, _ *http.Request) {
			s3Error(w, http.StatusPreconditionFailed, "PreconditionFailed")
		}, ""},
		"another writes": {func(w http.ResponseWriter, _ *http.Request) {
			s3Error(w, http.StatusConflict, "ConditionalRequestConflict")
		}, camera.CodeUnavailable}, // it may fail, and then there is nothing
		"is full": {func(w http.ResponseWriter, _ *http.Request) {
			s3Error(w, http.StatusInsufficientStorage, "XMinioStorageFull")
		}, camera.CodeUnavailable},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) { hang(r) }, camera.CodeUnavailable},
	} {
		s := odd(t, func(w http.ResponseWriter, r *http.Request) {
			if h := r.Header; h.Get("If-None-Match") != "*" || h.Get("X-Amz-Checksum-Sha256") != sumOf("body") ||
				!strings.Contains(h.Get("Authorization"), "if-none-match;") || !strings.Contains(h.Get("Authorization"), "x-amz-checksum-sha256;") {
				t.Errorf("%s: put with %v", name, h)
			}
			c.answer(w, r)
		})
		if err := s.Shelf("index").Put(t.Context(), "name", []byte("body")); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

// TestReadInOnesOwnTime: only the store's delays count, not the reader's.
func TestReadInOnesOwnTime(t *testing.T) {
	s := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(4<<20))
		_, _ = w.Write(make([]byte, 4<<20)) // more than sockets take
	})
	in, size, err := s.Read(t.Context(), (&bench{}).key())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	<-time.After(time.Second) // five times the patience
	if n, err := io.Copy(io.Discard, in); err != nil || n != size || n != 4<<20 {
		t.Fatalf("%d bytes of %d: %v", n, size, err)
	}
}

const (
	pageHead = `<?xml version="1.0"?><%s><Name>footage</Name><IsTruncated>%v</IsTruncated><NextContinuationToken>next</NextContinuationToken>` +
		`<NextKeyMarker>next</NextKeyMarker>`
	pageEntry = `<%s><Key>%s</Key><VersionId>v</VersionId><Size>1</Size><LastModified>2026-11-22T07:00:00Z</LastModified></%s>`
)

// page is one answer of a listing; the names come in the order that is given.
func page(w http.ResponseWriter, r *http.Request, more bool, names ...string) {
	root, entry := "ListBucketResult", "Contents"
	if r.URL.Query().Has("versions") {
		root, entry = "ListVersionsResult", "Version"
	}
	_, _ = fmt.Fprintf(w, pageHead, root, more)
	for _, name := range names {
		_, _ = fmt.Fprintf(w, pageEntry, entry, name, entry)
	}
	_, _ = fmt.Fprintf(w, "</%s>", root)
}

// TestListingsThatEndEarly: half a listing is never taken for a whole one. With it
// the proof that footage is gone would be worth nothing.
func TestListingsThatEndEarly(t *testing.T) {
	key := (&bench{}).key()
	for name, second := range map[string]func(w http.ResponseWriter, r *http.Request, cancel func()){
		"fails":         func(w http.ResponseWriter, r *http.Request, _ func()) { s3Error(w, 500, "InternalError") },
		"is no listing": func(w http.ResponseWriter, r *http.Request, _ func()) { _, _ = io.WriteString(w, "<html>") },
		"breaks off": func(w http.ResponseWriter, r *http.Request, _ func()) {
			_, _ = io.WriteString(w, "<ListBucketResult><Name>")
		},
		"never comes": func(_ http.ResponseWriter, r *http.Request, _ func()) { hang(r) },
		"cancelled":   func(_ http.ResponseWriter, r *http.Request, cancel func()) { cancel(); hang(r) },
		"turns round": func(w http.ResponseWriter, r *http.Request, _ func()) { page(w, r, true, "a", "b") },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := odd(t, func(w http.ResponseWriter, r *http.Request) {
				if q := r.URL.Query(); q.Get("continuation-token") == "" && q.Get("key-marker") == "" {
					page(w, r, true, "a", "b")
					return
				}
				second(w, r, cancel)
			})
			got := ""
			var last error
			for name, err := range s.Shelf("index").List(ctx, "") {
				if last != nil {
					t.Fatalf("%q after %v", name, last)
				}
				got, last = got+name, err
			}
			if got != "ab" || camera.CodeOf(last) != camera.CodeUnavailable {
				t.Errorf("listed %q, %v", got, last)
			}
			if left, err := s.Left(ctx, []camera.Key{key}); camera.CodeOf(err) != camera.CodeUnavailable || left != nil {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// TestListingOfAnEndedCaller: the library ends such a listing in silence.
func TestListingOfAnEndedCaller(t *testing.T) {
	s := odd(t, func(w http.ResponseWriter, r *http.Request) { page(w, r, false) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if left, err := s.Left(ctx, []camera.Key{(&bench{}).key()}); !errors.Is(err, context.Canceled) || left != nil {
		t.Fatalf("left %v, %v", left, err)
	}
	for o, err := range s.Objects(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, %v", o, err)
		}
		return
	}
	t.Fatal("an empty listing without an error")
}

func TestDeleteFromOddStores(t *testing.T) {
	keys := []camera.Key{(&bench{}).key()}
	const refused = `<DeleteResult><Error><Key>x</Key><Code>%s</Code></Error></DeleteResult>`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   camera.Code
	}{
		"deletes":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<DeleteResult/>") }, ""},
		"keeps":         {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, refused, "AccessDenied") }, camera.CodeForbidden},
		"fails at one":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, refused, "InternalError") }, camera.CodeUnavailable},
		"fails":         {func(w http.ResponseWriter, _ *http.Request) { s3Error(w, 500, "InternalError") }, camera.CodeUnavailable},
		"no answer":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<Delete") }, camera.CodeUnavailable},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) { hang(r) }, camera.CodeUnavailable},
	} {
		s := odd(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("versioning") {
				_, _ = io.WriteString(w, "<VersioningConfiguration/>")
				return
			}
			if r.Header.Get("X-Amz-Bypass-Governance-Retention") != "" {
				t.Error("asked for a bypass")
			}
			c.answer(w, r)
		})
		if err := s.Delete(t.Context(), keys); camera.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}
