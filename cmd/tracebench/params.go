package main

import (
	"encoding/json"
	"fmt"
	"os"

	"xulang.vn/camera/hub/trace"
)

// readParams are the engine's parameters, changed by a file. Without one they are the
// usual ones.
func readParams(file string) (trace.Params, error) {
	p := trace.DefaultParams()
	if file == "" {
		return p, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return p, err
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("read parameters %s: %w", file, err)
	}
	return p, nil
}
