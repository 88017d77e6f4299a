package ingest_test

import (
	"os"
	"testing"
)

// TestMain lets the test program be its own children: cameras and agents whose
// cost is counted apart (cost_test.go).
func TestMain(m *testing.M) {
	switch os.Getenv("XULANG_INGEST_CHILD") {
	case "cameras":
		os.Exit(beCameras())
	case "agent":
		os.Exit(beAgent())
	}
	os.Exit(m.Run())
}
