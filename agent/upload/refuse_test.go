package upload_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/upload"
)

// TestExpiredSlots: the box's clock may be wrong, so the store has the last word
// whether a slot is good.
func TestExpiredSlots(t *testing.T) {
	w := newWorld(t)
	seg := w.add(gateCam, 0, 100)
	w.onSlot = func(_ camera.SegmentID, n int) (camera.SlotAnswer, error, bool) {
		answer := slotFor(seg)
		answer.Expires = time.Now().Add(-time.Hour)
		return answer, nil, true
	}
	w.onPut = func(rw http.ResponseWriter, _ *http.Request, n int) bool {
		if n <= 2 {
			rw.WriteHeader(http.StatusForbidden)
		}
		return n <= 2
	}
	stop := w.run(nil, nil)
	w.until("stored", w.all("stored", seg))
	stop()
	w.verify(seg)
	if w.slots != 3 || len(w.puts) != 3 {
		t.Errorf("%d slots, %d puts", w.slots, len(w.puts))
	}
}

func TestRefusedSlots(t *testing.T) {
	cases := []struct {
		reply camera.SlotAnswer
		state string
	}{
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeTooLarge}}, "refused:too-large"},
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeForeignCamera}}, "refused:foreign-camera"},
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodePaused}}, "announced"},
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeNoConsent}}, "announced"},
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeInternal}}, "announced"},
		{camera.SlotAnswer{Refusal: camera.Refusal{Code: "new-code"}}, "announced"},
		{camera.SlotAnswer{}, "announced"}, // no address
		{camera.SlotAnswer{Slot: camera.Slot{URL: "ftp://x/y"}}, "announced"},
		{camera.SlotAnswer{Slot: camera.Slot{URL: "/o/y", Header: map[string]string{"If-None-Match": "*\r\nX: y"}}}, "announced"},
		{camera.SlotAnswer{Slot: camera.Slot{URL: "/o/x", Header: map[string]string{"Content-Length": "7"}}}, "announced"},
	}
	for _, c := range cases {
		t.Run(string(c.reply.Code)+c.reply.URL, func(t *testing.T) {
			w := newWorld(t)
			bad := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100), w.add(gateCam, 2, 100)}
			good := []camera.Segment{w.add(yardCam, 3, 100)}
			later := w.add(gateCam, 3, 100)
			wholeCamera := c.reply.Code == camera.CodePaused || c.reply.Code == camera.CodeNoConsent
			if !wholeCamera {
				good = append(good, later)
			}
			w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotAnswer, error, bool) {
				return c.reply, nil, id.Seq < 3 || id.Camera == gateCam && wholeCamera
			}
			stop := w.run(nil, nil)
			w.until("the others stored", w.all("stored", good...))
			w.until("settled", w.all(c.state, bad...))
			stop()
			w.verify(good...)
			if len(w.puts) != len(good) || wholeCamera && !w.all("announced", later)() {
				t.Errorf("puts %v", w.puts)
			}
		})
	}
}

// TestForgotten: a hub whose database was lost is told again, and then takes the bytes.
func TestForgotten(t *testing.T) {
	w := newWorld(t)
	segs := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)}
	told := map[camera.SegmentID]int{}
	w.onAnnounce = func(a camera.Announce) (camera.AnnounceReply, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, s := range a.Segments {
			told[s.SegmentID]++
		}
		return camera.AnnounceReply{V: camera.LinkVersion}, nil
	}
	w.onSlot = func(id camera.SegmentID, _ int) (camera.SlotAnswer, error, bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		forgot := id == segs[1].SegmentID && told[id] == 1
		return camera.SlotAnswer{Refusal: camera.Refusal{Code: camera.CodeUnknownSegment}}, nil, forgot
	}
	stop := w.run(nil, nil)
	w.until("both stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	if told[segs[0].SegmentID] != 1 || told[segs[1].SegmentID] != 2 {
		t.Errorf("told %v", told)
	}
}

// TestPoison: a segment that never gets through does not stop the others, and is
// not given up.
func TestPoison(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter){
		"refused by the store": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"slot never taken":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"connection broken":    func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			bad := []camera.Segment{w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)}
			good := []camera.Segment{w.add(gateCam, 2, 100), w.add(gateCam, 3, 100)}
			w.onPut = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
				poison := strings.HasSuffix(r.URL.Path, "-0") || strings.HasSuffix(r.URL.Path, "-1")
				if poison {
					fault(rw)
				}
				return poison
			}
			stop := w.run(nil, nil)
			w.until("the others stored", w.all("stored", good...))
			stop()
			if !w.all("announced", bad...)() {
				t.Errorf("states %v", w.state)
			}
		})
	}
}

// TestWeakUplink: announcements shrink until they come through.
func TestWeakUplink(t *testing.T) {
	w := newWorld(t)
	var segs []camera.Segment
	for n := range 300 {
		segs = append(segs, w.add(gateCam, n, 10))
	}
	w.onAnnounce = func(a camera.Announce) (camera.AnnounceReply, error) {
		if len(a.Segments) > 60 {
			return camera.AnnounceReply{}, errors.New("time-out")
		}
		return camera.AnnounceReply{V: camera.LinkVersion}, nil
	}
	stop := w.run(nil, nil)
	w.until("all stored", w.all("stored", segs...))
	stop()
	w.verify(segs...)
	if w.questions > 40 || w.notices > 250 {
		t.Errorf("%d questions, %d notices for %d segments", w.questions, w.notices, len(segs))
	}
}

func TestStoredNotFound(t *testing.T) {
	w := newWorld(t)
	lost, good := w.add(gateCam, 0, 100), w.add(gateCam, 1, 100)
	w.onStored = func(id camera.SegmentID) (camera.Refusal, error, bool) {
		return camera.Refusal{Code: camera.CodeNotFound}, nil, id == lost.SegmentID
	}
	stop := w.run(nil, nil)
	w.until("the other stored", w.all("stored", good))
	stop()
	if w.state[lost.SegmentID] != "announced" {
		t.Errorf("the hub does not see it and it is %q", w.state[lost.SegmentID])
	}
}

// FuzzSlot: whatever the hub gives for a slot, bytes go out by PUT, encrypted when
// the hub is, with headers that can be sent, or not at all.
func FuzzSlot(f *testing.F) {
	for _, seed := range [][3]string{
		{"/o/footage/x.mp4?X-Amz-Signature=s", "If-None-Match", "*"}, {"https://s3.example:9000/b/k?q", "Content-Length", "100"},
		{"https://s3.example/k", "Host", "other.example"}, {"http://s3.example/k", "", ""}, {"//s3.example/k", "a b", "c"},
		{"/o/x", "X-Amz-Y", "a\r\nb"}, {"/o/x", "Content-Length", "0100"}, {"/%zz", "x", "y"}, {"\x00", "x", "\x7f"}, {"https:///k", "x", "ü"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	hub, err := url.Parse("https://hub.example/sub")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address, name, value string) {
		req, err := upload.Request(t.Context(), hub, camera.Slot{URL: address, Header: map[string]string{name: value}}, 100)
		if err != nil {
			if address != "" && strings.Contains(err.Error(), address) && len(address) > 20 {
				t.Errorf("the address shows: %v", err)
			}
			return
		}
		if req.URL.Scheme != "https" || req.URL.Host == "" || req.Method != http.MethodPut || req.ContentLength != 100 {
			t.Errorf("%s %s, %d bytes", req.Method, req.URL, req.ContentLength)
		}
		for _, v := range req.Header {
			if strings.ContainsAny(v[0], "\r\n\x00") {
				t.Errorf("header %q", v[0])
			}
		}
	})
}
