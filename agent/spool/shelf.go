package spool

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// ordered facts have a rank: the order in which they were learned. Everything
// that leaves the house leaves in this order: a run's segments stay in sequence
// also when the clock was set back between two of them.
type ordered interface{ rank() uint64 }

// queue is sorted by rank.
type queue[F ordered] []F

func (q queue[F]) find(f F) (int, bool) {
	return slices.BinarySearchFunc(q, f.rank(), func(g F, r uint64) int { return cmp.Compare(g.rank(), r) })
}

func (q *queue[F]) add(f F) {
	if n := len(*q); n == 0 || (*q)[n-1].rank() < f.rank() {
		*q = append(*q, f)
	} else if i, found := q.find(f); !found {
		*q = slices.Insert(*q, i, f)
	}
}

func (q *queue[F]) drop(f F) {
	switch i, found := q.find(f); {
	case !found:
	case i == 0:
		clear((*q)[:1]) // the ring turns here: nothing is moved
		*q = (*q)[1:]
	default:
		*q = slices.Delete(*q, i, i+1)
	}
}

// Shelves of what may be evicted, in the order in which they are emptied. Held
// footage is on none of them.
//
// A copy from the household's recorder leaves before what exists nowhere else, also
// before what is much older: the recorder may still have it, and a want that needs
// it holds it.
const (
	shelfDone   = iota // stored, or refused when it was announced
	shelfCopied        // came from the recorder, and the hub has not got it
	shelfStuck         // announced, and then its bytes were refused
	shelfFree          // announced; its bytes leave only when they are asked for
	shelfUntold        // like free, but not announced yet
	shelfUnsent        // the hub waits for it
	shelfCount
)

func (f *footage) shelf() int {
	switch {
	case f.settled():
		return shelfDone
	case f.copied():
		return shelfCopied
	case f.code != "":
		return shelfStuck
	case f.required:
		return shelfUnsent
	case f.announced:
		return shelfFree
	}
	return shelfUntold
}

// shelves are the book's footage by what has to be done with it next.
type shelves struct {
	fresh   queue[*footage] // to be announced
	uploads [priorities]queue[*footage]
	leaving [shelfCount]queue[*footage]
	held    int64 // bytes of what is held
}

// places lists the queues that a piece of footage belongs to.
func (s *shelves) places(f *footage) iter.Seq[*queue[*footage]] {
	return func(yield func(*queue[*footage]) bool) {
		if !f.announced && f.code == "" && !yield(&s.fresh) {
			return
		}
		if p, ok := f.priority(); ok && !yield(&s.uploads[p]) {
			return
		}
		if !f.held {
			yield(&s.leaving[f.shelf()])
		}
	}
}

func (s *shelves) put(f *footage) {
	for q := range s.places(f) {
		q.add(f)
	}
	if f.held {
		s.held += int64(f.size)
	}
}

// take has to be called before anything changes that places asks for.
func (s *shelves) take(f *footage) {
	for q := range s.places(f) {
		q.drop(f)
	}
	if f.held {
		s.held -= int64(f.size)
	}
}

// sort puts everything where policy and wants say now. It takes some 50 ms for
// 100,000 segments.
func (b *book) sort() {
	b.shelves = shelves{}
	for _, f := range b.inOrder() {
		b.judge(f)
		b.shelves.put(f)
	}
}

// judge asks policy and wants about a piece of footage that is on no shelf.
func (b *book) judge(f *footage) {
	src := f.source()
	f.required = b.requires(src)
	f.held = b.holds.cover(src.camera, f)
	f.asked = src.stream == "" && b.fetches.cover(src.camera, f)
}

func (b *book) inOrder() []*footage {
	return slices.SortedFunc(maps.Values(b.segments), func(x, y *footage) int { return cmp.Compare(x.order, y.order) })
}
