package road

import "fmt"

// stringsMost bounds the string table of a block; the decoder spends 16 bytes on each.
const stringsMost = 1 << 20

// cleanBlock writes a PrimitiveBlock (osmformat.proto) anew with what a road graph
// needs: strings, scale, places of nodes, and ways with tags and nodes. Every index
// lies inside the string table and parallel lists are equally long afterwards.
func cleanBlock(data []byte) ([]byte, error) {
	words, tables := table{}, 0
	var out []byte
	var groups [][]byte
	err := eachField(data, func(number int, value uint64, data []byte) error {
		switch number {
		case 1:
			if tables++; data == nil || tables > 1 {
				return errWire
			}
			out = appendBytes(out, 1, data)
			return words.read(data)
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
		clean, err := cleanGroup(g, &words)
		if err != nil {
			return nil, err
		}
		out = appendBytes(out, 2, clean)
	}
	return out, nil
}

func cleanGroup(data []byte, words *table) ([]byte, error) {
	var out []byte
	var plain denseNodes
	err := eachField(data, func(number int, _ uint64, data []byte) error {
		switch number {
		case 1:
			return plain.add(data, words)
		case 2:
			dense, err := cleanDense(data, words)
			if err != nil {
				return fmt.Errorf("nodes: %w", err)
			}
			out = appendBytes(out, 2, dense)
		case 3:
			way, err := cleanWay(data, words.count)
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
