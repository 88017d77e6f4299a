package health_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"xulang.vn/camera/agent/health"
)

// bench is a folded log with a clock that the test moves.
type bench struct {
	mu  sync.Mutex
	at  time.Time
	out bytes.Buffer
}

func newBench() (*bench, *slog.Logger) {
	b := &bench{at: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)}
	text := slog.NewTextHandler(writer(func(p []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.out.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return b, slog.New(health.Fold(text, b.now))
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.at.Add(d)
}

// written gives the lines since the last call.
func (b *bench) written() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.out.Reset()
	return strings.Split(strings.TrimSuffix(b.out.String(), "\n"), "\n")
}

func (b *bench) want(t *testing.T, lines ...string) {
	t.Helper()
	if len(lines) == 0 {
		lines = []string{""}
	}
	if got := b.written(); strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("written:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestFoldHoldsRepeatsBack(t *testing.T) {
	b, log := newBench()
	log.Warn("camera lost", "err", "port 1")
	b.want(t, `level=WARN msg="camera lost" err="port 1"`)
	for i := range 5 {
		b.pass(time.Second)
		log.Warn("camera lost", "err", fmt.Sprintf("port %d", i+2))
	}
	b.want(t)
	b.pass(time.Minute)
	log.Warn("camera lost", "err", "port 7")
	b.want(t, `level=WARN msg="camera lost" err="port 7" folded=6`)
	b.pass(59 * time.Second)
	log.Warn("camera lost", "err", "port 8")
	b.want(t)
	b.pass(2 * time.Minute)
	log.Warn("camera lost", "err", "port 9")
	b.want(t, `level=WARN msg="camera lost" err="port 9" folded=2`)
	b.pass(2 * time.Minute)
	log.Warn("camera lost", "err", "port 10")
	b.want(t, `level=WARN msg="camera lost" err="port 10"`)
}

func TestFoldTellsLinesApart(t *testing.T) {
	b, log := newBench()
	log.Info("lost")
	log.Warn("lost")
	log.Info("found")
	log.Info("lost", "camera", "a")
	log.Info("lost", "camera", "b")
	log.With("room", "spool").Info("lost", "camera", "b")
	log.With("room", "spool", "camera", "b", "home", "h1").Info("lost")
	log.WithGroup("g").Info("other", "camera", "a")
	b.written()
	log.WithGroup("g").Info("other", "camera", "b") // g.camera is no camera of ours
	log.Info("lost", "size", 1)
	log.With("camera", "a").Info("lost")
	log.With("camera", "b").With("room", "spool").Info("lost")
	b.want(t)
	log.With("home", "h2").Info("lost")
	b.want(t, `level=INFO msg=lost home=h2`)
}

// TestFoldTellsTheRestWithoutARepeat: what was held back comes out when the agent
// logs anything at all after the minute.
func TestFoldTellsTheRestWithoutARepeat(t *testing.T) {
	b, log := newBench()
	scoped := log.With("room", "link").WithGroup("try")
	scoped.Error("no link", "err", errors.New("refused"), "n", 1)
	b.pass(time.Second)
	scoped.Error("no link", "err", errors.New("reset"), "n", 2)
	b.written()
	b.pass(58 * time.Second)
	log.Info("one")
	b.want(t, `level=INFO msg=one`)
	b.pass(time.Second)
	log.Info("two")
	b.want(t, `level=ERROR msg="no link" room=link try.err=reset try.n=2 try.folded=1`, `level=INFO msg=two`)
	scoped.Error("no link")
	b.want(t) // it was shown just now
	b.pass(time.Hour)
	log.Info("three")
	b.want(t, `level=ERROR msg="no link" room=link try.folded=1`, `level=INFO msg=three`)
}

func TestFoldKeepsTheLevel(t *testing.T) {
	quiet := slog.NewTextHandler(writer(func(p []byte) { t.Errorf("written: %s", p) }), &slog.HandlerOptions{Level: slog.LevelWarn})
	slog.New(health.Fold(quiet, time.Now)).With("room", "x").Info("nothing")
}

// TestFoldHeldValuesStay: a held line shows its values as they were.
func TestFoldHeldValuesStay(t *testing.T) {
	b, log := newBench()
	state := map[string]int{"n": 1}
	log.Info("state", "now", state)
	log.Info("state", "now", state)
	state["n"] = 2
	b.written()
	b.pass(2 * time.Minute)
	log.Info("else")
	b.want(t, `level=INFO msg=state now=map[n:1] folded=1`, `level=INFO msg=else`)
}

func TestFoldMemoryIsBounded(t *testing.T) {
	b, log := newBench()
	log.Warn("first")
	log.Warn("first")
	for i := range 5000 {
		b.pass(time.Millisecond) // all within a minute
		log.Info(fmt.Sprintf("line %d", i))
	}
	lines := b.written()
	if len(lines) != 5002 {
		t.Fatalf("%d lines written, want each new one, and the held one when it was forgotten", len(lines))
	}
	if !strings.Contains(strings.Join(lines, "\n"), "level=WARN msg=first folded=1") {
		t.Error("a held line was forgotten in silence")
	}
	log.Info("line 0")
	if got := b.written(); len(got) != 1 || got[0] == "" {
		t.Errorf("line 0 is still known after 5000 others: %q", got)
	}
	log.Info("line 4999")
	b.want(t)
}

func TestFoldInParallel(t *testing.T) {
	const writers, each = 8, 500
	b, log := newBench()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			mine := log.With("camera", fmt.Sprint(w%4)).WithGroup("g")
			for i := range each {
				mine.Info("frame", "n", i, "all", map[int]int{i: w})
				if i%100 == 0 {
					b.pass(time.Second)
				}
			}
		})
	}
	all.Wait()
	b.pass(time.Hour)
	log.Info("end")
	lines := b.written()
	stand := 0
	for _, l := range lines[:len(lines)-1] {
		n := 1
		if _, count, ok := strings.Cut(l, "g.folded="); ok {
			if _, err := fmt.Sscan(count, &n); err != nil {
				t.Fatal(err)
			}
		}
		stand += n
	}
	if stand != writers*each {
		t.Errorf("the lines stand for %d, %d were logged", stand, writers*each)
	}
}
