package trace

// pass is a stay in a camera's view on a way. Times are seconds of way from its start.
type pass struct {
	cam   int32
	sight int32
	at    float32 // middle of the stay
	dwell float32
	sure  float32 // that it is long enough to be seen at all
}

// way is a path through the network: a part of its first arc, whole arcs, a part of its
// last.
type way struct {
	arcs     []int32
	from, to float32 // shares of the first and of the last arc
}

// passes lists the stays of a way in the views, and how many seconds it takes.
func (e *eyes) passes(net *travel, w way, into []pass, joint float32) (all []pass, total float32) {
	all = into
	first := len(all)
	for i, a := range w.arcs {
		lo, hi := float32(0), float32(1)
		if i == 0 {
			lo = w.from
		}
		if i == len(w.arcs)-1 {
			hi = w.to
		}
		if i > 0 {
			total += net.slows(w.arcs[i-1], a)
		}
		s := net.seconds[a]
		for k := e.at[a]; k < e.at[a+1]; k++ {
			v := &e.sights[k]
			u, x := max(v.from, lo), min(v.to, hi)
			if x <= u {
				continue
			}
			enter, leave := total+(u-lo)*s, total+(x-lo)*s
			all = joined(all, first, pass{cam: v.cam, sight: k, at: (enter + leave) / 2, dwell: leave - enter}, joint)
		}
		total += (hi - lo) * s
	}
	return all, total
}

// joined adds a stay, or lengthens the last one in the same view when hardly any time
// lies between the two.
func joined(all []pass, first int, p pass, joint float32) []pass {
	for i := len(all) - 1; i >= max(first, len(all)-8); i-- {
		q := &all[i]
		if q.cam != p.cam {
			continue
		}
		end, enter, leave := q.at+q.dwell/2, p.at-p.dwell/2, p.at+p.dwell/2
		if enter-end > joint {
			break
		}
		begin := q.at - q.dwell/2
		end = max(end, leave)
		q.at, q.dwell = (begin+end)/2, end-begin
		return all
	}
	return append(all, p)
}

// pathTo reads from a tree the arcs of the way from its root to a vertex, in order. The
// root's own arc stands in into already; where the way turns round on the spot its
// other way of travel takes its place.
func (t *tree) pathTo(net *travel, v int32, into []int32) []int32 {
	first := len(into)
	for t.by[v] >= 0 {
		a := t.by[v]
		into = append(into, a)
		v = net.from[a]
	}
	for i, j := first, len(into)-1; i < j; i, j = i+1, j-1 {
		into[i], into[j] = into[j], into[i]
	}
	if t.by[v] == turned && first > 0 {
		into[first-1] ^= 1
	}
	return into
}

// pathFrom reads from a tree that grew backwards the arcs from a vertex to its root.
func (t *tree) pathFrom(net *travel, v int32, into []int32) []int32 {
	for t.by[v] >= 0 {
		a := t.by[v]
		into = append(into, a)
		v = net.to[a]
	}
	return into
}
