package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// theft is a line of the village's truth: a ride.
type theft struct {
	Departure time.Time
	Passes    []pass
}

// pass is one of a ride's, at a home.
type pass struct {
	Home         string
	Enter, Leave time.Time
	Way          string
}

// truth asks the village for the passes of the scripted theft.
func (v *story) truth(t *testing.T) (all []pass) {
	t.Helper()
	for _, ride := range v.thefts(t) {
		all = append(all, ride.Passes...)
	}
	return all
}

// thefts asks for the rides themselves, oldest first.
func (v *story) thefts(t *testing.T) (all []theft) {
	t.Helper()
	out, err := exec.Command(filepath.Join(v.bin, "xulang-village"), "truth", "-data", v.path("village")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var ride theft
		if err := json.Unmarshal(lines.Bytes(), &ride); err != nil {
			t.Fatal(err)
		}
		all = append(all, ride)
	}
	return all
}
