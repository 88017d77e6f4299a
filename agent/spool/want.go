package spool

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	camera "xulang.vn/camera"
)

// SetWants replaces what cases hold and ask for. Durable when it returns nil:
// held segments never leave the ring, also across restarts. After an error, until
// the next call, what was wanted before and what is wanted now are both held.
func (s *Spool) SetWants(wants []camera.Want) error {
	if len(wants) > camera.WantsMost {
		return camera.Errorf(camera.CodeTooLarge, "set wants: %d, at most %d", len(wants), camera.WantsMost)
	}
	list := make([]camera.Want, 0, len(wants))
	for _, w := range wants {
		if err := w.Check(); err != nil {
			return fmt.Errorf("set wants: %w", err)
		}
		w.From = w.From.UTC().Truncate(time.Millisecond)
		if to := w.To.UTC().Truncate(time.Millisecond); to.Before(w.To) {
			w.To = to.Add(time.Millisecond)
		} else {
			w.To = to
		}
		if w.Ask != nil {
			ask := *w.Ask
			ask.Asked, ask.Until = ask.Asked.UTC(), ask.Until.UTC()
			w.Ask = &ask
		}
		list = append(list, w)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wantsSure && slices.EqualFunc(list, s.book.wants, sameWant) {
		return nil
	}
	before := s.book.wants
	if err := s.write(true, record{Kind: kindWants, Wants: list}); err != nil {
		// Nobody knows which of them a restart will find, and room may be made
		// for the next try: nothing that either wants may go.
		s.wantsSure = false
		s.book.hold(slices.Concat(before, list))
		return fmt.Errorf("set wants: %w", s.relieved(err))
	}
	s.wantsSure = true
	s.expired = time.Time{}
	if err := s.makeRoom(0, shelfCount); err != nil { // the wants stand all the same
		s.log.Warn("make room", "err", s.relieved(err))
	}
	s.wake()
	return nil
}

// sameWant compares what the household is asked as well.
func sameWant(a, b camera.Want) bool {
	x, y := a.Ask, b.Ask
	a.Ask, b.Ask = nil, nil
	return a == b && (x == nil) == (y == nil) && (x == nil || *x == *y)
}

// Wants are the wants in force. Nobody may change what their Ask points to.
func (s *Spool) Wants() []camera.Want {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.book.wants)
}

// SetPolicy says which streams' bytes have to reach the hub by themselves; nil:
// all. It is asked once for each camera and stream: call SetPolicy again when an
// answer changes. The answers are remembered across a restart until the next call.
// required must not call the spool.
func (s *Spool) SetPolicy(required func(camera.CameraID, camera.Stream) bool) {
	if required == nil {
		required = func(camera.CameraID, camera.Stream) bool { return true }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.required = required
	var news []record
	for src, free := range s.book.sources {
		if now := !required(src.camera, src.stream); now != free {
			news = append(news, record{Kind: kindPolicy, Camera: src.camera, Stream: src.stream, Free: now})
		}
	}
	if len(news) == 0 || s.closed {
		return
	}
	if err := s.write(false, news...); err != nil {
		s.log.Warn("remember policy", "err", err) // the next rewrite of the journal has it
		for _, r := range news {
			s.book.apply(r)
		}
	}
	s.book.sort()
	s.wake()
}

// policyOf is what the journal has to be told before the first segment of a
// camera's stream.
func (s *Spool) policyOf(src source) []record {
	if _, known := s.book.sources[src]; known || s.required == nil || s.required(src.camera, src.stream) {
		return nil
	}
	return []record{{Kind: kindPolicy, Camera: src.camera, Stream: src.stream, Free: true}}
}

// hold makes these the wants that hold, and moves everything to its shelf.
func (b *book) hold(wants []camera.Want) {
	b.holds, b.fetches = windows{}, windows{}
	for _, w := range wants {
		b.holds.add(w)
		if w.Fetch {
			b.fetches.add(w)
		}
	}
	b.holds.merge()
	b.fetches.merge()
	if !b.loading {
		b.sort()
	}
}

// span is a time in Unix ms, without its end.
type span struct{ from, to int64 }

// windows are times of cameras. After merge each camera's are sorted and apart.
type windows map[camera.CameraID][]span

func (w windows) add(want camera.Want) {
	w[want.Camera] = append(w[want.Camera], span{want.From.UnixMilli(), want.To.UnixMilli()})
}

func (w windows) merge() {
	for c, list := range w {
		slices.SortFunc(list, func(x, y span) int { return cmp.Compare(x.from, y.from) })
		kept := list[:1]
		for _, next := range list[1:] {
			if last := &kept[len(kept)-1]; next.from <= last.to {
				last.to = max(last.to, next.to)
			} else {
				kept = append(kept, next)
			}
		}
		w[c] = kept
	}
}

// cover tells whether a part of the footage is wanted (camera.Want.Covers).
func (w windows) cover(c camera.CameraID, f *footage) bool {
	list := w[c]
	i, _ := slices.BinarySearchFunc(list, f.start, func(s span, start int64) int {
		if s.to <= start {
			return -1
		}
		return 1
	})
	return i < len(list) && list[i].from < f.end
}
