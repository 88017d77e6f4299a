package upload_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

var deviceSeed = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func sign(payload []byte) (camera.Signature, error) {
	return camera.Signature(ed25519.Sign(deviceSeed, payload)), nil
}

func signed(payload []byte, sig camera.Signature) bool {
	return ed25519.Verify(deviceSeed.Public().(ed25519.PublicKey), payload, sig[:])
}

// The store: write-once objects, and only the bytes that the slot was for.

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/o/")
	w.mu.Lock()
	w.puts = append(w.puts, name)
	n := len(w.puts)
	w.mu.Unlock()
	defer w.note()
	if w.onPut != nil && w.onPut(rw, r, n) {
		return
	}
	if status := w.keep(name, r); status != http.StatusOK {
		rw.WriteHeader(status)
	}
}

func (w *world) keep(name string, r *http.Request) int {
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		panic(http.ErrAbortHandler) // it was cut off
	}
	if r.Method != http.MethodPut || r.Header.Get("If-None-Match") != "*" {
		return http.StatusForbidden
	}
	if camera.Hash(sha256.Sum256(body)).String() != r.Header.Get("X-Amz-Checksum-Sha256") {
		return http.StatusBadRequest
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.objects[name]; there {
		return http.StatusPreconditionFailed
	}
	w.objects[name] = body
	return http.StatusOK
}

// wire carries a request to a handler without a network. It is used in simulated
// time, which stands still while a socket is waited for.
type wire struct{ handler http.HandlerFunc }

func (w wire) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer r.Body.Close()
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, errors.New("connection broken")
		}
	}()
	rec := httptest.NewRecorder()
	w.handler(rec, r)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return rec.Result(), nil
}

// until waits for a condition; it is looked at after each thing that happens.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	end := time.After(w.wait)
	for {
		w.mu.Lock()
		ok := holds()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.happened:
		case <-end:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("never: %s; states %v, puts %v", what, w.state, w.puts)
		}
	}
}

func (w *world) all(state string, segs ...camera.Segment) func() bool {
	return func() bool {
		for _, s := range segs {
			if w.state[s.SegmentID] != state {
				return false
			}
		}
		return true
	}
}

// verify compares the store with what was at home: everything there exactly once.
func (w *world) verify(segs ...camera.Segment) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range segs {
		if !bytes.Equal(w.objects[objectOf(s.SegmentID)], w.bytes[s.SegmentID]) {
			w.t.Errorf("%s: other bytes in the store", s.SegmentID)
		}
		if w.times[s.SegmentID] != 1 {
			w.t.Errorf("%s: became stored %d times", s.SegmentID, w.times[s.SegmentID])
		}
	}
}
