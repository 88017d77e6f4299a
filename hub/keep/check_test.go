package keep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/db"
	"xulang.vn/camera/hub/db/dbtest"
	"xulang.vn/camera/hub/keep"
)

// village films three cameras over several hours, all of it stored, two hours ago.
func village(t testing.TB, d *db.DB) (*rig, []camera.Segment) {
	r := rigOn(t, d)
	var all []camera.Segment
	for c := range 3 {
		for h := range 4 {
			all = append(all, r.film(cameraOf(c), noon.Add(-30*time.Hour+time.Duration(5*h)*time.Hour), 20, camera.StateStored)...)
		}
		r.film(cameraOf(c), noon.Add(-90*day), 20, camera.StateExpired)
		r.film(cameraOf(c), noon.Add(-time.Hour), 20, camera.StateHome)
	}
	r.clock.move(2 * time.Hour)
	return r, all
}

func counts(r keep.Report) string {
	var all []string
	for k, c := range r.Counts {
		all = append(all, fmt.Sprintf("%s %d/%d", k, c.Repaired, c.Found))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestCheckOfWhatAgrees(t *testing.T) {
	d := dbtest.Open(t)
	r, all := village(t, d)
	var told keep.Progress
	report, err := r.Check(t.Context(), keep.Wish{Depth: keep.Bytes}, func(p keep.Progress) { told = p })
	if err != nil || !report.Clean() || len(report.Findings) != 0 {
		t.Fatalf("%v\n%s", err, keep.Explain(report, keep.English))
	}
	if report.Cameras != 3 || report.Segments != 360 || report.Objects != 240 || report.Stored != int64(len(all)) || report.Read != report.Size || report.Size == 0 {
		t.Errorf("report %+v", report)
	}
	if told.Of != 3 || told.Segments != 360 || told.Objects != 240 {
		t.Errorf("progress %+v", told)
	}
	if u, err := r.Upkeep(t.Context()); err != nil || !u.Checked || u.Check.Segments != 360 || u.Check.Depth != keep.Bytes {
		t.Errorf("upkeep %+v, %v", u, err)
	}
}

// TestCheckFindsAndRepairs: one damage each, the first depth that sees it, and what
// repair makes of it.
func TestCheckFindsAndRepairs(t *testing.T) {
	d := dbtest.Open(t)
	for name, c := range map[string]struct {
		damage func(r *rig, all []camera.Segment)
		depth  keep.Depth // the first that finds it
		found  string
		check  func(r *rig, all []camera.Segment) bool // after repair
	}{
		"missing": {
			func(r *rig, all []camera.Segment) { r.bucket.drop(all[7].Key()) }, keep.Names, "missing 1/1",
			func(r *rig, all []camera.Segment) bool { return r.ledger.state(all[7].SegmentID) == camera.StateLost },
		},
		"a whole camera is missing": {
			func(r *rig, all []camera.Segment) {
				for _, s := range all[80:160] {
					r.bucket.drop(s.Key())
				}
			}, keep.Names, "missing 80/80",
			func(r *rig, all []camera.Segment) bool { return r.ledger.state(all[159].SegmentID) == camera.StateLost },
		},
		"orphan": {
			func(r *rig, _ []camera.Segment) {
				s, body := segmentOf(cameraOf(1), noon.Add(-3*day), 4)
				r.bucket.put(s.Key().String(), body)
				s, body = segmentOf(cameraOf(99), noon.Add(-3*day), 4)
				r.bucket.put(s.Key().String(), body)
				r.bucket.put("lost+found", body)
			}, keep.Names, "orphan 0/3",
			func(r *rig, _ []camera.Segment) bool { return len(r.bucket.names()) == 243 },
		},
		"a known segment under another name": {
			func(r *rig, all []camera.Segment) {
				k := all[3].Key()
				k.Start = k.Start.Add(time.Second)
				r.bucket.put(k.String(), []byte("other"))
			}, keep.Names, "orphan 0/1",
			func(r *rig, all []camera.Segment) bool { return r.ledger.state(all[3].SegmentID) == camera.StateStored },
		},
		"astray": {
			func(r *rig, _ []camera.Segment) {
				s, body := segmentOf(cameraOf(1), noon.Add(-time.Hour), 4)
				r.bucket.put(s.Key().String(), body)
			}, keep.Names, "astray 1/1",
			func(r *rig, _ []camera.Segment) bool {
				s, _ := segmentOf(cameraOf(1), noon.Add(-time.Hour), 4)
				return r.ledger.state(s.SegmentID) == camera.StateStored
			},
		},
		"astray with other bytes": {
			func(r *rig, _ []camera.Segment) {
				s, body := segmentOf(cameraOf(1), noon.Add(-time.Hour), 4)
				r.bucket.put(s.Key().String(), append([]byte("x"), body[1:]...))
			}, keep.Names, "wrong-checksum 0/1",
			func(r *rig, _ []camera.Segment) bool {
				s, _ := segmentOf(cameraOf(1), noon.Add(-time.Hour), 4)
				return r.ledger.state(s.SegmentID) == camera.StateHome
			},
		},
		"deletion was interrupted": {
			func(r *rig, _ []camera.Segment) {
				s, body := segmentOf(cameraOf(1), noon.Add(-90*day), 4)
				r.bucket.put(s.Key().String(), body)
			}, keep.Names, "leftover 1/1",
			func(r *rig, _ []camera.Segment) bool { return len(r.bucket.names()) == 240 },
		},
		"a leftover that a case holds": {
			func(r *rig, _ []camera.Segment) {
				s, body := segmentOf(cameraOf(1), noon.Add(-90*day), 4)
				r.bucket.put(s.Key().String(), body)
				r.ledger.hold(cameraOf(1), s.Start, s.End)
			}, keep.Names, "leftover 0/1",
			func(r *rig, _ []camera.Segment) bool { return len(r.bucket.names()) == 241 },
		},
		"size": {
			func(r *rig, all []camera.Segment) { r.bucket.put(all[9].Key().String(), []byte("short")) }, keep.Names, "wrong-size 0/1",
			func(r *rig, all []camera.Segment) bool { return r.ledger.state(all[9].SegmentID) == camera.StateStored },
		},
		"checksum": {
			func(r *rig, all []camera.Segment) {
				r.bucket.put(all[9].Key().String(), make([]byte, all[9].Size))
			}, keep.Checksums, "wrong-checksum 0/1", nil,
		},
		"no checksum": {
			func(r *rig, all []camera.Segment) {
				name := all[9].Key().String()
				o := r.bucket.objects[name]
				o.sum = camera.Hash{}
				r.bucket.objects[name] = o
			}, keep.Checksums, "wrong-checksum 0/1", nil,
		},
		"rot": {
			func(r *rig, all []camera.Segment) { r.bucket.rot(all[9].Key()) }, keep.Bytes, "wrong-bytes 0/1", nil,
		},
		"manifests": {
			func(r *rig, all []camera.Segment) {
				r.ledger.broken[all[0].Start.Unix()/3600] = camera.Errorf(camera.CodeNotFound, "no manifest")
				r.ledger.broken[all[20].Start.Unix()/3600] = camera.Errorf(camera.CodeConflict, "another root")
			}, keep.Bytes, "manifest-missing 0/3, manifest-wrong 0/3", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, all := village(t, d)
			c.damage(r, all)
			r.clock.move(2 * time.Hour)
			for depth := keep.Names; depth <= keep.Bytes; depth++ {
				report := r.mustCheck(keep.Wish{Depth: depth})
				// Found alone, nothing repaired.
				found, want := counts(report), ""
				if depth >= c.depth {
					want = zeroRepaired(c.found)
				}
				// Bytes that are read whole need no checksum of the store.
				if depth == keep.Bytes && c.depth == keep.Checksums {
					want = strings.Replace(want, "wrong-checksum 0/1", "wrong-bytes 0/1", 1)
					if name == "no checksum" {
						want = ""
					}
				}
				if found != want {
					t.Errorf("depth %d found %q, want %q", depth, found, want)
				}
			}
			report := r.mustCheck(keep.Wish{Depth: c.depth, Repair: true})
			if got := counts(report); got != c.found {
				t.Errorf("repair: %q, want %q\n%s", got, c.found, keep.Explain(report, keep.English))
			}
			if c.check != nil && !c.check(r, all) {
				t.Error("repaired to something else")
			}
			// What was repaired is not found again.
			for k, n := range r.mustCheck(keep.Wish{Depth: c.depth}).Counts {
				if n.Found != report.Counts[k].Found-report.Counts[k].Repaired {
					t.Errorf("%s: %d found after repair", k, n.Found)
				}
			}
		})
	}
}

// zeroRepaired turns "missing 1/1" into "missing 0/1".
func zeroRepaired(counts string) string {
	var all []string
	for _, one := range strings.Split(counts, ", ") {
		kind, n, _ := strings.Cut(one, " ")
		_, found, _ := strings.Cut(n, "/")
		all = append(all, kind+" 0/"+found)
	}
	return strings.Join(all, ", ")
}

// TestALostDatabaseHasNoOrphans: where the index knows of nothing, what is stored is not
// nobody's, and no person can have it deleted by mistake.
func TestALostDatabaseHasNoOrphans(t *testing.T) {
	d := dbtest.Open(t)
	r := rigOn(t, d)
	s, body := segmentOf(cameraOf(1), noon.Add(-3*day), 4)
	r.bucket.put(s.Key().String(), body)
	r.clock.move(2 * time.Hour)
	_, err := r.Check(t.Context(), keep.Wish{Depth: keep.Names, DeleteOrphans: true}, nil)
	if camera.CodeOf(err) != camera.CodeConflict {
		t.Errorf("deleting: %v", err)
	}
	if got := counts(r.mustCheck(keep.Wish{Depth: keep.Names, Repair: true})); got != "orphan 0/1" {
		t.Errorf("found %q", got)
	}
}

func TestCheckDoesNotJudgeWhatIsYoung(t *testing.T) {
	d := dbtest.Open(t)
	r, _ := village(t, d)
	s, body := segmentOf(cameraOf(1), noon.Add(-3*day), 4) // never announced
	r.bucket.put(s.Key().String(), body)
	s, body = segmentOf(cameraOf(1), noon.Add(-time.Hour), 4) // at home, the word of it is on its way
	r.bucket.put(s.Key().String(), body)
	r.bucket.put("upload in progress", body)
	r.clock.move(59 * time.Minute)
	report := r.mustCheck(keep.Wish{Depth: keep.Names, Repair: true, DeleteOrphans: true})
	if counts(report) != "" || report.Young != 3 {
		t.Errorf("found %q, %d young ones, want 3", counts(report), report.Young)
	}
	r.clock.move(2 * time.Minute)
	report = r.mustCheck(keep.Wish{Depth: keep.Names, Repair: true, DeleteOrphans: true})
	if got, want := counts(report), "astray 1/1, orphan 1/2"; got != want { // the name that is none of ours stays
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestCheckLeavesOpenExpiriesAlone(t *testing.T) {
	r := newRig(t)
	r.film(cameraOf(1), noon.Add(-20*day), 10, camera.StateStored)
	if _, _, err := r.ledger.Expire(t.Context(), cameraOf(1), noon.Add(-14*day)); err != nil {
		t.Fatal(err)
	}
	r.clock.move(2 * time.Hour)
	if report := r.mustCheck(keep.Wish{Depth: keep.Bytes, Repair: true}); counts(report) != "" {
		t.Error(keep.Explain(report, keep.English))
	}
	if n := len(r.bucket.names()); n != 10 {
		t.Errorf("%d objects, want 10: their deletion is another one's", n)
	}
}

func TestCheckEndsWithTheStore(t *testing.T) {
	d := dbtest.Open(t)
	for _, verb := range []string{"list", "has", "read", "delete", "left"} {
		t.Run(verb, func(t *testing.T) {
			r, all := village(t, d)
			r.bucket.drop(all[0].Key())
			s, body := segmentOf(cameraOf(1), noon.Add(-90*day), 4)
			r.bucket.put(s.Key().String(), body)
			r.bucket.fail = func(v string) when {
				if v == verb || verb == "read" && v == "has" {
					return before
				}
				return 0
			}
			if _, err := r.Check(t.Context(), keep.Wish{Depth: keep.Bytes, Repair: true}, nil); camera.CodeOf(err) != camera.CodeUnavailable {
				t.Errorf("error %v", err)
			}
			if u, err := r.Upkeep(t.Context()); err != nil || u.Checked {
				t.Errorf("a check that did not end is told as one: %v", err)
			}
		})
	}
}

// TestCheckTellsWhatCannotBeRead: a connection may break once; what breaks each time,
// while the store answers all else, is damaged.
func TestCheckTellsWhatCannotBeRead(t *testing.T) {
	d := dbtest.Open(t)
	r, all := village(t, d)
	r.bucket.deaf[all[3].Key().String()] = 1
	r.bucket.deaf[all[5].Key().String()] = 100
	report := r.mustCheck(keep.Wish{Depth: keep.Bytes, Repair: true})
	if counts(report) != "wrong-bytes 0/1" || report.Findings[0].Name != all[5].Key().String() || report.Findings[0].Why == "" {
		t.Error(keep.Explain(report, keep.English))
	}
}

func TestCheckIsCancelled(t *testing.T) {
	d := dbtest.Open(t)
	r, _ := village(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := r.Check(ctx, keep.Wish{Depth: keep.Bytes}, func(keep.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := r.Check(t.Context(), keep.Wish{Depth: 4}, nil); camera.CodeOf(err) != camera.CodeBadRequest {
		t.Errorf("depth 4: %v", err)
	}
	_, err = r.Check(t.Context(), keep.Wish{Depth: keep.Names}, func(keep.Progress) {
		if _, err := r.Check(t.Context(), keep.Wish{Depth: keep.Names}, nil); camera.CodeOf(err) != camera.CodeConflict {
			t.Errorf("two checks at a time: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReportTellsAThousand(t *testing.T) {
	r := newRig(t)
	for _, s := range r.film(cameraOf(1), noon.Add(-2*time.Hour), 1500, camera.StateStored) {
		r.bucket.drop(s.Key())
	}
	report := r.mustCheck(keep.Wish{Depth: keep.Names})
	if len(report.Findings) != 1000 || report.Counts[keep.Missing].Found != 1500 {
		t.Errorf("%d findings of %d", len(report.Findings), report.Counts[keep.Missing].Found)
	}
	for lang, want := range map[keep.Lang]string{keep.English: "and 500 more", keep.Vietnamese: "1.500"} {
		if text := keep.Explain(report, lang); !strings.Contains(text, want) || strings.Contains(text, "%!") {
			t.Errorf("%s:\n%s", lang, text[:300])
		}
	}
}
