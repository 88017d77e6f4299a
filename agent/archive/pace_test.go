package archive_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
)

func TestClockAndListsAreKeptFresh(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		wait(3*time.Hour + time.Minute)
		var clocks int
		var lists []camera.Interval
		f.set(func() { clocks, lists = f.clocks, f.lists })
		if clocks < 18 || clocks > 24 {
			t.Errorf("clock measured %d times in three hours", clocks)
		}
		whole := 0
		for _, l := range lists {
			if l.To.Sub(l.From) > camera.PastLongest {
				whole++
			} else if l.To.Sub(l.From) > time.Hour {
				t.Errorf("listed %s", l.To.Sub(l.From))
			}
		}
		if len(lists) < 36 || len(lists) > 38 || whole < 3 || whole > 4 {
			t.Errorf("listed %d times, %d times all", len(lists), whole)
		}
		past := a.Past()
		if len(past) != 1 || len(past[0].Spans) != 1 || time.Since(past[0].Spans[0].To) > 5*time.Minute+time.Second || time.Duration(past[0].Offset) != behind {
			t.Errorf("past %+v", past)
		}
		f.set(func() { f.has[0].From = time.Now().Add(-time.Hour) }) // overwritten
		wait(time.Hour + 5*time.Minute)
		if from := a.Past()[0].Spans[0].From; time.Since(from) > 2*time.Hour+6*time.Minute {
			t.Errorf("past still begins %s ago", time.Since(from))
		}
	})
}

// TestLongWant: hours are fetched in pieces, each with a clock that was just measured,
// once, and nothing more is asked for then.
func TestLongWant(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		a.SetWants(wants(-5*time.Hour, -2*time.Hour))
		wait(time.Hour)
		if d := f.length(); d < 3*time.Hour || d > 3*time.Hour+20*time.Second || f.twice() {
			t.Errorf("fetched %s, twice %v", d, f.twice())
		}
		n := len(f.playbacks())
		for i, p := range f.playbacks() {
			if d := p.what.End.Sub(p.what.Start); d > time.Hour+2*time.Second {
				t.Errorf("asked for %s at once", d)
			}
			if i > 0 && p.at.Sub(f.playbacks()[i-1].at) > 10*time.Minute+2*time.Second {
				t.Errorf("a playback of %s", p.at.Sub(f.playbacks()[i-1].at))
			}
			if p.what.Ahead != behind || p.what.Early < 4*time.Hour {
				t.Errorf("playback %+v", p.what)
			}
		}
		wait(2 * time.Hour)
		if len(f.playbacks()) != n {
			t.Errorf("%d playbacks, and %d later", n, len(f.playbacks()))
		}
	})
}

// TestInterrupted: the recorder goes away again and again; each time it goes on where
// it stopped, after a pause that grows only while nothing comes.
func TestInterrupted(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		gone := camera.Errorf(camera.CodeUnreachable, "gone")
		n := 0
		after := func(time.Time) error {
			if n++; n%100 == 0 {
				return gone
			}
			return nil
		}
		f.set(func() { f.after = after })
		a.SetWants(wants(-time.Hour, -50*time.Minute))
		wait(5 * time.Minute)
		if d := f.length(); d < 10*time.Minute || d > 10*time.Minute+20*time.Second || f.twice() {
			t.Errorf("fetched %s, twice %v", d, f.twice())
		}
		for i := 1; i < len(f.playbacks()); i++ {
			if d := f.playbacks()[i].at.Sub(f.playbacks()[i-1].at); d < 14*time.Second || d > 16*time.Second { // 10 s of playing, and 5
				t.Errorf("next try after %s", d)
			}
		}
	})
}

// TestFullIsPatient: pauses grow from 5 s to 2 min, and when it is free everything is
// there within such a pause.
func TestFullIsPatient(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		var free atomic.Bool
		answer := func(int, archive.Playback) error {
			if !free.Load() {
				return camera.Errorf(camera.CodeRecorderFull, "full")
			}
			return nil
		}
		f.set(func() { f.answer = answer })
		a.SetWants(wants(-time.Hour, -59*time.Minute))
		wait(30 * time.Minute)
		var last time.Duration
		for i := 1; i < len(f.playbacks()); i++ {
			d := f.playbacks()[i].at.Sub(f.playbacks()[i-1].at)
			if d < 4*time.Second || d > 2*time.Minute+time.Second || i < 5 && d <= last {
				t.Errorf("try %d after %s", i, d)
			}
			last = d
		}
		if n := len(f.playbacks()); n < 15 || n > 25 {
			t.Errorf("%d tries in half an hour", n)
		}
		free.Store(true)
		wait(2*time.Minute + 10*time.Second)
		if f.length() < time.Minute {
			t.Errorf("fetched %s", f.length())
		}
	})
}

// TestLiveComesFirst: while a live session does not come about nothing is played, and
// what plays is ended.
func TestLiveComesFirst(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		a.SetWants(wants(-time.Hour, -50*time.Minute))
		wait(20 * time.Second)
		f.set(func() { f.yield = true })
		wait(time.Second)
		had, n := f.length(), len(f.playbacks())
		wait(10 * time.Minute)
		if n != 1 || len(f.playbacks()) != 1 || f.length() != had {
			t.Errorf("%d playbacks while live waits", len(f.playbacks()))
		}
		f.set(func() { f.yield = false })
		wait(5 * time.Minute)
		if f.length() < 10*time.Minute || f.twice() {
			t.Errorf("fetched %s", f.length())
		}
	})
}

