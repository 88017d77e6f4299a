// Package activity tells from the sizes of coded pictures alone how much moved in
// each second, without decoding anything.
//
// What an encoder spends on a predicted picture is what the prediction missed:
// movement and the sensor's noise. Rate control hides that: it coarsens the
// quantiser where much moves and refines it where nothing does, until every second
// is as large as every other. Two things it cannot hide:
//
//   - the key frame of a group is coded with about the same quantiser, so the ratio
//     of a predicted picture to its key frame says what the sizes alone do not;
//   - bits can be wasted on a still picture, but not saved on a moving one. Under a
//     constant rate a still scene has at least some pictures that cost nearly
//     nothing, often those right after the key frame, before the controller has
//     found its way back to the rate. So the cheap pictures decide: the mean is a
//     harmonic one.
//
// A second's level is therefore the logarithm of the harmonic mean of (size / size
// of its key frame) over the pictures of that second and the one before. Key frames
// themselves are left out: they are large whatever happens. What is quiet is
// learned: the lowest tenth of the levels of the last minutes, of which there are
// two kinds, those with a key frame in the two seconds and those without, because in
// a long group the controller settles and late pictures look different.
//
// Chosen by evaluation on real footage against the change of the pixels, over
// encoders, rate controls, groups, frame rates and noise: `go test -run TestVtest -v
// ./agent/activity -args -full` prints it, also beside the plain sizes. The buffer
// that a constant rate has to fit is that of ISO/IEC 14496-10, annex C. No published
// formula is used.
//
// There, moving and still seconds are told apart with an AUC of 0.94 to 1.00 by day
// wherever key frames are at most 2 s apart or the rate is free, and of 0.88 to 0.98
// at night where the rate or the quantiser bounds the noise (0.7 to 1.0 when only a
// corner of the picture can move). Under a constant rate plain sizes reach 0.4 to
// 0.7, where 0.5 is chance.
//
// Limits: a floor that rises (rain, the switch to night) counts as movement until it
// has lasted for most of ten minutes, and a road that is never quiet is measured
// against its calmest moments. At a constant rate with key frames ten seconds apart
// the values say little. Where an encoder spends its bits on noise without any
// limit they may even fall when something moves.
package activity

import (
	"math"
	"time"

	camera "xulang.vn/camera"
)

const (
	second = time.Second
	// back is how far a media time may lie behind the newest one before it is
	// taken for the beginning of a new run. Less is a reordered picture.
	back = 2 * second
	// keep is how many seconds wait for Take, and the most that one gives: as many
	// as a segment's claim may have.
	keep = int64(2*camera.SegmentLongest/second) + 1
	// holdHalf halves in this many seconds what the last key frame's neighbours
	// said, while no newer key frame comes.
	holdHalf = 4
)

// Meter measures one stream of one camera. It belongs to one goroutine. What it
// has learned of the quiet scene lives on from run to run.
type Meter struct {
	key         float64       // size of the newest key frame in bytes, 1 before the first
	newest      time.Duration // largest media time of the run
	now, before bucket        // the second that is being filled, and the one before
	at          int64         // which second now is, from the start of the run
	done        [keep]byte    // values of the seconds before at, by second modulo keep
	first       int64         // the first second that done knows
	near, far   quiet         // levels with and without a key frame in the window
	held        float64       // newest excess from near
	heldAt      int64
}

// bucket sums the pictures of one second.
type bucket struct {
	key      bool    // there was a key frame
	pictures int     // other ones
	inverse  float64 // sum of (key frame's size / size) over them
}

// New makes a meter that knows nothing of the scene yet.
func New() *Meter { return &Meter{key: 1} }

// Picture takes the next coded picture: its size in bytes, whether it is a key
// frame, and its media time within the run. A time that goes back begins a new run.
func (m *Meter) Picture(size int, key bool, at time.Duration) {
	at = max(at, 0)
	if at < m.newest && (key || m.newest-at > back) {
		m.restart(at)
	}
	m.newest = max(m.newest, at)
	m.advance(int64(m.newest / second))
	size = max(size, 1)
	if key {
		m.key, m.now.key = float64(size), true
		return
	}
	m.now.pictures++
	m.now.inverse += m.key / float64(size)
}

// Take gives one byte for each started second of [from, to), 0 still … 255, and
// forgets what lies before to. Seconds that it knows nothing of are 0.
func (m *Meter) Take(from, to time.Duration) camera.Activity {
	var out [keep]byte
	n := 0
	for start := max(from, -time.Duration(keep)*second); start < to && n < int(keep); start += second {
		// A segment does not begin on a full second of the run: the middle decides.
		middle := start + min(second, to-start)/2
		out[n] = m.of(int64(middle / second))
		n++
	}
	m.first = max(m.first, min(int64(to/second), m.at))
	return camera.Activity(out[:n])
}

// of is the value of a second.
func (m *Meter) of(s int64) byte {
	switch {
	case s < m.first || s > m.at || s < m.at-keep:
		return 0
	case s == m.at:
		return m.unfinished()
	}
	return m.done[s%keep]
}

// unfinished is the value of the second that is being filled. The pictures of a
// part of it are no fair sample, those right after a key frame least of all: it says
// no more than the second before. Movement that begins just there shows in the next.
func (m *Meter) unfinished() byte {
	v := value(m.excess(m.level()))
	if m.at > m.first {
		return min(v, m.done[(m.at-1)%keep])
	}
	return v
}

// restart begins a run.
func (m *Meter) restart(at time.Duration) {
	m.now, m.before = bucket{}, bucket{}
	m.newest, m.at = at, int64(at/second)
	m.first, m.held = m.at, 0
}

// advance closes the seconds before s.
func (m *Meter) advance(s int64) {
	if s-m.at > keep { // nothing that is known lies near
		m.restart(m.newest)
	}
	for m.at < s {
		m.close()
	}
}

func (m *Meter) close() {
	x, kind := m.level()
	excess := m.excess(x, kind)
	if kind != nil {
		kind.learn(x)
	}
	if kind == &m.near {
		m.held, m.heldAt = excess, m.at
	}
	m.done[m.at%keep] = value(excess)
	m.now, m.before = bucket{}, m.now
	m.at++
}

// level is that of the newest second, and among which it counts; nil when there
// were no pictures to tell.
func (m *Meter) level() (x float64, kind *quiet) {
	n := m.now.pictures + m.before.pictures
	if n == 0 {
		return 0, nil
	}
	x = math.Log(float64(n) / (m.now.inverse + m.before.inverse))
	if m.now.key || m.before.key {
		return x, &m.near
	}
	return x, &m.far
}

// excess is how far a level lies above the quiet ones.
func (m *Meter) excess(x float64, kind *quiet) float64 {
	if kind == nil {
		return 0
	}
	e := kind.excess(x)
	if kind == &m.far {
		e = max(e, m.held*math.Exp2(-float64(m.at-m.heldAt)/holdHalf))
	}
	return e
}

// value is 0 for no excess, 128 for one unit.
func value(excess float64) byte {
	e := excess * excess
	return byte(255 * (e / (1 + e)))
}
