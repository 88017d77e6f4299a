package upload_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// TestOneConnectionEach: puts never share a connection's window, and connections
// are used again.
func TestOneConnectionEach(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	protocols, connections := map[string]int{}, 0
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protocols[r.Proto]++
		mu.Unlock()
		w.serve(rw, r)
	}))
	front.EnableHTTP2 = true
	front.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if s == http.StateNew {
			connections++
		}
	}
	front.StartTLS()
	defer front.Close()
	w.base, w.client = front.URL, front.Client()
	for n := range 40 {
		w.add(gateCam, n, 2000)
	}
	stop := w.run(nil, nil)
	w.until("all stored", func() bool { return len(w.times) == 40 })
	stop()
	mu.Lock()
	defer mu.Unlock()
	if protocols["HTTP/1.1"] != 40 || connections > 12 {
		t.Errorf("%v over %d connections", protocols, connections)
	}
}
