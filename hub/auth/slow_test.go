package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func (h *hub) try(t *testing.T, login, pass, from string) camera.Code {
	t.Helper()
	_, _, _, err := h.SignIn(t.Context(), login, pass, from)
	return camera.CodeOf(err)
}

func TestFailuresSlowALoginDown(t *testing.T) {
	h := open(t)
	h.officer(t, "hoa")
	h.officer(t, "lan")
	for i := range 5 {
		if code := h.try(t, "hoa", "wrong", fmt.Sprintf("192.0.2.%d", i)); code != camera.CodeSignedOut {
			t.Fatalf("failure %d: %q", i, code)
		}
	}
	// From now on each failure doubles the wait, up to a minute.
	for _, wait := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		h.wait(time.Duration(wait)*time.Second - time.Millisecond)
		if code := h.try(t, " HOA", password, "198.51.100.7"); code != camera.CodeTooMany {
			t.Fatalf("right password just before %d s: %q", wait, code)
		}
		h.wait(time.Millisecond)
		if code := h.try(t, "hoa", "wrong", "198.51.100.7"); code != camera.CodeSignedOut {
			t.Fatalf("wrong password after %d s: %q", wait, code)
		}
	}
	if code := h.try(t, "lan", password, "198.51.100.7"); code != "" {
		t.Errorf("another login: %q", code)
	}
	h.wait(time.Minute)
	if code := h.try(t, "hoa", password, "198.51.100.7"); code != "" {
		t.Errorf("right password after the wait: %q", code)
	}
	if code := h.try(t, "hoa", "wrong", "198.51.100.7"); code != camera.CodeSignedOut {
		t.Errorf("a success did not clear the login: %q", code)
	}
}

func TestFailuresSlowAnAddressDown(t *testing.T) {
	h := open(t)
	h.officer(t, "hoa")
	for i := range 20 {
		// One household of IPv6 has a whole /64.
		if code := h.try(t, fmt.Sprintf("guess%d", i), "wrong", fmt.Sprintf("2001:db8:0:1::%x", i)); code != camera.CodeSignedOut {
			t.Fatalf("failure %d: %q", i, code)
		}
	}
	for from, want := range map[string]camera.Code{
		"2001:db8:0:1:ffff::1": camera.CodeTooMany, "[2001:db8:0:1::9]:4711": camera.CodeTooMany,
		"2001:db8:0:2::1": "", "192.0.2.1": "", "::ffff:192.0.2.1": "", "": "",
	} {
		if code := h.try(t, "hoa", password, from); code != want {
			t.Errorf("from %q: %q, want %q", from, code, want)
		}
	}
	h.wait(15 * time.Minute)
	for range 2 {
		if code := h.try(t, "hoa", password, "2001:db8:0:1::1"); code != "" {
			t.Errorf("a quarter of an hour later: %q", code)
		}
	}
}

func TestManyAtOnceDoNotSlipThrough(t *testing.T) {
	h := open(t)
	h.officer(t, "hoa")
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		codes = map[camera.Code]int{}
	)
	for i := range 50 {
		wg.Go(func() {
			code := h.try(t, "hoa", "wrong", fmt.Sprintf("192.0.2.%d", i))
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	wg.Wait()
	if codes[camera.CodeSignedOut] != 5 || codes[camera.CodeTooMany] != 45 {
		t.Errorf("%v, want 5 that were looked at and 45 that were not", codes)
	}
}
