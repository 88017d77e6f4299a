package archive

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// Hikvision speaks ISAPI to a Hikvision recorder and those that are made like it:
// /ISAPI/System/time (ISAPI, "System"), /ISAPI/ContentMgmt/search (IP Surveillance
// API, RaCM Part, "ContentMgmt/search") and playback by RTSP at
// /Streaming/tracks/<track>/ (ISAPI, "Streaming", playback with a time range).
//
// # Which clock the digits are of
//
// The documents write times as 2026-11-22T07:00:00Z. Many firmwares put local time
// there and the Z all the same; others mean what they write. What a recorder does is
// found out by its newest footage, which ends now when it records, or ended before:
//
//   - If the digits, read one way, are of footage that has not happened yet, they
//     are to be read the other way. East of Greenwich this shows that digits are
//     local within seconds of recording.
//   - Otherwise, if one way of reading makes the newest footage end within the last
//     quarter of an hour, it is that one, until the first rule says otherwise. A
//     recorder that records by motion alone can mislead it for a while, and what is
//     fetched meanwhile is wrong by the zone.
//   - Otherwise (the recorder has not recorded for long) they are taken as local,
//     which is more common, and looked at again the next time.
//
// A time with an offset of its own (+07:00) has local digits. The digits of RTSP
// addresses are taken to be of the same kind as those of the search.
type hikvision struct {
	web   web
	rtsp  string
	zone  *time.Location // the recorder's, from its time page
	ahead time.Duration  // as measured last

	utc    bool // how digits are read
	proven bool // by the first rule: for good
	known  bool
}

// Hikvision makes the source of a recorder at an HTTP address ("http://host:port"),
// whose RTSP server is at host:port rtsp. client must log in by digest and dial only
// what may be dialled; now is our clock.
func Hikvision(client *http.Client, address, rtsp string, now func() time.Time) Source {
	return &hikvision{web: web{client, address, now}, rtsp: rtsp, zone: vietnam}
}

// vietnam is where the recorders are, if they do not say another zone.
var vietnam = time.FixedZone("UTC+7", 7*60*60)

// track is the main stream of a channel.
func track(ch Channel) int { return (ch.Number+1)*100 + 1 }

// Clock reads the time page.
func (h *hikvision) Clock(ctx context.Context) (ahead, bound time.Duration, err error) {
	sent := h.web.now()
	b, err := h.web.ask(ctx, http.MethodGet, "/ISAPI/System/time", "")
	if err != nil {
		return 0, 0, err
	}
	shown, zone, err := parseHikvisionClock(b)
	if err != nil {
		return 0, 0, err
	}
	h.zone = zone
	h.ahead, bound = halfway(sent, h.web.now(), shown, time.Second)
	return h.ahead, bound, nil
}

// parseHikvisionClock reads <Time>: localTime, with an offset or without one, and
// timeZone in POSIX form ("CST-7:00:00" is seven hours east).
func parseHikvisionClock(b []byte) (shown time.Time, zone *time.Location, err error) {
	var page struct {
		XMLName xml.Name `xml:"Time"`
		Local   string   `xml:"localTime"`
		Zone    string   `xml:"timeZone"`
	}
	if err := xml.Unmarshal(b, &page); err != nil {
		return shown, nil, camera.Errorf(camera.CodeBadClaim, "read recorder's time: %w", err)
	}
	zone = vietnam
	if z, ok := parsePosix(page.Zone); ok {
		zone = z
	}
	local := strings.TrimSpace(page.Local)
	if t, err := time.Parse("2006-01-02T15:04:05Z07:00", local); err == nil && !strings.HasSuffix(local, "Z") {
		_, east := t.Zone()
		return t, time.FixedZone("", east), nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", strings.TrimSuffix(local, "Z"), zone)
	if err != nil {
		return shown, nil, camera.Errorf(camera.CodeBadClaim, "read recorder's time: %w", err)
	}
	return t, zone, nil
}

// parsePosix reads the offset of a POSIX time zone (POSIX 1003.1, 8.3): the sign is
// that of what has to be added to get UTC. Rules of summer time are not read.
func parsePosix(s string) (*time.Location, bool) {
	at := strings.IndexAny(s, "+-0123456789")
	if at < 1 {
		return nil, false
	}
	sign, s := -1, s[at:]
	switch s[0] {
	case '-':
		sign, s = 1, s[1:]
	case '+':
		s = s[1:]
	}
	if end := strings.IndexFunc(s, func(r rune) bool { return r != ':' && (r < '0' || r > '9') }); end >= 0 {
		s = s[:end]
	}
	east := 0
	for i, part := range strings.SplitN(s, ":", 3) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 59 {
			return nil, false
		}
		east += n * []int{3600, 60, 1}[i]
	}
	if east > 14*3600 {
		return nil, false
	}
	return time.FixedZone("", sign*east), true
}

// Spans searches all files of a channel's main stream.
func (h *hikvision) Spans(ctx context.Context, ch Channel, from, to time.Time) ([]camera.Interval, error) {
	if err := h.learn(ctx, ch); err != nil {
		return nil, err
	}
	until := h.write(to)
	if h.utc && !h.proven {
		until = until.Add(14 * time.Hour) // where local digits would show that we are wrong
	}
	found, local, err := h.search(ctx, ch, h.write(from), until)
	if err != nil {
		return nil, err
	}
	if before := h.utc; h.judge(found, local) && before != h.utc {
		return nil, camera.Errorf(camera.CodeBadClaim, "list recordings: the recorder's times are read anew")
	}
	out := make([]camera.Interval, 0, len(found))
	for _, i := range found {
		out = append(out, camera.Interval{From: h.read(i.From), To: h.read(i.To)})
	}
	return out, nil
}

// Ask plays a track from one time to another. Speed is asked for (RFC 2326, 12.35):
// it drops no picture, as Scale may.
func (h *hikvision) Ask(ctx context.Context, ch Channel, from, to time.Time) (Playback, error) {
	if err := h.learn(ctx, ch); err != nil {
		return Playback{}, err
	}
	const form = "20060102T150405Z"
	return Playback{
		URL: fmt.Sprintf("rtsp://%s/Streaming/tracks/%d/?starttime=%s&endtime=%s", h.rtsp, track(ch),
			h.write(from).Format(form), h.write(roundUp(to)).Format(form)),
		Header: map[string]string{"Speed": speed},
	}, nil
}

// speed is asked for where a dialect knows no better; who cannot do it plays in real
// time.
const speed = "8.0"

// roundUp makes whole seconds of an end.
func roundUp(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }

// write makes digits of an instant by the recorder's clock, read their reverse.
func (h *hikvision) write(t time.Time) time.Time {
	if h.utc {
		return t.UTC()
	}
	return digits(t.In(h.zone))
}

func (h *hikvision) read(d time.Time) time.Time { return readAs(d, h.utc, h.zone) }

func readAs(d time.Time, utc bool, zone *time.Location) time.Time {
	if utc {
		return d
	}
	return time.Date(d.Year(), d.Month(), d.Day(), d.Hour(), d.Minute(), d.Second(), d.Nanosecond(), zone).UTC()
}
