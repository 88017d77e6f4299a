package simnvr

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// operation is one that the recorder knows. Those of access class PRE_AUTH are
// open (ONVIF Core, "Access classes for service requests").
type operation struct {
	open   bool
	answer func(*web, http.ResponseWriter, call)
}

// tells makes an operation that only fills in an answer.
func tells(open bool, name string) operation {
	return operation{open, func(w *web, rw http.ResponseWriter, _ call) { w.render(rw, http.StatusOK, name, nil) }}
}

// operations by namespace and name. Recordings, their search and replay are the
// ONVIF dialect's alone: with the others the maker's own interface is used.
var operations = map[string]map[string]operation{
	nsDevice: {
		"GetSystemDateAndTime": tells(true, "onvifGetSystemDateAndTime.xml"),
		"GetCapabilities":      tells(true, "onvifGetCapabilities.xml"),
		"GetServices":          tells(true, "onvifGetServices.xml"),
		"GetDeviceInformation": tells(false, "onvifGetDeviceInformation.xml"),
		"GetNetworkInterfaces": tells(false, "onvifGetNetworkInterfaces.xml"),
	},
	nsMedia: {
		"GetProfiles":     tells(false, "onvifGetProfiles.xml"),
		"GetVideoSources": tells(false, "onvifGetVideoSources.xml"),
		"GetStreamUri":    {answer: (*web).streamURI},
		"GetSnapshotUri":  {answer: (*web).snapshotURI},
	},
	nsRecording: {
		"GetRecordings": {answer: (*web).recordings},
	},
	nsSearch: {
		"GetRecordingSummary":       {answer: (*web).recordingSummary},
		"FindRecordings":            {answer: (*web).findRecordings},
		"GetRecordingSearchResults": {answer: (*web).searchResults},
		"EndSearch":                 {answer: (*web).endSearch},
		"GetRecordingInformation":   {answer: (*web).recordingInformation},
	},
	nsReplay: {
		"GetReplayUri": {answer: (*web).replayURI},
	},
}

func (w *web) operation(c call) (operation, bool) {
	if w.rec.cfg.Dialect != ONVIF && c.Namespace != nsDevice && c.Namespace != nsMedia {
		return operation{}, false
	}
	op, ok := operations[c.Namespace][c.Name]
	return op, ok
}

// invalid is the fault for a token that names nothing.
func (w *web) invalid(rw http.ResponseWriter, sub, reason string) {
	w.fault(rw, http.StatusBadRequest, "env:Sender", sub, reason)
}

// profile finds the stream that a media profile's token names.
func (w *web) profile(rw http.ResponseWriter, c call) (streamFacts, bool) {
	var p struct {
		Token string `xml:"ProfileToken"`
	}
	if err := c.params(&p); err == nil {
		for _, s := range w.facts(nil).Streams {
			if "Profile_"+s.ID == strings.TrimSpace(p.Token) {
				return s, true
			}
		}
	}
	w.invalid(rw, "ter:InvalidArgVal", "no such profile")
	return streamFacts{}, false
}

// streamURI is Media's GetStreamUri.
func (w *web) streamURI(rw http.ResponseWriter, c call) {
	if s, ok := w.profile(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetStreamUri.xml", s.URL)
	}
}

// snapshotURI is Media's GetSnapshotUri.
func (w *web) snapshotURI(rw http.ResponseWriter, c call) {
	if s, ok := w.profile(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetSnapshotUri.xml", s.Snapshot)
	}
}

// recording is one channel's, with the one track VIDEO001.
type recording struct {
	Token, Name string
	From, To    time.Time // by the recorder's clock
}

func recordingToken(s streamFacts) string { return "Recording_" + s.ID[:len(s.ID)-2] }

// kept lists the recordings, or those named.
func (w *web) kept(names ...string) []recording {
	c := w.rec.clock
	var out []recording
	for _, s := range w.facts(nil).Streams {
		if token := recordingToken(s); s.Online && !s.Sub && (len(names) == 0 || slices.Contains(names, token)) {
			out = append(out, recording{Token: token, Name: s.Name, From: c.at(c.oldest()), To: c.shows()})
		}
	}
	return out
}

// recordings is Recording Control's GetRecordings.
func (w *web) recordings(rw http.ResponseWriter, _ call) {
	w.render(rw, http.StatusOK, "onvifGetRecordings.xml", w.kept())
}

// recordingSummary is Recording Search's GetRecordingSummary.
func (w *web) recordingSummary(rw http.ResponseWriter, _ call) {
	c, n := w.rec.clock, len(w.kept())
	w.render(rw, http.StatusOK, "onvifGetRecordingSummary.xml", struct {
		From, To time.Time
		Number   int
	}{c.at(c.oldest()), c.shows(), n})
}

// findRecordings opens a search (Recording Search, FindRecordings). A metadata
// filter is not understood, as devices may choose.
func (w *web) findRecordings(rw http.ResponseWriter, c call) {
	var p struct {
		Recordings []string `xml:"Scope>IncludedRecordings"`
		Filter     *string  `xml:"Scope>RecordingInformationFilter"`
	}
	if err := c.params(&p); err != nil || p.Filter != nil {
		w.invalid(rw, "ter:InvalidArgVal", "the scope is not understood")
		return
	}
	w.render(rw, http.StatusOK, "onvifFindRecordings.xml", w.finds.open(p.Recordings))
}

// searchResults gives all at once: the search is complete when it is asked
// (Recording Search, GetRecordingSearchResults).
func (w *web) searchResults(rw http.ResponseWriter, c call) {
	var p struct {
		Token string `xml:"SearchToken"`
	}
	f, ok := findingOf{}, c.params(&p) == nil
	if ok {
		f, ok = w.finds.get(strings.TrimSpace(p.Token))
	}
	if !ok {
		w.invalid(rw, "ter:InvalidToken", "no such search")
		return
	}
	w.render(rw, http.StatusOK, "onvifGetRecordingSearchResults.xml", w.kept(f.recordings...))
}

func (w *web) endSearch(rw http.ResponseWriter, c call) {
	var p struct {
		Token string `xml:"SearchToken"`
	}
	if c.params(&p) != nil || !w.finds.end(strings.TrimSpace(p.Token)) {
		w.invalid(rw, "ter:InvalidToken", "no such search")
		return
	}
	w.render(rw, http.StatusOK, "onvifEndSearch.xml", w.rec.clock.shows())
}

// named finds the recording that the operation names.
func (w *web) named(rw http.ResponseWriter, c call) (recording, bool) {
	var p struct {
		Token string `xml:"RecordingToken"`
	}
	if c.params(&p) == nil && strings.TrimSpace(p.Token) != "" {
		if all := w.kept(strings.TrimSpace(p.Token)); len(all) == 1 {
			return all[0], true
		}
	}
	w.invalid(rw, "ter:NoRecording", "no such recording")
	return recording{}, false
}

// recordingInformation is Recording Search's GetRecordingInformation.
func (w *web) recordingInformation(rw http.ResponseWriter, c call) {
	if r, ok := w.named(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetRecordingInformation.xml", r)
	}
}

// replayURI is Replay Control's GetReplayUri.
func (w *web) replayURI(rw http.ResponseWriter, c call) {
	if r, ok := w.named(rw, c); ok {
		channel := strings.TrimPrefix(r.Token, "Recording_")
		w.render(rw, http.StatusOK, "onvifGetReplayUri.xml", "rtsp://"+w.rec.RTSPAddr()+"/onvif/replay/ch"+channel)
	}
}
