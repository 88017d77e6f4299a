package home

import (
	"net/url"
	"time"

	camera "xulang.vn/camera"
)

// Limits of a household.
const (
	NetworksMost  = 4
	RecordersMost = 16
	ChannelsMost  = 256 // of one recorder
	CamerasMost   = 64
	ReceiptsMost  = 20 // of one camera; the oldest go first
	WithdrawnMost = 100
	AnswersMost   = 500
	WithheldMost  = 500 // of one camera; the oldest grow together
	triesMost     = 200
	wordsMost     = 8000 // bytes of the words of a receipt
)

// trim drops the oldest of what only grows.
func (b *Book) trim() {
	for i := range b.Cameras {
		last(&b.Cameras[i].Receipts, ReceiptsMost)
		for c := &b.Cameras[i]; len(c.Withheld) > WithheldMost; { // rather too much is withheld than too little
			c.Withheld[1].From = c.Withheld[0].From
			c.Withheld = c.Withheld[1:]
		}
	}
	last(&b.Withdrawn, WithdrawnMost)
	last(&b.Apart, WithdrawnMost)
	last(&b.Answers, AnswersMost)
	last(&b.Tries, triesMost)
}

func last[T any](list *[]T, most int) {
	if n := len(*list) - most; n > 0 {
		*list = (*list)[n:]
	}
}

// check finds what must not be kept. Its errors repeat nothing of an address.
func (b Book) check() error {
	switch {
	case len(b.Networks) > NetworksMost:
		return camera.Errorf(camera.CodeTooMany, "book: %d networks, at most %d", len(b.Networks), NetworksMost)
	case len(b.Recorders) > RecordersMost:
		return camera.Errorf(camera.CodeTooMany, "book: %d recorders, at most %d", len(b.Recorders), RecordersMost)
	case len(b.Cameras) > CamerasMost:
		return camera.Errorf(camera.CodeTooMany, "book: %d cameras, at most %d", len(b.Cameras), CamerasMost)
	}
	if _, err := camera.KeepDays(b.Keep); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, r := range b.Recorders {
		if err := r.check(); err != nil {
			return err
		}
		if seen[r.ID] {
			return camera.Errorf(camera.CodeConflict, "book: recorder %s stands there twice", r.ID)
		}
		seen[r.ID] = true
	}
	for _, c := range b.Cameras {
		if err := c.check(&b); err != nil {
			return err
		}
		if seen[string(c.ID)] {
			return camera.Errorf(camera.CodeConflict, "book: camera %s stands there twice", c.ID)
		}
		seen[string(c.ID)] = true
	}
	return nil
}

func (r Recorder) check() error {
	switch {
	case r.ID == "" || len(r.ID) > 40:
		return camera.Errorf(camera.CodeBadRequest, "book: recorder without an id")
	case r.Serial == "" || len(r.Serial) > 100:
		return camera.Errorf(camera.CodeBadRequest, "recorder %s: serial of %d bytes", r.ID, len(r.Serial))
	case len(r.Kind) > 20 || len(r.Brand) > 100 || len(r.Model) > 100 || len(r.Name) > 200 || len(r.Dialect) > 20 || len(r.Address) > 60 || len(r.XAddr) > 500:
		return camera.Errorf(camera.CodeTooLarge, "recorder %s: a text is too long", r.ID)
	case len(r.Username) > 200 || len(r.Password.Reveal()) > 200:
		return camera.Errorf(camera.CodeTooLarge, "recorder %s: login is too long", r.ID)
	case len(r.Channels) > ChannelsMost:
		return camera.Errorf(camera.CodeTooMany, "recorder %s: %d channels, at most %d", r.ID, len(r.Channels), ChannelsMost)
	case !Bare(r.XAddr):
		return camera.Errorf(camera.CodeBadRequest, "recorder %s: its address cannot be read or holds a user", r.ID)
	}
	seen := map[int]bool{}
	for _, c := range r.Channels {
		switch {
		case c.Number < 0 || c.Number > 1024 || seen[c.Number]:
			return camera.Errorf(camera.CodeBadRequest, "recorder %s: channel %d", r.ID, c.Number)
		case len(c.Name) > 200 || len(c.Serial) > 100 || len(c.Token) > 200 || len(c.SourceToken) > 200:
			return camera.Errorf(camera.CodeTooLarge, "recorder %s, channel %d: a text is too long", r.ID, c.Number)
		case !Bare(c.MainURL) || !Bare(c.SubURL) || !Bare(c.SnapshotURL):
			return camera.Errorf(camera.CodeBadRequest, "recorder %s, channel %d: an address cannot be read or holds a user", r.ID, c.Number)
		}
		seen[c.Number] = true
	}
	return nil
}

// Bare tells whether an address can be kept: it can be read and has no user in it.
// None at all is fine.
func Bare(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && len(address) <= 500 && u.User == nil && u.Host != ""
}

func (c Camera) check(b *Book) error {
	r := b.Recorder(c.Recorder)
	switch {
	case !c.ID.Valid():
		return camera.Errorf(camera.CodeBadRequest, "book: camera id %q", c.ID)
	case r == nil || r.Channel(c.Channel) == nil:
		return camera.Errorf(camera.CodeBadRequest, "camera %s: of no recorder's channel", c.ID)
	case len(c.Label) > 200 || len(c.Outline) > 40 || len(c.Sights) > 100:
		return camera.Errorf(camera.CodeTooLarge, "camera %s: label, outline or sights are too long", c.ID)
	case !c.Consent.Valid():
		return camera.Errorf(camera.CodeBadRequest, "camera %s: consent level %q", c.ID, c.Consent.Level)
	case c.Uplink != "" && !c.Uplink.Valid():
		return camera.Errorf(camera.CodeBadRequest, "camera %s: uplink class %q", c.ID, c.Uplink)
	}
	for _, receipt := range c.Receipts {
		if len(receipt.Words) > wordsMost {
			return camera.Errorf(camera.CodeTooLarge, "camera %s: words of %d bytes", c.ID, len(receipt.Words))
		}
	}
	if c.View != nil {
		return c.View.Check()
	}
	return nil
}

// Tried counts the tries of a password at an address in the time before now. A
// clock that was set back makes no try younger than it is old.
func (b Book) Tried(address string, now time.Time, within time.Duration) (n int, oldest time.Time) {
	for _, t := range b.Tries {
		if t.Address != address || now.Sub(t.At).Abs() >= within {
			continue
		}
		if n++; oldest.IsZero() || t.At.Before(oldest) {
			oldest = t.At
		}
	}
	return n, oldest
}
