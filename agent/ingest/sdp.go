package ingest

import (
	"bytes"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
)

// usableSDP cuts a session description (RFC 8866) down to what is wanted, so
// that a broken line about sound, metadata or a back channel cannot cost the
// video. What it gives is the most that parses; the whole when nothing does.
func usableSDP(body []byte, sound bool) []byte {
	tries := [][]byte{cutSDP(body, false, false), cutSDP(body, false, true)}
	if sound {
		tries = append([][]byte{cutSDP(body, true, false)}, tries...)
	}
	for _, t := range tries {
		var parsed sdp.SessionDescription
		var session description.Session
		if parsed.Unmarshal(t) == nil && session.Unmarshal(&parsed) == nil {
			return t
		}
	}
	return body
}

// cutSDP keeps the session's lines and the sections of video, and of sound when
// asked. Without sets it also leaves out the parameter sets: they come in the
// stream as well, and some cameras describe them wrongly.
func cutSDP(body []byte, sound, noSets bool) []byte {
	var out bytes.Buffer
	keep := true
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "m=") {
			keep = strings.HasPrefix(line, "m=video") || sound && strings.HasPrefix(line, "m=audio")
		}
		drop := strings.HasPrefix(line, "a=mid:") || strings.HasPrefix(line, "a=group:") || // name sections that may be gone
			strings.HasPrefix(line, "a=key-mgmt:") ||
			noSets && strings.HasPrefix(line, "a=fmtp:")
		if keep && !drop {
			out.WriteString(line)
		}
	}
	return out.Bytes()
}
