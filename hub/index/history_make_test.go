package index_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

const aSecond, aMinute, anHour = int64(1000), int64(60_000), int64(3600_000)

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// maker makes scripts and histories of chance.
type maker struct{ *rand.Rand }

func makerOf(seed ...uint64) maker {
	return maker{rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, seed))))}
}

func (m maker) between(least, most int64) int64 { return least + m.Int64N(most-least+1) }
func (m maker) chance(percent int) bool         { return m.IntN(100) < percent }

func pick[T any](m maker, of ...T) T { return of[m.IntN(len(of))] }

// script: facts of a few islands of half a minute, most of them where hours meet, are
// told over some hours.
func (m maker) script() script {
	base := start.UnixMilli()
	var s script
	now := base + m.between(20, 100)*aMinute
	for range m.between(5, 8) {
		s.ticks = append(s.ticks, tick{now: now, expire: m.chance(30), fold: pick(m, noFold, noFold, noFold, fold, fold, fold, foldFails, foldReopen)})
		now += pick(m, 200, 3*aSecond, 40*aSecond, 5*aMinute, 11*aMinute, 45*aMinute, anHour, 3*anHour) + m.between(0, 999)
	}
	s.ticks[len(s.ticks)-1].fold = fold
	for range m.between(1, 2) {
		s.islands = append(s.islands, base+m.between(-1, 2)*anHour)
	}
	s.islands = append(s.islands, base+m.between(-anHour, 2*anHour), pick(m, s.ticks...).now)
	if m.chance(30) {
		s.islands = append(s.islands, base-m.between(1, 39)*24*anHour) // the box was long without the hub
	}
	for i := range s.ticks {
		for range 6 {
			s.ticks[i].windows = append(s.ticks[i].windows, m.window(s))
		}
		recent := s.ticks[i].now - m.between(0, 24*aSecond) // what may be recorded just now
		s.ticks[i].windows = append(s.ticks[i].windows, [2]int64{recent, recent + m.between(200, 1200)})
	}
	return s
}

// window is one that a question asks for.
func (m maker) window(s script) [2]int64 {
	from := pick(m, s.islands...) + m.between(-8*aSecond, 10*aSecond)
	switch m.IntN(12) {
	case 0: // one moment
		return [2]int64{from, from + 1}
	case 1: // from one island to another, or from before everything to after it
		to := pick(m, s.islands...) + m.between(0, 10*aSecond)
		return [2]int64{min(from, to), max(from, to) + 1}
	case 2:
		return [2]int64{from, from + m.between(2, 40)}
	case 3: // in what the longest segments cover
		from += m.between(0, 120*aSecond)
	}
	return [2]int64{from, from + m.between(50, 1500)}
}

// history makes one camera's. Nothing in it depends on what the index answers.
func (m maker) history(id camera.CameraID, s script) history {
	h := history{camera: id}
	var all []camera.Segment
	for r := range m.between(1, 4) {
		all = append(all, m.run(id, r, s)...)
	}
	for _, one := range all {
		if m.chance(8) {
			continue // it never comes
		}
		h.add(event{tick: m.told(s, one.End.UnixMilli()), segment: &one})
		if m.chance(10) { // again
			h.add(event{tick: m.IntN(len(s.ticks)), segment: &one})
		}
		if m.chance(6) { // as something else
			other := one
			switch m.IntN(3) { // as another end, another time or other bytes
			case 0:
				other.End = other.Start.Add(time.Duration(m.between(1, 9000)) * time.Millisecond)
			case 1:
				other.Start, other.End = other.Start.Add(-time.Hour), other.End.Add(-time.Hour)
			default:
				other.SHA256 = sha256.Sum256(fmt.Append(nil, m.Uint64()))
			}
			h.add(event{tick: m.IntN(len(s.ticks)), segment: &other})
		}
	}
	for range m.IntN(5) {
		m.gaps(&h, s)
	}
	for i, t := range s.ticks {
		m.deeds(&h, s, i, all)
		if m.chance(40) {
			h.add(event{tick: i, ask: &question{pick(m, t.windows...), m.known(s, t.now)}})
		}
	}
	m.Shuffle(len(h.events), func(i, j int) { h.events[i], h.events[j] = h.events[j], h.events[i] })
	slices.SortStableFunc(h.events, func(a, b event) int { return a.tick - b.tick })
	return h
}

