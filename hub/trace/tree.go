package trace

// tree holds cheapest ways from a place, or to it, over all vertices. One tree is used
// again and again: what was reached last time is known by its round.
type tree struct {
	cost  []float32 // by vertex, of the choice
	by    []int32   // the arc of the way that touches the vertex; atRoot or turned at the root
	round []uint32
	now   uint32
	heap  []reached
	found []int32 // vertices, nearest first

	turn     int32 // arc by which one turns round at the root; -1 none
	turnCost float32
}

type reached struct {
	cost   float32
	vertex int32
}

func newTree(vertices int) *tree {
	return &tree{cost: make([]float32, vertices), by: make([]int32, vertices), round: make([]uint32, vertices), turn: -1}
}

func (t *tree) reset() {
	t.now++
	t.heap, t.found, t.turn = t.heap[:0], t.found[:0], -1
}

func (t *tree) has(v int32) bool { return t.round[v] == t.now }

// offer notes a way to a vertex if it is the cheapest so far.
func (t *tree) offer(v int32, cost float32, by int32) {
	if t.round[v] == t.now && t.cost[v] <= cost {
		return
	}
	t.round[v], t.cost[v], t.by[v] = t.now, cost, by
	t.push(reached{cost, v})
}

func (t *tree) push(r reached) {
	t.heap = append(t.heap, r)
	i := len(t.heap) - 1
	for i > 0 {
		p := (i - 1) / 4
		if t.heap[p].cost <= r.cost {
			break
		}
		t.heap[i] = t.heap[p]
		i = p
	}
	t.heap[i] = r
}

func (t *tree) pop() reached {
	top, last := t.heap[0], t.heap[len(t.heap)-1]
	t.heap = t.heap[:len(t.heap)-1]
	n := len(t.heap)
	if n == 0 {
		return top
	}
	i := 0
	for {
		c := 4*i + 1
		if c >= n {
			break
		}
		for k := c + 1; k < min(c+4, n); k++ {
			if t.heap[k].cost < t.heap[c].cost {
				c = k
			}
		}
		if t.heap[c].cost >= last.cost {
			break
		}
		t.heap[i] = t.heap[c]
		i = c
	}
	t.heap[i] = last
	return top
}

// Roots of a tree: reached the way one faced, or after turning round on the spot.
const (
	atRoot int32 = -1
	turned int32 = -2
)

// grow finds the cheapest ways from what was offered, up to a cost. A temper other than
// 0 makes every arc dearer by a factor of its own up to whim; back walks against the
// arcs, to the root. stop, when not negative, ends it as soon as that vertex is settled.
func (t *tree) grow(net *travel, temper uint64, whim float64, most float32, back bool, stop int32) {
	arms, far := &net.out, net.to
	if back {
		arms, far = &net.in, net.from
	}
	spread := float32(whim - 1)
	for len(t.heap) > 0 {
		r := t.pop()
		if r.cost > t.cost[r.vertex] {
			continue
		}
		if r.cost > most {
			break
		}
		t.found = append(t.found, r.vertex)
		if r.vertex == stop {
			break
		}
		came := t.by[r.vertex]
		for _, a := range arms.of(r.vertex) {
			c := net.choice[a]
			if c == never || came >= 0 && a == came^1 {
				continue
			}
			if temper != 0 {
				c *= 1 + spread*unit(temper, uint64(net.mood[a]))
			}
			if came == atRoot && a == t.turn {
				c += t.turnCost
			}
			t.offer(far[a], r.cost+c, a)
		}
	}
	t.heap = t.heap[:0]
}

// unit is a number in [0, 1) for a pair of numbers (SplitMix64, Steele et al. 2014).
func unit(a, b uint64) float32 {
	return float32(mix(a^mix(b+1))>>40) / (1 << 24)
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// random is a stream of numbers for a seed.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

// float is in [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }
