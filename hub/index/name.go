package index

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index/pack"
)

// Names in the index bucket. No other place puts them together or takes them apart.
//
//	facts/<camera>/<yyyy-mm-ddThh>/<generation, 6 digits>-<root, hex>     a manifest
//	journal/<yyyy-mm-ddThh:mm:ss.mmm>-<8 random hex digits>               facts in the order of their commits
//
// Times are UTC. Names of one kind sort as their times do.
const (
	factsFolder   = "facts/"
	journalFolder = "journal/"
	hourText      = "2006-01-02T15"
	momentText    = "2006-01-02T15:04:05.000"
	randomDigits  = 8
	generations   = 1_000_000 // of one hour
)

// ManifestName is where an hour's manifest of a generation is.
type ManifestName struct {
	Camera     camera.CameraID
	Hour       int64
	Generation int64 // from 1
	Root       camera.Hash
}

func (n ManifestName) String() string {
	return fmt.Sprintf("%s%06d-%s", n.folder(), n.Generation, n.Root)
}

// folder is the prefix of all generations of the hour.
func (n ManifestName) folder() string {
	return factsFolder + string(n.Camera) + "/" + pack.StartOf(n.Hour).Format(hourText) + "/"
}

// ParseManifestName is the inverse of String and refuses every other spelling.
func ParseManifestName(s string) (ManifestName, error) {
	var n ManifestName
	rest, ok := strings.CutPrefix(s, factsFolder)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return n, fmt.Errorf("parse manifest name %q: not one of ours", s)
	}
	at, err := time.Parse(hourText, parts[1])
	if err != nil {
		return n, fmt.Errorf("parse manifest name %q: %w", s, err)
	}
	number, root, _ := strings.Cut(parts[2], "-")
	if err := n.Root.UnmarshalText([]byte(root)); err != nil {
		return n, fmt.Errorf("parse manifest name %q: %w", s, err)
	}
	if n.Generation, err = strconv.ParseInt(number, 10, 64); err != nil {
		return n, fmt.Errorf("parse manifest name %q: %w", s, err)
	}
	n.Camera, n.Hour = camera.CameraID(parts[0]), pack.HourOf(at)
	if !n.Camera.Valid() || n.Generation < 1 || n.Generation >= generations || n.String() != s {
		return ManifestName{}, fmt.Errorf("parse manifest name %q: not one of ours", s)
	}
	return n, nil
}

// journalName makes a name that no other journal has. The time says only by when all
// of it had been committed.
func journalName(at time.Time) string {
	var dice [randomDigits / 2]byte
	_, _ = rand.Read(dice[:]) // never fails (crypto/rand)
	return journalFolder + at.UTC().Format(momentText) + "-" + hex.EncodeToString(dice[:])
}

// journalTime reads the time in a journal's name.
func journalTime(name string) (time.Time, error) {
	rest, ok := strings.CutPrefix(name, journalFolder)
	if !ok || len(rest) != len(momentText)+1+randomDigits {
		return time.Time{}, fmt.Errorf("parse journal name %q: not one of ours", name)
	}
	at, err := time.Parse(momentText, rest[:len(momentText)])
	if err != nil {
		return time.Time{}, fmt.Errorf("parse journal name %q: %w", name, err)
	}
	return at, nil
}
