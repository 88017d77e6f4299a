package pack_test

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"

	"pgregory.net/rapid"
)

// causes are those that an agent gives.
var causes = []camera.GapCause{
	camera.CauseCameraOff, camera.CauseWrongPassword, camera.CauseBadCodec, camera.CauseNoKeyFrame, camera.CauseAgentOff,
	camera.CauseClockStep, camera.CauseDisk, camera.CauseHeldFull, camera.CauseOverwritten, camera.CausePaused, camera.CauseReconnect,
}

var streams = []camera.Stream{camera.StreamMain, camera.StreamSub}

func anyRun(t *rapid.T) camera.RunID {
	return camera.RunID(fmt.Sprintf("%016x", rapid.Uint64Range(0, 5).Draw(t, "run")))
}

func anyHour(t *rapid.T) *pack.Hour {
	h := &pack.Hour{Clock: camera.Clock{
		Synchronised: rapid.Bool().Draw(t, "synchronised"),
		Offset:       camera.Millis(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "offset")) * time.Millisecond),
		Bound:        camera.Millis(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "bound")) * time.Millisecond),
	}}
	for range rapid.IntRange(1, 5).Draw(t, "shapes") {
		h.Shapes = append(h.Shapes, pack.Shape{
			Run: anyRun(t), Stream: rapid.SampledFrom(streams).Draw(t, "stream"),
			Origin:   rapid.SampledFrom([]camera.Origin{camera.OriginCamera, camera.OriginRecorder}).Draw(t, "origin"),
			Codec:    rapid.StringN(0, 20, 100).Draw(t, "codec"),
			Width:    rapid.Int().Draw(t, "width"),
			Height:   rapid.Int().Draw(t, "height"),
			InitSize: rapid.Int64().Draw(t, "init"),
		})
	}
	start := rapid.Int64Range(0, 3_599_999)
	lasts := rapid.OneOf(rapid.Int64Range(1, 120_000), rapid.Just(int64(6000)))
	seq := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 4), rapid.Just(uint32(math.MaxUint32)))
	for range rapid.OneOf(rapid.IntRange(0, 10), rapid.IntRange(100, 300)).Draw(t, "segments") {
		s := pack.Segment{
			Start: begin + start.Draw(t, "start"), Size: rapid.Uint32().Draw(t, "size"), Seq: seq.Draw(t, "seq"),
			Media: rapid.OneOf(rapid.Uint32(), rapid.Just(uint32(6000))).Draw(t, "media"),
			Shape: uint16(rapid.IntRange(0, len(h.Shapes)-1).Draw(t, "shape")),
			State: pack.State(rapid.IntRange(1, 8).Draw(t, "state")), Picture: rapid.Bool().Draw(t, "picture"),
		}
		s.End = s.Start + lasts.Draw(t, "lasts")
		h.Segments = append(h.Segments, s)
	}
	order := func(a, b pack.Segment) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(h.Shapes[a.Shape].Run, h.Shapes[b.Shape].Run), cmp.Compare(a.Seq, b.Seq))
	}
	slices.SortFunc(h.Segments, order)
	h.Segments = slices.CompactFunc(h.Segments, func(a, b pack.Segment) bool { return order(a, b) == 0 })
	for range rapid.IntRange(0, 5).Draw(t, "gaps") {
		g := pack.Gap{Start: begin + start.Draw(t, "start"), Stream: rapid.SampledFrom(streams).Draw(t, "stream"), Cause: rapid.SampledFrom(causes).Draw(t, "cause")}
		g.End = rapid.Int64Range(g.Start+1, begin+3_600_000).Draw(t, "end")
		h.Gaps = append(h.Gaps, g)
	}
	gaps := func(a, b pack.Gap) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Stream, b.Stream)) }
	slices.SortFunc(h.Gaps, gaps)
	h.Gaps = slices.CompactFunc(h.Gaps, func(a, b pack.Gap) bool { return gaps(a, b) == 0 })
	return h
}

// TestAnyHourComesBack reads into an hour that held others before.
func TestAnyHourComesBack(t *testing.T) {
	var back pack.Hour
	rapid.Check(t, func(t *rapid.T) {
		h := anyHour(t)
		b, err := h.Append([]byte("before"), hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Decode(b[len("before"):], hour); err != nil {
			t.Fatal(err)
		}
		same(t, h, &back)
	})
}

func TestAnyFrameComesBack(t *testing.T) {
	within := rapid.Int64Range(-1<<33, 1<<33)
	near := rapid.Int64Range(5900, 6100)
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(near, near, near, within), 1, 128).Draw(t, "values")
		back, err := pack.ReadFrame(pack.AppendFrame(nil, values), len(values))
		if err != nil || !slices.Equal(back, values) {
			t.Fatalf("%v: %v", back, err)
		}
	})
}

