package keep

import (
	"time"

	camera "xulang.vn/camera"
)

// Depth is how closely the object store is looked at.
type Depth int

// Depths of a check.
const (
	Names     Depth = 1 // names and sizes, by listing
	Checksums Depth = 2 // and the checksum that the object store keeps of each object
	Bytes     Depth = 3 // every byte is read, and every folded hour proved against its manifest
)

// Kind is a way in which index and object store differ.
type Kind string

// Kinds of findings. Their names are in the database and in the API.
const (
	Missing         Kind = "missing"          // the index says stored or held, and there is no object
	Orphan          Kind = "orphan"           // an object that the index knows nothing of
	Astray          Kind = "astray"           // an object of a segment that the index believes at home: it was stored unnoticed
	Leftover        Kind = "leftover"         // an object of a segment that is expired, lost or withheld: its deletion was interrupted
	WrongSize       Kind = "wrong-size"       // an object with another size than announced
	WrongChecksum   Kind = "wrong-checksum"   // an object with another checksum than announced, or with none
	WrongBytes      Kind = "wrong-bytes"      // an object that cannot be read, or reads as something else than announced
	ManifestMissing Kind = "manifest-missing" // a folded hour without its manifest
	ManifestWrong   Kind = "manifest-wrong"   // a manifest with another root, other facts, or a broken chain
)

// Kinds are all of them, the most serious first.
var Kinds = []Kind{Missing, WrongBytes, WrongChecksum, WrongSize, ManifestMissing, ManifestWrong, Astray, Leftover, Orphan}

// findingsMost is how many findings a report tells one by one.
const findingsMost = 1000

// Wish says how to check.
type Wish struct {
	Depth         Depth
	Repair        bool // what is safe to repair: states that follow from what is there, deletions that were interrupted
	DeleteOrphans bool // also objects that nobody knows; a person asks for it
}

// Finding is one difference.
type Finding struct {
	Kind     Kind             `json:"kind"`
	Camera   camera.CameraID  `json:"camera,omitempty"`
	Name     string           `json:"name,omitempty"` // of the object
	Hour     time.Time        `json:"hour,omitzero"`  // in which a manifest's segments start
	State    camera.ByteState `json:"state,omitempty"`
	Want     string           `json:"want,omitempty"` // what was announced: a size or a checksum
	Has      string           `json:"has,omitempty"`  // what is there instead
	Why      string           `json:"why,omitempty"`  // English: the error behind it, or why it was not repaired
	Repaired bool             `json:"repaired,omitempty"`
}

// Count is of one kind.
type Count struct {
	Found    int64 `json:"found"`
	Repaired int64 `json:"repaired"`
}

// Report is what a check found. Every difference was looked at again before it was
// believed, so that what moves while a check runs is none.
type Report struct {
	Depth    Depth          `json:"depth"`
	Repair   bool           `json:"repair"`
	Began    time.Time      `json:"began"`
	Ended    time.Time      `json:"ended"`
	Cameras  int64          `json:"cameras"`
	Hours    int64          `json:"hours"`
	Segments int64          `json:"segments"` // in the index
	Objects  int64          `json:"objects"`  // in the footage bucket
	Stored   int64          `json:"stored"`   // segments whose bytes are there
	Size     int64          `json:"size"`     // bytes of those
	Read     int64          `json:"read"`     // bytes that were read
	Young    int64          `json:"young"`    // objects that were too new to judge
	Counts   map[Kind]Count `json:"counts"`
	Findings []Finding      `json:"findings"` // the first findingsMost
}

// Clean tells whether nothing was found that is not repaired.
func (r Report) Clean() bool {
	for _, c := range r.Counts {
		if c.Found > c.Repaired {
			return false
		}
	}
	return true
}

func (r *Report) add(f Finding) {
	if r.Counts == nil {
		r.Counts = map[Kind]Count{}
	}
	c := r.Counts[f.Kind]
	c.Found++
	if f.Repaired {
		c.Repaired++
	}
	r.Counts[f.Kind] = c
	if len(r.Findings) < findingsMost {
		r.Findings = append(r.Findings, f)
	}
}

// Progress is told of after each hour of a camera.
type Progress struct {
	Camera   camera.CameraID
	Done, Of int // cameras
	Segments int64
	Objects  int64
	Findings int64
}
