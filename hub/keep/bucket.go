package keep

import (
	"cmp"

	camera "xulang.vn/camera"
)

// batchMost bounds how many objects of one hour are held at once. More come as a
// second batch of the same hour, which only costs more second looks.
const batchMost = 20_000

// place is an hour of a camera. Places are in the order of object names.
type place struct {
	camera camera.CameraID
	hour   int64
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.camera, q.camera), cmp.Compare(p.hour, q.hour))
}

// named is an object with its name taken apart.
type named struct {
	Object
	key camera.Key
}

// batch is what the bucket has of an hour.
type batch struct {
	place
	objects map[camera.SegmentID]named
}

// bucket is a listing, cut into hours.
type bucket struct {
	next     func() (Object, error, bool)
	stranger func(Object)
	ahead    batch // read already
	one      named // the first object after it
	has      bool
	err      error
}

// take gives what the bucket has of a place, when that is the next thing it has.
func (b *bucket) take(p place) (batch, error) {
	return b.takeIf(func(q place) bool { return q.compare(p) == 0 })
}

// takeBefore gives the next hour of the bucket, when it comes before the place.
func (b *bucket) takeBefore(p place) (batch, error) {
	return b.takeIf(func(q place) bool { return q.compare(p) < 0 })
}

func (b *bucket) takeIf(fits func(place) bool) (batch, error) {
	if len(b.ahead.objects) == 0 {
		if b.read(); b.err != nil {
			return batch{}, b.err
		}
	}
	if len(b.ahead.objects) == 0 || !fits(b.ahead.place) {
		return batch{}, nil
	}
	taken := b.ahead
	b.ahead = batch{}
	return taken, nil
}

// read reads the next hour ahead.
func (b *bucket) read() {
	if !b.has {
		b.step()
	}
	if !b.has || b.err != nil {
		return
	}
	b.ahead = batch{place{b.one.key.Camera, hourOf(b.one.key)}, map[camera.SegmentID]named{}}
	for b.has && b.err == nil && len(b.ahead.objects) < batchMost && (place{b.one.key.Camera, hourOf(b.one.key)} == b.ahead.place) {
		if _, twice := b.ahead.objects[b.one.key.SegmentID]; twice {
			return // the same segment under two names: in a batch of its own
		}
		b.ahead.objects[b.one.key.SegmentID] = b.one
		b.step()
	}
}

// step reads one object of ours.
func (b *bucket) step() {
	for {
		o, err, more := b.next()
		if b.has, b.err = more, err; !more || err != nil {
			return
		}
		key, err := camera.ParseKey(o.Name)
		if err == nil {
			b.one = named{o, key}
			return
		}
		b.stranger(o)
	}
}
