package setup

import (
	"slices"
	"strconv"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
)

// A recorder that is shown wrong passwords locks its own family out, often for half
// an hour: two an address and five minutes are all that it ever sees from here.
const (
	triesMost  = 2
	triesReset = 5 * time.Minute
)

// try uses a password at an address once, or not at all. The try is in the book
// before the recorder hears of it: no restart makes a third one of it. A try that was
// not about the password is taken back.
func (s *server) try(address string, use func() error) error {
	now := s.moment()
	left := 0
	if err := s.Store.Update(func(b *home.Book) error {
		if err := locked(*b, address, now); err != nil {
			return err
		}
		n, _ := b.Tried(address, now, triesReset)
		left = triesMost - n - 1
		b.Tries = slices.DeleteFunc(b.Tries, func(t home.Try) bool { return now.Sub(t.At).Abs() >= triesReset })
		b.Tries = append(b.Tries, home.Try{Address: address, At: now})
		return nil
	}); err != nil {
		return err
	}
	err := use()
	if booked := s.book(address, now, camera.CodeOf(err)); booked != nil {
		return booked
	}
	if camera.CodeOf(err) == camera.CodeWrongPassword {
		return detailed{err, strconv.Itoa(left)}
	}
	return err
}

// locked refuses an address whose tries are used up, with the seconds that are left.
func locked(b home.Book, address string, now time.Time) error {
	n, oldest := b.Tried(address, now, triesReset)
	if n < triesMost {
		return nil
	}
	return waiting(camera.CodeLockedOut, min(oldest.Add(triesReset).Sub(now), triesReset))
}

// book writes down how the try that began at a time ended.
func (s *server) book(address string, began time.Time, code camera.Code) error {
	return s.Store.Update(func(b *home.Book) error {
		switch code {
		case "": // the right one: the recorder has forgotten the wrong ones as well
			b.Tries = slices.DeleteFunc(b.Tries, func(t home.Try) bool { return t.Address == address })
		case camera.CodeWrongPassword, camera.CodeClockSkew: // with skew it may have counted the try
		case camera.CodeLockedOut: // it refuses everybody by itself: leave it alone
			for range triesMost {
				b.Tries = append(b.Tries, home.Try{Address: address, At: began})
			}
		default:
			if i := slices.Index(b.Tries, home.Try{Address: address, At: began}); i >= 0 {
				b.Tries = slices.Delete(b.Tries, i, i+1)
			}
		}
		return nil
	})
}