func (h *history) add(e event) { h.events = append(h.events, e) }

// told is the tick in which a fact that ends then is announced: mostly the first one
// after it, or any later one; rarely too early.
func (m maker) told(s script, end int64) int {
	first := 0
	for first < len(s.ticks)-1 && s.ticks[first].now < end {
		first++
	}
	switch {
	case m.chance(3):
		return m.IntN(len(s.ticks))
	case m.chance(50):
		return first
	}
	return first + m.IntN(len(s.ticks)-first)
}

// run is one of a stream: mostly without holes, with short ones, and with overlaps.
func (m maker) run(id camera.CameraID, number int64, s script) []camera.Segment {
	one := camera.Segment{
		SegmentID: camera.SegmentID{Camera: id, Run: camera.RunID(fmt.Sprintf("%016x", number)), Seq: pick[uint32](m, 0, 0, 1, 700)},
		Codec:     "avc1.64001f", Width: 1920, Height: 1080,
		Clock: camera.Clock{Synchronised: true, Offset: camera.Millis(m.between(-40, 40) * 1e6), Bound: camera.Millis(7e6)},
	}
	switch m.IntN(10) {
	case 0, 1, 2:
		one.Stream = camera.StreamSub
	case 3, 4:
		one.Origin, one.RecorderOffset, one.RecorderBound = camera.OriginRecorder, camera.Millis(-7*time.Minute), camera.Millis(time.Second)
	}
	at := pick(m, s.islands...) + m.between(-9*aSecond, 6*aSecond)
	var list []camera.Segment
	for range m.between(1, 7) {
		length := pick(m, m.between(1, 40), m.between(40, 400), m.between(400, 3000), m.between(2000, 6000))
		if m.chance(4) {
			length = 120 * aSecond // the longest one there is
		}
		one.Start, one.End, one.Media = utc(at), utc(at+length), camera.Millis(time.Duration(length+m.between(-min(length, 30), 30))*time.Millisecond)
		one.Size, one.InitSize = m.between(2000, 900_000), 800
		one.SHA256, one.Prev = sha256.Sum256(fmt.Append(nil, number, one.Seq)), camera.Hash{}
		if one.Seq > 0 {
			one.Prev = sha256.Sum256(fmt.Append(nil, number, one.Seq-1))
		}
		one.KeySize, one.KeySHA256, one.Activity = 0, camera.Hash{}, ""
		if m.chance(80) {
			one.KeySize, one.KeySHA256 = 1500, sha256.Sum256(one.SHA256[:])
		}
		if m.chance(50) {
			one.Activity = camera.Activity(make([]byte, (length+999)/1000))
		}
		if m.chance(4) { // the camera was set up anew and the run goes on
			one.Codec, one.Width, one.Height = "hvc1.1.6.L93.B0", 2560, 1440
		}
		list = append(list, one)
		at += length
		switch m.IntN(12) {
		case 0, 1:
			at += m.between(1, 249)
		case 2:
			at += m.between(249, 252)
		case 3:
			at += m.between(253, 700)
		case 4:
			at -= m.between(1, 300)
		}
		one.Seq++
		if m.chance(3) { // no box does this
			one.Stream, one.Origin, one.RecorderOffset, one.RecorderBound = camera.StreamSub, camera.OriginCamera, 0, 0
		}
		if m.chance(2) { // a clock was set, and a box that did not begin a new run
			at += pick[int64](m, -1, 1) * pick(m, 3*aSecond, anHour)
		}
	}
	return list
}

var announced = []camera.GapCause{camera.CauseCameraOff, camera.CauseWrongPassword, camera.CauseBadCodec, camera.CauseNoKeyFrame, camera.CauseAgentOff,
	camera.CauseClockStep, camera.CauseHeldFull, camera.CauseReconnect, camera.CausePaused, camera.CausePaused, camera.CauseDisk, camera.CauseDisk, camera.CauseOverwritten, camera.CauseOverwritten}

