package cases_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/cases"
	"xulang.vn/camera/hub/db/dbtest"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

var officer = cases.Officer{ID: "u1", Name: "Cán bộ", Unit: "Xã A", Watches: true}

// village is a door between a real database and rooms whose answers the test sets.
type village struct {
	*cases.Cases
	now      time.Time
	cams     []cases.Camera
	spans    []cases.Span
	footage  []cases.Footage
	records  []cases.Record
	auditErr error
	left     []string // viewers that were sent away
	ended    bool     // the viewer went by itself
	place    string   // that was asked of the cameras last
	handed   int      // answers that the rooms behind the door gave away

	between func() // happens once, before the next line is written

	mu        sync.Mutex // of what follows, and of records and handed
	clocks    map[camera.CameraID]camera.Clock
	own       map[camera.CameraID]cases.RecorderClock
	purposes  []camera.Purpose // for which a home or the live room was asked
	stored    []byte           // what the store has of every segment
	storeErr  error
	atHome    []byte // what the home gives as a still
	homeErr   error
	asked     []string // requests and their ends, as the index was told
	askErr    error
	looked    []string // by which camera a home was told, and what it then found wanted
	lookErr   error
	onLook    func()
	meanwhile func() // happens while a home answers
}

// picture is the first key frame of every segment.
var picture = []byte("one key frame")

func newVillage(t *testing.T) *village {
	t.Helper()
	d := dbtest.Open(t)
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO users (id, login, name, role, unit, password, created_ms) VALUES ('u1', 'a', 'Cán bộ', 'officer', 'Xã A', '', 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &village{now: noon, stored: picture, atHome: picture, clocks: map[camera.CameraID]camera.Clock{}}
	v.Cases = cases.New(cases.Parts{DB: d, Cameras: v, Past: past{v}, Roads: v, Links: v, Home: home{v}, Live: v, Audit: v, Now: func() time.Time { return v.now }})
	return v
}

func (v *village) open(t *testing.T, number string) cases.Case {
	t.Helper()
	return v.openOf(t, number, camera.PurposeCriminal)
}

func (v *village) openOf(t *testing.T, number string, kind camera.Purpose) cases.Case {
	t.Helper()
	c, err := v.OpenCase(t.Context(), officer, cases.Case{Number: number, Kind: string(kind), LegalBasis: "Điều 107"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// house adds a camera that sees 60 m around the given metre of road r1.
func (v *village) house(label string, at float64, level camera.ConsentLevel) cases.Camera {
	c := cases.Camera{
		ID: camera.NewCameraID("h", label, 0), Label: label, Consent: camera.Consent{Level: level}, Shared: true,
		View: camera.View{Range: at, From: noon.Add(-time.Hour)}, Linked: true, Codec: "h264", State: camera.StateRecording,
	}
	v.cams = append(v.cams, c)
	return c
}

func (v *village) Camera(_ context.Context, id camera.CameraID) (cases.Camera, error) {
	for _, c := range v.cams {
		if c.ID == id {
			return c, nil
		}
	}
	return cases.Camera{}, camera.Errorf(camera.CodeNotFound, "no camera %s", id)
}

func (v *village) Shared(context.Context) ([]cases.Camera, error) { return v.cams, nil }

// Seeing gives the cameras in the wrong order: the door sorts them.
func (v *village) Seeing(_ context.Context, w cases.Where, _, _ time.Time) ([]cases.Sighted, error) {
	v.place = w.String()
	var all []cases.Sighted
	for _, c := range slices.Backward(v.cams) {
		seen := v.Seen(c.View)[0]
		if seen.To >= w.Stretch.From && seen.From <= w.Stretch.To {
			all = append(all, cases.Sighted{Camera: c, Seen: seen, At: (seen.From + seen.To) / 2})
		}
	}
	return all, nil
}

func (v *village) Nearest(p camera.Position, metres float64) (camera.Stretch, error) {
	return camera.Stretch{Road: "r1", From: max(0, p.Lon-metres), To: p.Lon + metres}, nil
}

func (v *village) ClockAt(_ context.Context, id camera.CameraID, at time.Time) (camera.Clock, bool, error) {
	c, ok := v.clocks[id]
	return c, ok && at.Equal(noon), nil
}

func (v *village) Check(s camera.Stretch) (camera.Stretch, error) {
	if s.Road != "r1" {
		return s, camera.Errorf(camera.CodeUnknownRoad, "no road %q", s.Road)
	}
	if s.To <= s.From {
		return s, camera.Errorf(camera.CodeBadStretch, "inverted")
	}
	return s, nil
}

func (v *village) Stretch(a, b camera.Position, _ float64) (camera.Stretch, error) {
	return camera.Stretch{Road: "r1", From: a.Lon, To: b.Lon}, nil
}

func (v *village) Seen(view camera.View) []camera.Seen {
	return []camera.Seen{{Stretch: camera.Stretch{Road: "r1", From: view.Range - 30, To: view.Range + 30}, Facing: camera.DirUp}}
}

func (v *village) ReadKey(_ context.Context, _ camera.Key, size int64) ([]byte, error) {
	v.handed++
	return v.stored[:min(int64(len(v.stored)), size)], v.storeErr
}

func (v *village) Link(_ context.Context, key camera.Key, _ time.Duration) (string, error) {
	v.handed++
	return "/o/footage/" + key.String(), nil
}

func (v *village) View(_ context.Context, _ camera.CameraID, _ string, p camera.Purpose) (string, string, error) {
	v.handed++
	v.purposes = append(v.purposes, p)
	return "viewer", "v=0", nil
}

func (v *village) Leave(viewer string) error {
	if viewer != "viewer" || v.ended {
		return camera.Errorf(camera.CodeNotFound, "no viewer")
	}
	v.left = append(v.left, viewer)
	return nil
}

// gone is how the live room tells that a viewer went by itself.
func (v *village) gone(viewer string) {
	v.ended = true
	v.Gone(viewer)
}

func (v *village) Append(_ context.Context, r cases.Record) error {
	if f := v.between; f != nil {
		v.between = nil
		f()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.auditErr != nil {
		return v.auditErr
	}
	r.ID = int64(len(v.records) + 1)
	v.records = append(v.records, r)
	return nil
}

func (v *village) ForCase(_ context.Context, id string, _ int) ([]cases.Record, error) {
	var out []cases.Record
	for i := len(v.records) - 1; i >= 0; i-- {
		if v.records[i].Case == id {
			out = append(out, v.records[i])
		}
	}
	return out, nil
}

var errHung = errors.New("audit hung")
