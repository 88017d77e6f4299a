package store_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/store"
)

// bench is what the suite runs against: a store and the base address of its links
// ("" when they are absolute).
type bench struct {
	store  *store.Store
	server *s3
	base   string
	run    uint64          // every object gets a key of its own
	seen   map[string]bool // differences that were looked at
}

// conform is what any object store must pass before it may replace the default.
func conform(t *testing.T, b *bench) {
	conformLinks(t, b)
	t.Run("shelf", b.shelf)
	t.Run("listing", b.listing)
	t.Run("delete", b.delete)
	t.Run("delete versions", b.deleteVersions)
	t.Run("vault", b.vault)
	t.Run("locked", b.locked)
	t.Run("unlocked", b.unlocked)
	t.Run("without", b.without)
	b.differencesSeen(t)
}

// conformLinks is the part that agents and browsers have to do with, straight or
// through the proxy.
func conformLinks(t *testing.T, b *bench) {
	b.seen = make(map[string]bool)
	t.Run("right bytes", b.rightBytes)
	t.Run("wrong bytes", b.refusals)
	t.Run("second put", b.secondPut)
	t.Run("links", b.links)
	t.Run("expired", b.expired)
	t.Run("has", b.has)
	t.Run("read key", b.readKey)
	t.Run("race", b.race)
}