func anyFact(t *rapid.T) pack.Fact {
	moment := func(name string) time.Time {
		if rapid.Bool().Draw(t, name+" is known") {
			return time.UnixMilli(rapid.Int64Range(-1<<46, 1<<46).Draw(t, name)).UTC()
		}
		return time.Time{}
	}
	millis := func(name string) camera.Millis {
		return camera.Millis(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, name)) * time.Millisecond)
	}
	bytes := func(name string, n int) []byte {
		if rapid.Bool().Draw(t, name+" is known") {
			return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name)
		}
		return nil
	}
	f := pack.Fact{Segment: camera.Segment{
		SegmentID: camera.SegmentID{Camera: rapid.SampledFrom([]camera.CameraID{mine, "cellar", ""}).Draw(t, "camera"), Run: anyRun(t), Seq: rapid.Uint32().Draw(t, "seq")},
		Stream:    rapid.SampledFrom(streams).Draw(t, "stream"), Start: moment("start"), End: moment("end"), Media: millis("media"), SenderReport: moment("report"),
		Clock: camera.Clock{Synchronised: rapid.Bool().Draw(t, "synchronised"), Offset: millis("offset"), Bound: millis("bound")},
		Size:  rapid.Int64().Draw(t, "size"), InitSize: rapid.Int64().Draw(t, "init"), Codec: rapid.StringN(0, 20, 100).Draw(t, "codec"),
		Width: rapid.Int().Draw(t, "width"), Height: rapid.Int().Draw(t, "height"), KeySize: rapid.Int64().Draw(t, "key"),
		Activity: camera.Activity(bytes("activity", 7)),
	}, Received: moment("received")}
	copy(f.SHA256[:], bytes("hash", 32))
	copy(f.Prev[:], bytes("prev", 32))
	copy(f.KeySHA256[:], bytes("key hash", 32))
	copy(f.Signature[:], bytes("signature", 64))
	if rapid.Bool().Draw(t, "of the recorder") {
		f.Origin, f.RecorderOffset, f.RecorderBound = camera.OriginRecorder, millis("own"), millis("own bound")
	}
	return f
}

func TestAnyFactComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFact(t)
		back, err := pack.DecodeFact(pack.AppendFact(nil, f))
		if err != nil || back != f {
			t.Fatalf("%+v, want %+v: %v", back, f, err)
		}
		if string(back.Payload()) != string(f.Payload()) {
			t.Fatalf("payload %q, want %q", back.Payload(), f.Payload())
		}
	})
}

// hotIs tells how what is at hand of bytes differs from what the whole fingerprint has:
// "" when it does not.
func hotIs(used *pack.HotFact, b []byte) string {
	f, wholeErr := pack.DecodeFact(b)
	hotErr := used.Decode(b)
	if wholeErr != nil || hotErr != nil {
		if (wholeErr == nil) != (hotErr == nil) {
			return fmt.Sprintf("whole: %v, at hand: %v", wholeErr, hotErr)
		}
		return ""
	}
	hot, want := *used, pack.HotFactOf(f)
	hot.Activity, want.Activity = nil, nil
	if !reflect.DeepEqual(hot, want) || string(used.Activity) != string(f.Activity) {
		return fmt.Sprintf("at hand: %+v, want %+v", *used, want)
	}
	return ""
}

func TestWhatIsAtHandOfAnyFact(t *testing.T) {
	used := &pack.HotFact{}
	rapid.Check(t, func(t *rapid.T) {
		b := pack.AppendFact(nil, anyFact(t))
		for _, b := range [][]byte{b, b[:len(b)-1], append(b, 0)} {
			if wrong := hotIs(used, b); wrong != "" {
				t.Fatal(wrong)
			}
		}
	})
}

func TestNextFactTakesNoMemory(t *testing.T) {
	used, m := &pack.HotFact{}, newDay(17).manifest(0, camera.StreamMain)
	b := [][]byte{pack.AppendFact(nil, m.Facts[0]), pack.AppendFact(nil, m.Facts[1])}
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		if err := used.Decode(b[i%2]); err != nil {
			t.Fatal(err)
		}
		i++
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAnyNamesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.Custom(func(t *rapid.T) camera.Key {
			return camera.Key{
				SegmentID: camera.SegmentID{Camera: rapid.SampledFrom([]camera.CameraID{mine, "cellar"}).Draw(t, "camera"), Run: anyRun(t), Seq: rapid.Uint32().Draw(t, "seq")},
				Start:     at(rapid.Int64Range(-1e9, 1e9).Draw(t, "start")),
			}
		})).Draw(t, "keys")
		back, err := pack.ReadNames(pack.AppendNames(nil, keys))
		if err != nil || !slices.Equal(back, keys) {
			t.Fatalf("%v, want %v: %v", back, keys, err)
		}
	})
}
