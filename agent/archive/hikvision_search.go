package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

const (
	hikvisionPage  = 40  // matches of one answer
	hikvisionPages = 500 // answers of one search
	future         = 5 * time.Minute
	fresh          = 15 * time.Minute
)

// learn finds out how digits are read, while that is not certain.
func (h *hikvision) learn(ctx context.Context, ch Channel) error {
	if h.proven || h.known && h.utc {
		return nil
	}
	there := h.web.now().Add(h.ahead).UTC()
	const day = 26 * time.Hour // whatever the zone
	found, local, err := h.search(ctx, ch, there.Add(-day), there.Add(day))
	if err != nil {
		return err
	}
	h.judge(found, local)
	return nil
}

// judge applies the rules of the type's comment to digits that were found, and tells
// whether they say anything.
func (h *hikvision) judge(found []camera.Interval, local bool) bool {
	var newest time.Time
	for _, i := range found {
		newest = later(newest, i.To)
	}
	if h.proven || newest.IsZero() {
		return false
	}
	there := h.web.now().Add(h.ahead)
	ageUTC, ageLocal := there.Sub(newest), there.Sub(readAs(newest, false, h.zone))
	switch {
	case local, ageUTC < -future:
		h.utc, h.proven = false, true
	case ageLocal < -future:
		h.utc, h.proven = true, true
	case min(ageUTC, ageLocal) < fresh:
		h.utc, h.known = ageUTC < ageLocal, true
	default:
		h.utc, h.known = false, false
	}
	return true
}

// search asks page by page; times are digits. local tells that they came with an
// offset of their own.
func (h *hikvision) search(ctx context.Context, ch Channel, from, to time.Time) (found []camera.Interval, local bool, err error) {
	var id [16]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	name := hex.EncodeToString(id[:])
	for page := 0; page < hikvisionPages; page++ {
		b, err := h.web.ask(ctx, http.MethodPost, "/ISAPI/ContentMgmt/search", searchText(name, track(ch), from, to, len(found)))
		if err != nil {
			return nil, false, err
		}
		matches, more, withZone, err := parseHikvisionSearch(b)
		if err != nil {
			return nil, false, err
		}
		found, local = append(found, matches...), local || withZone
		if !more || len(matches) == 0 {
			break
		}
	}
	return found, local, nil
}

// searchText is a CMSearchDescription. The position's name is misspelt in the
// document, and so in devices.
func searchText(id string, track int, from, to time.Time, position int) string {
	const form = "2006-01-02T15:04:05Z"
	uuid := id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	return fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?>
<CMSearchDescription><searchID>%s</searchID><trackList><trackID>%d</trackID></trackList>`+
		`<timeSpanList><timeSpan><startTime>%s</startTime><endTime>%s</endTime></timeSpan></timeSpanList>`+
		`<maxResults>%d</maxResults><searchResultPostion>%d</searchResultPostion>`+
		`<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList></CMSearchDescription>`,
		strings.ToUpper(uuid), track, from.Format(form), to.Format(form), hikvisionPage, position)
}

// parseHikvisionSearch reads a CMSearchResult: the digits of each match, and whether
// there are more. What ends before it begins is left out.
func parseHikvisionSearch(b []byte) (found []camera.Interval, more, local bool, err error) {
	var result struct {
		XMLName xml.Name `xml:"CMSearchResult"`
		Status  string   `xml:"responseStatusStrg"`
		Matches []struct {
			Start string `xml:"timeSpan>startTime"`
			End   string `xml:"timeSpan>endTime"`
		} `xml:"matchList>searchMatchItem"`
	}
	if err := xml.Unmarshal(b, &result); err != nil {
		return nil, false, false, camera.Errorf(camera.CodeBadClaim, "read recorder's search: %w", err)
	}
	for _, m := range result.Matches {
		from, zoned, err1 := parseDigits(m.Start)
		to, _, err2 := parseDigits(m.End)
		if err1 != nil || err2 != nil {
			return nil, false, false, camera.Errorf(camera.CodeBadClaim, "read recorder's search: a match without times")
		}
		local = local || zoned
		if to.After(from) {
			found = append(found, camera.Interval{From: from, To: to})
		}
	}
	return found, strings.EqualFold(strings.TrimSpace(result.Status), "MORE") && len(result.Matches) > 0, local, nil
}

// parseDigits reads a time as its digits; zoned tells that an offset stood beside.
func parseDigits(s string) (d time.Time, zoned bool, err error) {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", strings.TrimSpace(s))
	}
	return digits(t), err == nil && !strings.HasSuffix(strings.TrimSpace(s), "Z") && strings.ContainsAny(s[min(len(s), 11):], "+-"), err
}
