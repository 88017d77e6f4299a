package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Limits of folding.
const (
	foldFor   = time.Minute
	foldsMost = 256 // lines that are known at once
	foldText  = 300 // bytes of a name or of a value that is held back
)

// foldedKey is the attribute that says how many lines one line stands for.
const foldedKey = "folded"

// Fold lets the same line through at most once a minute. Lines are the same when
// level, message and the attributes room, camera and home are; other attributes,
// such as an error with a port number in it, may differ. What comes within the
// minute is held back: the next line that is let through, or the last one held
// back when others are logged meanwhile, carries folded=N, the number of lines
// since the one shown before, itself included.
func Fold(h slog.Handler, now func() time.Time) slog.Handler {
	return &folder{next: h, lines: &lines{now: now, known: map[line]*fold{}}}
}

// line is what makes two records the same.
type line struct {
	level                       slog.Level
	message, room, camera, home string
}

// fold is what was held back of a line.
type fold struct {
	shown time.Time // when one was let through
	held  int       // since then
	last  slog.Record
	next  slog.Handler // of last
}

// lines is shared by a handler and all that With makes of it.
type lines struct {
	now func() time.Time

	mu    sync.Mutex
	known map[line]*fold // at most foldsMost
	swept time.Time
}

type folder struct {
	next    slog.Handler
	lines   *lines
	with    line // room, camera and home of WithAttrs
	grouped bool // attributes that come now have another name
}

// Enabled implements slog.Handler.
func (f *folder) Enabled(ctx context.Context, level slog.Level) bool {
	return f.next.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (f *folder) WithAttrs(attrs []slog.Attr) slog.Handler {
	g := *f
	g.next = f.next.WithAttrs(attrs)
	for _, a := range attrs {
		g.take(&g.with, a)
	}
	return &g
}

// WithGroup implements slog.Handler.
func (f *folder) WithGroup(name string) slog.Handler {
	if name == "" {
		return f
	}
	g := *f
	g.next, g.grouped = f.next.WithGroup(name), true
	return &g
}

// take notes an attribute that tells lines apart.
func (f *folder) take(l *line, a slog.Attr) {
	if f.grouped {
		return
	}
	switch a.Key {
	case "room":
		l.room = cut(a.Value.Resolve().String())
	case "camera":
		l.camera = cut(a.Value.Resolve().String())
	case "home":
		l.home = cut(a.Value.Resolve().String())
	}
}

// Handle implements slog.Handler.
func (f *folder) Handle(ctx context.Context, r slog.Record) error {
	key := f.with
	key.level, key.message = r.Level, cut(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		f.take(&key, a)
		return true
	})
	var errs []error
	for _, out := range f.lines.pass(key, r, f.next) {
		if out.held > 0 {
			out.last = out.last.Clone()
			out.last.AddAttrs(slog.Int(foldedKey, out.held))
		}
		errs = append(errs, out.next.Handle(ctx, out.last))
	}
	return errors.Join(errs...)
}

// pass decides on one record and gives back what is to be written now, oldest first.
func (l *lines) pass(key line, r slog.Record, next slog.Handler) []fold {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f, known := l.known[key]
	if known && now.Sub(f.shown) < foldFor && !now.Before(f.shown) {
		f.held++
		f.last, f.next = still(r), next
		return l.sweep(now)
	}
	if !known {
		f = &fold{}
	}
	show := fold{last: r, next: next}
	if f.held > 0 {
		show.held = f.held + 1
	}
	*f = fold{shown: now}
	out := l.sweep(now)
	if !known {
		if len(l.known) >= foldsMost {
			out = append(out, l.forget()...)
		}
		l.known[key] = f
	}
	return append(out, show)
}

// sweep lets out what was held back for a minute, at most once a second.
func (l *lines) sweep(now time.Time) []fold {
	if since := now.Sub(l.swept); since >= 0 && since < time.Second {
		return nil
	}
	l.swept = now
	var out []fold
	for key, f := range l.known {
		if age := now.Sub(f.shown); age < foldFor && age >= 0 {
			continue
		}
		if f.held == 0 {
			delete(l.known, key)
			continue
		}
		out = append(out, *f)
		*f = fold{shown: now}
	}
	return out
}

// forget makes room: the line that was shown longest ago is not known any more.
func (l *lines) forget() []fold {
	var oldest line
	var found *fold
	for key, f := range l.known {
		if found == nil || f.shown.Before(found.shown) {
			oldest, found = key, f
		}
	}
	delete(l.known, oldest)
	if found.held == 0 {
		return nil
	}
	return []fold{*found}
}

// still is a record as text: what is held back may not change any more, nor keep
// anything big alive.
func still(r slog.Record) slog.Record {
	out := slog.NewRecord(r.Time, r.Level, cut(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		a.Value = a.Value.Resolve()
		switch a.Value.Kind() {
		case slog.KindAny:
			a.Value = slog.StringValue(cut(fmt.Sprint(a.Value.Any())))
		case slog.KindString, slog.KindGroup:
			a.Value = slog.StringValue(cut(a.Value.String()))
		}
		out.AddAttrs(a)
		return true
	})
	return out
}

// cut shortens a text to foldText bytes without breaking a letter in two.
func cut(s string) string {
	if len(s) <= foldText {
		return s
	}
	end := 0
	for i := range s {
		if i > foldText {
			break
		}
		end = i
	}
	return strings.Clone(s[:end])
}
