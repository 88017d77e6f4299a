package cases

import (
	"fmt"
	"math"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// gapPiece is the longest piece of a gap in a playlist, so that gaps do not raise
// the target duration.
const gapPiece = 6 * time.Second

// writePlaylist writes an HLS VOD playlist (RFC 8216; EXT-X-GAP and byte ranges
// need version 8). Media time runs along with the wall clock: what cannot be
// played now, a gap or bytes that are still at home, stands as EXT-X-GAP of the
// same length. Each file carries its own init section; one per run is named.
func writePlaylist(spans []Span, footage []Footage) (text string, playable bool) {
	if len(spans) == 0 {
		return "", false
	}
	p := playlist{at: spans[0].From, end: spans[len(spans)-1].To}
	for i, f := range footage {
		if !f.State.Playable() || !f.End.After(p.at) || !f.Start.Before(p.end) {
			continue
		}
		end := f.End
		if i+1 < len(footage) && footage[i+1].Run == f.Run && footage[i+1].Seq == f.Seq+1 {
			end = footage[i+1].Start // a run has no holes; only rounding lies between
		}
		p.segment(f, end)
		playable = true
	}
	p.gap(p.end)
	head := fmt.Sprintf("#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n",
		int(math.Ceil(max(p.longest, gapPiece).Seconds())))
	return head + p.body.String() + "#EXT-X-ENDLIST\n", playable
}

// playlist is the list being written. at is the wall-clock time up to which the
// list stands; the first segment may start before the window.
type playlist struct {
	body    strings.Builder
	at, end time.Time
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
	if f.Run != p.run || p.gapped {
		if p.run != "" || p.gapped {
			p.body.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&p.body, "#EXT-X-MAP:URI=%q,BYTERANGE=\"%d@0\"\n", uri, f.InitSize)
		fmt.Fprintf(&p.body, "#EXT-X-PROGRAM-DATE-TIME:%s\n", stamp(f.Start))
	}
	fmt.Fprintf(&p.body, "#EXTINF:%.3f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n", length.Seconds(), f.Size-f.InitSize, f.InitSize, uri)
	p.at, p.run, p.gapped = end, f.Run, false
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
