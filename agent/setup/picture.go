package setup

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

// Limits of pictures.
const (
	pictureWithin  = 25 * time.Second
	pictureLargest = 4 << 20  // bytes, from a camera
	sideMost       = 4608     // pixels
	areaMost       = 10 << 20 // pixels: 8 MP cameras are common, and a small box has to hold one decoded
)

// picture is an answer; the generated ones would write the time as Go prints it.
type picture struct {
	data []byte
	kind string
	at   time.Time
}

func (p picture) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("Content-Length", fmt.Sprint(len(p.data)))
	h.Set("Cache-Control", "no-store")
	if !p.at.IsZero() {
		h.Set("Xulang-Time", p.at.UTC().Format(time.RFC3339Nano))
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(p.data)
	return err
}

func (p picture) VisitGetChannelPictureResponse(w http.ResponseWriter) error { return p.write(w) }
func (p picture) VisitGetPictureResponse(w http.ResponseWriter) error        { return p.write(w) }
func (p picture) VisitGetReferenceResponse(w http.ResponseWriter) error      { return p.write(w) }

// turns lets one picture at a time come out of each recorder: many serve few sessions.
type turns struct {
	mu sync.Mutex
	of map[string]chan struct{}
}

func (t *turns) take(ctx context.Context, recorder string) (done func(), err error) {
	t.mu.Lock()
	if t.of == nil || len(t.of) > 4*home.RecordersMost { // of recorders that are long forgotten
		t.of = map[string]chan struct{}{}
	}
	turn, ok := t.of[recorder]
	if !ok {
		turn = make(chan struct{}, 1)
		t.of[recorder] = turn
	}
	t.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, camera.Errorf(camera.CodeRecorderFull, "others are waiting for pictures of this recorder")
	}
}

// GetChannelPicture serves the choosing: every channel while nothing is chosen, then
// the chosen ones alone.
func (s *server) GetChannelPicture(ctx context.Context, r gen.GetChannelPictureRequestObject) (gen.GetChannelPictureResponseObject, error) {
	b := s.Store.Book()
	rec := b.Recorder(r.Recorder)
	if rec == nil || rec.Channel(r.Channel) == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "no such channel")
	}
	if rec.Chosen && chosen(b, rec.ID, r.Channel) == nil {
		return nil, camera.Errorf(camera.CodeForbidden, "channel was not chosen")
	}
	return s.snap(ctx, b, rec.ID, r.Channel)
}

func (s *server) GetPicture(ctx context.Context, r gen.GetPictureRequestObject) (gen.GetPictureResponseObject, error) {
	b := s.Store.Book()
	c := b.Camera(camera.CameraID(r.Camera))
	if c == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "no such camera")
	}
	if b.Recorder(c.Recorder).Channel(c.Channel).SnapshotURL != "" {
		if p, err := s.snap(ctx, b, c.Recorder, c.Channel); err == nil && p.kind == "image/jpeg" {
			return p, nil
		}
	}
	if c.Shared() { // it is being recorded: no second session
		if data, kind, at, err := s.Agent.KeyFrame(ctx, c.ID); err == nil && showable(data, kind) {
			return picture{data, kind, at}, nil
		}
	}
	return s.snap(ctx, b, c.Recorder, c.Channel)
}

func (s *server) GetReference(_ context.Context, r gen.GetReferenceRequestObject) (gen.GetReferenceResponseObject, error) {
	b := s.Store.Book()
	c := b.Camera(camera.CameraID(r.Camera))
	if c == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "no such camera")
	}
	data, err := s.Store.Reference(c.ID)
	if err != nil {
		return nil, err
	}
	return picture{data, "image/jpeg", c.Aimed}, nil
}

// snap fetches one picture of a channel with the login that the household typed. One
// that is not taken any more counts as a try, and no picture is asked for while the
// tries are used up.
func (s *server) snap(ctx context.Context, b home.Book, recorder string, number int) (picture, error) {
	rec := b.Recorder(recorder)
	channel := rec.Channel(number)
	if !channel.Reachable() {
		return picture{}, camera.Errorf(camera.CodeForbidden, "nothing is left by which the channel could be contacted")
	}
	done, err := s.turns.take(ctx, recorder)
	if err != nil {
		return picture{}, err
	}
	defer done()
	if err := locked(s.Store.Book(), rec.Address, s.moment()); err != nil {
		return picture{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pictureWithin)
	defer cancel()
	data, kind, err := s.Finder.Picture(ctx, *rec, *channel)
	if n := map[camera.Code]int{camera.CodeWrongPassword: 1, camera.CodeLockedOut: triesMost}[camera.CodeOf(err)]; n > 0 {
		used := home.Try{Address: rec.Address, At: s.moment()}
		s.note(func(b *home.Book) { b.Tries = append(b.Tries, slices.Repeat([]home.Try{used}, n)...) })
	}
	if err != nil {
		return picture{}, s.hush(err, "fetch a picture")
	}
	if !showable(data, kind) {
		return picture{}, camera.Errorf(camera.CodeNoPicture, "what came is no picture")
	}
	return picture{data, kind, s.moment()}, nil
}

// showable: what a browser may be given under its own kind.
func showable(data []byte, kind string) bool {
	switch {
	case len(data) == 0 || len(data) > pictureLargest:
		return false
	case kind == "image/jpeg":
		return bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff})
	}
	return kind == "video/mp4" && len(data) > 8 && string(data[4:8]) == "ftyp"
}

// decode reads a JPEG within limits.
func (s *server) decode(data []byte) (image.Image, error) {
	if err := checkJPEG(data); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, camera.Errorf(camera.CodeBadRequest, "picture is damaged")
	}
	return img, nil
}

// checkJPEG reads its head.
func checkJPEG(data []byte) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil:
		return camera.Errorf(camera.CodeBadRequest, "picture is no JPEG")
	case c.Width < 16 || c.Height < 16:
		return camera.Errorf(camera.CodeBadRequest, "picture of %d × %d", c.Width, c.Height)
	case c.Width > sideMost || c.Height > sideMost || c.Width*c.Height > areaMost:
		return camera.Errorf(camera.CodeTooLarge, "picture of %d × %d", c.Width, c.Height)
	}
	return nil
}

// posted reads the picture of a request; nil when there is none.
func posted(body io.Reader) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	data, err := io.ReadAll(body) // bounded by the gate
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return data, nil
}