// gaps adds one and how it grows. Starts are coarse, so that two may be the same.
func (m maker) gaps(h *history, s script) {
	at := pick(m, s.islands...) + m.between(-16, 12)*500
	length := pick(m, m.between(1, 400), m.between(400, 6000), m.between(1000, 300*aSecond), m.between(1, 4)*anHour)
	if m.chance(10) { // of a ring that goes round for long
		length += m.between(1, 50) * 24 * anHour
		at -= length
	}
	g := camera.Gap{Camera: h.camera, Start: utc(at), Cause: pick(m, announced...)}
	if m.chance(25) {
		g.Stream = camera.StreamSub
	}
	for range m.between(1, 4) {
		g.End = utc(at + length)
		grown := g
		h.add(event{tick: m.told(s, at+length), gap: &grown})
		length = max(1, length+pick(m, -m.between(0, 300), m.between(0, 500), m.between(500, 9000), 130*aSecond, anHour))
		if m.chance(20) {
			g.Cause = pick(m, announced...)
		}
	}
}

// deeds are what the hub, the officers and the recorder do in a tick.
func (m maker) deeds(h *history, s script, i int, all []camera.Segment) {
	if m.chance(60) {
		for range m.between(1, 4) {
			id := pick(m, all...).SegmentID
			if m.chance(4) {
				id.Seq += 9000
			}
			h.add(event{tick: i, move: &index.Change{ID: id, To: pick(m, append(rising, camera.StateStored, camera.StateStored, camera.StateHeld)...)}})
		}
	}
	if m.chance(12) {
		w := m.window(s)
		h.add(event{tick: i, request: &w})
	}
	if m.chance(8) {
		e, w := event{tick: i}, m.window(s)
		e.unrequest = &w
		for range m.IntN(3) {
			k := m.window(s)
			e.keep = append(e.keep, camera.Want{Camera: h.camera, From: utc(k[0]), To: utc(k[1]), Fetch: m.chance(60)})
		}
		h.add(e)
	}
	if m.chance(10) {
		at, words := pick(m, s.islands...)-m.between(0, 9*aSecond), [][2]int64{}
		for range m.IntN(4) {
			length := pick(m, m.between(1, 2000), m.between(1000, 9000), m.between(1, 90)*aMinute)
			words = append(words, [2]int64{at, at + length})
			at += length + m.between(1, 1500)
		}
		h.add(event{tick: i, past: &words})
	}
	if s.ticks[i].expire && m.chance(40) {
		e := expiry{before: m.apart(pick(m, s.islands...)+m.between(-5*aSecond, 9*aSecond), all)}
		for range m.IntN(3) {
			from := e.before - m.between(0, 9*aSecond)
			e.held = append(e.held, [2]int64{m.apart(from, all), m.apart(from+m.between(300, 5000), all)})
		}
		h.add(event{tick: i, expire: &e})
	}
}

// apart moves a moment to one at which no segment begins or ends: whether one that ends
// when a hold begins is touched by it is nobody's question.
func (m maker) apart(at int64, all []camera.Segment) int64 {
	for slices.ContainsFunc(all, func(s camera.Segment) bool { return s.Start.UnixMilli() == at || s.End.UnixMilli() == at }) {
		at++
	}
	return at
}

// known is what the registry could tell when it is asked.
func (m maker) known(s script, now int64) index.Known {
	near := func() int64 { return pick(m, s.islands...) + m.between(-9*aSecond, 9*aSecond) }
	k := index.Known{
		Registered: utc(pick(m, near(), now-60*24*anHour, now-60*24*anHour)), LinkedNow: m.chance(65), Since: utc(pick(m, near(), now-m.between(0, 40*aSecond))),
		State: pick(m, camera.StateRecording, camera.StateRecording, camera.StateRecording, "camera-off", "disk", "paused", ""),
	}
	for range m.IntN(4) {
		l := index.Interval{From: utc(near())}
		if m.chance(70) {
			l.To = l.From.Add(time.Duration(m.between(1, 9000)) * time.Millisecond)
		}
		k.Linked = append(k.Linked, l)
	}
	if k.LinkedNow {
		k.Linked = append(k.Linked, index.Interval{From: utc(min(near(), now-1))})
	}
	return k
}
