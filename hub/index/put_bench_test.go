package index_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// announcement is the n-th of a fleet of 200 cameras: 500 segments of both streams of
// one camera.
func announcement(n int) []camera.Segment {
	segs := make([]camera.Segment, camera.AnnounceMost)
	id := camera.NewCameraID("bench", "serial", n%200)
	for i := range segs {
		at := n/200*len(segs)/2 + i/2
		s := segment(uint32(at))
		s.Camera, s.Start = id, start.Add(time.Duration(at)*time.Second/4)
		s.End = s.Start.Add(250 * time.Millisecond)
		if i%2 == 1 {
			s.Stream, s.Run = camera.StreamSub, "00000000000000bb"
		}
		segs[i] = s
	}
	return segs
}

// BenchmarkPut announces with as many callers at once as a hub has boxes that send,
// signatures aside.
func BenchmarkPut(b *testing.B) {
	h := stand(b)
	var n atomic.Int64
	before := spent(b)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if reply, err := h.tell(b.Context(), announcement(int(n.Add(1)-1))...); err != nil || len(reply.RefusedSegments) > 0 {
				b.Errorf("%+v, %v", reply, err)
				return
			}
		}
	})
	rates(b, float64(n.Load()), before)
}

// BenchmarkPutFloor writes the same bytes into the same table with one prepared
// statement, eight announcements to a transaction, and does nothing else.
func BenchmarkPutFloor(b *testing.B) {
	h := stand(b)
	n, before := 0, spent(b)
	for b.Loop() {
		err := h.db.Write(b.Context(), func(tx *sql.Tx) error {
			for range 8 {
				if err := plainly(b.Context(), tx, announcement(n)); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	rates(b, float64(n), before)
}

// rates say how fast it was by the clock, and how fast it would be where the
// processors and the disk have nothing else to do.
func rates(b *testing.B, announcements float64, before time.Duration) {
	b.ReportMetric(announcements*camera.AnnounceMost/b.Elapsed().Seconds(), "segments/s")
	b.ReportMetric(announcements*camera.AnnounceMost/(spent(b)-before).Seconds(), "segments/cpu-s")
}

// spent is the processor time of this process.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func plainly(ctx context.Context, tx *sql.Tx, segs []camera.Segment) error {
	add, err := tx.PrepareContext(ctx, `INSERT INTO fresh (camera_id, run, seq, stream, start_ms, end_ms, state, fact) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer add.Close()
	for _, s := range segs {
		fact := pack.AppendFact(nil, pack.Fact{Segment: s, Received: clock()})
		if _, err := add.ExecContext(ctx, string(s.Camera), string(s.Run), int64(s.Seq), string(s.Stream), s.Start.UnixMilli(), s.End.UnixMilli(), "home", fact); err != nil {
			return fmt.Errorf("insert: %w", err)
		}
	}
	return nil
}
