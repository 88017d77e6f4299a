package cases

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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
// EXT-X-PROGRAM-DATE-TIME tells when the clock said it was.
func writePlaylist(spans []Span, footage []Footage) (text string, playable bool) {
	if len(spans) == 0 {
		return "", false
	}
	start, end := spans[0].From, spans[len(spans)-1].To
	p := playlist{at: start}
	footage = byRun(footage)
	for i, f := range footage {
		if !f.State.Playable() || !f.End.After(start) || !f.Start.Before(end) {
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
