package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

const (
	dahuaForm  = "2006-01-02 15:04:05"
	dahuaPage  = 100 // files of one answer
	dahuaPages = 500 // answers of one search
)

// dahua speaks the CGIs of Dahua's "HTTP API": global.cgi (current time),
// configManager.cgi (NTP), mediaFileFind.cgi ("Find Media Files") and playback by
// RTSP at /cam/playback ("Get Playback Stream").
//
// All times are digits of the recorder's local time without a zone. The zone is in
// the settings of NTP; where they cannot be read it is Vietnam's. A wrong one would
// be wrong there and back: what is fetched is right, only how far the recorder's
// clock is said to be off would be wrong by hours.
type dahua struct {
	web  web
	rtsp string
	zone *time.Location // nil: not asked for yet
}

// Dahua makes the source of a recorder at an HTTP address ("http://host:port"), whose
// RTSP server is at host:port rtsp. client must log in by digest and dial only what
// may be dialled; now is our clock.
func Dahua(client *http.Client, address, rtsp string, now func() time.Time) Source {
	return &dahua{web: web{client, address, now}, rtsp: rtsp}
}

// dahuaZones are the minutes east of the numbered time zones ("NTP", TimeZone), the
// eastern ones.
var dahuaZones = [...]int{0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720, 780}

// Clock reads the current time, and the zone at the first time.
func (d *dahua) Clock(ctx context.Context) (ahead, bound time.Duration, err error) {
	if d.zone == nil {
		b, err := d.web.ask(ctx, http.MethodGet, "/cgi-bin/configManager.cgi?action=getConfig&name=NTP", "")
		var refused badRequest
		if err != nil && !errors.As(err, &refused) {
			return 0, 0, err
		}
		d.zone = dahuaZone(b)
	}
	sent := d.web.now()
	b, err := d.web.ask(ctx, http.MethodGet, "/cgi-bin/global.cgi?action=getCurrentTime", "")
	if err != nil {
		return 0, 0, err
	}
	shown, err := time.ParseInLocation(dahuaForm, table(b)["result"], d.zone)
	if err != nil {
		return 0, 0, camera.Errorf(camera.CodeBadClaim, "read recorder's time: %w", err)
	}
	ahead, bound = halfway(sent, d.web.now(), shown, time.Second)
	return ahead, bound, nil
}

func dahuaZone(b []byte) *time.Location {
	n, err := strconv.Atoi(table(b)["table.NTP.TimeZone"])
	if err != nil || n < 0 || n >= len(dahuaZones) {
		return vietnam
	}
	return time.FixedZone("", dahuaZones[n]*60)
}

// table reads lines of name=value.
func table(b []byte) map[string]string {
	out := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

// write makes digits of an instant by the recorder's clock.
func (d *dahua) write(t time.Time, form string) string {
	if d.zone == nil {
		return t.In(vietnam).Format(form)
	}
	return t.In(d.zone).Format(form)
}

// Spans makes a finder, asks it page by page, and gives it back: a recorder has few.
func (d *dahua) Spans(ctx context.Context, ch Channel, from, to time.Time) (found []camera.Interval, err error) {
	b, err := d.find(ctx, "factory.create", nil)
	if err != nil {
		return nil, err
	}
	object := table(b)["result"]
	if object == "" {
		return nil, camera.Errorf(camera.CodeBadClaim, "list recordings: the recorder has no finder")
	}
	with := url.Values{"object": {object}}
	defer func() { // also when ctx has ended
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
		defer cancel()
		_, e1 := d.find(last, "close", with)
		_, e2 := d.find(last, "destroy", with)
		if e := errors.Join(e1, e2); e != nil && err == nil {
			err = fmt.Errorf("give finder back: %w", e)
		}
	}()
	_, err = d.find(ctx, "findFile", url.Values{
		"object": {object}, "condition.Channel": {strconv.Itoa(ch.Number + 1)},
		"condition.StartTime": {d.write(from, dahuaForm)}, "condition.EndTime": {d.write(to, dahuaForm)},
		"condition.Types[0]": {"dav"}, "condition.VideoStream": {"Main"},
	})
	var nothing badRequest
	if errors.As(err, &nothing) {
		return nil, nil // so some say that they have found nothing
	}
	for page := 0; err == nil && page < dahuaPages; page++ {
		b, err = d.find(ctx, "findNextFile", url.Values{"object": {object}, "count": {strconv.Itoa(dahuaPage)}})
		if err != nil {
			break
		}
		list, e := parseDahuaFiles(b, d.zone)
		if e != nil || len(list) == 0 {
			return found, e
		}
		found = append(found, list...)
	}
	return found, err
}

func (d *dahua) find(ctx context.Context, action string, with url.Values) ([]byte, error) {
	path := "/cgi-bin/mediaFileFind.cgi?action=" + action
	if len(with) > 0 {
		path += "&" + strings.ReplaceAll(with.Encode(), "+", "%20")
	}
	return d.web.ask(ctx, http.MethodGet, path, "")
}

// parseDahuaFiles reads an answer of findNextFile: found=<n> and the items' times.
func parseDahuaFiles(b []byte, zone *time.Location) (list []camera.Interval, err error) {
	if zone == nil {
		zone = vietnam
	}
	lines := table(b)
	n, err := strconv.Atoi(lines["found"])
	if err != nil || n < 0 || n > len(lines) {
		return nil, camera.Errorf(camera.CodeBadClaim, "read recorder's search: found %q", lines["found"])
	}
	for i := range n {
		from, err1 := time.ParseInLocation(dahuaForm, lines[fmt.Sprintf("items[%d].StartTime", i)], zone)
		to, err2 := time.ParseInLocation(dahuaForm, lines[fmt.Sprintf("items[%d].EndTime", i)], zone)
		if err1 != nil || err2 != nil {
			return nil, camera.Errorf(camera.CodeBadClaim, "read recorder's search: file %d without times", i)
		}
		list = append(list, camera.Interval{From: from.UTC(), To: to.UTC()})
	}
	return list, nil
}

// Ask plays a channel's main stream. Speed: see Hikvision.
func (d *dahua) Ask(_ context.Context, ch Channel, from, to time.Time) (Playback, error) {
	const form = "2006_01_02_15_04_05"
	return Playback{
		URL: fmt.Sprintf("rtsp://%s/cam/playback?channel=%d&subtype=0&starttime=%s&endtime=%s", d.rtsp, ch.Number+1,
			d.write(from, form), d.write(roundUp(to), form)),
		Header: map[string]string{"Speed": speed},
	}, nil
}
