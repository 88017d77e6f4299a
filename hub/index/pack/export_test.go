package pack

import camera "xulang.vn/camera"

// Columns are the bytes that the parts of an hour's row take.
func Columns(h *Hour, hour int64) map[string]int {
	bytes := map[string]int{"gaps": len(appendGaps(nil, h.Gaps, hour*hourMillis))}
	shapes, _ := appendShapes(nil, h.Shapes)
	bytes["shapes"] = len(shapes)
	for _, stream := range []camera.Stream{camera.StreamMain, camera.StreamSub} {
		lane := h.lane(stream)
		bytes["pieces"] += len(appendPieces(nil, lane))
		bytes["states"] += len(appendStates(nil, lane))
		end := hour * hourMillis
		for from := 0; from < len(lane); from += frameSize {
			values := numbersOf(lane[from:min(from+frameSize, len(lane))], &end)
			for c, name := range []string{"start", "duration", "media", "size"} {
				bytes[name] += len(appendFrame(nil, values[c][:min(frameSize, len(lane)-from)]))
			}
		}
	}
	return bytes
}

// AppendFrame and ReadFrame are one column of one block.
func AppendFrame(dst []byte, values []int64) []byte { return appendFrame(dst, values) }

func ReadFrame(b []byte, n int) ([]int64, error) {
	c, f := cursor{rest: b}, frames{}
	f.read(&c, columnSize, n)
	return f.values[columnSize][:n], c.end()
}

// ChainedFact is a record of a manifest whose chain stands before it.
func ChainedFact(f Fact) []byte { return appendFact(nil, f, true) }
