package setup

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup/gen"
)

const signInWithin = 45 * time.Second

func (s *server) OpenRecorder(ctx context.Context, r gen.OpenRecorderRequestObject) (gen.OpenRecorderResponseObject, error) {
	user, pass := r.Body.Username, r.Body.Password
	at, err := netip.ParseAddr(r.Body.Address)
	if err != nil || len(user) > 60 || len(pass) > 200 {
		return nil, camera.Errorf(camera.CodeBadRequest, "address, name or password cannot be one")
	}
	address, b := at.Unmap().String(), s.Store.Book()
	if err := s.inside(b, at.Unmap()); err != nil {
		return nil, err
	}
	found, ok := s.look.at(address)
	if !ok {
		i := slices.IndexFunc(b.Recorders, func(r home.Recorder) bool { return r.Address == address })
		if i < 0 {
			return nil, camera.Errorf(camera.CodeNotFound, "nothing was found at this address: search first")
		}
		found = b.Recorders[i]
	}
	ctx, cancel := context.WithTimeout(ctx, signInWithin)
	defer cancel()
	var opened home.Recorder
	err = s.try(address, func() error {
		opened, err = s.Finder.Open(ctx, found, user, pass)
		return s.signIn(err)
	})
	if err != nil {
		return nil, err
	}
	opened.Address, opened.Username, opened.Password = address, user, home.Hide(pass)
	json, err := s.keep(ctx, opened)
	return gen.OpenRecorder200JSONResponse(json), err
}

func (s *server) AddAddress(ctx context.Context, r gen.AddAddressRequestObject) (gen.AddAddressResponseObject, error) {
	a, err := splitAddress(r.Body.Url)
	if err != nil {
		return nil, err
	}
	if user := value(r.Body.Username); user != "" {
		a.username, a.password = user, value(r.Body.Password)
	}
	if len(a.username) > 60 || len(a.password) > 200 {
		return nil, camera.Errorf(camera.CodeTooLarge, "name or password is too long")
	}
	if err := s.inside(s.Store.Book(), a.at); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, signInWithin)
	defer cancel()
	var opened home.Recorder
	err = s.try(a.at.String(), func() error {
		opened, err = s.Finder.Address(ctx, a.url, a.username, a.password)
		return s.signIn(err)
	})
	if err != nil {
		return nil, err
	}
	if len(opened.Channels) != 1 {
		return nil, camera.Errorf(camera.CodeUnavailable, "address gave %d channels", len(opened.Channels))
	}
	opened.Address, opened.Username, opened.Password = a.at.String(), a.username, home.Hide(a.password)
	json, err := s.keep(ctx, opened)
	return gen.AddAddress200JSONResponse(json), err
}

// signIn cuts an error down to its code, with the seconds of a clock that is off.
func (s *server) signIn(err error) error {
	if camera.CodeOf(err) != camera.CodeClockSkew {
		return s.hush(err, "sign in at recorder")
	}
	return detailed{s.hush(err, "sign in at recorder"), skewOf(err)}
}

// skewed is an error that knows by how much a recorder's clock is ahead.
type skewed interface{ Ahead() time.Duration }

var skewText = regexp.MustCompile(`(-?\d{1,12})(?:\.\d+)? ?s`)

// skewOf is the whole seconds of a skew; they stand in the message where the error
// does not tell them by itself. Digits followed by s, and nothing else, are taken out.
func skewOf(err error) string {
	var known skewed
	if errors.As(err, &known) {
		return strconv.Itoa(int(known.Ahead() / time.Second))
	}
	if m := skewText.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// keep puts a recorder that was signed in at into the book. One with the same serial
// is the same recorder, wherever it is now: it keeps its id and its cameras, and the
// household picks among its channels again.
func (s *server) keep(ctx context.Context, opened home.Recorder) (gen.Recorder, error) {
	tidy(&opened)
	opened.SignedIn = s.moment()
	err := s.Store.Update(func(b *home.Book) error {
		i := slices.IndexFunc(b.Recorders, func(r home.Recorder) bool { return sameDevice(r, opened) })
		if i < 0 {
			if opened.Serial == "" {
				opened.Serial = home.MakeSerial()
			}
			opened.ID, opened.Chosen = recorderID(opened.Serial), false
			b.Recorders = append(b.Recorders, opened)
			return nil
		}
		old := b.Recorders[i]
		opened.ID, opened.Serial, opened.Chosen = old.ID, old.Serial, false
		for _, c := range b.Cameras {
			if c.Recorder == old.ID && opened.Channel(c.Channel) == nil { // it was there, and may come back
				opened.Channels = append(opened.Channels, *old.Channel(c.Channel))
			}
		}
		b.Recorders[i] = opened
		return nil
	})
	if err != nil {
		return gen.Recorder{}, err
	}
	b := s.Store.Book()
	return recorderJSON(b, *b.Recorder(opened.ID), s.Agent.Recorders()), s.Agent.Apply(ctx)
}

// tidy cuts what devices tell of themselves to what the book holds; some write names
// in encodings of their own, and addresses that nobody can read.
func tidy(r *home.Recorder) {
	cut := func(text string, most int) string {
		text = strings.ToValidUTF8(text, "?")
		for len(text) > most {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		return text
	}
	r.Brand, r.Model, r.Name, r.Kind = cut(r.Brand, 100), cut(r.Model, 100), cut(r.Name, 200), cut(r.Kind, 20)
	if len(r.Channels) > home.ChannelsMost {
		r.Channels = r.Channels[:home.ChannelsMost]
	}
	kept := func(address string) string {
		if !home.Bare(address) {
			return ""
		}
		return address
	}
	r.XAddr = kept(r.XAddr)
	for i := range r.Channels {
		c := &r.Channels[i]
		c.Name, c.Serial = cut(c.Name, 200), cut(c.Serial, 100)
		c.MainURL, c.SubURL, c.SnapshotURL = kept(c.MainURL), kept(c.SubURL), kept(c.SnapshotURL)
	}
}

// sameDevice: by serial; of one that tells none by where it is, and of an expert's
// address by its text, because a recorder has one for each channel.
func sameDevice(r, opened home.Recorder) bool {
	switch {
	case r.Serial == opened.Serial:
		return true
	case !r.Nameless() || !opened.Nameless() || r.Address != opened.Address || r.Dialect != opened.Dialect:
		return false
	}
	return opened.Dialect != "rtsp" || len(r.Channels) == 1 && len(opened.Channels) == 1 && r.Channels[0].MainURL == opened.Channels[0].MainURL
}

// recorderID names a recorder on the page without its whole serial.
func recorderID(serial string) string {
	sum := sha256.Sum256([]byte("xulang recorder 1\n" + serial))
	return "r" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}
