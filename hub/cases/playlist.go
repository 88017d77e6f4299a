package cases

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// gapPiece is the longest piece of a gap in a playlist, so that gaps do not raise
// the target duration.
const gapPiece = 6 * time.Second

// bridgeMost is the longest hole between two segments of a run that is only
// rounding, as the index counts it too.
const bridgeMost = 250 * time.Millisecond

// writePlaylist writes an HLS VOD playlist (RFC 8216; EXT-X-GAP and byte ranges
// need version 8). Media time runs along with the wall clock: what cannot be
// played now, a gap or bytes that are still at home, stands as EXT-X-GAP of the
// same length. Each file carries its own init section; one per run is named.
//
// Where a clock that was set back made two runs cover the same time, they stand
// one after the other, whole: nothing that was recorded is left out, and
// EXT-X-PROGRAM-DATE-TIME tells when the clock said it was. The same holds where a
// segment of the sub stream or of a recorder reaches into what the agent recorded in full.
func writePlaylist(spans []Span, footage []Footage) (text string, playable bool) {
	if len(spans) == 0 {
		return "", false
	}
	start, end := spans[0].From, spans[len(spans)-1].To
	p := playlist{at: start}
	footage = inOrder(oneKind(footage))
	for i, f := range footage {
		if !f.End.After(start) || !f.Start.Before(end) {
			continue
		}
		until := f.End
		if i+1 < len(footage) {
			if next := footage[i+1]; next.Run == f.Run && next.Seq == f.Seq+1 && next.Start.After(f.Start) && next.Start.Sub(f.End) <= bridgeMost {
				until = next.Start
			}
		}
		p.segment(f, until)
		playable = true
	}
	p.gap(end)
	head := fmt.Sprintf("#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n",
		int(math.Ceil(max(p.longest, gapPiece).Seconds())))
	return head + p.body.String() + "#EXT-X-ENDLIST\n", playable
}

// oneKind keeps what can be played, all of it with sound or all without, whichever
// lasts longer: no browser goes from one to the other within a playlist. What is
// left out stands there as a gap.
func oneKind(footage []Footage) []Footage {
	sounds := func(f Footage) bool { return strings.Contains(f.Codec, ",") }
	var with, without time.Duration
	for _, f := range footage {
		switch {
		case !f.State.Playable():
		case sounds(f):
			with += f.End.Sub(f.Start)
		default:
			without += f.End.Sub(f.Start)
		}
	}
	return slices.DeleteFunc(slices.Clone(footage), func(f Footage) bool { return !f.State.Playable() || sounds(f) != (with > without) })
}

// inOrder gives what can be played: what the agent recorded in full, then what it
// fetched from a recorder where that is missing, then the sub stream where both are. A
// segment of a later kind of which less than half is covered by the ones before stands
// before the first of those that begins after it.
func inOrder(footage []Footage) []Footage {
	var order []Footage
	for kind := range 3 {
		cover := covered(order)
		var more []Footage
		for _, f := range footage {
			if f.State.Playable() && kindOf(f) == kind && (kind == 0 || 2*cover.of(f.Start, f.End) < f.End.Sub(f.Start)) {
				more = append(more, f)
			}
		}
		order = between(order, byRun(more))
	}
	return order
}

func kindOf(f Footage) int {
	switch {
	case f.Stream != camera.StreamMain:
		return 2
	case f.Origin == camera.OriginRecorder:
		return 1
	}
	return 0
}

// between puts each of the more before the first of the others that begins after it.
func between(others, more []Footage) []Footage {
	order := make([]Footage, 0, len(others)+len(more))
	for _, f := range others {
		for len(more) > 0 && more[0].Start.Before(f.Start) {
			order, more = append(order, more[0]), more[1:]
		}
		order = append(order, f)
	}
	return append(order, more...)
}

// cover are the intervals that segments cover, in order; none touches another.
type cover [][2]time.Time

func covered(footage []Footage) cover {
	byStart := slices.Clone(footage)
	slices.SortFunc(byStart, func(a, b Footage) int { return a.Start.Compare(b.Start) })
	var c cover
	for _, f := range byStart {
		switch last := len(c) - 1; {
		case last < 0 || f.Start.After(c[last][1]):
			c = append(c, [2]time.Time{f.Start, f.End})
		case f.End.After(c[last][1]):
			c[last][1] = f.End
		}
	}
	return c
}

// of tells how much of a time is covered.
func (c cover) of(from, to time.Time) (sum time.Duration) {
	first := sort.Search(len(c), func(i int) bool { return c[i][1].After(from) })
	for _, s := range c[first:] {
		if !s[0].Before(to) {
			break
		}
		begin, end := from, to
		if s[0].After(begin) {
			begin = s[0]
		}
		if s[1].Before(end) {
			end = s[1]
		}
		sum += end.Sub(begin)
	}
	return sum
}

// byRun keeps the segments of a run together, the run that begins first in front.
func byRun(footage []Footage) []Footage {
	begins := map[camera.RunID]time.Time{}
	for _, f := range footage {
		if at, known := begins[f.Run]; !known || f.Start.Before(at) {
			begins[f.Run] = f.Start
		}
	}
	sorted := slices.Clone(footage)
	slices.SortFunc(sorted, func(a, b Footage) int {
		return cmp.Or(begins[a.Run].Compare(begins[b.Run]), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Seq, b.Seq))
	})
	return sorted
}

// playlist is the list being written.
type playlist struct {
	body    strings.Builder
	at      time.Time // up to which time the list stands; the first segment may start before the window
	last    time.Time // where the last segment ended
	run     camera.RunID
	gapped  bool // the last entry was a gap
	longest time.Duration
}

func (p *playlist) segment(f Footage, end time.Time) {
	if f.Start.After(p.at) {
		p.gap(f.Start)
	}
	length := max(end.Sub(f.Start), time.Millisecond)
	p.longest = max(p.longest, length)
	uri := fmt.Sprintf("segments/%s/%d", f.Run, f.Seq)
	if f.Run != p.run || p.gapped || !f.Start.Equal(p.last) {
		if p.run != "" || p.gapped {
			p.body.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&p.body, "#EXT-X-MAP:URI=%q,BYTERANGE=\"%d@0\"\n", uri, f.InitSize)
		fmt.Fprintf(&p.body, "#EXT-X-PROGRAM-DATE-TIME:%s\n", stamp(f.Start))
	}
	fmt.Fprintf(&p.body, "#EXTINF:%.3f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n", length.Seconds(), f.Size-f.InitSize, f.InitSize, uri)
	p.last, p.run, p.gapped = end, f.Run, false
	if end.After(p.at) {
		p.at = end
	}
}

// gap writes what cannot be played up to the given time, in pieces.
func (p *playlist) gap(to time.Time) {
	if to.Sub(p.at) < time.Millisecond {
		return
	}
	if !p.gapped {
		if p.run != "" {
			p.body.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&p.body, "#EXT-X-PROGRAM-DATE-TIME:%s\n", stamp(p.at))
	}
	for p.at.Before(to) {
		piece := min(gapPiece, to.Sub(p.at))
		fmt.Fprintf(&p.body, "#EXT-X-GAP\n#EXTINF:%.3f,\ngap\n", piece.Seconds())
		p.at = p.at.Add(piece)
	}
	p.gapped = true
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
