package index

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/index/pack"
)

// Entry is a segment with what the hub knows of it. From Segment and At it is whole:
// the one that the device signed. From elsewhere it is what is at hand of it: without
// hashes, signature, activity, sender report and the size of its first picture; Clock
// and Received are there only as long as its hour is open.
type Entry struct {
	camera.Segment
	State    camera.ByteState
	Received time.Time // when the hub first heard of it
}

// Entries are the strip's segments as everybody else knows them.
func (s Strip) Entries() []Entry {
	if len(s.Segments) == 0 {
		return nil
	}
	type id struct {
		run camera.RunID
		seq uint32
	}
	open := make(map[id]*openOf, len(s.open))
	for i := range s.open {
		open[id{s.Shapes[s.open[i].shape].Run, s.open[i].seq}] = &s.open[i]
	}
	all := make([]Entry, len(s.Segments))
	for i, hot := range s.Segments {
		all[i] = entryOf(s.Camera, s.Shapes[hot.Shape], hot)
		if o := open[id{all[i].Run, all[i].Seq}]; o != nil {
			all[i].Clock, all[i].Received = o.clock, time.UnixMilli(o.received).UTC()
		}
	}
	return all
}

func entryOf(id camera.CameraID, shape pack.Shape, s pack.Segment) Entry {
	return Entry{State: s.State.Byte(), Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: id, Run: shape.Run, Seq: s.Seq},
		Stream:    shape.Stream, Origin: shape.Origin,
		Start: time.UnixMilli(s.Start).UTC(), End: time.UnixMilli(s.End).UTC(), Media: millis(int64(s.Media)),
		Size: int64(s.Size), InitSize: shape.InitSize, Codec: shape.Codec, Width: shape.Width, Height: shape.Height,
	}}
}

// Window lists the segments and gaps of a camera that touch [from, to), of both of its
// streams, each by start. Gaps have their signatures only while their hour is open.
func (x *Index) Window(ctx context.Context, id camera.CameraID, from, to time.Time) ([]Entry, []camera.Gap, error) {
	if !to.After(from) {
		return nil, nil, nil
	}
	signed, err := list(ctx, x.db.Read(), scanGap, selectGap+`
		WHERE camera_id = $1 AND stream IN ($4, $5) AND start_ms < $3 AND end_ms > $2`,
		string(id), from.UnixMilli(), to.UnixMilli(), string(camera.StreamMain), string(camera.StreamSub))
	if err != nil {
		return nil, nil, fmt.Errorf("list gaps: %w", err)
	}
	strips, err := x.Strips(ctx, []camera.CameraID{id}, from, to)
	if err != nil {
		return nil, nil, err
	}
	var gaps []camera.Gap
	for _, g := range strips[0].Gaps {
		one := camera.Gap{Camera: id, Stream: g.Stream, Start: time.UnixMilli(g.Start).UTC(), End: time.UnixMilli(g.End).UTC(), Cause: g.Cause}
		i := slices.IndexFunc(signed, func(s pack.GapFact) bool {
			return s.Stream == one.Stream && s.Start.Equal(one.Start) && s.End.Equal(one.End) && s.Cause == one.Cause
		})
		if i >= 0 {
			one.Signature = signed[i].Signature
		}
		gaps = append(gaps, one)
	}
	return strips[0].Entries(), gaps, nil
}

// selectGap is read with scanGap.
const selectGap = `SELECT camera_id, stream, start_ms, end_ms, cause, received_ms, signature FROM gaps `

func scanGap(row scanner) (g pack.GapFact, err error) {
	signs := ""
	err = row.Scan(&g.Camera, &g.Stream, (*db.Instant)(&g.Start), (*db.Instant)(&g.End), &g.Cause, (*db.Instant)(&g.Received), &signs)
	if err != nil {
		return pack.GapFact{}, err
	}
	return g, readSignature(&g.Signature, signs)
}

// HourEntries is what started in an hour of a camera.
type HourEntries struct {
	Camera  camera.CameraID
	Hour    int64
	Folded  bool    // some of it stands in a closed hour, which has a manifest
	Entries []Entry // as at hand, by start
}

// Hours goes through a camera's hours from and to, both included, that have segments,
// folded or not. It ends with the first error.
func (x *Index) Hours(ctx context.Context, id camera.CameraID, from, to int64) iter.Seq2[HourEntries, error] {
	return func(yield func(HourEntries, error) bool) {
		for hour := from; hour <= to; hour++ {
			next, ok, err := x.nextHour(ctx, id, hour, to)
			if err != nil {
				yield(HourEntries{}, err)
				return
			}
			if !ok {
				return
			}
			hour = next
			h, err := x.hourEntries(ctx, id, hour)
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// nextHour is the first from hour on in which something starts.
func (x *Index) nextHour(ctx context.Context, id camera.CameraID, hour, to int64) (next int64, ok bool, err error) {
	// What is fresh is asked for first: it may be folded meanwhile.
	fresh, err := list(ctx, x.db.Read(), scanNumber, `SELECT start_ms FROM fresh WHERE camera_id = $1 AND start_ms >= $2 AND start_ms < $3 ORDER BY start_ms LIMIT 1`,
		string(id), hour*hourMillis, (to+1)*hourMillis)
	if err != nil {
		return 0, false, fmt.Errorf("find next hour: %w", err)
	}
	closed, err := list(ctx, x.db.Read(), scanNumber, `SELECT hour FROM hours WHERE camera_id = $1 AND hour >= $2 AND hour <= $3 ORDER BY hour LIMIT 1`,
		string(id), hour, to)
	if err != nil {
		return 0, false, fmt.Errorf("find next hour: %w", err)
	}
	next = to + 1
	for _, ms := range fresh {
		next = pack.HourOf(time.UnixMilli(ms))
	}
	for _, h := range closed {
		next = min(next, h)
	}
	return next, next <= to, nil
}

func (x *Index) hourEntries(ctx context.Context, id camera.CameraID, hour int64) (HourEntries, error) {
	h := HourEntries{Camera: id, Hour: hour}
	rows, err := freshOfHour(ctx, x.db.Read(), id, hour)
	if err != nil {
		return h, fmt.Errorf("read hour %d of %s: %w", hour, id, err)
	}
	folded, found, err := loadHour(ctx, x.db.Read(), id, hour)
	if err != nil {
		return h, err
	}
	h.Folded = found
	r := reading{strips: []Strip{{Camera: id}}, newest: make([]int64, 1)}
	for _, row := range rows {
		r.fact = pack.HotFactOf(row.Fact)
		r.fresh(0, row.State)
	}
	s := &r.strips[0]
	for _, hot := range folded.Body.Segments {
		hot.Shape = shapeIn(s, &folded.Body.Shapes[hot.Shape])
		s.Segments = append(s.Segments, hot)
	}
	s.settle()
	h.Entries = s.Entries()
	return h, nil
}
