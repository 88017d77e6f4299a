package ingest

import (
	"bytes"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
)

// mostSections of a session description are looked at.
const mostSections = 32

// What has to be left of a session description (RFC 8866) when the rest cannot be
// read, from more to less. Parameter sets (a=fmtp) come in the stream as well, and
// some cameras describe them wrongly.
var (
	headLines    = [][]string{nil, {"v=", "o=", "s=", "t=", "a=control:"}, {"v=", "a=control:"}}
	sectionLines = [][]string{nil, {"m=", "a=rtpmap:", "a=fmtp:", "a=control:", "a=sendonly"}, {"m=", "a=rtpmap:", "a=control:", "a=sendonly"}}
)

// usableSDP cuts a session description down to what is wanted, so that a broken
// line about sound, metadata, a back channel or a second video cannot cost the
// first. Each section is kept with the most of it that can be read, or goes. What
// nothing can be found in is given back as it is: the error will tell.
func usableSDP(body []byte, sound bool) []byte {
	sections := sectionsOf(body)
	for _, keep := range headLines {
		head := only(sections[0], keep)
		out, found := bytes.Clone(head), false
		for _, s := range sections[1:] {
			wanted := bytes.HasPrefix(s, []byte("m=video")) || sound && bytes.HasPrefix(s, []byte("m=audio"))
			if !wanted {
				continue
			}
			for _, keep := range sectionLines {
				if part := only(s, keep); readable(append(bytes.Clone(head), part...)) {
					out, found = append(out, part...), true
					break
				}
			}
		}
		if found && readable(out) {
			return out
		}
	}
	return body
}

// sectionsOf takes a description apart: the session's own lines, and each media's.
// It leaves out what names sections that may go, and keys, which are of no use.
func sectionsOf(body []byte) [][]byte {
	out := [][]byte{nil}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "m=") {
			if len(out) > mostSections {
				break
			}
			out = append(out, nil)
		}
		if strings.HasPrefix(line, "a=mid:") || strings.HasPrefix(line, "a=group:") || strings.HasPrefix(line, "a=key-mgmt:") {
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], line...)
	}
	return out
}

// only keeps the lines that begin with one of these, or all.
func only(lines []byte, beginnings []string) (out []byte) {
	if beginnings == nil {
		return lines
	}
	for line := range strings.Lines(string(lines)) {
		for _, b := range beginnings {
			if strings.HasPrefix(line, b) {
				out = append(out, line...)
				break
			}
		}
	}
	return out
}

func readable(text []byte) bool {
	var parsed sdp.SessionDescription
	var session description.Session
	return parsed.Unmarshal(text) == nil && session.Unmarshal(&parsed) == nil
}