// TestWrongPassword: twice, and never again (lesson 7).
func TestWrongPassword(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		f.set(func() { f.err = camera.Errorf(camera.CodeWrongPassword, "no") })
		clocks := func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.clocks }
		wait(24 * time.Hour)
		first := clocks()
		if first > 3 { // one may have been before
			t.Errorf("%d tries", first)
		}
		if _, err := a.Fetch(t.Context(), yard, time.Now().Add(-time.Hour), time.Now().Add(-59*time.Minute)); camera.CodeOf(err) != camera.CodeWrongPassword || clocks() != first {
			t.Errorf("fetch: %v", err)
		}
	})
}

// TestNotThere: what the recorder lists and does not play is asked for again, but not
// at once, and the rest is fetched meanwhile.
func TestNotThere(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		lost := time.Now().Add(-time.Hour + 90*time.Second)
		answer := func(_ int, p archive.Playback) error {
			if p.Start.Add(-p.Ahead).Before(lost) {
				return camera.Errorf(camera.CodeNoFootage, "457")
			}
			return nil
		}
		f.set(func() { f.answer = answer })
		a.SetWants(wants(-time.Hour, -50*time.Minute))
		wait(3 * time.Minute)
		if d := f.length(); d < 8*time.Minute-time.Second || d > 9*time.Minute {
			t.Errorf("fetched %s", d)
		}
		n := len(f.playbacks())
		wait(5 * time.Minute)
		if len(f.playbacks()) != n {
			t.Errorf("%d tries more", len(f.playbacks())-n)
		}
		wait(10 * time.Minute)
		if len(f.playbacks()) == n {
			t.Error("never tried again")
		}
	})
}

func TestConsentEndsAPlayback(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		a.SetWants(wants(-time.Hour, -50*time.Minute))
		wait(10 * time.Second)
		f.set(func() {
			f.refuse = func(time.Time, time.Time) error { return camera.Errorf(camera.CodeNoConsent, "no more") }
		})
		wait(time.Second)
		had := f.length()
		wait(10 * time.Minute)
		if f.length() != had || len(f.playbacks()) != 1 {
			t.Errorf("%s after the household said no, %d playbacks", f.length()-had, len(f.playbacks()))
		}
	})
}

func TestFetch(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		a.SetWants(wants(-9*time.Hour, -8*time.Hour)) // six minutes of playing
		wait(30 * time.Second)
		from := time.Now().Add(-time.Hour)
		seconds, err := a.Fetch(t.Context(), yard, from, from.Add(time.Minute))
		if err != nil || seconds < 58 || seconds > 61 || len(f.covered(yard, from, from.Add(time.Minute))) < 59 {
			t.Errorf("%v s, %v", seconds, err)
		}
		had := len(f.covered(yard, from, from.Add(time.Minute)))
		seconds, err = a.Fetch(t.Context(), yard, from.Add(10*time.Second), from.Add(20*time.Second))
		if err != nil || seconds < 8 || len(f.covered(yard, from, from.Add(time.Minute))) != had {
			t.Errorf("once more: %v s, %v, kept it twice", seconds, err)
		}
		wait(10 * time.Minute)
		if f.length() < time.Hour+time.Minute || f.twice() {
			t.Errorf("the want was forgotten: %s", f.length())
		}
		for _, c := range []struct {
			id       camera.CameraID
			from, to time.Duration
			code     camera.Code
		}{
			{"another", -time.Hour, -59 * time.Minute, camera.CodeNotFound},
			{yard, -time.Hour, -time.Hour, camera.CodeBadWindow},
			{yard, -3 * time.Hour, -time.Hour, camera.CodeBadWindow},
			{yard, -11 * time.Hour, -11*time.Hour + time.Minute, camera.CodeNoFootage},
		} {
			if _, err := a.Fetch(t.Context(), c.id, time.Now().Add(c.from), time.Now().Add(c.to)); camera.CodeOf(err) != c.code {
				t.Errorf("%+v: %v", c, err)
			}
		}
		f.set(func() {
			f.answer = func(int, archive.Playback) error { return camera.Errorf(camera.CodeRecorderFull, "full") }
		})
		if _, err := a.Fetch(t.Context(), yard, from.Add(-time.Hour), from.Add(-59*time.Minute)); camera.CodeOf(err) != camera.CodeRecorderFull {
			t.Errorf("full: %v", err)
		}
	})
}

func TestFetchEndsWithItsContext(t *testing.T) {
	a := archive.New(archive.Config{Log: quiet}, time.Now)
	why := errors.New("nobody runs it")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := a.Fetch(ctx, yard, night, night.Add(time.Minute)); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

// TestStillRecording: the last seconds are not asked for before they can be there, and
// asked for then.
func TestStillRecording(t *testing.T) {
	in(t, func(t *testing.T, f *fake, a *archive.Archive) {
		a.SetWants(wants(-2*time.Minute, 2*time.Minute))
		wait(20 * time.Second)
		for _, p := range f.playbacks() {
			if end := p.what.End.Add(-p.what.Ahead); p.at.Sub(end) < 30*time.Second {
				t.Errorf("asked for what ended %s ago", p.at.Sub(end))
			}
		}
		wait(20 * time.Minute)
		if d := f.length(); d < 4*time.Minute-2*time.Second || d > 4*time.Minute+10*time.Second || f.twice() {
			t.Errorf("fetched %s", d)
		}
	})
}
