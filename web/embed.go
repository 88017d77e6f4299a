// Package web holds the two built webs and serves them: the hub's pages, and the
// page of the household's box. It knows nothing of the APIs: the programs in cmd
// hand its handlers to the hub and to the agent.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// dist and dist-home are what `npm run build` writes; .keep stands in them so that
// the programs build before the web does.
//
//go:embed all:dist
var dist embed.FS

//go:embed all:dist-home
var home embed.FS

// securityPolicy lets the page load from its own hub only. blob: is for the map's
// and the player's workers and for MSE; inline styles are set by MapLibre.
const securityPolicy = "default-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// householdPolicy is narrower: no worker, no inline style. blob: is for a camera's
// picture and for its key frame in a video element.
const householdPolicy = "default-src 'self'; media-src 'self' blob:; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const notBuilt = `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Camera an ninh Xứ Lạng</title>
<h1>Giao diện chưa được dựng</h1><p>Chạy <code>make web</code> rồi dựng lại chương trình.</p>
<p lang="en">The web has not been built. Run <code>make web</code> and build the program again.</p></html>
`

// Handler serves the hub's pages.
func Handler() http.Handler {
	return &site{files: folder(dist, "dist"), policy: securityPolicy, ready: map[string]*file{}}
}

// Household serves the page of the household's box, by the same rules.
func Household() http.Handler {
	return &site{files: folder(home, "dist-home"), policy: householdPolicy, ready: map[string]*file{}}
}

func folder(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the names are constants above
	}
	return sub
}

// Serve serves a built web from any file system: files by their path, and
// index.html for every other path outside of /api, whose pages the browser knows.
func Serve(files fs.FS) http.Handler {
	return &site{files: files, policy: securityPolicy, ready: map[string]*file{}}
}

type site struct {
	files  fs.FS
	policy string           // Content-Security-Policy of every answer
	mu     sync.Mutex       // guards ready
	ready  map[string]*file // by name; a handful of files, read once
}

type file struct {
	body, gzipped []byte
	tag, kind     string
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") {
		http.NotFound(w, r)
		return
	}
	f, err := s.load(name)
	if err != nil && (strings.HasPrefix(name, "assets/") || path.Ext(name) == ".map") {
		http.NotFound(w, r) // an asset of an older build must not come back as a page
		return
	}
	if err != nil {
		name = "index.html"
		if f, err = s.load(name); err != nil {
			h.Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt)) // the reader has gone; nobody is left to tell
			return
		}
	}
	f.serve(w, r, strings.HasPrefix(name, "assets/"))
}

// serve answers with the file; hashed assets never change under their name.
func (f *file) serve(w http.ResponseWriter, r *http.Request, hashed bool) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	if hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := f.body, f.tag
	if f.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body, tag = f.gzipped, f.tag+"-gz"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	if strings.Contains(r.Header.Get("If-None-Match"), `"`+tag+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // as above
	}
}

// load reads a file once, with its tag and, where it saves something, its gzip form.
func (s *site) load(name string) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.ready[name]; f != nil {
		return f, nil
	}
	if name == "" || strings.HasPrefix(path.Base(name), ".") {
		return nil, fs.ErrNotExist
	}
	body, err := fs.ReadFile(s.files, name)
	if err != nil {
		return nil, fmt.Errorf("read web file: %w", err)
	}
	sum := sha256.Sum256(body)
	f := &file{body: body, tag: hex.EncodeToString(sum[:12]), kind: kindOf(name)}
	if packed, err := pack(body); err != nil {
		return nil, fmt.Errorf("compress web file: %w", err)
	} else if len(packed) < len(body)*9/10 {
		f.gzipped = packed
	}
	s.ready[name] = f
	return f, nil
}

func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// kindOf does not ask the machine's own table for what browsers are strict about.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
