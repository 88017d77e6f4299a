package setup_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"xulang.vn/camera/agent/home"
)

// FuzzRequest: whatever body comes to whatever operation, the answer is an answer, and
// never the box's own fault.
func FuzzRequest(f *testing.F) {
	targets := []string{
		"POST /session", "POST /pair", "PUT /networks", "POST /recorders", "POST /recorders/url", "PUT /recorders/{r}/chosen", "PUT /cameras/{c}/aim",
		"POST /cameras/{c}/check", "PUT /cameras/{c}/consent", "PUT /pause", "PUT /requests/w", "POST /seen",
	}
	for i, body := range []string{
		`{"code":"x"}`, `{"link":"` + invitation + `"}`, `{"confirmed":["192.168.1.0/24"]}`, login, `{"url":"rtsp://a:b@192.168.1.20/"}`, `{"channels":[0]}`, aiming(view, "Cổng", day),
		string(day), agreement(`{"level":"live","hours":{"from":0,"to":1},"for":{"missing":"ask"}}`), `{"paused":true,"camera":"x"}`, `{"granted":true}`, view,
	} {
		f.Add(i, []byte(body))
	}
	h, id := shared(f)
	handler, begun := h.page.Handler(), h.store.Book()
	f.Fuzz(func(t *testing.T, n int, body []byte) {
		if err := h.store.Update(func(b *home.Book) error { *b = begun; return nil }); err != nil {
			t.Fatal(err)
		}
		method, path, _ := strings.Cut(targets[((n%len(targets))+len(targets))%len(targets)], " ")
		path = strings.NewReplacer("{c}", string(id), "{r}", begun.Recorders[0].ID).Replace(path)
		r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(string(body)))
		r.RemoteAddr, r.Host = "192.168.1.5:1", "localhost"
		r.Header.Set("Content-Type", "application/json")
		r.AddCookie(h.cookie)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable && w.Code != http.StatusBadGateway {
			t.Errorf("%s %s %q: %d %s", method, path, body, w.Code, w.Body)
		}
		if b := h.store.Book(); len(b.Cameras) > 0 && b.Cameras[0].View != nil && b.Cameras[0].View.Check() != nil {
			t.Errorf("the book has %+v", b.Cameras[0])
		}
	})
}