func (b *bench) key() camera.Key {
	b.run++
	return camera.Key{
		SegmentID: camera.SegmentID{
			Camera: camera.NewCameraID("h1", "serial", 1),
			Run:    camera.RunID(strings.Repeat("0", 16-len(strconv.FormatUint(b.run, 16))) + strconv.FormatUint(b.run, 16)),
			Seq:    7,
		},
		Start: time.Date(2026, 11, 22, 7, 5, 9, 0, time.UTC),
	}
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if _, err := rand.Read(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bench) slot(t *testing.T, key camera.Key, body []byte, ttl time.Duration) camera.Slot {
	t.Helper()
	slot, err := b.store.Slot(t.Context(), key, int64(len(body)), sha256.Sum256(body), ttl)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// put sends as an agent does: the slot's headers and the body's length.
func (b *bench) put(t *testing.T, slot camera.Slot, body []byte) (int, string) {
	t.Helper()
	return b.send(t, http.MethodPut, slot.URL, slot.Header, body)
}

func (b *bench) send(t *testing.T, method, link string, header map[string]string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.base+link, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func want(t *testing.T, status, wanted int, body string) {
	t.Helper()
	if status != wanted {
		t.Fatalf("status %d, want %d: %s", status, wanted, body)
	}
}

func (b *bench) rightBytes(t *testing.T) {
	key, body := b.key(), random(t, 300_000)
	status, text := b.put(t, b.slot(t, key, body, time.Minute), body)
	want(t, status, http.StatusOK, text)
	link, err := b.store.Link(t.Context(), key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, text = b.send(t, http.MethodGet, link, nil, nil)
	want(t, status, http.StatusOK, "")
	if text != string(body) {
		t.Fatal("other bytes came back")
	}
}

func (b *bench) refusals(t *testing.T) {
	body := random(t, 10_000)
	other := random(t, 10_000)
	sum := sha256.Sum256(other)
	cases := []struct {
		name   string
		body   []byte
		change func(h map[string]string)
		status int
	}{
		{name: "wrong bytes", body: other, status: http.StatusBadRequest},
		{name: "wrong bytes with their own hash", body: other, status: http.StatusForbidden,
			change: func(h map[string]string) { h["X-Amz-Checksum-Sha256"] = base64.StdEncoding.EncodeToString(sum[:]) }},
		{name: "longer", body: append(bytes.Clone(body), 0), status: http.StatusForbidden},
		{name: "shorter", body: body[:len(body)-1], status: http.StatusForbidden},
		{name: "slot without its hash", body: body, status: http.StatusBadRequest,
			change: func(h map[string]string) { delete(h, "X-Amz-Checksum-Sha256") }},
		{name: "slot without its condition", body: body, status: http.StatusBadRequest,
			change: func(h map[string]string) { delete(h, "If-None-Match") }},
		{name: "another condition", body: body, status: http.StatusForbidden,
			change: func(h map[string]string) { h["If-None-Match"] = `"0"` }},
		{name: "another type", body: body, status: http.StatusForbidden,
			change: func(h map[string]string) { h["Content-Type"] = "text/html" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key := b.key()
			slot := b.slot(t, key, body, time.Minute)
			if c.change != nil {
				c.change(slot.Header)
			}
			status, _ := b.put(t, slot, c.body)
			b.is(t, c.name, strconv.Itoa(status), strconv.Itoa(c.status))
			if _, _, ok, err := b.store.Has(t.Context(), key); ok || err != nil {
				t.Fatalf("object is there: %v, %v", ok, err)
			}
		})
	}
}

func (b *bench) secondPut(t *testing.T) {
	key, first, second := b.key(), random(t, 5000), random(t, 6000)
	status, text := b.put(t, b.slot(t, key, first, time.Minute), first)
	want(t, status, http.StatusOK, text)
	status, text = b.put(t, b.slot(t, key, first, time.Minute), first)
	want(t, status, http.StatusPreconditionFailed, text)
	status, text = b.put(t, b.slot(t, key, second, time.Minute), second)
	want(t, status, http.StatusPreconditionFailed, text)
	size, sum, ok, err := b.store.Has(t.Context(), key)
	if err != nil || !ok || size != 5000 || sum != sha256.Sum256(first) {
		t.Fatalf("after refused puts: %d %s %v %v", size, sum, ok, err)
	}
}

func (b *bench) links(t *testing.T) {
	key, body := b.key(), random(t, 5000)
	slot := b.slot(t, key, body, time.Minute)
	status, text := b.put(t, slot, body)
	want(t, status, http.StatusOK, text)
	link, err := b.store.Link(t.Context(), key, 10*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("X-Amz-Expires"); got != "60" {
		t.Fatalf("a link for %s s, want at most 60", got)
	}
	status, text = b.send(t, http.MethodGet, link, map[string]string{"Range": "bytes=1000-1999"}, nil)
	want(t, status, http.StatusPartialContent, "")
	if text != string(body[1000:2000]) {
		t.Fatal("another range came back")
	}
	status, text = b.send(t, http.MethodGet, link, map[string]string{"Range": "bytes=9000-"}, nil)
	want(t, status, http.StatusRequestedRangeNotSatisfiable, text)

	status, text = b.send(t, http.MethodGet, slot.URL, nil, nil) // a slot does not read
	if status != http.StatusForbidden && status != http.StatusBadRequest {
		t.Fatalf("a slot reads: %d %s", status, text)
	}
	status, text = b.send(t, http.MethodPut, link, nil, body)
	want(t, status, http.StatusForbidden, text) // a link does not write

	other := b.key()
	moved := strings.Replace(link, string(key.Run), string(other.Run), 1)
	status, text = b.send(t, http.MethodGet, moved, nil, nil)
	want(t, status, http.StatusForbidden, text) // nor does it read another key
	missing, err := b.store.Link(t.Context(), other, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, text = b.send(t, http.MethodGet, missing, nil, nil)
	want(t, status, http.StatusNotFound, text)
	status, text = b.send(t, http.MethodGet, strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=59", 1), nil, nil)
	want(t, status, http.StatusForbidden, text)
}

// expired waits for the real clock: the object store's own is what counts.
func (b *bench) expired(t *testing.T) {
	key, body := b.key(), random(t, 100)
	slot := b.slot(t, key, body, time.Second)
	link, err := b.store.Link(t.Context(), key, time.Nanosecond) // the least is a second
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-time.After(time.Until(slot.Expires.Add(1100 * time.Millisecond))):
	case <-t.Context().Done():
	}
	status, text := b.put(t, slot, body)
	want(t, status, http.StatusForbidden, text)
	status, text = b.send(t, http.MethodGet, link, nil, nil)
	want(t, status, http.StatusForbidden, text)
}

func (b *bench) has(t *testing.T) {
	key, body := b.key(), random(t, 12_345)
	if _, _, ok, err := b.store.Has(t.Context(), key); ok || err != nil {
		t.Fatalf("before the put: %v, %v", ok, err)
	}
	status, text := b.put(t, b.slot(t, key, body, time.Minute), body)
	want(t, status, http.StatusOK, text)
	size, sum, ok, err := b.store.Has(t.Context(), key)
	if err != nil || !ok || size != int64(len(body)) || sum != sha256.Sum256(body) {
		t.Fatalf("after the put: %d %s %v %v", size, sum, ok, err)
	}
}

// readKey: the head of an object and no byte more.
func (b *bench) readKey(t *testing.T) {
	key, body := b.key(), random(t, 300_000)
	if _, err := b.store.ReadKey(t.Context(), key, 10); camera.CodeOf(err) != camera.CodeNotFound {
		t.Fatalf("before the put: %v", err)
	}
	status, text := b.put(t, b.slot(t, key, body, time.Minute), body)
	want(t, status, http.StatusOK, text)
	for _, size := range []int64{1, 2, 65_536, 299_999, 300_000} {
		if got, err := b.store.ReadKey(t.Context(), key, size); err != nil || !bytes.Equal(got, body[:size]) {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
	}
	for size, code := range map[int64]camera.Code{
		300_001: camera.CodeBadClaim, camera.KeyLargest: camera.CodeBadClaim,
		0: camera.CodeTooLarge, -1: camera.CodeTooLarge, camera.KeyLargest + 1: camera.CodeTooLarge,
	} {
		if got, err := b.store.ReadKey(t.Context(), key, size); camera.CodeOf(err) != code || got != nil {
			t.Errorf("%d bytes of 300,000: %d came back, %v, want %s", size, len(got), err, code)
		}
	}
}

// race: of many writers at one key exactly one wins, and none sees a torn object.
func (b *bench) race(t *testing.T) {
	key := b.key()
	type put struct {
		status int
		sum    camera.Hash
	}
	const writers = 6
	done := make(chan put, writers)
	for range writers {
		body := random(t, 50_000)
		slot := b.slot(t, key, body, time.Minute)
		go func() {
			status, _ := b.put(t, slot, body)
			done <- put{status, sha256.Sum256(body)}
		}()
	}
	var winners []camera.Hash
	for range writers {
		switch p := <-done; p.status {
		case http.StatusOK:
			winners = append(winners, p.sum)
		case http.StatusPreconditionFailed, http.StatusConflict:
		default:
			t.Errorf("status %d", p.status)
		}
	}
	_, sum, ok, err := b.store.Has(t.Context(), key)
	if err != nil || !ok || len(winners) != 1 || winners[0] != sum {
		t.Fatalf("%d winners, stored %v %v", len(winners), ok, err)
	}
}
