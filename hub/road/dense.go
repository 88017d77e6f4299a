package road

import (
	"encoding/binary"
	"fmt"
)

// table is a block's string table, as far as places are concerned.
type table struct {
	count int
	place map[uint64]bool // indices of "place", of "name", and of the kinds of places
	name  map[uint64]bool
	kind  map[uint64]bool
}

// read counts the strings of a StringTable.
func (t *table) read(data []byte) error {
	t.place, t.name, t.kind = map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}
	return eachField(data, func(number int, _ uint64, s []byte) error {
		i := uint64(t.count)
		if t.count++; t.count > stringsMost || number != 1 || s == nil {
			return fmt.Errorf("string table: %w", errWire)
		}
		switch word := string(s); word {
		case "place":
			t.place[i] = true
		case "name":
			t.name[i] = true
		default:
			if _, ok := kinds[word]; ok {
				t.kind[i] = true
			}
		}
		return nil
	})
}

// keep leaves of a node's tags what makes it a place; nil when it is none.
func (t *table) keep(tags [][2]uint64) [][2]uint64 {
	var kind, name [][2]uint64
	for _, kv := range tags {
		switch {
		case t.place[kv[0]] && t.kind[kv[1]]:
			kind = append(kind, kv)
		case t.name[kv[0]]:
			name = append(name, kv)
		}
	}
	if len(kind) == 0 || len(name) == 0 {
		return nil
	}
	return [][2]uint64{kind[0], name[0]}
}

// cleanDense keeps id, lat and lon of DenseNodes, and the tags of those that are
// places.
func cleanDense(data []byte, words *table) ([]byte, error) {
	var d denseNodes
	var tags []byte
	err := eachField(data, func(number int, _ uint64, data []byte) error {
		switch number {
		case 1:
			d.ids = append(d.ids, data...)
		case 8:
			d.lats = append(d.lats, data...)
		case 9:
			d.lons = append(d.lons, data...)
		case 10:
			tags = append(tags, data...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ids, err := countPacked(d.ids, anyValue)
	if err != nil {
		return nil, err
	}
	for _, list := range [][]byte{d.lats, d.lons} {
		n, err := countPacked(list, anyValue)
		if err != nil {
			return nil, err
		}
		if n != ids {
			return nil, fmt.Errorf("%d ids with %d places: %w", ids, n, errWire)
		}
	}
	if len(tags) > 0 { // missing when no node of the block has any
		if err := d.tag(tags, ids, words); err != nil {
			return nil, fmt.Errorf("tags: %w", err)
		}
	}
	return d.message(), nil
}

// denseNodes are parallel packed lists of differences (sint64, zigzag). tags are
// string indices, key and value after each other, 0 after the last of each node.
type denseNodes struct {
	ids, lats, lons, tags []byte
	places                int
	last                  [3]int64 // of the plain nodes added so far
}

// tag reads the keys_vals of so many nodes.
func (d *denseNodes) tag(data []byte, nodes int, words *table) error {
	next := func() (uint64, error) {
		v, n := binary.Uvarint(data)
		if n <= 0 || v >= uint64(words.count) {
			return 0, errWire
		}
		data = data[n:]
		return v, nil
	}
	for range nodes {
		var tags [][2]uint64
		for {
			k, err := next()
			if err != nil {
				return err
			}
			if k == 0 {
				break
			}
			v, err := next()
			if err != nil {
				return err
			}
			if words.place[k] || words.name[k] {
				tags = append(tags, [2]uint64{k, v})
			}
		}
		d.put(words.keep(tags))
	}
	if len(data) > 0 {
		return errWire
	}
	return nil
}

// put ends a node's tags.
func (d *denseNodes) put(tags [][2]uint64) {
	for _, kv := range tags {
		d.tags = binary.AppendUvarint(binary.AppendUvarint(d.tags, kv[0]), kv[1])
		d.places++
	}
	d.tags = append(d.tags, 0)
}

// add takes a plain Node message: some writers do not use dense nodes.
func (d *denseNodes) add(node []byte, words *table) error {
	var v [3]int64
	var keys, values []byte
	err := eachField(node, func(number int, value uint64, data []byte) error {
		at := map[int]int{1: 0, 8: 1, 9: 2}
		if i, ok := at[number]; ok {
			v[i] = int64(value>>1) ^ -int64(value&1)
		}
		switch number {
		case 2:
			keys = append(keys, data...)
		case 3:
			values = append(values, data...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	d.ids = binary.AppendVarint(d.ids, v[0]-d.last[0])
	d.lats = binary.AppendVarint(d.lats, v[1]-d.last[1])
	d.lons = binary.AppendVarint(d.lons, v[2]-d.last[2])
	d.last = v
	tags, err := pairs64(keys, values, uint64(words.count))
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	d.put(words.keep(tags))
	return nil
}

// pairs64 reads two packed lists of the same length, every index below the limit.
func pairs64(keys, values []byte, limit uint64) ([][2]uint64, error) {
	var out [][2]uint64
	for len(keys) > 0 && len(values) > 0 {
		k, n := binary.Uvarint(keys)
		v, m := binary.Uvarint(values)
		if n <= 0 || m <= 0 || k >= limit || v >= limit {
			return nil, errWire
		}
		keys, values = keys[n:], values[m:]
		if k != 0 { // the delimiter is no key
			out = append(out, [2]uint64{k, v})
		}
	}
	if len(keys)+len(values) > 0 {
		return nil, errWire
	}
	return out, nil
}

func (d *denseNodes) message() []byte {
	m := appendBytes(appendBytes(appendBytes(nil, 1, d.ids), 8, d.lats), 9, d.lons)
	if d.places > 0 {
		m = appendBytes(m, 10, d.tags)
	}
	return m
}
