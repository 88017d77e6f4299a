package archive_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/archive"
	"xulang.vn/camera/agent/ingest/replaytest"
)

func TestHikvisionClock(t *testing.T) {
	shown := time.Date(2026, 11, 22, 19, 23, 9, 0, time.UTC) // 02:23:09 on the 23rd
	for name, c := range map[string]struct {
		local, zone string
		want        time.Time
		east        int
		ok          bool
	}{
		"with an offset":      {"2026-11-23T02:23:09+07:00", "CST-7:00:00", shown, 7 * 3600, true},
		"without":             {"2026-11-23T02:23:09", "CST-7:00:00", shown, 7 * 3600, true},
		"with a false Z":      {"2026-11-23T02:23:09Z", "CST-7:00:00", shown, 7 * 3600, true},
		"west":                {"2026-11-22T14:23:09", "EST+5:00:00", shown, -5 * 3600, true},
		"with summer time":    {"2026-11-22T20:23:09", "CET-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00", shown, 3600, true},
		"half an hour":        {"2026-11-23T00:53:09", "IST-5:30", shown, 19800, true},
		"zone unknown":        {"2026-11-23T02:23:09", "", shown, 7 * 3600, true},
		"zone nonsense":       {"2026-11-23T02:23:09", "CST-99:00:00", shown, 7 * 3600, true},
		"no time":             {"", "CST-7:00:00", shown, 0, false},
		"the day that is not": {"2026-11-31T02:23:09", "CST-7:00:00", shown, 0, false},
	} {
		got, east, err := archive.HikvisionClock([]byte(`<Time version="2.0"><timeMode>NTP</timeMode><localTime>` + c.local + `</localTime><timeZone>` + c.zone + `</timeZone></Time>`))
		if (err == nil) != c.ok || c.ok && (!got.Equal(c.want) || east != c.east) {
			t.Errorf("%s: %v, %d east, %v", name, got, east, err)
		}
	}
}

func TestDahuaZone(t *testing.T) {
	for text, want := range map[string]int{
		"table.NTP.TimeZone=12\r\n": 7 * 3600, "table.NTP.TimeZone=0\r\n": 0, "table.NTP.TimeZone=8": 19800,
		"table.NTP.TimeZone=99": 7 * 3600, "": 7 * 3600, "table.NTP.TimeZone=-1": 7 * 3600,
	} {
		if got := archive.DahuaZone([]byte(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func FuzzHikvisionClock(f *testing.F) {
	f.Add([]byte(`<Time><localTime>2026-11-23T02:23:09+07:00</localTime><timeZone>CST-7:00:00</timeZone></Time>`))
	f.Add([]byte(`<Time><localTime>2026-11-23T02:23:09</localTime><timeZone>A+:9</timeZone></Time>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if shown, east, err := archive.HikvisionClock(b); err == nil && (shown.IsZero() || max(east, -east) > 24*3600) {
			t.Errorf("%v, %d east", shown, east)
		}
	})
}

func FuzzHikvisionSearch(f *testing.F) {
	f.Add([]byte(`<CMSearchResult xmlns="x"><responseStatusStrg>MORE</responseStatusStrg><matchList><searchMatchItem><timeSpan><startTime>2026-11-22T07:00:00Z</startTime><endTime>2026-11-22T08:00:00+07:00</endTime></timeSpan></searchMatchItem></matchList></CMSearchResult>`))
	f.Add([]byte(`<CMSearchResult><responseStatusStrg>MORE</responseStatusStrg></CMSearchResult>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, more, _, err := archive.HikvisionSearch(b)
		if err != nil && (found != nil || more) {
			t.Error("an error and matches")
		}
		for _, i := range found {
			if !i.To.After(i.From) {
				t.Errorf("%v", i)
			}
		}
	})
}

func FuzzDahuaFiles(f *testing.F) {
	f.Add([]byte("found=1\r\nitems[0].StartTime=2026-11-22 07:00:00\r\nitems[0].EndTime=2026-11-22 08:00:00\r\n"))
	f.Add([]byte("found=999999999\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := archive.DahuaFiles(b)
		if err == nil && len(list) > len(b) {
			t.Errorf("%d files of %d bytes", len(list), len(b))
		}
	})
}

// TestErrorsHaveCodes: what a recorder's pages answer is told apart, and no error of
// them says who asked.
func TestErrorsHaveCodes(t *testing.T) {
	for _, dialect := range []string{hikvisionLocal, dahua} {
		r := newRig(t, dialect, []camera.Interval{kept(-3*time.Hour, 0)}, func(*replaytest.Recorder) {})
		for status, code := range map[int]camera.Code{
			http.StatusUnauthorized: camera.CodeWrongPassword, http.StatusForbidden: camera.CodeWrongPassword,
			http.StatusInternalServerError: camera.CodeUnreachable, http.StatusMovedPermanently: camera.CodeUnreachable,
		} {
			r.nvr.denies(status)
			if _, _, err := r.cfg.Source.Clock(t.Context()); camera.CodeOf(err) != code || strings.Contains(err.Error(), "p@ss") {
				t.Errorf("%s, %d: %v", dialect, status, err)
			}
		}
		r.nvr.denies(0)
		r.nvr.web.Close()
		if _, _, err := r.cfg.Source.Clock(t.Context()); camera.CodeOf(err) != camera.CodeUnreachable {
			t.Errorf("%s, gone: %v", dialect, err)
		}
	}
}
