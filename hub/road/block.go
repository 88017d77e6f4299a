package road

import (
	"encoding/binary"
	"fmt"
)

// stringsMost bounds the string table of a block; the decoder spends 16 bytes on each.
const stringsMost = 1 << 20

// cleanBlock writes a PrimitiveBlock (osmformat.proto) anew with what a road graph
// needs: strings, scale, places of nodes, and ways with tags and nodes. Every index
// lies inside the string table and parallel lists are equally long afterwards.
func cleanBlock(data []byte) ([]byte, error) {
	strings, tables := 0, 0
	var out []byte
	var groups [][]byte
	err := eachField(data, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			if tables++; data == nil || tables > 1 {
				return errWire
			}
			out = appendBytes(out, 1, data)
			return eachField(data, func(number int, _ uint64, s []byte) error {
				if strings++; strings > stringsMost || number != 1 || s == nil {
					return fmt.Errorf("string table: %w", errWire)
				}
				return nil
			})
		case 2:
			groups = append(groups, data)
		case 17: // granularity in nanodegrees, int32
			if value == 0 || value > 1e9 {
				return fmt.Errorf("granularity %d", value)
			}
			out = appendVarint(out, number, value)
		case 19, 20: // offsets of latitude and longitude in nanodegrees
			out = appendVarint(out, number, value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		clean, err := cleanGroup(g, strings)
		if err != nil {
			return nil, err
		}
		out = appendBytes(out, 2, clean)
	}
	return out, nil
}

func cleanGroup(data []byte, strings int) ([]byte, error) {
	var out []byte
	var plain denseNodes
	err := eachField(data, func(number int, _ uint64, data []byte) error {
		switch number {
		case 1:
			return plain.add(data)
		case 2:
			dense, err := cleanDense(data)
			if err != nil {
				return fmt.Errorf("nodes: %w", err)
			}
			out = appendBytes(out, 2, dense)
		case 3:
			way, err := cleanWay(data, strings)
			if err != nil {
				return fmt.Errorf("way: %w", err)
			}
			out = appendBytes(out, 3, way)
		}
		return nil // relations and changesets are not needed
	})
	if err != nil {
		return nil, err
	}
	if len(plain.ids) > 0 {
		// Before the ways, as in a sorted file.
		out = append(appendBytes(nil, 2, plain.message()), out...)
	}
	return out, nil
}

// cleanDense keeps id, lat and lon of DenseNodes.
func cleanDense(data []byte) ([]byte, error) {
	var d denseNodes
	err := eachField(data, func(number int, _ uint64, data []byte) error {
		switch number {
		case 1:
			d.ids = append(d.ids, data...)
		case 8:
			d.lats = append(d.lats, data...)
		case 9:
			d.lons = append(d.lons, data...)
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
	return d.message(), nil
}

// denseNodes are parallel packed lists of differences (sint64, zigzag).
type denseNodes struct {
	ids, lats, lons []byte
	last            [3]int64 // of the plain nodes added so far
}

// add takes a plain Node message: some writers do not use dense nodes.
func (d *denseNodes) add(node []byte) error {
	var v [3]int64
	err := eachField(node, func(number int, value uint64, _ []byte) error {
		at := map[int]int{1: 0, 8: 1, 9: 2}
		if i, ok := at[number]; ok {
			v[i] = int64(value>>1) ^ -int64(value&1)
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
	return nil
}

func (d *denseNodes) message() []byte {
	return appendBytes(appendBytes(appendBytes(nil, 1, d.ids), 8, d.lats), 9, d.lons)
}

// cleanWay keeps id, tags and node references of a Way.
func cleanWay(data []byte, strings int) ([]byte, error) {
	var id uint64
	var keys, values, refs []byte
	err := eachField(data, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			id = value
		case 2:
			keys = append(keys, data...)
		case 3:
			values = append(values, data...)
		case 8:
			refs = append(refs, data...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	k, err := countPacked(keys, uint64(strings))
	if err != nil {
		return nil, err
	}
	v, err := countPacked(values, uint64(strings))
	if err != nil {
		return nil, err
	}
	n, err := countPacked(refs, anyValue)
	if err != nil {
		return nil, err
	}
	if k != v || k > wayLongest || n > wayLongest {
		return nil, fmt.Errorf("%d keys, %d values, %d nodes: %w", k, v, n, errWire)
	}
	out := appendVarint(nil, 1, id)
	out = appendBytes(appendBytes(out, 2, keys), 3, values)
	return appendBytes(out, 8, refs), nil
}
