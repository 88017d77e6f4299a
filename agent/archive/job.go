package archive

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

const (
	shortest = time.Second      // less than that is not asked for
	mostAsk  = time.Hour        // of footage in one playback
	settles  = 30 * time.Second // what is newer may not be in the recorder's files yet
	piece    = time.Minute      // consent is asked by such pieces where it does not hold for the whole

	absentFor = 10 * time.Minute // until what was not there is asked for again,
	absentEnd = 10 * time.Second // and what is shorter, such as the end of a file, is not
)

// job is a time of a channel, in truth, that the recorder has and the spool has not.
type job struct {
	book *book
	camera.Interval
}

// work plays one job, and tells whether there was one.
func (a *Archive) work(ctx context.Context) (bool, error) {
	if _, ok := a.next(); !ok {
		return false, nil
	}
	if a.cfg.Yield != nil && a.cfg.Yield() {
		return false, errYield
	}
	if err := a.measure(ctx); err != nil {
		return false, err
	}
	j, ok := a.next() // by the clock as it is now
	if !ok {
		return false, nil
	}
	t := a.taker(j)
	err := a.play(ctx, j, t)
	left := a.missing(j)
	if len(left) < 1 || length(left) < j.To.Sub(j.From)-shortest { // it came further, however it ended
		a.waits = pause{}
	}
	switch code := camera.CodeOf(err); {
	case t.failed != nil:
		return false, t.failed
	case t.paused && err != nil:
		return true, nil //nolint:nilerr // it was stopped on purpose; it goes on where it stopped
	case err == nil: // the recorder has played what it has
		a.absent(j.book, left)
		return true, nil
	case code == camera.CodeNoFootage, code == camera.CodeNoPicture:
		j.To = earlier(j.To, j.From.Add(piece))
		a.absent(j.book, []camera.Interval{j.Interval})
		a.due, a.full = time.Time{}, time.Time{} // so what else is it wrong about
		return true, nil
	}
	return false, err
}

// missing is what the spool has not got of a job.
func (a *Archive) missing(j job) []camera.Interval {
	return without([]camera.Interval{j.Interval}, merged(a.cfg.Have(j.book.channel.Camera, j.From, j.To), 0))
}

// next is the job to do now: what is asked for before what is only held, and the
// oldest first, for that is overwritten first.
func (a *Archive) next() (job, bool) {
	a.mu.Lock()
	wants := a.wants
	a.mu.Unlock()
	for _, fetch := range []bool{true, false} {
		var best job
		for _, b := range a.books {
			var windows []camera.Interval
			for _, w := range wants {
				if w.Camera == b.channel.Camera && w.Fetch == fetch {
					windows = append(windows, camera.Interval{From: w.From, To: w.To})
				}
			}
			j, ok := a.first(b, merged(windows, 0))
			if ok && (best.book == nil || j.From.Before(best.From)) {
				best = j
			}
		}
		if best.book != nil {
			return best, true
		}
	}
	return job{}, false
}

// first is the oldest job within the windows of a channel.
func (a *Archive) first(b *book, windows []camera.Interval) (job, bool) {
	if len(windows) == 0 {
		return job{}, false
	}
	for _, i := range a.open(b, windows) {
		if i.To.Sub(i.From) > mostAsk {
			i.To = i.From.Add(mostAsk)
		}
		for _, i := range a.allowed(b.channel.Camera, i) {
			if i.To.Sub(i.From) >= shortest {
				return job{b, i}, true
			}
		}
	}
	return job{}, false
}

// open is what of the windows is in the recorder, not in the spool and not known to
// be in vain.
func (a *Archive) open(b *book, windows []camera.Interval) []camera.Interval {
	now := a.now()
	there := common(moved(b.spans, -a.reading().ahead), []camera.Interval{{From: now.Add(-camera.PastLongest), To: now.Add(-settles)}})
	list := common(windows, there)
	if len(list) == 0 {
		return nil
	}
	have := a.cfg.Have(b.channel.Camera, list[0].From, list[len(list)-1].To)
	return without(without(list, merged(have, 0)), b.vain(now))
}

// vain are the times that need not be asked for now.
func (b *book) vain(now time.Time) (list []camera.Interval) {
	kept := b.absent[:0]
	for _, x := range b.absent {
		if now.Before(x.until) {
			kept = append(kept, x)
			list = append(list, x.of)
		}
	}
	b.absent = kept
	return merged(list, 0)
}

// mostAbsent bounds what is remembered of a channel's absences.
const mostAbsent = 1000

func (a *Archive) absent(b *book, list []camera.Interval) {
	for _, i := range list {
		until := a.now().Add(absentFor)
		if i.To.Sub(i.From) <= absentEnd {
			until = a.now().Add(24 * time.Hour)
		}
		a.log.Debug("recorder did not play", "camera", b.channel.Camera, "from", i.From, "to", i.To)
		b.absent = append(b.absent, absence{i, until})
	}
	b.absent = b.absent[max(0, len(b.absent)-mostAbsent):]
}

// allowed are the parts of a time that the household lets be copied.
func (a *Archive) allowed(id camera.CameraID, i camera.Interval) []camera.Interval {
	if a.cfg.May(id, i.From, i.To) == nil {
		return []camera.Interval{i}
	}
	var list []camera.Interval
	for at := i.From; at.Before(i.To); at = at.Truncate(piece).Add(piece) {
		part := camera.Interval{From: at, To: earlier(i.To, at.Truncate(piece).Add(piece))}
		if a.cfg.May(id, part.From, part.To) == nil {
			list = append(list, part)
		}
	}
	return merged(list, 0)
}
